"""How often a node measures, when its siren sounds, what feeds its watchdog, and the time from a server."""

import json
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.firmware_interpreter import EMPTY_WORLD, run

BEAT = """
import json
import config
from beat import Beat
with open("steps.json") as file:
    steps = json.load(file)
beat = Beat(config.usual(60))
results = []
for minute, values, live in steps:
    beat.heard(int(minute * 60000), values)
    if live:
        beat.live(int((minute + live) * 60000))
    results.append(beat.interval_ms(int(minute * 60000)) // 1000)
print(json.dumps(results))
"""


def beats(folder: Path, *steps: tuple[float, dict[str, Any], float]) -> list[int]:
    """The seconds to the next sample after each (minute, values, minutes that somebody watches from then on)."""
    (folder / "steps.json").write_text(json.dumps(steps))
    result: list[int] = run(BEAT, folder)
    return result


def test_water_that_rises_is_measured_every_ten_seconds(tmp_path: Path) -> None:
    """From 4 cm within ten minutes on; not for waves below that, nor once ten minutes passed without a rise."""
    level = [3000, 2990, 3010, 2985, 2965, 2900, 2900, 2900]
    steps = [(float(minute), {"distance_mm": mm}, 0.0) for minute, mm in enumerate(level)]
    later = [(minute, {"distance_mm": 2895}, 0.0) for minute in (9.0, 13.0, 14.9, 16.0, 17.0)]
    assert [60, 60, 60, 60, 10, 10, 10, 10, 10, 10, 60, 60, 60] == beats(tmp_path, *steps, *later)


def test_a_slow_rise_is_none_of_its_own(tmp_path: Path) -> None:
    """A tide of 2 m in six hours, 3.3 cm in six minutes and more in ten, is followed; one of 10 cm is not."""

    def course(mm_per_min: float) -> list[tuple[float, dict[str, Any], float]]:
        return [(float(minute), {"distance_mm": 4000 - mm_per_min * minute}, 0.0) for minute in range(30)]

    assert {10} == set(beats(tmp_path, *course(5.6))[10:])
    assert {60} == set(beats(tmp_path, *course(0.3)))


def test_low_battery_and_watchers(tmp_path: Path) -> None:
    """Slower below 3.5 V until it recovers by 0.1 V; a watcher and a rise go before it; nothing measured is no rise."""
    steps: list[tuple[float, dict[str, Any], float]] = [
        (0, {"batt_mv": 3600, "distance_mm": 3000}, 0),
        (1, {"batt_mv": 3480, "distance_mm": 3000}, 0),
        (6, {"batt_mv": 3550, "distance_mm": 3000}, 0),
        (7, {"batt_mv": 3550, "distance_mm": None}, 2),
        (8, {"rain_tips": 1}, 0),
        (9.5, {"batt_mv": 3550}, 0),
        (10, {"batt_mv": 3550, "distance_mm": 2800}, 0),
        (40, {"batt_mv": 3610, "distance_mm": 2800}, 0),
    ]
    assert [60, 300, 300, 1, 1, 300, 10, 60] == beats(tmp_path, *steps)


SIREN = """
import json
from config import SirenRule
from siren import Siren
with open("steps.json") as file:
    steps = json.load(file)
rule = SirenRule("distance_mm", 1200, 1300, 180)
siren = Siren({"horn": 32, "lamp": 33})
now, seq, results = 0, 0, []
for what, value in steps:
    if what == "sample":
        siren.sampled(rule, 7, seq, {"distance_mm": value}, now)
        seq += 1
        now += 10000
    elif what == "wait":
        now += 1000 * value
    elif what == "ack":
        siren.acknowledged([[7, value, value]])
    elif what == "maintain":
        siren.maintain(now + 1000 * value)
    elif what == "test":
        siren.test(now)
    elif what == "identify":
        siren.identify(now, value)
    elif what == "sound":
        siren.sound(now, value)
    elif what == "silence":
        siren.silence()
    siren.tick(now)
    results.append([int(siren._horn.is_on), int(siren._lamp.is_on)])
with open("outputs") as file:
    horn = [line.split()[2] for line in file if line.split()[1] == "32"]
print(json.dumps([results, horn, siren.has_news()]))
"""


def signals(folder: Path, *steps: tuple[str, Any]) -> tuple[list[str], str, bool]:
    """Horn and lamp after each step as "hl", and every level that the horn's pin ever had, from the fake hardware."""
    (folder / "steps.json").write_text(json.dumps(steps))
    (folder / "world.bin").write_bytes(EMPTY_WORLD)
    (folder / "outputs").unlink(missing_ok=True)
    environment = {"KENTONGAN_WORLD": "world.bin", "KENTONGAN_OUTPUTS": "outputs"}
    found, horn, news = run(SIREN, folder, environment=environment)
    return [("h" if horn else "-") + ("l" if lamp else "-") for horn, lamp in found], "".join(horn), news


def test_the_second_sample_of_a_breach_sounds(tmp_path: Path) -> None:
    """Without core, two samples at the threshold: the horn for its time, the lamp until two samples are clear."""
    steps = [("sample", mm) for mm in (1500, 1200, 1190)]
    steps += [("wait", 100), ("wait", 80), ("sample", 1150), ("sample", 1250), ("sample", 1300), ("sample", 1310)]
    found, horn, _ = signals(tmp_path, *steps)
    assert ["--", "--", "hl", "hl", "-l", "-l", "-l", "-l", "--"] == found
    assert "010" == horn


def test_core_that_knows_decides(tmp_path: Path) -> None:
    """With the breach's first sample acknowledged nothing sounds; another sample's acknowledgement says nothing."""
    found, _, _ = signals(tmp_path, ("sample", 1100), ("ack", 0), *[("sample", 1100)] * 5)
    assert {"--"} == set(found)
    found, _, _ = signals(tmp_path, ("sample", 1500), ("ack", 0), ("sample", 1100), ("sample", 1100))
    assert "hl" == found[-1]


def test_one_wrong_echo_does_not_sound(tmp_path: Path) -> None:
    """One sample is not two; a failed sample between two neither counts nor clears; twice the same breach is one."""
    found, horn, _ = signals(tmp_path, *[("sample", mm) for mm in (1100, 1500, 1500, 1100, 1500, 1500)])
    assert ({"--"}, "0") == (set(found), horn)
    steps = [("sample", 1100), ("sample", None), ("sample", 1100), ("silence", 0), ("sample", 1100), ("sample", 1050)]
    found, horn, _ = signals(tmp_path, *steps)
    assert (["--", "--", "hl", "--", "--", "--"], "010") == (found, horn)


def test_a_test_and_maintenance_reach_nobody(tmp_path: Path) -> None:
    """The horn's pin never moves: not for a test, an identification, a breach or an order under maintenance."""
    steps: list[tuple[str, Any]] = [("test", 0), ("wait", 5), ("identify", 30), ("wait", 31), ("maintain", 3600)]
    steps += [("sample", 1100), ("sample", 1100), ("sound", 60), ("test", 0), ("wait", 3000)]
    found, horn, news = signals(tmp_path, *steps)
    assert ["-l", "--", "-l", "--", "--", "--", "-l", "-l", "-l", "-l"] == found
    assert ("0", False) == (horn, news)
    found, horn, _ = signals(tmp_path, *steps, ("wait", 600), ("sample", 1100))
    assert ("hl", "01") == (found[-1], horn)  # the breach outlasted the maintenance


def test_maintenance_stills_a_horn_that_sounds(tmp_path: Path) -> None:
    """At once, and the change is news."""
    found, horn, _ = signals(tmp_path, ("sound", 600), ("maintain", 60))
    assert (["hl", "-l"], "010") == (found, horn)


def test_the_watchdog_is_fed_by_progress_only(tmp_path: Path) -> None:
    """A part that stands still is named as soon as its own patience is over, however busy the others are."""
    script = """
import json
from progress import Progress
class Uptime:
    now = 0
    def ms(self):
        return self.now
uptime = Uptime()
progress = Progress(uptime, {"sample": 600, "connect": 900})
results = []
for uptime.now in range(0, 2000, 100):
    if uptime.now < 1500:
        progress.step("connect")
    if uptime.now < 300 or uptime.now > 900:
        progress.step("sample")
    results.append(progress.stalled())
print(json.dumps(results))
"""
    assert [None] * 9 + ["sample"] + [None] * 10 == run(script, tmp_path)


ASK = """
import asyncio, json
import ntp
async def main():
    results = []
    for port in %s:
        try:
            results.append(await ntp.ask("127.0.0.1", port))
        except (ntp.NoTime, OSError) as error:
            results.append(str(error))
    print(json.dumps(results))
asyncio.run(main())
"""


def server_of(answer: Any) -> tuple[int, threading.Thread]:
    """The port of an NTP server that answers one question by ``answer(question)``."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind(("127.0.0.1", 0))
    link.settimeout(60)

    def serve() -> None:
        with link:
            question, peer = link.recvfrom(64)
            reply = answer(question)
            if reply is not None:
                link.sendto(reply, peer)

    thread = threading.Thread(target=serve)
    thread.start()
    return int(link.getsockname()[1]), thread


def reply(question: bytes, *, first: int = 0x24, stratum: int = 2, seconds: int = 0, fraction: int = 0) -> bytes:
    head = bytes([first, stratum]) + bytes(22)
    return head + question[40:48] + bytes(8) + struct.pack(">II", seconds, fraction)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"seconds": 3_972_988_800, "fraction": 1 << 31}, 1_764_000_000_500),
        ({"seconds": 100}, 2_085_978_596_000),  # in the era that begins on 2036-02-07
        ({"seconds": 3_972_988_800, "stratum": 0}, "the server has no time itself"),
        ({"seconds": 3_972_988_800, "stratum": 16}, "the server has no time itself"),
        ({"seconds": 3_972_988_800, "first": 0xE4}, "the server has no time itself"),
        ({"seconds": 3_972_988_800, "first": 0x23}, "the server has no time itself"),
    ],
)
def test_time_from_a_server(tmp_path: Path, changes: dict[str, int], wanted: Any) -> None:
    """The transmit timestamp in ms UTC; a server without a time of its own, or one that only asks, is not believed."""
    (tmp_path / "world.bin").write_bytes(EMPTY_WORLD)
    port, thread = server_of(lambda question: reply(question, **changes))
    (found,) = run(ASK % [port], tmp_path, environment={"KENTONGAN_WORLD": "world.bin"})
    thread.join()
    assert wanted == found


def test_answers_to_somebody_else_and_silence(tmp_path: Path) -> None:
    """A forged answer, half an answer and none each end with a reason, and soon."""
    (tmp_path / "world.bin").write_bytes(EMPTY_WORLD)
    servers = [server_of(lambda _: reply(bytes(48), seconds=3_972_988_800)), server_of(lambda question: question[:20])]
    servers.append(server_of(lambda _: None))
    ports = [port for port, _ in servers]
    environment = {"KENTONGAN_WORLD": "world.bin", "KENTONGAN_CLOCK": "4@0"}
    found = run(ASK % ports, tmp_path, environment=environment)
    for _, thread in servers:
        thread.join()
    assert ["not an answer to us", "not an answer to us", "no answer"] == found
