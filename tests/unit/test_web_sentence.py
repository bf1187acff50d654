"""The first sentence and the banners."""

from typing import Any

import pytest

from alerting.web.alert_list import arrange
from alerting.web.banners import Banner, banners_of
from alerting.web.blindness import blindness_of
from alerting.web.link import Outage
from alerting.web.sentence import Headline, headline_of
from broker.live import AlertView, HealthView, StationView, TrendView
from tests.browser.alert_scenes import ALL_SCENES
from tests.browser.scenes import MINUTE, Scene, air, health, river

NOW = 1_764_000_000_000


def headline(stations: list[StationView], *alerts: AlertView) -> Headline:
    listed = arrange(alerts, {station.id: station for station in stations})
    blindness = blindness_of(stations, listed.blind)
    return headline_of(stations, alerts=listed, blindness=blindness, site="Pasuruan", now=NOW)


def said(stations: list[StationView]) -> str:
    found = headline(stations)
    return f"{found.counts} {found.text}".strip()


def parts(scene: Scene) -> tuple[list[StationView], list[AlertView]]:
    stations = [entity for entity in scene.entities if isinstance(entity, StationView)]
    return stations, [entity for entity in scene.entities if isinstance(entity, AlertView)]


def banners(scene: str) -> list[Banner]:
    told = ALL_SCENES[scene](NOW)
    stations, alerts = parts(told)
    blindness = blindness_of(stations, arrange(alerts, {}).blind)
    found = banners_of(outage=None, health=told.health, stations=stations, blindness=blindness, demo=False, now=NOW)
    return [banner for banner in found if banner.loud]


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
    found = headline([river("A", NOW), silent])
    assert ("awas", "sedikitnya AWAS · Kentongan Pasuruan") == (found.mark, found.title)


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
        ("flood", []),
        ("maintenance", []),
        ("awas", ["DIAM: Petung sedikitnya WASPADA, naik"]),
        ("blind", ["BUTA: tidak ada data dari satu stasiun pun sejak 22:29 WIB", "BROKER TERPUTUS"]),
        ("no_channel", ["TIDAK ADA SALURAN PESAN"]),
    ],
)
def test_blindness_is_loud_and_calm_is_quiet(scene: str, titles: list[str]) -> None:
    """Each way of being blind has its banner."""
    assert titles == [banner.title for banner in banners(scene)]


def test_a_lost_core_says_since_when_and_hides_what_can_no_longer_be_known() -> None:
    """Banners of a health that is old would be guesses."""
    outage = Outage(since=NOW - 60_000, reason="inti tidak menjawab")
    told = health(channels=[])
    found = banners_of(outage=outage, health=told, stations=[], blindness=None, demo=False, now=NOW)
    assert ["DATA TERPUTUS sejak 22:59:00 WIB"] == [banner.title for banner in found if banner.loud]


@pytest.mark.parametrize(("channels", "is_promised"), [(["demo"], True), (["demo", "twilio"], False)])
def test_a_demonstration_promises_no_silence_that_it_cannot_keep(channels: list[str], is_promised: bool) -> None:
    """That no phone is reached is said only where the demonstration's file is the one channel."""
    facts: dict[str, Any] = {"outage": None, "stations": [], "blindness": None, "demo": True, "now": NOW}
    told: HealthView = health(channels=channels)
    assert is_promised == ("tidak ke telepon" in banners_of(health=told, **facts)[-1].text)


def test_blindness_names_who_stood_above_normal() -> None:
    """What is latched is not hidden by the greater news."""
    assert banners("blind")[0].text.startswith("Welang Kraton sedikitnya AWAS, naik. Bukan tanda aman")


def test_blindness_is_seen_before_core_tells_it() -> None:
    """Every station silent and no alert yet, or none after a restart."""
    silent = [river(name, NOW, age=9 * MINUTE, silent=True, state="TIDAK ADA DATA") for name in ("A", "B")]
    assert "BUTA: tidak ada data dari satu stasiun pun sejak 22:51 WIB." == said(silent)
    assert blindness_of([*silent, river("C", NOW)], None) is None


def test_many_silent_stations_are_one_banner() -> None:
    """Ten banners would hide each other."""
    silent = [
        river(name, NOW, state="TIDAK ADA DATA", level="SIAGA", silent=True, at_least=True) for name in ("A", "B", "C")
    ]
    found = banners_of(
        outage=None, health=None, stations=[*silent, river("D", NOW)], blindness=None, demo=False, now=NOW
    )
    assert ["3 STASIUN DIAM DI ATAS NORMAL"] == [banner.title for banner in found]


@pytest.mark.parametrize(
    ("scene", "counts", "text", "mark", "title"),
    [
        (
            "flood",
            "1 AWAS, 1 SIAGA.",
            (
                "Welang Kraton 5,80 m naik 45 cm/jam. Dhompo 4,30 m naik 22 cm/jam, "
                "diperkirakan mencapai AWAS pukul 23:40\N{EN DASH}00:35, belum terverifikasi."
            ),
            "awas",
            "1 AWAS",
        ),
        (
            "aftermath",
            "Wilayah AWAS: Krapyakrejo.",
            "Wilayah SIAGA: Karangketug, Randusari. Wilayah WASPADA: Bakalan. Semua 2 stasiun NORMAL.",
            "awas",
            "Wilayah AWAS",
        ),
        (
            "weather",
            "1 SIAGA, 1 WASPADA.",
            "Hujan Hulu Welang: hujan lebat SIAGA. Udara Balai Kota: mutu udara WASPADA.",
            "siaga",
            "1 SIAGA",
        ),
        (
            "maintenance",
            "3 PEMELIHARAAN.",
            (
                "Gembong dalam pemeliharaan, tetap SIAGA. Welang Kraton dikerjakan sampai 25 Nov 02:00 WIB. "
                "Petung dikerjakan sampai 25 Nov 02:00 WIB. 1 stasiun lain NORMAL."
            ),
            "siaga",
            "sedikitnya SIAGA",
        ),
        (
            "blind",
            "BUTA:",
            "tidak ada data dari satu stasiun pun sejak 22:29 WIB. Welang Kraton sedikitnya AWAS, naik.",
            "awas",
            "BUTA",
        ),
    ],
)
def test_the_sentence_tells_what_no_station_says_by_its_state(
    scene: str, counts: str, text: str, mark: str, title: str
) -> None:
    """Rain, air and areas are alerts and no states; calm is never said over them."""
    stations, alerts = parts(ALL_SCENES[scene](NOW))
    found = headline(stations, *alerts)
    assert (counts, text, mark, f"{title} · Kentongan Pasuruan") == (found.counts, found.text, found.mark, found.title)


@pytest.mark.parametrize("scene", ["calm", "empty", "blind", "awas"])
def test_what_waits_for_a_decision_ends_the_sentence(scene: str) -> None:
    """In calm as in blindness; without any, nothing is said of it."""
    stations, alerts = parts(ALL_SCENES[scene](NOW))
    listed = arrange(alerts, {})
    blindness = blindness_of(stations, listed.blind)
    with_two, with_none = (
        headline_of(stations, alerts=listed, blindness=blindness, site="Pasuruan", now=NOW, waiting=waiting).text
        for waiting in (2, 0)
    )
    assert f"{with_none} Menunggu 2 keputusan.".lstrip() == with_two
