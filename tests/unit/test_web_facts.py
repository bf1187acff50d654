"""What a card says of rain, air, tide and the staff gauge, and how good each number looks."""

import msgspec
import pytest

from alerting.web.station_card import station_card
from alerting.web.station_facts import Fact, air_index, facts_of
from broker.live import AirView, RainSumView, RainView, UpstreamRainView
from tests.browser.scenes import HOUR, MINUTE, air, foul_air, rain, river, series, tide

NOW = 1_764_000_000_000  # 24 Nov 2025, 23:00:00 WIB


def said(facts: tuple[Fact, ...]) -> dict[str, str]:
    return {fact.label: fact.text for fact in facts}


def test_what_is_not_known_of_a_river_is_plainly_absent() -> None:
    """No tide, no staff gauge: said in words, never left out and never a zero."""
    facts = facts_of(river("W", NOW), now=NOW)
    assert {"pasang surut": "belum ada data", "papan duga": "belum dibandingkan"} == said(facts)
    assert not any(fact.is_known for fact in facts)


@pytest.mark.parametrize(
    ("drift_m", "text"),
    [
        (0.04, "alat membaca 4 cm lebih tinggi sejak 22:00 WIB"),
        (-0.12, "alat membaca 12 cm lebih rendah sejak 22:00 WIB"),
        (0.004, "sama dengan alat sejak 22:00 WIB"),
    ],
)
def test_drift_has_a_side_and_a_beginning(drift_m: float, text: str) -> None:
    """Positive: the sensor reads too high."""
    assert text == said(facts_of(river("W", NOW, drift_m=drift_m, drift_since=NOW - HOUR), now=NOW))["papan duga"]


def test_the_tide_is_called_a_prediction() -> None:
    """The next high water with its time, the window above what matters, and what heights are counted from."""
    text = said(facts_of(river("W", NOW, tide=tide(NOW)), now=NOW))["pasang surut (prakiraan)"]
    want = (
        "kini 1,10 m naik, pasang berikut 1,32 m pukul 25 Nov 03:00, "
        "di atas 1,20 m mulai 25 Nov 02:00 sampai 25 Nov 04:00; dari muka laut rata-rata"
    )
    assert want == text


def test_a_tide_that_is_over_the_height_already_says_so() -> None:
    """The window may have begun."""
    told = msgspec.structs.replace(tide(NOW), above_from=NOW - HOUR, above_until=None)
    assert "sudah di atas 1,20 m;" in said(facts_of(river("W", NOW, tide=told), now=NOW))["pasang surut (prakiraan)"]


def test_rain_sums_say_their_holes() -> None:
    """A window that was not observed whole says how much of it was; one without data is not 0 mm."""
    facts = said(facts_of(rain(NOW), now=NOW))
    want = {
        "10 menit": "3,2 mm",
        "1 jam": "14,6 mm",
        "3 jam": "22,8 mm (teramati 70 %)",
        "24 jam": "tidak ada data",
        "kelas 1 jam": "lebat",
        "sejak pukul 07:00": "22,8 mm, sedang",
    }
    assert want == {label: facts[label] for label in want}


def test_a_gauge_without_sums_is_plainly_absent() -> None:
    """Before the first sum."""
    assert {"jumlah hujan": "belum ada data"} == said(facts_of(msgspec.structs.replace(rain(NOW), rain=None), now=NOW))


def test_rain_upstream_stands_at_the_river() -> None:
    """With how many gauges spoke; none is no data."""
    upstream = [
        UpstreamRainView(minutes=180, mean_mm=24.1, max_mm=41.0, spoke=3, gauges=4),
        UpstreamRainView(minutes=60, mean_mm=None, max_mm=None, spoke=0, gauges=4),
    ]
    sums = [RainSumView(minutes=60, mm=1.0, complete=1.0)]
    facts = said(facts_of(river("W", NOW, rain=RainView(sums=sums, upstream=upstream)), now=NOW))
    assert "rata-rata 24,1 mm, terbesar 41,0 mm (3 dari 4 penakar)" == facts["hujan hulu 3 jam"]
    assert "tidak ada data" == facts["hujan hulu 1 jam"]


def test_the_impact_is_that_of_the_level_it_stands_at() -> None:
    """Nothing of the other levels."""
    impact = {"SIAGA": "Jalan tergenang.", "AWAS": "Air masuk rumah."}
    told = river("W", NOW, 5.8, state="AWAS", level="AWAS", impact=impact)
    assert "Air masuk rumah." == said(facts_of(told, now=NOW))["dampak"]
    assert "dampak" not in said(facts_of(river("W", NOW, impact=impact), now=NOW))


def test_the_hour_is_never_called_ispu() -> None:
    """The index with parameter, span and completeness; the hour apart, with how it was corrected."""
    index = air_index(foul_air(NOW).air, NOW)
    assert ("ISPU 141 Tidak Sehat", "poor") == (index.title, index.mark)
    assert "PM2,5 paling menentukan · 24 jam sampai 22:40 · data 92 %" == index.basis
    assert "PM2,5 61,4 µg/m³, tinggi, satu jam sampai 22:40" == index.hour
    assert "dikoreksi dari 118,9, kelembapan 78 % (epa-2021)" == index.hour_note
    assert "ISPU" not in f"{index.hour}{index.hour_note}"


def test_an_index_that_cannot_be_computed_says_why() -> None:
    """And has no colour."""
    told = foul_air(NOW).air
    assert told is not None
    unknown = msgspec.structs.replace(told, index=None, colour=None, reason="baru 10 dari 24 jam", correction=None)
    index = air_index(unknown, NOW)
    assert ("ISPU", None, "baru 10 dari 24 jam") == (index.title, index.mark, index.basis)
    assert "belum dikoreksi kelembapan" == index.hour_note


@pytest.mark.parametrize(
    ("flag", "look", "doubt", "usable"),
    [
        (1, "good", None, True),
        (2, "unchecked", "belum diperiksa", True),
        (3, "doubtful", "belum terverifikasi", True),
        (4, "failed", "tidak lolos uji", False),
        (9, "missing", "bacaan hilang", False),
        (7, "doubtful", "bertanda 7", True),
    ],
)
def test_every_flag_has_a_look_and_a_word(flag: int, look: str, doubt: str | None, usable: bool) -> None:
    """Only good numbers go without a word; failed and missing ones are used for nothing, and all are shown."""
    card = station_card(
        river("W", NOW, series=[series("level_m", 1.5, NOW, flag, "x")]), weather=(), tail=None, now=NOW
    )
    assert card.head is not None
    assert (look, doubt, "1,50") == (card.head.look, card.head.doubt, card.head.shown)
    assert (usable, flag == 1) == (card.head.value is not None, card.head.why is None)


def test_other_quantities_have_their_own_quality() -> None:
    """The battery's flag is not the level's."""
    low = series("battery_mv", 1.0, NOW, 4, "gross_range: 1 outside sensor 2500..5500")
    card = station_card(
        river("W", NOW, series=[series("level_m", 1.5, NOW - MINUTE), low]), weather=(), tail=None, now=NOW
    )
    assert card.head is not None
    assert [("good", "failed")] == [(card.head.look, other.look) for other in card.others]


def test_air_without_an_index_waits_for_its_day() -> None:
    """Before the first computation."""
    assert "24 jam" in air_index(air(NOW).air, NOW).basis


def test_an_index_that_cannot_be_computed_says_why_after_its_name() -> None:
    """The title is the name; core's sentence begins with it too."""
    told = msgspec.structs.replace(
        air(NOW), air=AirView(index=None, reason="ISPU belum dapat dihitung: data 3 jam.", computed_at=NOW)
    )
    shown = air_index(told.air, NOW)
    assert ("ISPU", "belum dapat dihitung: data 3 jam.") == (shown.title, shown.basis)
