"""The faults of the simulated field by name: what each does to what a sensor meets, and nothing to anything else."""

import struct
import subprocess
import sys
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest

from firmware_sim import field
from firmware_sim.draw import draw
from firmware_sim.fault_kinds import BEYOND_MM, KINDS, FaultKind, spoil
from firmware_sim.rain import Series, depth_mm, intensity
from firmware_sim.scenario import Fault

WATER = np.linspace(3000, 2000, 300)
RAIN = depth_mm(intensity([(0, 300, 12.0)], 299))


def under(kind: FaultKind, truth: Series = WATER, column: str = "distance_mm", value: float = 0.0) -> Series:
    return spoil(column, truth, kind, from_min=100, for_min=50, value=value)


def test_every_kind_has_its_entry_and_sentence() -> None:
    """What a scenario may write is what there is, and each can be told in a timetable."""
    assert sorted(get_args(FaultKind)) == sorted(KINDS)
    for kind in KINDS.values():
        assert "{" not in kind.sentence.format(series="x", place="y", value=1.0)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_begins_at_its_time_and_changes_only_its_columns(kind: FaultKind) -> None:
    """Before its time, and in every other column, the truth stands; what does not last is over at its end."""
    columns = KINDS[kind].columns or ("distance_mm",)
    truth = RAIN if columns == ("rain_mm",) else WATER
    found = under(kind, truth, columns[0], 40.0)
    assert np.array_equal(truth[:100], found[:100])
    assert len(truth) == len(found)
    assert np.array_equal(truth, under(kind, truth, "quite_else_m", 40.0))
    if not KINDS[kind].lasts and columns != ("rain_mm",):
        assert np.array_equal(truth[150:], found[150:])


@pytest.mark.parametrize(
    ("kind", "value", "at", "expected"),
    [
        ("obstructed", 0, 120, 300.0),
        ("torn_away", 0, 299, BEYOND_MM),
        ("moved", 250, 299, WATER[299] + 250),
        ("drift", -1000, 125, WATER[125] - 500),
        ("drift", -1000, 299, WATER[299] - 1000),
        ("hot_air", 10, 120, WATER[120] * 0.9834),
    ],
)
def test_distances_are_wrong_by_so_much(kind: FaultKind, value: float, at: int, expected: float) -> None:
    """A creeping mast reaches its value at the end of its time; ten degrees are 1.66 % of the distance."""
    assert pytest.approx(expected) == under(kind, value=value)[at]


def test_foam_is_above_the_water_and_the_same_each_time() -> None:
    """Echoes from between the water and so many millimetres above it."""
    wrong = WATER - under("foam", value=300)
    assert (wrong[100:150] >= 0).all()
    assert 100 < wrong[100:150].max() <= 300
    assert np.array_equal(under("foam", value=300), under("foam", value=300))


@pytest.mark.parametrize(("kind", "share"), [("clogged", 0.2), ("double_tips", 2.0), ("stuck_reed", 0.0)])
def test_a_rain_gauge_counts_its_share(kind: FaultKind, share: float) -> None:
    """Of the rain that falls meanwhile; afterwards it counts what falls, and never backwards."""
    found = under(kind, RAIN, "rain_mm")
    assert pytest.approx(share * (RAIN[149] - RAIN[100]), abs=1e-6) == found[149] - found[100]
    assert np.allclose(np.diff(RAIN)[150:], np.diff(found)[150:])
    assert (np.diff(found) >= -1e-9).all()


def test_the_world_file_holds_the_faults_of_the_device_and_the_others_are_true(tmp_path: Path) -> None:
    """A mast that is torn away reaches nothing and has no network; the fake hardware needs no new names."""
    story = field.load("tercabut")
    field.write_world(story, "node-welang", tmp_path / "world", 0)
    content = (tmp_path / "world").read_bytes()
    header = msgspec.json.decode(content.partition(b"\n")[0])
    assert [("no_wifi", "wifi", 146 * 60_000)] == [(f["kind"], f["series"], f["from_ms"]) for f in header["faults"]]
    width = 4 * len(header["columns"])
    row = header["first_byte"] + 200 * 60_000 // header["step_ms"] * width
    assert BEYOND_MM == struct.unpack_from("<f", content, row)[0]


def test_smoke_and_sun_are_in_the_air(tmp_path: Path) -> None:
    """The smoke's plume lifts fine dust by what the story says, and the day has its course."""
    story = field.load("asap")
    field.write_world(story, "node-udara", tmp_path / "world", 0)
    content = (tmp_path / "world").read_bytes()
    header = msgspec.json.decode(content.partition(b"\n")[0])
    table = np.frombuffer(content[header["first_byte"] :], dtype="<f4").reshape(-1, len(header["columns"]))
    fine, coarse = (table[:, header["columns"].index(name)] for name in ("pm25_ugm3", "pm10_ugm3"))
    minute = 60_000 // header["step_ms"]
    assert 30 < fine[: 50 * minute].mean() < 60
    assert 180 < fine[600 * minute : 700 * minute].mean() < 260
    assert (coarse >= fine).all()


def test_a_story_of_ones_own_is_read_and_drawn(tmp_path: Path) -> None:
    """A file that extends a known story; the picture is a PNG or an SVG."""
    own = tmp_path / "punyaku.toml"
    own.write_text('title = "Punyaku"\nextends = "bandang"\nminutes = 200\n')
    argv = [sys.executable, "-m", "deploy.cli", "simulate", "draw", str(own), "--out", str(tmp_path / "a.png")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    draw(field.load_file(own), tmp_path / "a.svg", {})
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[river.welang-kraton]\nlow_m = 2.3\n", "river.gembong-wirogunan is missing, node-gembong measures it"),
        ("minutes = 2000", "minutes: 2000 is not 1 to 1440"),
        ('[[faults]]\nnode = "node-x"\nseries = "a"\nkind = "drift"\nfrom_min = 1\nfor_min = 1', "no node 'node-x'"),
        (
            '[[faults]]\nnode = "node-welang"\nseries = "a"\nkind = "drift"\nfrom_min = 1\nfor_min = 0',
            "for_min must be",
        ),
        ('[[faults]]\nnode = "node-welang"\nseries = "a"\nkind = "meledak"\nfrom_min = 1\nfor_min = 1', "Invalid enum"),
        ('extends = "bajir"', "there is no scenario 'bajir'; there are "),
        ("title = 3", "Expected `str`, got `int`"),
        ("title = ", "Invalid value"),
    ],
)
def test_a_wrong_story_is_refused_with_its_file(tmp_path: Path, text: str, expected: str) -> None:
    """One sentence with what is wrong and where."""
    own = tmp_path / "punyaku.toml"
    own.write_text(text if "extends" in text else f'extends = "tenang"\n{text}\n')
    with pytest.raises(field.ScenarioError, match=r"punyaku\.toml|bajir") as refused:
        field.load_file(own)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"catchment": "brantas"}, "catchment: 'brantas' is not known; there is welang, gembong, petung"),
        ({"low_m": 2.0}, "low_m: give low_m, or catchment, and not both"),
        ({"rain": "surabaya"}, "rain: there is no rain.surabaya"),
        ({"mouth": {"mean_sea_m": 1.0}}, "mouth: there is no [tide] to come in"),
    ],
)
def test_a_wrong_river_names_its_key(tmp_path: Path, change: dict[str, object], expected: str) -> None:
    """What a river asks of the rest of the story and does not get."""
    lines = {"catchment": "welang", **change}
    river = "".join(f"{key} = {_toml(value)}\n" for key, value in lines.items())
    others = "[river.gembong-wirogunan]\nlow_m = 0.7\n[river.petung-blandongan]\nlow_m = 1.0\n"
    own = tmp_path / "punyaku.toml"
    own.write_text(f'extends = "tenang"\n[river.welang-kraton]\n{river}{others}')
    with pytest.raises(field.ScenarioError) as refused:
        field.load_file(own)
    assert f"{own}: river.welang-kraton.{expected}" in str(refused.value)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


def test_a_fault_that_lasts_has_no_end_in_the_timetable() -> None:
    """What was torn away is not well again."""
    assert not [text for _, text in field.load("tercabut").timetable({}) if "pulih" in text]
    assert Fault(node="n", series="s", kind="drift", from_min=0, for_min=1).value == 0
