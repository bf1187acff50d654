"""Rules as data: from a station's document to what the engine reads, and every mistake by its table and key."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

import deploy
from alerting.rules import AirRule, RainLimit, RainRule, SupportRule, Thresholds
from broker.station import Station
from deploy.registry.areas import Areas
from deploy.registry.checks import faults_of
from deploy.registry.file_form import BadTable, station_of, table_of
from deploy.registry.rules import rules_at
from deploy.registry.station_files import csv_text, read_stations, toml_text

NOW = 1_795_000_000_000
AREAS = Areas()
LIMITS = {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "BPBD", "reason": "survei"}
WELANG: dict[str, Any] = {"id": "welang", "name": "Welang", "datum_m": 6.5, "thresholds": LIMITS}
AIR: dict[str, Any] = {"id": "udara", "name": "Udara Kota", "hazard": "air"}
FULL: dict[str, Any] = WELANG | {
    "interval_seconds": 60,
    "high_tide": {"waspada": 3.2, "siaga": 4.2, "awas": 5.5},
    "rain_limits": [
        {"window": "1h", "mm": 30, "level": "WASPADA"},
        {"window": "3h", "mm": 60.5, "level": "SIAGA", "where": "upstream"},
    ],
    "support": {"samples": 4, "rain_mm": 12, "second_m": 0.1, "step_m": 0.4, "fresh_minutes": 30},
}
AIR_FULL: dict[str, Any] = AIR | {
    "air_limits": {
        "waspada": "Sedang",
        "siaga": "Tidak Sehat",
        "awas": "Berbahaya",
        "indicative": "never",
        "worsening_ugm3": 80,
    }
}


def made(table: dict[str, Any], before: Station | None = None) -> Station:
    return station_of(table, before, AREAS, now=NOW, author="cli:uji", reason="uji")


def faults(table: dict[str, Any]) -> dict[str, str]:
    try:
        return {fault.key: fault.text for fault in faults_of(made(table), None, known=(), now=NOW)}
    except BadTable as error:
        return {fault.key: fault.text for fault in error.faults}


def test_every_table_reaches_the_engine() -> None:
    """High tide, rain, support and the interval, in the engine's units."""
    rules = rules_at(made(FULL), None, NOW)
    assert rules.level is not None
    assert Thresholds(waspada=3.2, siaga=4.2, awas=5.5) == rules.level.high_tide
    assert (
        RainRule(
            limits=(
                RainLimit(window="1h", mm=30, level=1),
                RainLimit(window="3h", mm=60.5, level=2, where="upstream"),
            )
        )
        == rules.rain
    )
    assert SupportRule(samples=4, rain_mm=12, second_m=0.1, step_m=0.4, fresh_ms=1_800_000) == rules.support
    assert (60_000, None) == (rules.interval_ms, rules.air)
    assert {} == faults(FULL)


def test_without_them_the_engine_has_its_own() -> None:
    """Nothing is invented: no rain rule, no tide, the interval learned."""
    rules = rules_at(made(WELANG), None, NOW)
    assert rules.level is not None
    assert (None, None, 0, SupportRule()) == (rules.level.high_tide, rules.rain, rules.interval_ms, rules.support)


def test_air_warns_by_the_regulations_categories() -> None:
    """Tidak Sehat, Sangat Tidak Sehat and Berbahaya are WASPADA, SIAGA and AWAS, unless the station says otherwise."""
    assert AirRule(waspada=2, siaga=3, awas=4, indicative=3) == rules_at(made(AIR), None, NOW).air
    own = AirRule(waspada=1, siaga=2, awas=4, indicative=0, worsening_ugm3=80)
    assert own == rules_at(made(AIR_FULL), None, NOW).air


def test_a_changed_limit_is_the_next_version() -> None:
    """And what is as it was is the same version."""
    first = rules_at(made(FULL), None, NOW)
    assert first is rules_at(made(FULL), first, NOW)
    changed = rules_at(made({"id": "welang", "rain_limits": []}, made(FULL)), first, NOW)
    assert (None, first.version + 1) == (changed.rain, changed.version)


@pytest.mark.parametrize("suffix", [".toml", ".csv"])
def test_files_lose_nothing(tmp_path: Path, suffix: str) -> None:
    """Written and read again, the document is the same."""
    stations = [made(FULL), made(AIR_FULL)]
    write = toml_text if suffix == ".toml" else csv_text
    path = tmp_path / f"s{suffix}"
    path.write_text(write([table_of(station, AREAS) for station in stations]))
    assert stations == [made(table, before) for table, before in zip(read_stations(path).tables, stations, strict=True)]
    names = ("interval_seconds", "high_tide", "rain_limits", "air_limits", "support")
    assert [[getattr(station, name) for name in names] for station in stations] == [
        [getattr(made(table), name) for name in names] for table in read_stations(path).tables
    ]


@pytest.mark.parametrize(
    ("table", "key", "text"),
    [
        (FULL | {"high_tide": {"waspada": 3.2, "siaga": 4.6, "awas": 5.4}}, "high_tide.siaga", "above the usual 4.5"),
        (FULL | {"high_tide": {"waspada": 3.4, "siaga": 3.2, "awas": 5.5}}, "high_tide", "must rise"),
        (FULL | {"high_tide": {"waspada": 3.2}}, "high_tide.siaga", "is missing"),
        (FULL | {"thresholds": None}, "high_tide", "give thresholds too"),
        (FULL | {"rain_limits": [{"window": "2h", "mm": 5, "level": "AWAS"}]}, "rain_limits[0].window", "10min, 1h"),
        (FULL | {"rain_limits": [{"window": "1h", "mm": 0, "level": "AWAS"}]}, "rain_limits[0].mm", "millimetres"),
        (FULL | {"rain_limits": [{"window": "1h", "mm": 5, "level": "Siaga 1"}]}, "rain_limits[0].level", "no level"),
        (
            FULL | {"rain_limits": [{"window": "1h", "mm": 5, "level": "AWAS", "where": "hulu"}]},
            "rain_limits[0].where",
            "here or upstream",
        ),
        (
            FULL
            | {
                "rain_limits": [
                    {"window": "1h", "mm": mm, "level": each} for mm, each in ((50, "SIAGA"), (60, "WASPADA"))
                ]
            },
            "rain_limits[1]",
            "do not rise together",
        ),
        (FULL | {"rain_limits": [{"window": "1h", "level": "AWAS"}]}, "rain_limits[0].mm", "is missing"),
        (AIR | {"rain_limits": FULL["rain_limits"]}, "rain_limits", "warns of no rain"),
        (AIR | {"air_limits": {"waspada": "Kuning"}}, "air_limits.waspada", "'Kuning' is no category; write Baik"),
        (AIR | {"air_limits": {"siaga": "Tidak Sehat"}}, "air_limits", "must rise"),
        (AIR | {"air_limits": {"awass": "Berbahaya"}}, "air_limits.awass", "there is no such key"),
        (WELANG | {"air_limits": {"worsening_ugm3": 10}}, "air_limits", "for a station of hazard air"),
        (FULL | {"support": {"samples": 0}}, "support", "it must be 1 or more"),
        (FULL | {"support": {"step_m": 0}}, "support", "must be above 0"),
        (FULL | {"interval_seconds": -1}, "interval_seconds", "write seconds"),
        (FULL | {"interval_seconds": 900}, "interval_seconds", "not less than silence_minutes 10"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(table: dict[str, Any], key: str, text: str) -> None:
    """One fault, with the table, the key and the remedy."""
    found = faults(table)
    assert [key] == list(found)
    assert text in found[key]


def test_the_sample_documents_every_key() -> None:
    """``kentongan station sample``: with its comments taken away it is a file that can be imported."""
    sample = (Path(deploy.__file__).parent / "sample-stations.toml").read_text()
    for key in ("interval_seconds", "high_tide", "rain_limits", "air_limits", "support", "fresh_minutes", "indicative"):
        assert key in sample
    part = sample[sample.index("# [stations.high_tide]") : sample.index("# What a level means")]
    lines = [line[2:] for line in part.splitlines() if line.startswith(("# [", "# ")) and _is_toml(line[2:])]
    said = tomllib.loads("[[stations]]\n" + "\n".join(lines))["stations"][0]
    assert {} == faults(WELANG | {name: said[name] for name in ("high_tide", "rain_limits", "support")})
    assert {} == faults(AIR | {"air_limits": said["air_limits"]})


def _is_toml(line: str) -> bool:
    return line.startswith("[") or (" = " in line and line.partition(" = ")[0].isidentifier())
