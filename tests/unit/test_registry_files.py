"""Stations and nodes in TOML, CSV and GeoJSON: read with their lines, and written so that nothing is lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.registry.areas import Areas
from deploy.registry.file_form import table_of
from deploy.registry.node_files import export_text, read_nodes
from deploy.registry.plan import plan
from deploy.registry.registry import Registry
from deploy.registry.station_files import BadFile, csv_text, geojson_text, read_stations, toml_text

NOW = 1_795_000_000_000
SAMPLE = Path(__file__).parents[2] / "deploy" / "sample-stations.toml"
FULL = {
    "id": "welang",
    "name": "Welang \"Kraton\" \\ 'x'",
    "river": "Welang",
    "datum": "peil lokal",
    "latitude": -7.64,
    "longitude": 112.9,
    "kelurahan": ["Karangketug", "Kel. Gadingrejo", "35.75.02"],
    "neighbours": [{"station": "hulu", "side": "upstream", "travel_minutes": 90}],
    "impact": {"AWAS": "Air masuk rumah, tinggalkan"},
    "example": True,
    "low_m": 1,
    "high_m": 6.5,
    "sensor": "a02yyuw",
    "sensor_mm": [30, 4500],
    "site_m": [0, 6.5],
    "silence_minutes": 12.5,
    "quality": {"spike_suspect": 0.4},
    "datum_m": 6.5,
    "sound_reference_c": 20,
    "mm_per_tip": 0.5,
    "thresholds": {
        "waspada": 3.5,
        "siaga": 4.5,
        "awas": 5.5,
        "author": "BPBD",
        "reason": "survei",
        "hold_up_samples": 3,
    },
}
UPPER = {"id": "hulu", "name": "Hulu", "hazard": "tide", "datum_m": 5}
AIR = {"id": "udara", "name": "Udara", "hazard": "air"}


def registry_of(*tables: dict[str, Any]) -> Registry:
    registry = Registry(stations={})
    made = plan(tables, registry, mode="import", now=NOW, author="uji", reason="uji")
    assert () == made.faults
    for step in made.steps:
        registry.put(step.station, 1)
    return registry


def changed_by(registry: Registry, path: Path) -> list[str]:
    """The keys that importing the file again would change."""
    made = plan(read_stations(path).tables, registry, mode="import", now=NOW + 1, author="uji", reason="uji")
    assert () == made.faults
    return [f"{step.id}.{key}" for step in made.steps for key, _, _ in step.fields]


@pytest.mark.parametrize(("name", "write"), [("s.toml", toml_text), ("s.csv", csv_text)])
def test_what_is_exported_is_imported_as_unchanged(tmp_path: Path, name: str, write: Any) -> None:
    """Both forms, over every key."""
    registry = registry_of(FULL, UPPER, AIR)
    path = tmp_path / name
    path.write_text(write([table_of(station, registry.areas) for station in registry.stations.values()]))
    assert [] == changed_by(registry, path)


def test_toml_makes_the_same_registry_elsewhere(tmp_path: Path) -> None:
    """Epochs with their authors, thresholds with their dates."""
    registry = registry_of(FULL, UPPER, AIR)
    path = tmp_path / "s.toml"
    path.write_text(toml_text([table_of(station, Areas()) for station in registry.stations.values()]))
    assert registry.stations == registry_of(*read_stations(path).tables).stations


def test_the_sample_is_what_it_says() -> None:
    """It can be imported as it stands, and shows every key of a file of stations."""
    registry = registry_of(*read_stations(SAMPLE).tables)
    assert ["welang-contoh"] == list(registry.stations)


def test_names_that_are_two_things_are_said_in_full() -> None:
    """Gadingrejo is a kelurahan of the kecamatan Gadingrejo."""
    registry = registry_of(FULL, UPPER)
    assert ("Karangketug", "Kel. Gadingrejo", "Kec. Purworejo") == registry.kelurahan("welang")


def test_a_fault_is_found_on_its_line(tmp_path: Path) -> None:
    """The key's own line, in its own table; the table's when the key is not there."""
    path = tmp_path / "s.toml"
    path.write_text(
        '# a comment\n[[stations]]\nid = "a-1"\nname = "A"\n\n[[stations]]\nid = "b-1"\nname = "B"\n'
        "[stations.thresholds]\nwaspada = 1\n"
    )
    file = read_stations(path)
    assert [f"{path}:{line}: stations[{n}] (x): {key}" for line, n, key in ((3, 0, "id"), (6, 1, "datum_m"))] == [
        file.where(0, "x", "id"),
        file.where(1, "x", "datum_m"),
    ]
    assert file.where(1, "x", "thresholds.waspada").startswith(f"{path}:10: ")
    assert file.where(1, "x", "thresholds").startswith(f"{path}:9: ")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", "[[stations]\n", "not valid TOML"),
        ("a.toml", '[site]\nname = "x"\n[[stations]]\nid = "a-1"\n', "'site' is not for this file"),
        ("a.toml", "", "no [[stations]] table"),
        ("a.toml", 'stations = [{ id = "a-1" }]\n', "a [[stations]] line of its own"),
        ("a.csv", "id,name\na-1,A,B\n", "a.csv:2: 3 cells under 2 columns"),
        ("a.csv", "id,nam\na-1,A\n", "a.csv:1: there is no column 'nam'"),
        ("a.csv", "id,name,id\na-1,A,b\n", "column id stands twice"),
        ("a.csv", "name\nA\n", "the column id is missing"),
        ("a.csv", "id,name\n", "no row"),
        ("a.xls", "", "must end in .toml or .csv"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(tmp_path: Path, name: str, text: str, said: str) -> None:
    """With its name, and the line where there is one."""
    (tmp_path / name).write_text(text)
    with pytest.raises(BadFile) as refusal:
        read_stations(tmp_path / name)
    assert said in str(refusal.value)
    assert name in str(refusal.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """An office program may write Latin-1; and a byte order mark is no fault."""
    path = tmp_path / "a.csv"
    path.write_bytes("id,name\na-1,Tapa\xb4an\n".encode("latin-1"))
    with pytest.raises(BadFile, match="save it as UTF-8"):
        read_stations(path)
    path.write_bytes("\ufeffid;name\na-1;Tapa'an\n".encode())
    assert [{"id": "a-1", "name": "Tapa'an"}] == read_stations(path).tables


def test_numbers_that_are_none_stay_text() -> None:
    """They are refused with their key, and never become a number of JSON."""
    assert [{"id": "a-1", "low_m": "nan"}] == tables_of("id,low_m\na-1,nan\n")
    assert [{"id": "a-1", "low_m": "1e999"}] == tables_of("id,low_m\na-1,1e999\n")


def tables_of(text: str) -> list[dict[str, Any]]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_text(text)
        return read_stations(path).tables


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_every_text_survives_toml(text: str) -> None:
    """Quotes, backslashes, control characters, emoji."""
    import tomllib

    assert [{"name": text}] == tomllib.loads(toml_text([{"name": text}]))["stations"]


def test_geojson_has_the_stations_that_have_a_place() -> None:
    """Longitude first."""
    registry = registry_of(FULL, UPPER)
    document = json.loads(geojson_text([table_of(each, registry.areas) for each in registry.stations.values()]))
    (feature,) = document["features"]
    assert [112.9, -7.64] == feature["geometry"]["coordinates"]
    assert "welang" == feature["properties"]["id"]


@pytest.mark.parametrize("name", ["n.toml", "n.csv"])
def test_nodes_are_written_as_they_are_read(tmp_path: Path, name: str) -> None:
    """Without credentials."""
    node = {
        "node": "wl-01",
        "station": "welang",
        "gateway": "atap",
        "hardware": "ESP32, A02",
        "firmware": "",
        "note": "",
        "revoked_at": None,
    }
    (tmp_path / name).write_text(export_text(tmp_path / name, [node]))
    (table,) = read_nodes(tmp_path / name).tables
    written = {"id": "wl-01", "station": "welang", "gateway": "atap", "hardware": "ESP32, A02"}
    assert written == {key: value for key, value in table.items() if value}


@pytest.mark.parametrize("text", ["[[stations]]\nid = " + "[" * 50_000, "[[stations]]\nid = " + "1" * 10_000])
def test_a_file_that_no_reader_can_hold_is_one_sentence(tmp_path: Path, text: str) -> None:
    """Brackets in brackets in brackets, or a number of thousands of digits."""
    path = tmp_path / "aneh.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadFile, match=r"aneh\.toml: not valid TOML: brackets too deep, or a number too long"):
        read_stations(path)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("name", 5, "a number stands there; write text, in TOML between quotes"),
        ("latitude", "tujuh", "text stands there; write a number with a point, as 6.5"),
        ("site_m", 6.5, "a number stands there; write a list, as [0.0, 6.5]"),
        ("thresholds", "tinggi", "text stands there; write a table of keys and values"),
        ("example", "ya", "text stands there; write true or false"),
        ("hazard", "banjir", "'banjir' is not known here; write level or rain or air or tide"),
        (
            "neighbours",
            [{"station": "hulu", "side": "kiri", "travel_minutes": 5}],
            "'kiri' is not known here; write upstream or downstream",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_told_with_what_is_due(key: str, value: Any, text: str) -> None:
    """In words for whoever wrote the file, not in those of the program that read it."""
    made = plan([{**UPPER, key: value}], Registry(stations={}), mode="import", now=NOW, author="uji", reason="uji")
    assert [text] == [fault.text for fault in made.faults]
