"""Which alerts are cards: one flood is one, one blindness is one."""

from datetime import UTC
from typing import Any

import msgspec
import pytest

from alerting import explain
from alerting.episodes import Decision
from alerting.web.alert_card import MAX_AREAS, alert_card, area_lines, areas_card
from alerting.web.alert_list import AlertList, arrange, is_unverified, wants_somebody
from broker.live import AlertView, StationView
from tests.browser.alert_scenes import ALL_SCENES, area, silence
from tests.browser.scenes import MINUTE, Scene, alert, river

NOW = 1_764_000_000_000
DECISION = Decision(
    station="welang",
    hazard="level",
    episode=1,
    version=1,
    kind="raised",
    level=3,
    why="threshold",
    rules_version=1,
    at=NOW,
    received_at=NOW,
    value=5.8,
    value_at=NOW,
    limit=5.0,
    samples=3,
    public_ok=True,
)


def listed(scene: Scene) -> AlertList:
    stations = {entity.id: entity for entity in scene.entities if isinstance(entity, StationView)}
    return arrange([entity for entity in scene.entities if isinstance(entity, AlertView)], stations)


def ids(alerts: tuple[AlertView, ...]) -> list[str]:
    return [one.id for one in alerts]


def names(alerts: tuple[AlertView, ...]) -> list[str]:
    return [one.station_name for one in alerts]


def test_one_flood_is_one_card() -> None:
    """The areas stand in the worst alert of the stations that matter to them, the worst first, and count nothing."""
    found = listed(ALL_SCENES["flood"](NOW))
    assert (["welang.level.1", "dhompo.level.1"], 2, ()) == (ids(found.active), found.count, found.loose)
    want = ["Krapyakrejo", "Karangketug", "Randusari", "Bakalan", "Sekargadung"]
    assert {"welang.level.1": want} == {host: names(areas) for host, areas in found.areas.items()}


def test_areas_outlive_their_station_as_one_card() -> None:
    """Held while the river falls: listed once, counted once; what was cancelled is over."""
    found = listed(ALL_SCENES["aftermath"](NOW))
    assert ((), 1, {}) == (found.active, found.count, found.areas)
    assert ["Krapyakrejo", "Karangketug", "Randusari", "Bakalan"] == names(found.loose)
    card = areas_card(found.loose)
    assert ("AWAS", "Wilayah", None) == (card.title, card.station_name, card.sent)
    assert 4 == card.why.count("menurut Welang Kraton")


def test_an_area_of_another_river_is_not_hidden_in_this_alert() -> None:
    """Only the areas of the station's own stand in its card."""
    far = area("Blandongan", 2001, NOW)
    found = arrange([alert(NOW), far], {"welang": river("Welang", NOW)})
    assert ({}, (far,), 2) == (found.areas, found.loose, found.count)


def test_only_the_last_episode_of_an_area_is_said() -> None:
    """Cancelled an hour ago and raised again: it is raised."""
    before = area("Randusari", 1002, NOW, kind="cancelled", raised_at=NOW - 30 * MINUTE, changed_at=NOW - 9 * MINUTE)
    again = area("Randusari", 1002, NOW, id="35.75.01.1002.area.2", raised_at=NOW - MINUTE)
    found = arrange([alert(NOW), before, again], {"welang": river("Welang", NOW)})
    assert {"welang.level.1": (again,)} == found.areas


def test_a_cancellation_of_an_earlier_flood_is_not_said_in_this_one() -> None:
    """It belongs to what was."""
    before = area("Randusari", 1002, NOW, kind="cancelled", active=False, changed_at=NOW - 60 * MINUTE)
    assert {} == arrange([alert(NOW), before], {"welang": river("Welang", NOW)}).areas


def test_one_blindness_is_one_alert() -> None:
    """The silences behind it are states of their stations; it stands first, though its level is NORMAL."""
    found = listed(ALL_SCENES["blind"](NOW))
    assert ["semua.data.1", "welang.level.1"] == ids(found.active)
    assert found.blind is found.active[0]


def test_a_silence_that_was_told_before_comes_back_after_the_blindness() -> None:
    """While all are silent it is one of them; afterwards it is an alert again."""
    told = silence(river("Petung", NOW), NOW, why="Tidak ada data baik selama 10 menit sampai pukul 18:17.")
    buta = alert(NOW, id="semua.data.1", station="semua", hazard="data", level="NORMAL")
    over = msgspec.structs.replace(buta, kind="ended", active=False)
    assert [["semua.data.1"], ["petung.data.1"]] == [ids(arrange([told, each], {}).active) for each in (buta, over)]


def test_a_silence_that_nobody_was_told_of_does_not_end_on_the_page() -> None:
    """The return of what was never an alarm would be noise."""
    returned = silence(river("Petung", NOW), NOW, kind="ended", active=False, version=2)
    assert ((), ()) == (arrange([returned], {}).active, arrange([returned], {}).ended)


@pytest.mark.parametrize("active", [True, False])
def test_a_cancelled_alert_is_over(active: bool) -> None:
    """Whatever else is said of it; it is not called ended, and nothing about it is green."""
    cancelled = alert(NOW, kind="cancelled", level="NORMAL", active=active)
    found = arrange([cancelled], {})
    assert ((), (cancelled,), 0) == (found.active, found.ended, found.count)
    card = alert_card(cancelled, station=None, areas=(), messages=())
    assert ("DIBATALKAN", "notset", "dibatalkan", False) == (card.title, card.mark, card.kind, card.active)


@pytest.mark.parametrize(
    ("decision", "is_said"),
    [
        (DECISION, False),
        (msgspec.structs.replace(DECISION, verified=False), True),
        (msgspec.structs.replace(DECISION, public_ok=False, public_why="unverified"), True),
    ],
)
def test_core_says_in_its_sentence_what_is_unverified(decision: Decision, is_said: bool) -> None:
    """The view has no field for it: the words that are looked for are those that core writes."""
    view = alert(NOW, why=explain.why(decision, UTC))
    assert is_said == is_unverified(view)
    warnings = alert_card(view, station=None, areas=(), messages=()).warnings
    assert is_said == ("BELUM TERVERIFIKASI" in [badge.text for badge in warnings])


@pytest.mark.parametrize(("inhibited_by", "shown"), [(None, 1), ("semua", 0)])
def test_core_says_in_its_sentence_what_it_told_nobody(inhibited_by: str | None, shown: int) -> None:
    """Here too the words are core's."""
    decision = msgspec.structs.replace(DECISION, hazard="data", why="silence", inhibited_by=inhibited_by)
    view = silence(river("Petung", NOW), NOW, why=explain.why(decision, UTC))
    assert shown == arrange([view], {}).count


def test_a_line_of_many_areas_counts_the_rest() -> None:
    """A kelurahan that is not named is counted; one line a level, the worst first."""
    many = [area(f"Desa {number:02}", number, NOW) for number in range(MAX_AREAS + 3)]
    lines = area_lines([*many, area("Puncak", 99, NOW, "AWAS")])
    assert ["AWAS", "SIAGA"] == [line.title for line in lines]
    assert lines[1].names.endswith("Desa 07 dan 3 lainnya")


@pytest.mark.parametrize(
    ("wanted", "subject", "now", "value"),
    [
        ("hujan-hulu.rain.2", "hujan lebat", "1 jam 14,6 mm · 3 jam 22,8 mm", "14,6 mm"),
        ("udara.air.1", "mutu udara", "ISPU 141 Tidak Sehat", "61,4 µg/m³"),
        ("welang.level.1", None, None, "5,80 m"),
    ],
)
def test_rain_and_air_have_their_own_words(wanted: str, subject: str | None, now: str | None, value: str) -> None:
    """What it is about, what it is like now, and its own unit."""
    scene = ALL_SCENES["weather"](NOW)
    found = listed(scene)
    stations = {entity.id: entity for entity in scene.entities if isinstance(entity, StationView)}
    view = next(one for one in (*found.active, *found.ended) if one.id == wanted)
    card = alert_card(view, station=stations[view.station], areas=(), messages=())
    assert (subject, now, value) == (card.subject, card.now, card.value)


def test_an_alert_of_a_sensor_in_somebodys_hands_says_so() -> None:
    """Before the officer drives out."""
    scene = ALL_SCENES["maintenance"](NOW)
    station = next(entity for entity in scene.entities if isinstance(entity, StationView))
    card = alert_card(listed(scene).active[0], station=station, areas=(), messages=())
    assert ["PEMELIHARAAN ALAT"] == [badge.text for badge in card.warnings]


@pytest.mark.parametrize(
    ("changes", "wants"),
    [
        ({}, True),
        ({"acknowledged_by": "Sari"}, False),
        ({"kind": "lowered", "level": "WASPADA"}, False),
        ({"kind": "ended", "active": False, "level": "NORMAL"}, False),
        ({"kind": "cancelled"}, False),
        ({"kind": "raised", "hazard": "data", "level": "NORMAL"}, False),
        ({"kind": "raised", "hazard": "data", "level": "NORMAL", "station": "semua"}, True),
    ],
)
def test_somebody_is_wanted_for_what_goes_up_and_for_blindness(changes: dict[str, Any], wants: bool) -> None:
    """Until an officer deals with it; never for what goes down, and not for one sensor's silence below a level."""
    assert wants is wants_somebody(alert(NOW, **changes))
