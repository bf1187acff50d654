"""The drivers: on streams of bytes, good and broken, and over the simulated sensors."""

import random
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firmware_sim import field
from firmware_sim.scenario import Air, Fault, NodePlan, River, Scenario
from tests.firmware_interpreter import EMPTY_WORLD, run

# Samples are taken at the minutes that a test asks for. The story begins when the interpreter has started, however
# long that took: the clock's anchor is chosen so that it shows the story's first moment just then.
TAKE = """
import os, utime
anchor = (utime.time_ns() // 1000000 * {speed} - {start}) // ({speed} - 1)
os.putenv("KENTONGAN_CLOCK", "{speed}@%d" % anchor)

import asyncio, json, time
from sampling import Sampler

sampler = Sampler({sensors})

async def main():
    for minute in {minutes}:
        wait = {start} + minute * 60000 - time.world_ms()
        await asyncio.sleep_ms(max(0, wait))
        at = (time.world_ms() - {start}) / 60000
        values, faults = await sampler.take()
        results.append([values, faults, at])

results = []
asyncio.run(main())
print(json.dumps(results))
"""

START_MS = 1_764_000_000_000
LEVEL = {"driver": "a02yyuw", "series": "distance_mm", "uart": 1, "tx": 17, "rx": 16}
RAIN = {"driver": "tipping_bucket", "series": "rain_tips", "pin": 27}
DUST = {"driver": "pms5003", "uart": 2, "tx": 25, "rx": 26}
WEATHER = {"driver": "bme280", "i2c": 0, "sda": 21, "scl": 22}
BATTERY = {"driver": "battery", "series": "batt_mv", "adc": 35, "ratio": 2.0}


def scenario(*sensors: dict[str, Any], low_m: float = 2.0, faults: tuple[Fault, ...] = ()) -> Scenario:
    node = NodePlan(id="node-test", station="here", place="Sini", sensors=sensors, datum_m=5.0, rain="sky")
    return Scenario(
        name="test",
        title="Uji",
        minutes=60,
        nodes=(node,),
        rain={"sky": ((5.0, 30.0, 48.0),)},
        river={"here": River(low_m=low_m)},
        air=Air(pm25_ugm3=80.0, pm10_ugm3=120.0, temperature_c=28.0, humidity_pct=75.0, pressure_hpa=1009.0),
        faults=faults,
    )


def fault(series: str, kind: Any, minute: float, minutes: float = 1, value: float = 0.0) -> Fault:
    return Fault(node="node-test", series=series, kind=kind, from_min=minute, for_min=minutes, value=value)


def samples(story: Scenario, folder: Path, minutes: list[float]) -> list[Any]:
    """[values, faults] at each of ``minutes`` of the story, from the firmware's own sampler."""
    return [found[:2] for found in timed_samples(story, folder, minutes, speed=100)]


def timed_samples(story: Scenario, folder: Path, minutes: list[float], *, speed: int) -> list[Any]:
    """[values, faults, minute at which the sample really was taken]: on a busy machine a little late."""
    world = folder / "world.bin"
    field.write_world(story, "node-test", world, START_MS)
    script = TAKE.format(sensors=list(story.nodes[0].sensors), minutes=minutes, start=START_MS, speed=speed)
    result: list[Any] = run(script, folder, environment={"KENTONGAN_WORLD": str(world)})
    return result


def test_distance(tmp_path: Path) -> None:
    """The median of several noisy frames is within a few millimetres of the truth."""
    found = samples(scenario(LEVEL), tmp_path, [1, 2, 3])
    for values, faults in found:
        assert abs(values["distance_mm"] - 3000) <= 15
        assert {} == faults


def test_distance_faults(tmp_path: Path) -> None:
    """Silence, broken frames, and a value in the blind zone are told apart; then it is well again."""
    faults = (
        fault("distance_mm", "no_return", 2),
        fault("distance_mm", "checksum", 4),
        fault("distance_mm", "spike", 6, value=1000.0),
    )
    found = samples(scenario(LEVEL, faults=faults), tmp_path, [1, 2.1, 3.5, 4.1, 5.5, 6.1, 8])
    names = [named.get("distance_mm") for _, named in found]
    assert [None, "no_return", None, "checksum", None, None, None] == names
    assert abs(found[5][0]["distance_mm"] - 1000) <= 15
    assert found[1][0]["distance_mm"] is None


def test_what_waits_in_the_buffer_is_of_the_past(tmp_path: Path) -> None:
    """A sample taken a second after the water fell does not show what the sensor sent before."""
    story = scenario(LEVEL, faults=(fault("distance_mm", "spike", 2, value=1000.0),))
    ((before, _), (after, _)) = samples(story, tmp_path, [2.5, 3.02])
    assert abs(before["distance_mm"] - 1000) <= 15
    assert abs(after["distance_mm"] - 3000) <= 15


def test_distance_out_of_range_is_silence(tmp_path: Path) -> None:
    """Beyond 4.5 m the sensor sends nothing, and what it sent before does not look live."""
    ((values, faults),) = samples(scenario(LEVEL, low_m=0.3), tmp_path, [1])
    assert ({"distance_mm": None}, {"distance_mm": "no_return"}) == (values, faults)


def test_rain_tips_are_counted_once(tmp_path: Path) -> None:
    """Every 0.2 mm is one tip however much the contact bounces, and each tip is told in one sample only."""
    story = scenario(RAIN)
    found = timed_samples(story, tmp_path, [0.1, 11, 16, 20, 30, 45], speed=600)
    tips = [values["rain_tips"] for values, _, _ in found]
    minutes = found[2][2] - found[1][2]
    fallen_mm = (30 - 5) * 48 / 60  # the burst swells and fades for five minutes each
    assert tips[0] == 0
    assert abs(sum(tips) - fallen_mm / 0.2) <= 1
    assert abs(tips[2] - minutes * 48 / 60 / 0.2) <= 1


def test_particles_after_the_warm_up(tmp_path: Path) -> None:
    """The first half minute is not told; then PM2.5 and PM10 are near the truth, and CF=1 above it."""
    found = samples(scenario(DUST), tmp_path, [0, 2])
    assert set(found[0][1].values()) == {"warming_up"}
    values, faults = found[1]
    assert {} == faults
    assert 50 <= values["pm25_ugm3"] <= 110
    assert values["pm25_ugm3"] < values["pm10_ugm3"]
    assert values["pm25_ugm3"] < values["pm25_cf1_ugm3"]


def test_particles_faults(tmp_path: Path) -> None:
    """A sensor that is silent and one that sends broken frames are told apart."""
    faults = (fault("pm25_ugm3", "silent", 2), fault("pm25_ugm3", "checksum", 4))
    found = samples(scenario(DUST, faults=faults), tmp_path, [0, 2.1, 3.5, 4.1])
    assert [{"comms"}, set(), {"checksum"}] == [set(named.values()) for _, named in found[1:]]


def test_weather_through_the_registers(tmp_path: Path) -> None:
    """What the compensation makes of the registers is the truth of the world."""
    dry = msgspec.structs.replace(scenario(WEATHER), rain={"sky": ()})
    ((values, faults),) = samples(dry, tmp_path, [1])
    assert {} == faults
    # Mean and the day's course around it.
    assert 24.8 <= values["temperature_c"] <= 31.2
    assert 62 <= values["humidity_pct"] <= 88
    assert 1007.3 <= values["pressure_hpa"] <= 1010.7


def test_weather_sensor_that_comes_back(tmp_path: Path) -> None:
    """Nobody on the bus is a fault of communication, and the sensor is set up anew when it answers again."""
    faults = (fault("temperature_c", "silent", 2),)
    found = samples(scenario(WEATHER, faults=faults), tmp_path, [1, 2.1, 4])
    assert [set(), {"comms"}, set()] == [set(named.values()) for _, named in found]
    assert found[2][0]["pressure_hpa"] is not None


def test_battery(tmp_path: Path) -> None:
    """Through the divider and the converter's noise the battery is known to some 10 mV."""
    ((values, _),) = samples(scenario(BATTERY), tmp_path, [1])
    assert abs(values["batt_mv"] - 4020) <= 20


def test_one_failing_sensor_does_not_cost_the_others(tmp_path: Path) -> None:
    """All sensors of a node are read at once, and each has its own fault."""
    story = scenario(LEVEL, WEATHER, BATTERY, faults=(fault("distance_mm", "no_return", 0, 10),))
    ((values, faults),) = samples(story, tmp_path, [1])
    assert {"distance_mm": "no_return"} == faults
    assert {"distance_mm", "batt_mv", "temperature_c", "humidity_pct", "pressure_hpa"} == set(values)


PARSE = """
import json
import sys
from binascii import unhexlify
from drivers import {driver} as driver

with open("streams.json") as file:
    streams = json.load(file)
results = []
for pieces in streams:
    waiting, found, broken = b"", [], 0
    for piece in pieces:
        {step}
    results.append([found, broken])
print(json.dumps(results))
"""


def parsed(folder: Path, driver: str, streams: list[list[bytes]], step: str) -> list[Any]:
    (folder / "streams.json").write_bytes(msgspec.json.encode([[piece.hex() for piece in each] for each in streams]))
    (folder / "world.bin").write_bytes(EMPTY_WORLD)
    environment = {"KENTONGAN_WORLD": "world.bin"}
    result: list[Any] = run(PARSE.format(driver=driver, step=step), folder, environment=environment)
    return result


def cut(data: bytes, draw: random.Random) -> list[bytes]:
    """``data`` in pieces as a UART delivers it."""
    pieces = []
    while data:
        size = draw.randint(1, 9)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def distance_frame(distance: int) -> bytes:
    head = bytes([0xFF, distance >> 8, distance & 255])
    return head + bytes([sum(head) & 255])


A02_STEP = "values, bad, waiting = driver.parse(waiting + unhexlify(piece)); found.extend(values); broken += bad"


@pytest.mark.parametrize("seed", range(3))
def test_distance_frames_in_any_pieces(tmp_path: Path, seed: int) -> None:
    """Whole frames are all found, in whatever pieces they come, also after bytes that belong to no frame."""
    draw = random.Random(seed)
    truths = [[draw.randint(30, 4500) for _ in range(draw.randint(1, 12))] for _ in range(100)]
    noise = [bytes(draw.randrange(0xFF) for _ in range(draw.randint(0, 5))) for _ in truths]
    streams = [
        cut(junk + b"".join(distance_frame(distance) for distance in truth), draw)
        for truth, junk in zip(truths, noise, strict=True)
    ]
    found = parsed(tmp_path, "a02yyuw", streams, A02_STEP)
    assert [[truth, 0] for truth in truths] == found


def test_distance_frames_with_broken_sums(tmp_path: Path) -> None:
    """A frame with a wrong sum is counted, gives no value, and does not cost the frame after it."""
    good, other = distance_frame(1234), distance_frame(2345)
    broken = good[:3] + bytes([good[3] ^ 1])
    streams = [[broken], [broken + other], [other + broken + other], [good[:2] + other], [b"\xff" * 3 + good]]
    found = parsed(tmp_path, "a02yyuw", streams, A02_STEP)
    assert [[], [2345], [2345, 2345], [2345], [1234]] == [values for values, _ in found]
    assert all(count >= 1 for _, count in found)


def particle_frame(pm25: int, pm10: int, cf1: int) -> bytes:
    words = [28, 1, cf1, 3, 4, pm25, pm10, 0, 0, 0, 0, 0, 0, 0x9700]
    frame = b"\x42\x4d" + struct.pack(">14H", *words)
    return frame + struct.pack(">H", sum(frame))


PMS_STEP = A02_STEP


def test_particle_frames_in_any_pieces(tmp_path: Path) -> None:
    """Frames are found after junk, after a broken frame, and when the start mark stands inside the data."""
    draw = random.Random(7)
    frame = particle_frame(35, 60, 41)
    marked = particle_frame(0x424D, 0x424D, 0x424D)
    broken = frame[:10] + b"\x99" + frame[11:]
    wholes = [frame, b"BMx" + frame, broken + frame, marked, frame[5:] + frame, broken]
    found = parsed(tmp_path, "pms5003", [cut(whole, draw) for whole in wholes], PMS_STEP)
    one = [[35, 60, 41]]
    assert [one, one, one, [[0x424D, 0x424D, 0x424D]], one, []] == [values for values, _ in found]
    assert found[5][1] >= 1


def test_compensation_of_the_data_sheet(tmp_path: Path) -> None:
    """The worked example of the data sheet (BMP280, 3.12): 25.08 degrees and 1006.53 hPa."""
    script = """
import json
from drivers.bme280 import compensate
pressure = (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
print(json.dumps(compensate(((27504, 26435, -1000), pressure, (75, 367, 0, 301, 50, 30)), 519888, 28000, 415148)))
"""
    (tmp_path / "world.bin").write_bytes(EMPTY_WORLD)
    celsius, percent, hectopascal = run(script, tmp_path, environment={"KENTONGAN_WORLD": "world.bin"})
    assert (25.08, 1006.53) == (celsius, hectopascal)
    assert 0 < percent < 100


def test_calibration_constants_of_both_signs(tmp_path: Path) -> None:
    """Constants that share a register, and negative ones, come out of the bytes as they went in."""
    script = """
import json
from bosch import bme280_registers
from drivers.bme280 import unpack_calibration
calibrations = [
    [[28485, 26735, 50], [36738, -10635, 3024, 6980, -4, -7, 9900, -10230, 4285], [75, 367, 0, 301, 50, 30]],
    [[65535, -32768, 32767], [1, -1, 2, -2, 3, -3, 4, -4, 5], [255, -32768, 255, -2048, 2047, -128]],
    [[0, 0, 0], [65535, 32767, -32768, 0, 0, 0, 0, 0, 0], [0, 32767, 1, 2047, -2048, 127]],
]
results = []
for calibration in calibrations:
    registers = bytearray(256)
    bme280_registers([tuple(part) for part in calibration], registers)
    results.append(unpack_calibration(bytes(registers[0x88:0xA2]), bytes(registers[0xE1:0xE8])))
print(json.dumps([calibrations, results]))
"""
    (tmp_path / "world.bin").write_bytes(EMPTY_WORLD)
    expected, found = run(script, tmp_path, environment={"KENTONGAN_WORLD": "world.bin"})
    assert expected == found
