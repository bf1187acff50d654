"""Playing a recording: what is said and when, what is drawn, and that nothing of it is left to chance."""

from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from deploy import cli
from deploy.replay.case import LIBRARY, Case, parse_case, read_case
from deploy.replay.plot import draw
from deploy.replay.run import Outcome, play
from deploy.replay.sampling import recording_of
from deploy.replay.stretches import stretches
from deploy.replay.timetable import local, timetable

FLOOD = """
title = "contoh"
kind = "flash"
start = 2025-11-24T13:00:00+07:00
minutes = 360
truth = { flood = true }
[[stations]]
id = "sungai-contoh"
name = "Sungai (contoh)"
river = "Welang"
thresholds = { waspada = 1.0, siaga = 2.0, awas = 3.0 }
rain = [[0, 120, 30.0]]
[stations.water]
points = [[0, 0.5], [60, 0.5], [180, 3.5], [220, 3.4], [330, 0.6], [360, 0.5]]
"""


def flood(**changes: object) -> Case:
    made = parse_case(FLOOD, name="contoh", where="contoh")
    table = msgspec.to_builtins(made.stations[0]) | changes
    return msgspec.structs.replace(made, stations=(msgspec.convert(table, type(made.stations[0])),))


def played(**changes: object) -> Outcome:
    return play(recording_of(flood(**changes)))


def levels(outcome: Outcome) -> list[tuple[str, int]]:
    return [(d.kind, d.level) for _, d, _ in outcome.decisions if d.hazard == "level"]


UP_AND_DOWN = [
    ("raised", 1), ("raised_higher", 2), ("raised_higher", 3), ("lowered", 2), ("lowered", 1), ("ended", 0),
]  # fmt: skip


def test_a_flood_is_told_once_a_level() -> None:
    """Officers hear of every level; the public's area of what it may hear."""
    outcome = played()
    assert UP_AND_DOWN == levels(outcome)
    assert 6 == sum(message.audience == "petugas" for message in outcome.messages)
    assert {"Karangketug"} == {m.recipient for m in outcome.messages if m.audience == "warga"}


def test_the_same_recording_gives_the_same_outcome() -> None:
    """Twice the same, to the last word."""
    one, other = played(), played()
    assert one.decisions == other.decisions
    assert one.messages == other.messages


def test_duplicates_and_disorder_change_no_level() -> None:
    """Each observation three times, up to two minutes late."""
    faults = [
        {"kind": "duplicates", "from_min": 0, "for_min": 360, "value": 3},
        {"kind": "shuffled", "from_min": 0, "for_min": 360, "value": 2},
    ]
    outcome = played(faults=faults)
    assert UP_AND_DOWN == levels(outcome)
    assert 720 == outcome.counts["duplicates"]


def test_silence_is_noticed_at_its_own_time() -> None:
    """Nothing arrives any more: the clock still passes, and the deadline is kept to the second."""
    outcome = played(faults=[{"kind": "silent", "from_min": 20, "for_min": 340}], rain=None)
    last = max(outcome.tracks["sungai-contoh", "level_m"].times)
    ((at, silence, _),) = [told for told in outcome.decisions if told[1].hazard == "data"]
    assert ("raised", 0) == (silence.kind, silence.level)
    assert 600 <= (at - last) / 1000 <= 602


def test_upkeep_is_in_force_while_it_lasts() -> None:
    """What a technician does to the sensor may not go to the public."""
    upkeep = [{"from_min": 100, "for_min": 120, "author": "teknisi contoh", "reason": "ganti sensor"}]
    outcome = played(upkeep=upkeep)
    during = [d for at, d, _ in outcome.decisions if 100 <= (at - outcome.recording.start) / 60_000 < 220]
    assert [] != during
    assert {False} == {d.public_ok for d in during}
    assert any("pemeliharaan sampai 16:40 oleh teknisi contoh: ganti sensor" in line for line in timetable(outcome))


def test_flags_are_told_as_stretches() -> None:
    """Forty readings without a return are one line and not forty."""
    outcome = played(faults=[{"kind": "no_return", "from_min": 10, "for_min": 40}])
    (stretch,) = stretches(outcome.tracks["sungai-contoh", "level_m"])
    assert (40, 9) == (stretch.count, stretch.flag)
    assert any("40 bacaan level_m hilang sampai" in line for line in timetable(outcome))
    assert not any("hilang" in line for line in timetable(outcome, flags=False))


def test_the_timetable_is_in_order_and_in_local_time() -> None:
    """What is true stands beside what is said."""
    outcome = played()
    lines = timetable(outcome)
    assert sorted(lines, key=lambda line: line[:16]) == lines
    zone = ZoneInfo("Asia/Jakarta")
    crossing = outcome.recording.truth["sungai-contoh"].above[3][0].start
    assert f"{local(crossing, zone)}  [air sebenarnya] Sungai (contoh) mencapai AWAS" in lines


def test_rain_that_nobody_sees_in_a_river_has_its_own_warning() -> None:
    """Streets flood while rivers are normal: the rain gauge speaks."""
    outcome = play(recording_of(read_case(LIBRARY / "hujan-2022-02-24.toml")))
    assert {"rain"} == {d.hazard for _, d, _ in outcome.decisions if d.hazard != "area"}
    assert 2 <= max(d.level for _, d, _ in outcome.decisions)


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    """Level, thresholds, flags, rain, alerts and messages, whatever there is of them."""
    path = tmp_path / "contoh.png"
    draw(played(faults=[{"kind": "outliers", "from_min": 100, "for_min": 200, "value": 2.0, "share": 0.1}]), path)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("what", ["badai", "welang-2025-11-24"])
def test_scenarios_and_cases_by_name(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A demonstration's story and a case of the library, from the command line."""
    assert 0 == cli.main(["replay", what, "--no-flags"])
    said = capsys.readouterr().out
    assert "contoh, bukan angka resmi" in said
    assert "raised_higher AWAS" in said


def test_an_unknown_name_and_an_option_for_something_else(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence each, with what there is."""
    assert 2 == cli.main(["replay", "banjir-besar"])
    assert "badai, bandang," in capsys.readouterr().err
    assert 2 == cli.main(["replay", "badai", "--unit", "cm"])
    assert "--unit is for FILE.csv only" in capsys.readouterr().err
