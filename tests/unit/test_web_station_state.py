"""The badges of a station: state, held level, weather and doubt."""

from typing import Any

import pytest

from alerting.web.station_card import NO_TREND, station_card
from alerting.web.station_state import badges_of, work_words
from broker.live import AlertView, MaintenanceView
from tests.browser.scenes import HOUR, MINUTE, air, alert, rain, river, series

NOW = 1_764_000_000_000  # 24 Nov 2025, 23:00:00 WIB
WORK = MaintenanceView(since=NOW - HOUR, until=NOW + 30 * MINUTE, by="Sari", reason="ganti sensor")
WORKED: dict[str, Any] = {"state": "PEMELIHARAAN", "maintenance": WORK}


@pytest.mark.parametrize(
    ("facts", "badges"),
    [
        ({}, [("NORMAL", "normal")]),
        (
            {"state": "SIAGA", "level": "SIAGA", "unverified": True},
            [("SIAGA", "siaga"), ("BELUM TERVERIFIKASI", "unverified")],
        ),
        ({"state": "SIAGA", "level": "SIAGA", "at_least": True, "rate": 0.3}, [("sedikitnya SIAGA, naik", "siaga")]),
        (
            {"state": "TIDAK ADA DATA", "level": "AWAS", "silent": True, "at_least": True},
            [("TIDAK ADA DATA", "nodata"), ("sedikitnya AWAS", "awas")],
        ),
        ({"state": "TIDAK ADA DATA", "silent": True}, [("TIDAK ADA DATA", "nodata")]),
        (WORKED, [("PEMELIHARAAN", "maintenance")]),
        (
            {**WORKED, "level": "SIAGA", "since": NOW - 2 * HOUR, "unverified": True},
            [("PEMELIHARAAN", "maintenance"), ("tetap SIAGA", "siaga")],
        ),
        (
            {**WORKED, "level": "AWAS", "since": NOW - MINUTE},
            [("PEMELIHARAAN", "maintenance"), ("alat menunjuk AWAS", "maintenance")],
        ),
    ],
)
def test_badges_say_state_and_what_holds(facts: dict[str, Any], badges: list[tuple[str, str]]) -> None:
    """A level that stood before the work stays in its colour; one that the work made has none."""
    assert badges == [(badge.text, badge.mark) for badge in badges_of(river("W", NOW, **facts), ())]


def test_maintenance_says_until_when_by_whom_and_why() -> None:
    """And the card claims no "since" that would be the level's."""
    station = river("W", NOW, **WORKED)
    assert "Pemeliharaan sampai 23:30 WIB oleh Sari: ganti sensor" == work_words(station, NOW)
    card = station_card(station, weather=(), tail=None, now=NOW)
    assert ("maintenance", None) == (card.edge, card.since)


def wet(level: str) -> AlertView:
    return alert(NOW, hazard="rain", level=level)


def test_an_alert_of_rain_stands_in_the_card_of_its_station() -> None:
    """A gauge without thresholds is not called BELUM DITETAPKAN under its own alert; a river keeps its own state."""
    assert ["SIAGA hujan lebat"] == [badge.text for badge in badges_of(rain(NOW), [wet("SIAGA")])]
    assert ["BELUM DITETAPKAN"] == [badge.text for badge in badges_of(rain(NOW), ())]
    assert ["NORMAL", "AWAS hujan lebat"] == [badge.text for badge in badges_of(river("W", NOW), [wet("AWAS")])]
    card = station_card(river("W", NOW), weather=[wet("AWAS")], tail=None, now=NOW)
    assert "awas" == card.edge


def test_a_trend_that_is_not_there_yet_is_said() -> None:
    """Not an empty place, which would read as steady; nothing is said where there is no level either."""
    assert NO_TREND == station_card(river("W", NOW, trend=None), weather=(), tail=None, now=NOW).trend
    gone = river("W", NOW, series=[series("level_m", 1.0, NOW, 9)], trend=None)
    assert [None, None] == [station_card(each, weather=(), tail=None, now=NOW).trend for each in (gone, air(NOW))]


def test_a_tide_station_is_a_water_station() -> None:
    """Its level, its ladder and its thresholds are shown like a river's."""
    card = station_card(river("W", NOW, 2.5, hazard="tide"), weather=(), tail=None, now=NOW)
    assert card.head is not None
    assert card.ladder is not None
    assert "2,50" == card.head.shown
