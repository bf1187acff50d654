"""What an import would do, and everything that it refuses."""

from typing import Any

import pytest

from deploy.registry.plan import Plan, plan
from deploy.registry.registry import Registry

NOW = 1_795_000_000_000
DAY = 86_400_000
LIMITS = {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "BPBD", "reason": "survei"}


def table(**changes: Any) -> dict[str, Any]:
    return {"id": "welang", "name": "Welang", "datum_m": 6.5, "thresholds": LIMITS, **changes}


def empty() -> Registry:
    return Registry(stations={})


def planned(registry: Registry, *tables: dict[str, Any], mode: Any = "import", now: int = NOW) -> Plan:
    return plan(tables, registry, mode=mode, now=now, author="cli:uji", reason="uji")


def holding(*tables: dict[str, Any]) -> Registry:
    """A registry into which the tables were imported."""
    registry = empty()
    made = planned(registry, *tables)
    assert () == made.faults
    for step in made.steps:
        registry.put(step.station, 1)
    return registry


def faults(*tables: dict[str, Any], registry: Registry | None = None, mode: Any = "import") -> list[str]:
    made = planned(registry or empty(), *tables, mode=mode)
    return [f"{fault.number} {fault.key}: {fault.text}" for fault in made.faults]


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"id": "Welang/#"}, "id", "3 to 32"),
        ({"name": " "}, "name", "1 to 60"),
        ({"name": "Wel\u202eang"}, "name", "printable"),
        ({"datum_m": None}, "datum_m", "datum_m is missing"),
        ({"datum_m": 650}, "datum_m", "metres, not centimetres"),
        ({"datum_m": "6,5"}, "datum_m", "with a point"),
        ({"datum_m": 0.02, "sensor_mm": [30, 4500], "thresholds": None}, "datum_m", "below the sensor's nearest"),
        ({"datum_m": 5.0}, "thresholds.awas", "not centimetres"),
        ({"datum_m": 5.6, "sensor_mm": [250, 4500]}, "thresholds.awas", "sensor is blind"),
        ({"thresholds": {**LIMITS, "waspada": 4.7}}, "thresholds", "must rise"),
        ({"thresholds": {**LIMITS, "awas": 550}}, "thresholds.awas", "not centimetres"),
        ({"thresholds": {**LIMITS, "siaga": None}}, "thresholds", "given together"),
        ({"thresholds": {**LIMITS, "author": ""}}, "thresholds.author", "who set them"),
        ({"thresholds": {**LIMITS, "reason": ""}}, "thresholds.reason", "why these"),
        ({"thresholds": {**LIMITS, "effective_from": "2026-01-01"}}, "thresholds.effective_from", "+07:00"),
        ({"site_m": [0, 5]}, "thresholds.awas", "outside site_m"),
        ({"site_m": [6, 0]}, "site_m", "rising"),
        ({"sensor_mm": [0.03, 4.5]}, "sensor_mm", "write millimetres"),
        ({"sensor_mm": [4500, 30]}, "sensor_mm", "rising"),
        ({"low_m": 4, "high_m": 2}, "high_m", "not above low_m"),
        ({"silence_minutes": 0}, "silence_minutes", "more than 0"),
        ({"latitude": -7.6}, "latitude", "together"),
        ({"latitude": 112.9, "longitude": -7.6}, "latitude", "exchanged"),
        ({"latitude": -97.6, "longitude": 200}, "latitude", "is no place"),
        ({"hazard": "air"}, "thresholds", "metres of water"),
        ({"hazard": "wind"}, "hazard", "wind"),
        ({"kelurahan": ["Karangketuk"]}, "kelurahan", "did you mean Karangketug?"),
        ({"kelurahan": ["Zzz"]}, "kelurahan", "kentongan area list"),
        ({"neighbours": [{"station": "hulu", "side": "upstream", "travel_minutes": 9}]}, "neighbours", "no station"),
        ({"neighbours": [{"station": "welang", "side": "upstream", "travel_minutes": 9}]}, "neighbours", "its own"),
        ({"mm_per_tip": 20}, "mm_per_tip", "millimetres a tip"),
        ({"sound_reference_c": 293}, "sound_reference_c", "Celsius"),
        ({"impact": {"SIAGA 1": "x"}}, "impact", "is no level"),
        ({"quality": {"spike": 1}}, "quality", "is not a limit"),
        ({"dattum_m": 6.5}, "dattum_m", "no such key"),
        ({"epochs": [{"number": 1, "datum_m": 6.5}]}, "epochs", "not both"),
        ({"epoch_from": "2026-12-31T00:00:00+07:00"}, "epochs (number 1 of distance_mm)", "in the future"),
    ],
)
def test_what_cannot_be_is_named_with_its_key_and_remedy(changes: dict[str, Any], key: str, said: str) -> None:
    """One fault, and nothing else is said."""
    found = faults(table(**changes))
    assert 1 == len(found), found
    assert found[0].startswith(f"0 {key}: ")
    assert said in found[0]


def test_every_station_s_fault_is_told_at_once() -> None:
    """A file is mended in one round; a station named twice is told with where it stands first."""
    found = faults(table(datum_m=650), table(id="petung", name=""), table())
    assert [0, 1, 2] == [int(fault[0]) for fault in found]
    assert "first in stations[0]" in found[2]


def test_a_neighbour_of_the_same_file_is_known() -> None:
    """The order of the tables does not matter."""
    upper = {"station": "hulu", "side": "upstream", "travel_minutes": 90}
    assert [] == faults(table(neighbours=[upper]), table(id="hulu"))


def test_add_and_change_keep_to_their_word() -> None:
    """What is added is new, and what is changed is there."""
    registry = holding(table())
    assert "never used again" in faults(table(), registry=registry, mode="add")[0]
    assert "no station has it" in faults(table(), mode="change")[0]


def test_a_plan_says_each_key_from_what_to_what() -> None:
    """Only what differs; what the table leaves out stays as it is."""
    registry = holding(table(river="Welang"))
    (step,) = planned(registry, {"id": "welang", "thresholds": {"awas": 5.6}}, now=NOW + DAY).steps
    assert "changed" == step.kind
    assert ("thresholds.awas", 5.5, 5.6) in step.fields
    assert {"thresholds.awas", "thresholds.effective_from"} == {key for key, _, _ in step.fields}
    assert ("Welang", NOW + DAY) == (step.station.river, step.station.thresholds.effective_from)  # type: ignore[union-attr]


def test_the_same_again_is_unchanged() -> None:
    """No version is made of nothing."""
    registry = holding(table())
    (step,) = planned(registry, table(), now=NOW + DAY).steps
    assert ("unchanged", ()) == (step.kind, step.fields)


def test_a_key_is_taken_away_by_none() -> None:
    """Without its thresholds a station is BELUM DITETAPKAN again."""
    registry = holding(table())
    (step,) = planned(registry, {"id": "welang", "thresholds": None}).steps
    assert step.station.thresholds is None


def test_a_new_datum_begins_an_epoch_and_leaves_the_old_one() -> None:
    """From now, or from when the sensor was moved; who and why stand in it."""
    registry = holding(table())
    (step,) = planned(registry, {"id": "welang", "datum_m": 6.6}, now=NOW + DAY).steps
    first, second = step.station.epochs
    assert (1, 0, 6.5) == (first.number, first.effective_from, first.datum_m)
    assert (2, NOW + DAY, 6.6, "cli:uji", "uji") == (
        *(second.number, second.effective_from, second.datum_m),
        *(second.author, second.reason),
    )
    moved = {"id": "welang", "datum_m": 6.6, "epoch_from": "2026-11-01T00:00:00+07:00"}
    (step,) = planned(registry, moved, now=NOW + DAY).steps
    assert 1_793_466_000_000 == step.station.epochs[1].effective_from


def test_an_epoch_that_counted_cannot_be_altered() -> None:
    """Readings were computed with it."""
    registry = holding(table())
    altered = {"id": "welang", "epochs": [{"number": 1, "datum_m": 6.7, "author": "x", "reason": "y"}]}
    (found,) = faults(altered, registry=registry)
    assert "recompute" in found


def test_epoch_from_without_a_new_value_is_refused() -> None:
    """A date that would change nothing was meant to change something."""
    (found,) = faults(
        {"id": "welang", "epoch_from": "2026-11-01T00:00:00+07:00"}, registry=holding(table()), mode="change"
    )
    assert "no epoch begins then" in found
