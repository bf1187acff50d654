"""Drivers on streams of bytes, pulses and registers, good and broken, and over the simulated sensors' own faults."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firmware_sim import field
from firmware_sim.scenario import Air, Fault, NodePlan, River, Scenario
from tests.firmware_interpreter import EMPTY_WORLD, run

START_MS = 1_764_000_000_000
MAXBOTIX = {"driver": "maxbotix", "series": "distance_mm", "uart": 1, "tx": 17, "rx": 16}
JSN = {"driver": "jsn_sr04t", "series": "distance_mm", "trigger": 18, "echo": 19}
CURRENT = {
    "driver": "ads1115",
    "series": "distance_mm",
    "i2c": 0,
    "sda": 21,
    "scl": 22,
    "channel": 1,
    "signal": "4-20mA",
    "low_mm": 5000,
    "high_mm": 0,
}
VOLTAGE = CURRENT | {"signal": "0-5V", "ratio": 2, "channel": 3, "address": 0x49}
WEATHER = {"driver": "bme280", "i2c": 0, "sda": 21, "scl": 22}
LID = {"driver": "switch", "series": "lid_open", "pin": 14, "rest": 0}
BATTERY = {"driver": "battery", "series": "batt_mv", "adc": 35, "ratio": 2.0}
SOLAR = {"driver": "solar", "series": "solar_mv", "adc": 34, "ratio": 3.0}
RAIN = {"driver": "tipping_bucket", "series": "rain_tips", "pin": 27}

# A UART that plays pieces, one at each read; the first read is the one that throws away what waited.
STREAM = """
import asyncio, json, machine
from binascii import unhexlify

class UART:
    INV_RX = 4
    def __init__(self, number, **wiring):
        pass
    def read(self):
        return pieces.pop(0) if pieces else None

machine.UART = UART
from drivers import {driver} as module

async def main():
    with open("streams.json") as file:
        streams = json.load(file)
    for stream in streams:
        global pieces
        pieces = [unhexlify(piece) or None for piece in stream]
        driver = module.Driver({{"series": "distance_mm", "uart": 1, "tx": 2, "rx": 3}})
        driver._is_warm = True
        results.append(await driver.read())

results = []
asyncio.run(main())
print(json.dumps(results))
"""


def read_streams(folder: Path, driver: str, streams: list[list[bytes]]) -> list[Any]:
    """What ``driver`` makes of each stream; the first piece waited already when it began."""
    (folder / "streams.json").write_bytes(msgspec.json.encode([[piece.hex() for piece in each] for each in streams]))
    (folder / "world.bin").write_bytes(EMPTY_WORLD)
    environment = {"KENTONGAN_WORLD": "world.bin", "KENTONGAN_CLOCK": "10@0"}
    result: list[Any] = run(STREAM.format(driver=driver), folder, environment=environment)
    return result


def cut(data: bytes, draw: random.Random) -> list[bytes]:
    pieces = [b""]
    while data:
        size = draw.randint(1, 7)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def told(mm: int, spread: int) -> list[Any]:
    return [{"distance_mm": mm, "distance_spread_mm": spread}, {}]


def failed(fault: str) -> list[Any]:
    return [{"distance_mm": None}, {"distance_mm": fault}]


def test_maxbotix_streams(tmp_path: Path) -> None:
    """Frames in pieces and after garbage are measured; codes, silence and noise are told apart."""
    draw = random.Random(5)
    seven = b"R1500\rR1502\rR1498\rR1501\rR1500\rR1499\rR1503\r"
    cases = [
        (cut(seven, draw), told(1500, 5)),
        (cut(b"00\r\xff" + seven, draw), told(1500, 5)),
        (cut(b"R15" + b"R15x0\r" + seven, draw), told(1500, 5)),  # half a frame, a flipped digit
        ([b"R4000\r" * 7, seven], told(1500, 5)),  # what waited is of the past
        ([b"", b"R0300\r" * 7], failed("obstructed")),
        ([b"", b"R5000\r" * 7], failed("no_return")),
        ([b"", b"R0000\r" * 7], failed("failed")),
        ([b"", b"R5000\r" * 3 + b"R1500\r" * 4], told(1500, 0)),
        ([b"", b"R5000\r" * 4 + b"R1500\r" * 3], failed("no_return")),
        ([b""], failed("no_return")),
        ([b"", b"\x00" * 60], failed("comms")),  # a line that is stuck low
        ([b"", b"R12\rR9"], failed("checksum")),
    ]
    assert [wanted for _, wanted in cases] == read_streams(tmp_path, "maxbotix", [stream for stream, _ in cases])


def test_a02yyuw_streams(tmp_path: Path) -> None:
    """Its sums, its silence and a line that is stuck, told apart; the spread is that of the frames."""

    def frame(mm: int) -> bytes:
        head = bytes([0xFF, mm >> 8, mm & 255])
        return head + bytes([sum(head) & 255])

    wave = b"".join(frame(mm) for mm in (2000, 2040, 1990, 2010, 2005, 1995, 2020))
    cases = [
        (cut(wave, random.Random(1)), told(2005, 50)),
        ([b"", frame(20) * 7], failed("out_of_range")),
        ([b""], failed("no_return")),
        ([b"", b"\x00" * 40], failed("comms")),
        ([b"", b"\xff" * 40], failed("checksum")),
        ([b"", frame(2000)[:2] * 9], failed("checksum")),
    ]
    assert [wanted for _, wanted in cases] == read_streams(tmp_path, "a02yyuw", [stream for stream, _ in cases])


def test_pms5003_lines(tmp_path: Path) -> None:
    """Silence and a stuck line are faults of communication, a broken sum is one of its own."""
    streams = [[b""], [b"", b"\x00" * 64], [b"", b"BM\x00\x1c" + bytes(28)]]
    faults = [set(named.values()) for _, named in read_streams(tmp_path, "pms5003", streams)]
    assert [{"comms"}, {"comms"}, {"checksum"}] == faults


PULSES = """
import asyncio, json, machine
with open("pulses.json") as file:
    cases = json.load(file)
pulses = []
class Pin(machine.Pin):
    def value(self, level=None):
        return is_high if level is None and self.number == 19 else super().value(level)
machine.Pin = Pin
machine.time_pulse_us = lambda pin, level, timeout: pulses.pop(0)
from drivers import jsn_sr04t

async def main():
    global is_high
    for is_high, echoes in cases:
        pulses[:] = echoes
        results.append(await jsn_sr04t.Driver({"series": "distance_mm", "trigger": 18, "echo": 19}).read())

results = []
asyncio.run(main())
print(json.dumps(results))
"""


def test_jsn_sr04t_pulses(tmp_path: Path) -> None:
    """Most pulses must be measurements: the false 5 cm, missing and endless echoes and a stuck line are not."""
    metre_us, half_blind_us = 5828, 1000
    cases = [
        ([0, [metre_us] * 7], told(1000, 0)),
        ([0, [metre_us, 5840, 5810, -1, metre_us, 292, metre_us]], told(1000, 6)),
        ([0, [-1, 292, -1, 292, -1, 292, -1]], failed("no_return")),
        ([0, [half_blind_us] * 7], failed("no_return")),
        ([0, [27000] * 7], failed("out_of_range")),
        ([0, [-2] * 7], failed("comms")),
        ([1, []], failed("comms")),
    ]
    (tmp_path / "pulses.json").write_bytes(msgspec.json.encode([case for case, _ in cases]))
    (tmp_path / "world.bin").write_bytes(EMPTY_WORLD)
    environment = {"KENTONGAN_WORLD": "world.bin", "KENTONGAN_CLOCK": "10@0"}
    assert [wanted for _, wanted in cases] == run(PULSES, tmp_path, environment=environment)


CONVERTER = """
import asyncio, json, machine
with open("buses.json") as file:
    buses = json.load(file)
class I2C:
    def __init__(self, number, **wiring):
        self.config = 0
    def writeto_mem(self, address, register, data):
        if bus == "error":
            raise OSError(116)
        self.config = int.from_bytes(data, "big")
        written.append(self.config)
    def readfrom_mem(self, address, register, count):
        if bus == "low":
            return bytes(2)
        if bus == "high":
            return b"\\xff\\xff"
        if register == 1:
            return (self.config & 0x7fff if bus == "busy" else self.config).to_bytes(2, "big")
        return (bus & 0xffff).to_bytes(2, "big")
machine.I2C = I2C
from drivers import ads1115

async def main():
    global bus
    for signal, bus in buses:
        config = {"series": "distance_mm", "i2c": 0, "sda": 1, "scl": 2, "channel": 2, "signal": signal,
                  "low_mm": 4000, "high_mm": 0, "ratio": 2}
        results.append(await ads1115.Driver(config).read())

written, results = [], []
asyncio.run(main())
print(json.dumps([results, written[0]]))
"""


def test_ads1115_registers(tmp_path: Path) -> None:
    """The documented configuration is written; NE 43's limits hold; a stuck bus is a fault of communication."""

    def current(milliamperes: float) -> int:
        return round(milliamperes * 150 * 1000 / 125)

    cases: list[tuple[list[Any], Any]] = [
        (["4-20mA", current(4)], told(4000, 0)),
        (["4-20mA", current(12)], told(2000, 0)),
        (["4-20mA", current(20)], told(0, 0)),
        (["4-20mA", 0], failed("comms")),
        (["4-20mA", current(3.5)], failed("comms")),
        (["4-20mA", current(3.7)], failed("out_of_range")),
        (["4-20mA", current(20.8)], failed("out_of_range")),
        (["4-20mA", current(21.5)], failed("failed")),
        (["0-5V", 10000], told(2000, 0)),  # 1.25 V behind a divider by two
        (["0-5V", -40], told(4008, 0)),
        (["0-5V", 0x7FFF], failed("out_of_range")),
        (["0-5V", "low"], failed("comms")),
        (["0-5V", "high"], failed("comms")),
        (["0-5V", "busy"], failed("comms")),
        (["0-5V", "error"], failed("comms")),
    ]
    (tmp_path / "buses.json").write_bytes(msgspec.json.encode([case for case, _ in cases]))
    (tmp_path / "world.bin").write_bytes(EMPTY_WORLD)
    environment = {"KENTONGAN_WORLD": "world.bin", "KENTONGAN_CLOCK": "10@0"}
    results, written = run(CONVERTER, tmp_path, environment=environment)
    # Start, AIN2 against ground, 4.096 V, single shot; 128 a second, comparator off (data sheet, config register).
    assert 0b1_110_001_1_100_00011 == written
    assert [wanted for _, wanted in cases] == results


TAKE = """
import os, utime
anchor = (utime.time_ns() // 1000000 * 100 - {start}) // 99
os.putenv("KENTONGAN_CLOCK", "100@%d" % anchor)
import asyncio, json, time
from sampling import Sampler
sampler = Sampler({sensors})

async def main():
    for minute in {minutes}:
        await asyncio.sleep_ms(max(0, {start} + int(minute * 60000) - time.world_ms()))
        news = [list(driver.series) for driver in sampler.news() + sampler.news()]
        results.append([news] + list(await sampler.take()))

results = []
asyncio.run(main())
print(json.dumps(results))
"""


def simulated(folder: Path, sensors: list[dict[str, Any]], minutes: list[float], *faults: Fault) -> list[Any]:
    """[news of two looks, values, faults] at each of ``minutes``, over the simulated sensors; the water is at 3 m."""
    node = NodePlan(id="node-test", station="here", place="Sini", sensors=tuple(sensors), datum_m=5.0, rain="sky")
    story = Scenario(
        name="test",
        title="Uji",
        minutes=60,
        nodes=(node,),
        rain={"sky": ((5.0, 30.0, 48.0),)},
        river={"here": River(low_m=2.0)},
        air=Air(pm25_ugm3=80.0, pm10_ugm3=120.0, temperature_c=28.0, humidity_pct=75.0, pressure_hpa=1009.0),
        faults=faults,
    )
    world = folder / "world.bin"
    field.write_world(story, "node-test", world, START_MS)
    script = TAKE.format(sensors=sensors, minutes=minutes, start=START_MS)
    result: list[Any] = run(script, folder, environment={"KENTONGAN_WORLD": str(world)})
    return result


def fault(series: str, kind: Any, minute: float, minutes: float, value: float = 0.0) -> Fault:
    return Fault(node="node-test", series=series, kind=kind, from_min=minute, for_min=minutes, value=value)


@pytest.mark.parametrize("sensor", [MAXBOTIX, JSN, CURRENT, VOLTAGE], ids=["maxbotix", "jsn", "4-20mA", "0-5V"])
def test_level_sensors_measure_the_simulated_water(tmp_path: Path, sensor: dict[str, Any]) -> None:
    """Each comes within a centimetre and a half of the truth, and says so when nothing comes back."""
    lost = fault("distance_mm", "no_return", 3, 3)
    (_, values, faults), (_, lost_values, lost_faults) = simulated(tmp_path, [sensor], [1, 4], lost)
    assert {} == faults
    assert abs(values["distance_mm"] - 3000) <= 15
    assert 0 <= values["distance_spread_mm"] <= 60
    if sensor is VOLTAGE:  # a broken wire of 0 to 5 V cannot be told from its least value
        assert abs(lost_values["distance_mm"] - 5000) <= 15
    else:
        assert [{"distance_mm": None}, {"distance_mm": "comms" if sensor is CURRENT else "no_return"}] == [
            lost_values,
            lost_faults,
        ]


def test_two_parts_on_one_bus(tmp_path: Path) -> None:
    """Converter and weather sensor share the wires; one that is silent does not cost the other."""
    gone = fault("temperature_c", "silent", 3, 3)
    found = simulated(tmp_path, [CURRENT, WEATHER], [1, 4], gone)
    assert [set(), {"comms"}] == [set(faults.values()) for _, _, faults in found]
    assert abs(found[1][1]["distance_mm"] - 3000) <= 15


def test_an_opened_lid_and_a_stolen_battery_are_news(tmp_path: Path) -> None:
    """They are told between two samples; a sun that sets is no news, and what was told is none either."""
    opened, stolen = fault("lid_open", "spike", 2, 60, 1.0), fault("batt_mv", "spike", 3, 60, 0.0)
    night = fault("solar_mv", "spike", 3, 60, 0.0)
    found = simulated(tmp_path, [LID, BATTERY, SOLAR], [0.5, 1, 2.2, 2.6, 3.2, 3.6], opened, stolen, night)
    assert [[], [], [["lid_open"]], [], [["batt_mv"]] * 2, []] == [news for news, _, _ in found]
    assert [0, 0, 1, 1, 1, 1] == [values["lid_open"] for _, values, _ in found]
    assert found[1][1]["batt_mv"] > 3900
    assert found[4][1]["batt_mv"] < 20


TIPS = """
import asyncio, json
from drivers import tipping_bucket as module
now = 0
module.ticks_ms = lambda: now
driver = module.Driver({"series": "rain_tips", "pin": 27})
for edge, now in ((0, 0), (1, 20000), (1, 20100), (0, 20200), ("read", 20300), (1, 25000), (0, 30200), (0, 30300)):
    if edge == "read":
        results.append(asyncio.run(driver.read())[0]["rain_tips"])
        continue
    if edge:
        driver._fell(None)
    results.append(driver.has_news())
print(json.dumps(results))
"""


def test_rain_is_news_at_most_every_ten_seconds(tmp_path: Path) -> None:
    """The first tip is told at once; a bounce is no tip; the next tips wait until ten seconds after that."""
    (tmp_path / "world.bin").write_bytes(EMPTY_WORLD)
    found = run("results = []\n" + TIPS, tmp_path, environment={"KENTONGAN_WORLD": "world.bin"})
    assert [False, True, True, True, 1, False, False, True] == found


def test_rain_is_news_in_a_simulated_shower(tmp_path: Path) -> None:
    """Nothing before it, and something in the middle of it."""
    found = simulated(tmp_path, [RAIN], [0.2, 4.9, 15])
    assert [[], [], [["rain_tips"]] * 2] == [news for news, _, _ in found]
