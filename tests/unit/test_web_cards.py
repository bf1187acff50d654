"""Cards of stations, alerts and messages."""

from collections import Counter

import pytest

from alerting.web.alert_card import MAX_ROWS, alert_card, group_card, tally_words
from alerting.web.station_card import outlook, station_card
from broker.live import TrendView
from tests.browser.scenes import MINUTE, air, alert, message, river, series

NOW = 1_764_000_000_000
ALL_STATES = ("queued", "sending", "accepted", "delivered", "undelivered", "unknown", "dead", "something new")


@pytest.mark.parametrize("state", ALL_STATES)
def test_the_demonstration_never_claims_a_phone(state: str) -> None:
    """Whatever its channel reports, nothing is called sent or arrived."""
    row = group_card([message(1, NOW, channel="demo", state=state)], station_name="W").rows[0]
    assert not {"sampai", "dikirim ke penyedia", "terkirim"} & {row.word}


def test_only_a_delivery_report_makes_sampai() -> None:
    """The words of a real channel, state by state."""
    card = group_card(
        [message(number, NOW, channel="twilio", state=s) for number, s in enumerate(ALL_STATES)], station_name="W"
    )
    want = [
        "antri",
        "sedang dikirim",
        "dikirim ke penyedia",
        "sampai",
        "gagal",
        "tidak diketahui",
        "gagal",
        "tidak diketahui",
    ]
    assert want == [row.word for row in card.rows]


def test_many_recipients_are_counted_beyond_the_first() -> None:
    """No row disappears without being counted."""
    messages = [message(number, NOW, channel="twilio") for number in range(MAX_ROWS + 30)]
    card = group_card(messages, station_name="W")
    assert (MAX_ROWS, "dan 30 penerima lain: dikirim ke penyedia 30") == (len(card.rows), card.more)


def test_a_text_over_one_sms_is_marked() -> None:
    """The length stands beside the text exactly as sent."""
    card = group_card([message(1, NOW, text="x" * 161)], station_name="W")
    assert ("161/160 huruf", True) == (card.length, card.is_long)


def test_the_tally_leaves_out_what_is_not_there() -> None:
    """Zero is not said."""
    assert "antri 2 · gagal 1" == tally_words(
        Counter({("twilio", "dead"): 1, ("twilio", "queued"): 2, ("demo", "x"): 0})
    )


def test_an_alert_of_silence_is_titled_by_the_silence() -> None:
    """Whatever level the station holds, the news is that it cannot be seen."""
    card = alert_card(alert(NOW, hazard="data", level="AWAS"), station=None, areas=(), messages=[])
    assert ("TIDAK ADA DATA", "nodata") == (card.title, card.mark)


def test_an_old_station_shows_no_trend() -> None:
    """A trend of data that stopped is not a trend now."""
    card = station_card(
        river("W", NOW, 5.8, silent=True, state="AWAS", level="AWAS", rate=0.4), weather=(), tail=None, now=NOW
    )
    assert (True, None, "sedikitnya AWAS, naik") == (card.is_old, card.trend, card.badges[-1].text)


def test_a_failed_reading_is_shown_struck_and_used_for_nothing() -> None:
    """A value that failed its test is there to be seen, with its reason, but it is no level."""
    station = river("W", NOW, series=[series("level_m", 65.0, NOW, 4, "di luar 0 sampai 8 m")])
    card = station_card(station, weather=(), tail=None, now=NOW)
    assert card.head is not None
    assert ("65,00", "failed", "tidak lolos uji", None) == (
        card.head.shown,
        card.head.look,
        card.head.doubt,
        card.head.value,
    )
    assert "di luar 0 sampai 8 m" in (card.head.why or "")
    assert card.ladder is not None
    assert card.ladder.mark is None


def test_an_air_station_claims_no_ispu() -> None:
    """Concentrations with units, and the sentence that they are not the index."""
    card = station_card(air(NOW), weather=(), tail=None, now=NOW)
    assert card.head is not None
    assert card.air is not None
    assert ("µg/m³", "ISPU", None) == (card.head.unit, card.air.title, card.air.mark)
    assert "belum dihitung" in card.air.basis


def test_a_station_that_never_reported_is_drawn() -> None:
    """No series, no level, no error."""
    card = station_card(
        river("W", NOW, series=[], trend=None, state="TIDAK ADA DATA", level=None), weather=(), tail=None, now=NOW
    )
    assert (None, True) == (card.head, card.is_old)


@pytest.mark.parametrize(
    ("eta_from", "eta_to", "said"),
    [
        (10, 40, "diperkirakan mencapai AWAS pukul 23:10\N{EN DASH}23:40"),
        (10, 10, "diperkirakan mencapai AWAS pukul 23:10"),
        (10, None, "diperkirakan mencapai AWAS paling cepat pukul 23:10"),
        (-20, -1, "diperkirakan mencapai AWAS sebentar lagi"),
    ],
)
def test_the_outlook_is_a_range_of_the_clock(eta_from: int, eta_to: int | None, said: str) -> None:
    """From the soonest to the latest; a past range is soon, never a past time."""
    latest = None if eta_to is None else NOW + eta_to * MINUTE
    trend = TrendView(rate_m_per_h=0.4, next_level="AWAS", eta_from=NOW + eta_from * MINUTE, eta_to=latest)
    assert said == outlook(trend, NOW)
