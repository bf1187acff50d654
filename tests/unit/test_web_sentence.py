"""The first sentence and the banners."""

from typing import Any

import pytest

from alerting.web.banners import banners_of
from alerting.web.link import Outage
from alerting.web.sentence import headline_of
from broker.live import HealthView, StationView, TrendView
from tests.browser.scenes import MINUTE, SCENES, air, health, river

NOW = 1_764_000_000_000


def said(stations: list[StationView]) -> str:
    headline = headline_of(stations, site="Pasuruan", now=NOW)
    return f"{headline.counts} {headline.text}".strip()


def shown(scene: str) -> list[str]:
    told = SCENES[scene](NOW)
    stations = [entity for entity in told.entities if isinstance(entity, StationView)]
    return [
        banner.title
        for banner in banners_of(outage=None, health=told.health, stations=stations, demo=False, now=NOW)
        if banner.loud
    ]


def test_calm_is_said_only_for_stations_that_are_normal() -> None:
    """A station without thresholds is not counted as normal."""
    assert "2 stasiun NORMAL. 1 stasiun BELUM DITETAPKAN." == said([river("A", NOW), river("B", NOW), air(NOW)])


def test_the_worst_station_comes_with_value_trend_and_outlook() -> None:
    """What one would say over the radio."""
    trend = TrendView(rate_m_per_h=0.45, next_level="AWAS", eta_from=NOW + 10 * MINUTE, eta_to=NOW + 40 * MINUTE)
    station = river("Welang", NOW, 4.2, state="SIAGA", level="SIAGA", trend=trend)
    want = "1 SIAGA. Welang Kraton 4,20 m naik 45 cm/jam, diperkirakan mencapai AWAS pukul 23:10\N{EN DASH}23:40."
    assert want == said([river("A", NOW), station])


def test_a_station_that_fell_silent_at_awas_is_named_with_the_level_it_holds() -> None:
    """Silence is neither normal nor a number."""
    silent = river("Welang", NOW, 5.8, state="TIDAK ADA DATA", level="AWAS", silent=True, at_least=True, rate=0.4)
    assert "1 TIDAK ADA DATA. Welang Kraton tanpa data, sedikitnya AWAS, naik." == said([river("A", NOW), silent])
    assert "awas" == headline_of([silent], site="", now=NOW).mark


def test_stations_without_thresholds_alone_are_not_calm() -> None:
    """Nobody can be warned, and the sentence says it."""
    assert "Belum ada ambang: 1 stasiun mengukur, tidak ada yang dapat diperingatkan." == said([air(NOW)])


def test_no_station_says_what_to_do() -> None:
    """An empty page is designed."""
    assert said([]).startswith("Belum ada stasiun. Tambah dengan perintah")


@pytest.mark.parametrize(
    ("scene", "titles"),
    [
        ("calm", []),
        ("rising", []),
        ("awas", ["Petung DIAM: sedikitnya WASPADA, naik"]),
        ("blind", ["BUTA: SEMUA 3 STASIUN DIAM", "Welang Kraton DIAM: sedikitnya AWAS, naik", "BROKER TERPUTUS"]),
        ("no_channel", ["TIDAK ADA SALURAN PESAN"]),
    ],
)
def test_blindness_is_loud_and_calm_is_quiet(scene: str, titles: list[str]) -> None:
    """Each way of being blind has its banner."""
    assert titles == shown(scene)


def test_a_lost_core_says_since_when_and_hides_what_can_no_longer_be_known() -> None:
    """Banners of a health that is old would be guesses."""
    outage = Outage(since=NOW - 60_000, reason="inti tidak menjawab")
    banners = banners_of(outage=outage, health=health(channels=[]), stations=[], demo=False, now=NOW)
    assert ["DATA TERPUTUS sejak 22:59:00 WIB"] == [banner.title for banner in banners if banner.loud]


@pytest.mark.parametrize(("channels", "is_promised"), [(["demo"], True), (["demo", "twilio"], False)])
def test_a_demonstration_promises_no_silence_that_it_cannot_keep(channels: list[str], is_promised: bool) -> None:
    """That no phone is reached is said only where the demonstration's file is the one channel."""
    facts: dict[str, Any] = {"outage": None, "stations": [], "demo": True, "now": NOW}
    told: HealthView = health(channels=channels)
    assert is_promised == ("tidak ke telepon" in banners_of(health=told, **facts)[-1].text)
