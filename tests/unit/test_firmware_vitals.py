"""What the firmware says of its chip: on simulated hardware, on a bare port, and on one with another thermometer."""

from pathlib import Path
from typing import Any

import pytest

from tests.firmware_interpreter import EMPTY_WORLD, run

WEAK = (
    b'{"first_byte":0,"start_ms":0,"step_ms":1,"rows":2,"columns":[],"sensors":[],"faults":['
    b'{"series":"wifi","kind":"weak_signal","value":-88.0,"from_ms":0,"until_ms":9999999999999}]}\n'
)
SIGNAL = """
import json
from collections import namedtuple
from connection import Wifi
wifi = Wifi(namedtuple("Settings", ("ssid", "password"))("", ""))
before = wifi.rssi()
wifi._station.active(True)
wifi._station.connect()
found = []
for _ in range(20):
    found.append(wifi.rssi())
class Gone:
    def isconnected(self):
        return True
    def status(self, what):
        raise OSError("gone meanwhile")
wifi._station = Gone()
print(json.dumps([before, min(found), max(found), wifi.rssi()]))
"""
CHIP = """
import json, sys
{before}
import vitals
print(json.dumps([vitals.reset_cause(), vitals.chip_c(), vitals.flash_free() > 0]))
"""


def world(folder: Path, content: bytes = EMPTY_WORLD) -> dict[str, str]:
    (folder / "world").write_bytes(content)
    return {"KENTONGAN_WORLD": str(folder / "world")}


@pytest.mark.parametrize(("content", "dbm"), [(EMPTY_WORLD, -67), (WEAK, -88)])
def test_signal(tmp_path: Path, content: bytes, dbm: int) -> None:
    """None without a network and when it goes while we ask; else as strong as the world says, give or take noise."""
    before, least, most, gone = run(SIGNAL, tmp_path, environment=world(tmp_path, content))
    assert (None, None) == (before, gone)
    assert dbm - 10 < least <= most < dbm + 10


def chip(folder: Path, before: str = "") -> Any:
    return run(CHIP.format(before=before), folder, environment=world(folder))


def test_the_chip_in_fahrenheit_and_in_celsius(tmp_path: Path) -> None:
    """An ESP32 says Fahrenheit, later chips Celsius; both are told in Celsius."""
    assert ["power", 48, True] == chip(tmp_path)
    newer = "class esp32:\n    mcu_temperature = lambda: 51\nsys.modules['esp32'] = esp32"
    assert ["power", 51, True] == chip(tmp_path, newer)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [(1, "power"), (2, "hard"), (3, "watchdog"), (4, "sleep"), (5, "soft"), (9, None)],
)
def test_the_cause_of_a_start_in_a_word(tmp_path: Path, cause: int, expected: str | None) -> None:
    """By MicroPython's names; a cause that has none there is not guessed."""
    names = "PWRON_RESET HARD_RESET WDT_RESET DEEPSLEEP_RESET SOFT_RESET"
    before = (
        f"import machine\nfor n, name in enumerate('{names}'.split()):\n    setattr(machine, name, n + 1)\n"
        f"machine.reset_cause = lambda: {cause}"
    )
    assert expected == chip(tmp_path, before)[0]
