"""Rain at a gauge: sums against a plain oracle, late readings, silence, restarts, classes, days and areas."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.rain import HOUR_MS, MINUTE_MS, WINDOWS_MIN, RainGauge, RainSums
from ingest.rain_area import area_rain
from ingest.rain_class import class_of_day, class_of_hour, rain_day

NOW = 1_795_000_000_000
DAY_MS = 24 * HOUR_MS

Amount = tuple[int, float]  # ms, mm
AMOUNTS = st.lists(
    st.tuples(st.integers(0, DAY_MS).map(lambda ago: NOW - ago), st.integers(0, 40).map(lambda tips: tips * 0.2)),
    max_size=80,
)


def gauge_of(amounts: list[Amount]) -> RainGauge:
    gauge = RainGauge()
    for time, mm in amounts:
        gauge.add(time, mm)
    return gauge


def every(minutes: int, *, since: int, until: int, mm: float = 0.0) -> RainGauge:
    return gauge_of([(time, mm) for time in range(since, until + 1, minutes * MINUTE_MS)])


def oracle(amounts: list[Amount], now: int, minutes: int) -> float:
    """The definition: whole bins (a minute up to an hour, five beyond) that began after the window did."""
    size = MINUTE_MS if minutes <= 60 else 5 * MINUTE_MS
    first = (now - minutes * MINUTE_MS) // size + 1
    return sum(mm for time, mm in amounts if time // size >= first)


@given(AMOUNTS, st.integers(0, 3 * HOUR_MS), st.sampled_from(WINDOWS_MIN))
@settings(max_examples=300, deadline=None)
def test_sums_are_those_of_a_plain_list(amounts: list[Amount], later: int, minutes: int) -> None:
    """Readings in any order, asked at any moment after them."""
    found, share = gauge_of(amounts).sums(NOW + later).of(minutes)
    expected = oracle(amounts, NOW + later, minutes)
    assert expected == pytest.approx(found or 0.0, abs=0.001)
    assert 0 <= share <= 1
    assert (found is None) == (share == 0)
    assert expected == 0 or found is not None


@given(AMOUNTS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_arrival_does_not_change_the_sums(amounts: list[Amount], random: object) -> None:
    """A backlog counts as if it had come in time."""
    shuffled = list(amounts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for minutes in WINDOWS_MIN:
        assert (gauge_of(amounts).sums(NOW).of(minutes)[0] or 0) == pytest.approx(
            gauge_of(shuffled).sums(NOW).of(minutes)[0] or 0
        )


@given(AMOUNTS, AMOUNTS)
@settings(deadline=None)
def test_a_restart_changes_nothing(before: list[Amount], after: list[Amount]) -> None:
    """A gauge from its own bytes goes on as if it had never stopped; its bytes are few and always as many."""
    living = gauge_of(before)
    data = living.encode()
    restored = RainGauge.decode(data)
    for time, mm in after:
        living.add(time, mm)
        restored.add(time, mm)
    assert living.sums(NOW) == restored.sums(NOW)
    assert len(data) <= 1024
    assert len(data) == len(restored.encode())


def test_a_minute_of_rain_in_each_minute() -> None:
    """A window never holds rain from before it."""
    sums = every(1, since=NOW - DAY_MS, until=NOW, mm=0.2).sums(NOW)
    assert (2.0, 12.0) == (sums.mm_10min, sums.mm_1h)
    assert sums.mm_3h is not None
    assert 36.0 - 5 * 0.2 <= sums.mm_3h <= 36.0
    assert [1.0] * 5 == [sums.of(minutes)[1] for minutes in WINDOWS_MIN]


def test_a_silent_gauge_is_no_data_and_not_dry() -> None:
    """A gauge that never spoke, one that fell silent, and one that says 0."""
    assert RainSums(
        mm_10min=None,
        mm_1h=None,
        mm_3h=None,
        mm_6h=None,
        mm_24h=None,
        complete_10min=0.0,
        complete_1h=0.0,
        complete_3h=0.0,
        complete_6h=0.0,
        complete_24h=0.0,
    ) == RainGauge().sums(NOW)
    fell_silent = every(1, since=NOW - 5 * HOUR_MS, until=NOW - 2 * HOUR_MS).sums(NOW)
    assert (None, None, 0.0) == (fell_silent.mm_10min, fell_silent.mm_1h, fell_silent.mm_3h)
    assert fell_silent.complete_3h == pytest.approx(1 / 3, abs=0.05)
    dry = every(1, since=NOW - DAY_MS, until=NOW).sums(NOW)
    assert (0.0, 1.0) == (dry.mm_10min, dry.complete_10min)


def test_a_rare_reader_observes_the_time_between_its_readings() -> None:
    """At one reading in fifteen minutes the tips were counted all the while; over an hour apart they were not."""
    assert 1.0 == every(15, since=NOW - DAY_MS, until=NOW).sums(NOW).complete_6h
    assert every(60, since=NOW - DAY_MS, until=NOW).sums(NOW).complete_6h < 0.2


def test_a_reading_older_than_a_day_changes_nothing() -> None:
    """It belongs to history alone."""
    gauge = every(1, since=NOW - HOUR_MS, until=NOW)
    before = gauge.encode()
    gauge.add(NOW - 2 * DAY_MS, 50.0)
    gauge.take_back(NOW - 2 * DAY_MS, 50.0)
    assert before == gauge.encode()


def test_rain_of_a_clock_that_is_ahead_counts() -> None:
    """Four minutes ahead of core: not hidden, and the hour before stays whole."""
    gauge = every(1, since=NOW - HOUR_MS, until=NOW, mm=0.2)
    gauge.add(NOW + 4 * MINUTE_MS, 1.0)
    assert (3.0, 13.0) == (gauge.sums(NOW).mm_10min, gauge.sums(NOW).mm_1h)


def test_what_was_found_wrong_is_taken_back() -> None:
    """Never below nothing."""
    gauge = every(1, since=NOW - HOUR_MS, until=NOW)
    gauge.add(NOW - 3 * MINUTE_MS, 8.0)
    gauge.take_back(NOW - 3 * MINUTE_MS, 8.0)
    gauge.take_back(NOW - 3 * MINUTE_MS, 8.0)
    assert (0.0, 0.0) == (gauge.sums(NOW).mm_10min, gauge.sums(NOW).mm_24h)


def test_a_fault_does_not_overflow() -> None:
    """A bin is full at 327 mm."""
    gauge = gauge_of([(NOW, 1e6), (NOW, 1e6)])
    assert 327.675 == gauge.sums(NOW).mm_1h


def test_foreign_bytes_are_refused() -> None:
    """Bytes of another length are no gauge."""
    with pytest.raises(ValueError, match="3 bytes are not a rain gauge"):
        RainGauge.decode(b"abc")


@pytest.mark.parametrize(
    ("mm", "name"),
    [
        (0, "tidak hujan"),
        (0.2, "sangat ringan"),
        (0.5, "ringan"),
        (20, "ringan"),
        (20.2, "sedang"),
        (50, "sedang"),
        (100, "lebat"),
        (150, "sangat lebat"),
        (150.2, "ekstrem"),
    ],
)
def test_classes_of_a_day(mm: float, name: str) -> None:
    """BMKG's bounds belong to the lower class: ekstrem is over 150."""
    assert name == class_of_day(mm)


@pytest.mark.parametrize(
    ("mm", "name"),
    [(0.8, "sangat ringan"), (1, "ringan"), (5, "ringan"), (10, "sedang"), (20, "lebat"), (20.2, "sangat lebat")],
)
def test_classes_of_an_hour(mm: float, name: str) -> None:
    """There is no ekstrem hour."""
    assert name == class_of_hour(mm)


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "first"),
    [
        ("2026-11-22T06:59:59.999+07:00", "2026-11-21T07:00+07:00"),
        ("2026-11-22T07:00+07:00", "2026-11-22T07:00+07:00"),
        ("2026-11-22T23:00+07:00", "2026-11-22T07:00+07:00"),
    ],
)
def test_a_day_of_rain_begins_at_seven(at: str, first: str) -> None:
    """WIB has no summer time: a day is 24 hours."""
    assert (_ms(first), _ms(first) + DAY_MS) == rain_day(_ms(at), ZoneInfo("Asia/Jakarta"))


def test_a_day_of_rain_in_other_zones() -> None:
    """Half-hour zones and days on which clocks change."""
    assert _ms("2026-11-22T07:00+05:45") == rain_day(_ms("2026-11-22T12:00+05:45"), ZoneInfo("Asia/Kathmandu"))[0]
    first, end = rain_day(_ms("2026-03-28T12:00+01:00"), ZoneInfo("Europe/Berlin"))
    assert (23 * HOUR_MS, 7) == (
        end - first,
        datetime.fromtimestamp(end / 1000, UTC).astimezone(ZoneInfo("Europe/Berlin")).hour,
    )


def test_an_area_says_how_many_gauges_spoke() -> None:
    """The silent one is not 0 mm; one that saw a part of the window counts for the greatest, not for the mean."""
    wet = every(1, since=NOW - DAY_MS, until=NOW, mm=0.2).sums(NOW)
    dry = every(1, since=NOW - DAY_MS, until=NOW).sums(NOW)
    short = every(1, since=NOW - 10 * MINUTE_MS, until=NOW, mm=2.0).sums(NOW)
    hour = area_rain([wet, dry, short, RainGauge().sums(NOW)])[1]
    assert (60, 6.0, 22.0, 2, 4) == (hour.minutes, hour.mean_mm, hour.max_mm, hour.spoke, hour.gauges)
    silent = area_rain([RainGauge().sums(NOW)])[0]
    assert (None, None, 0, 1) == (silent.mean_mm, silent.max_mm, silent.spoke, silent.gauges)
