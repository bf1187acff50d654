"""Case files: what they must say, what their nodes send, and what fails on the way."""

import argparse
import importlib
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from deploy.replay.case import LIBRARY, Case, CaseError, Class, Fault, FaultKind, parse_case, read_case, read_library
from deploy.replay.recording import Delivery, Recording
from deploy.replay.sampling import recording_of
from deploy.replay.story import demo_thresholds, story
from deploy.replay.unseen import unseen_case
from firmware_sim.field import load, scenario_names

FLOOD = """
title = "contoh"
kind = "flash"
start = 2025-11-24T13:00:00+07:00
minutes = 300
truth = { flood = true }
[[stations]]
id = "sungai-contoh"
name = "Sungai (contoh)"
thresholds = { waspada = 1.0, siaga = 2.0, awas = 3.0 }
noise_m = 0.0
[stations.water]
points = [[0, 0.5], [60, 0.5], [180, 3.5], [300, 1.0]]
"""


def case(*faults: Fault, text: str = FLOOD) -> Case:
    made = parse_case(text, name="contoh", where="contoh.toml")
    place = msgspec.structs.replace(made.stations[0], faults=faults)
    return msgspec.structs.replace(made, stations=(place,))


def deliveries(recording: Recording) -> list[Delivery]:
    return [happening for happening in recording.happenings if isinstance(happening, Delivery)]


def distances(recording: Recording) -> list[float | None]:
    return [delivery.observation.s["distance_mm"] for delivery in deliveries(recording)]


def fault(kind: str, from_min: float, for_min: float, value: float = 0.0) -> Fault:
    return msgspec.convert({"kind": kind, "from_min": from_min, "for_min": for_min, "value": value}, Fault)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("title =", "titel =", "top level"),
        ('kind = "flash"', 'kind = "flashy"', "kind"),
        ("+07:00", "", "start: give the offset"),
        ('id = "sungai-contoh"', 'id = "S!"', "stations[0] (S!): id"),
        ("siaga = 2.0", "siaga = 0.2", "thresholds must rise"),
        ("awas = 3.0", "awas = 30.0", "below the sensor"),
        ("points = [[0, 0.5], [60, 0.5]", "points = [[0, 0.5], [0, 0.5]", "rising minutes"),
        ("truth = { flood = true }", "reconstruction = true\ntruth = { flood = true }", "source"),
        ("[stations.water]", "[stations.wasser]", "stations[0]"),
        ("minutes = 300", "minutes = ", "not valid TOML"),
        ("minutes = 300", "minutes = 1e12", "minutes: 1e+12 is more than a year"),
        ("points = [[0, 0.5]", "points = [[0, nan]", "stations[0].water.points[0][1]: write a finite number"),
    ],
)
def test_a_wrong_file_is_one_sentence(before: str, after: str, named: str) -> None:
    """The file, the key, and what to write instead."""
    assert before in FLOOD
    with pytest.raises(CaseError, match=r"contoh\.toml: ") as refused:
        parse_case(FLOOD.replace(before, after, 1), name="contoh", where="contoh.toml")
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_author_who_is_wrong_about_the_flood_is_told() -> None:
    """Truth comes from the water; a file that says something else is refused."""
    with pytest.raises(CaseError, match=r"truth\.flood is false, yet its water reaches AWAS"):
        recording_of(case(text=FLOOD.replace("flood = true", "flood = false")))


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    """An empty library must not pass for a good score."""
    with pytest.raises(CaseError, match="no cases there"):
        read_library(tmp_path)


def test_a_sound_node_sends_the_true_water_each_minute() -> None:
    """Distances of a sound sensor are the datum less the level, in whole millimetres."""
    sent = distances(recording_of(case()))
    assert 300 == len(sent)
    assert [6000.0] * 60 == sent[:60]
    lowest = min(value for value in sent if value is not None)
    assert 3000.0 == pytest.approx(lowest, abs=2)


def test_the_same_case_is_the_same_bytes() -> None:
    """Noise comes from the case's name: nothing else moves a score."""
    noisy = FLOOD.replace("noise_m = 0.0", "noise_m = 0.02")
    assert recording_of(case(text=noisy)).happenings == recording_of(case(text=noisy)).happenings


def test_a_spike_is_one_sample() -> None:
    """And it stands ``value`` metres above the water."""
    sound, spiked = distances(recording_of(case())), distances(recording_of(case(fault("spike", 10, 5, 2.5))))
    changed = [(a, b) for a, b in zip(sound, spiked, strict=True) if a != b]
    assert [(6000.0, 3500.0)] == changed


def test_a_silent_node_sends_nothing_and_a_late_one_everything_later() -> None:
    """Silence loses what was measured; the ring keeps it and its time."""
    silent = deliveries(recording_of(case(fault("silent", 100, 50))))
    late = deliveries(recording_of(case(fault("late", 100, 50))))
    assert (250, 300) == (len(silent), len(late))
    assert sorted(d.received_at for d in late) == [d.received_at for d in late]
    waited = [d for d in late if d.received_at - (d.observation.t or 0) > 60_000]
    assert 49 <= len(waited) <= 50


def test_no_return_is_null_and_named() -> None:
    """As the wire has it: null in ``s``, a word in ``fault``."""
    gone = [d.observation for d in deliveries(recording_of(case(fault("no_return", 0, 300))))]
    assert {(None, "no_return")} == {(o.s["distance_mm"], o.fault["distance_mm"]) for o in gone}


def test_clocks_and_copies() -> None:
    """A clock that is ahead, one that is not there, and a broker that repeats."""
    ahead = deliveries(recording_of(case(fault("clock", 0, 300, 60))))
    assert {3600} == {round(((d.observation.t or 0) - d.received_at) / 1000) for d in ahead}
    assert {None} == {d.observation.t for d in deliveries(recording_of(case(fault("no_clock", 0, 300))))}
    assert 900 == len(deliveries(recording_of(case(fault("duplicates", 0, 300, 3)))))


@pytest.mark.parametrize("name", sorted(path.stem for path in LIBRARY.glob("*.toml")))
def test_every_case_of_the_library_is_true_to_itself(name: str) -> None:
    """It can be read, its author's flood is in its water, and it sends something."""
    made = recording_of(read_case(LIBRARY / f"{name}.toml"))
    assert made.count > 0


def test_the_library_is_large_and_varied() -> None:
    """At least 120 cases; every dated event; floods and quiet; every kind of fault."""
    cases = read_library(LIBRARY)
    assert len(cases) >= 120
    assert {"reconstruction", "flash", "slow", "double", "tidal", "fault", "fault_in_flood"} <= {c.kind for c in cases}
    dates = {c.start.date().isoformat() for c in cases if c.reconstruction}
    documented = {
        "2019-03-20", "2020-01-07", "2020-03-02", "2022-01-02", "2022-01-10", "2022-02-24", "2022-11-29", "2024-04-08",
        "2024-12-16", "2025-11-24",
    }  # fmt: skip
    assert documented <= dates
    kinds = {fault.kind for c in cases for place in c.stations for fault in place.faults}
    assert set(get_args(FaultKind)) == kinds


@pytest.mark.parametrize("seed", [1, 2, 3, 77, 1234])
def test_a_seed_is_a_case_that_is_true_to_itself(seed: int) -> None:
    """The same one each time, and its flood is in its water."""
    made = unseen_case(seed)
    assert unseen_case(seed) == made
    assert made.truth.flood == bool(next(iter(recording_of(made).truth.values())).above[3])


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_of_the_demonstration_is_a_case(name: str) -> None:
    """Its rivers straight, with the thresholds of the demonstration's stations."""
    made = recording_of(story(load(name), demo_thresholds()))
    assert made.count > 300
    floods = {"badai", "bandang", "sensor-hilang", "tercabut"}
    assert (name in floods) == any(water.above.get(3) for water in made.truth.values())


@pytest.mark.parametrize("command", ["replay", "score", "rules"])
def test_the_guide_names_every_option_and_every_kind(command: str) -> None:
    """An option that is in no guide is an option that nobody finds."""
    guide = (Path(__file__).parents[2] / "docs" / "replay.md").read_text("utf-8")
    verb = ["preview"] if command == "rules" else []
    parser = argparse.ArgumentParser()
    importlib.import_module(f"deploy.commands.{command}").add(parser)
    for name in verb:
        (choices,) = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        parser = choices[name]
    options = {word for action in parser._actions for word in action.option_strings if word.startswith("--")}
    assert set() == {option for option in options - {"--help", "--settings", "--state"} if option not in guide}
    assert set() == {kind for kind in (*get_args(FaultKind), *get_args(Class)) if not re.search(rf"\b{kind}\b", guide)}
