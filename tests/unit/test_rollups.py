"""Minutes, hours, days: where they begin in any time zone, and how they fold."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.history import Bucket
from ingest.rollups import DAY_MS, HOUR_MS, Days, condense_days, fold, joined, without

ZONES = ("Asia/Jakarta", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "UTC", "Africa/Cairo")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@given(zone=st.sampled_from(ZONES), time=st.integers(ms("1990-01-01T00:00+00:00"), ms("2037-01-01T00:00+00:00")))
def test_a_time_lies_in_its_day(zone: str, time: int) -> None:
    """Every moment is in one day, of 23 to 25 hours, whose date is the moment's."""
    days = Days(ZoneInfo(zone))
    start = days.start_of(time)
    end = days.after(start)
    assert start <= time < end
    assert 23 * HOUR_MS <= end - start <= 25 * HOUR_MS
    assert days.start_of(end - 1) == start
    local = ZoneInfo(zone)
    assert datetime.fromtimestamp(start / 1000, local).date() == datetime.fromtimestamp(time / 1000, local).date()


@pytest.mark.parametrize(
    ("zone", "time", "start"),
    [
        ("Asia/Jakarta", "2026-11-22T16:59:59+00:00", "2026-11-22T00:00+07:00"),
        ("Asia/Jakarta", "2026-11-22T17:00:00+00:00", "2026-11-23T00:00+07:00"),
        ("Asia/Kathmandu", "2026-11-22T18:15:00+00:00", "2026-11-23T00:00+05:45"),
        ("America/New_York", "2026-03-08T12:00:00+00:00", "2026-03-08T00:00-05:00"),  # 23 hours
    ],
)
def test_known_midnights(zone: str, time: str, start: str) -> None:
    """WIB has no daylight saving; others do, or lie off the hour."""
    assert Days(ZoneInfo(zone)).start_of(ms(time)) == ms(start)


def test_bounds_are_rounded_up_to_whole_buckets() -> None:
    """A start at the bound stays, a later one waits for the next bucket."""
    days = Days(ZoneInfo("Asia/Jakarta"))
    midnight = ms("2026-11-22T00:00+07:00")
    assert [days.ceiling("day", midnight + offset) for offset in (0, 1)] == [midnight, midnight + DAY_MS]
    assert [days.ceiling("hour", HOUR_MS + offset) for offset in (-1, 0, 1)] == [HOUR_MS, HOUR_MS, 2 * HOUR_MS]
    assert days.ceiling("minute", -1) == 0
    assert days.end_of("day", midnight) == midnight + DAY_MS


def bucket(start: int, *values: float, bad: int = 0) -> Bucket:
    return Bucket(
        start=start,
        count=len(values) + bad,
        good=len(values),
        min=min(values, default=None),
        max=max(values, default=None),
        mean=sum(values) / len(values) if values else None,
    )


def test_small_buckets_fold_into_large_ones() -> None:
    """Means weigh by good readings, a bucket without good ones still counts, and an empty one is left out."""
    small = [bucket(0, 1.0, 3.0), bucket(1, bad=2), bucket(5, 8.0), bucket(25, bad=1)]
    assert list(fold(small, [0, 10, 20, 30])) == [bucket(0, 1.0, 3.0, 8.0, bad=2), bucket(20, bad=1)]
    assert list(fold([], [0, 10])) == []


@pytest.mark.parametrize(("zone", "step"), [("Asia/Jakarta", 60), ("Asia/Kathmandu", 15), ("America/New_York", 60)])
def test_days_are_condensed_in_the_longest_step_that_fits(zone: str, step: int) -> None:
    """Off the hour the edges of days want smaller steps."""
    days = Days(ZoneInfo(zone))
    start = days.start_of(ms("2026-03-05T12:00+00:00"))
    end = start
    for _ in range(5):
        end = days.after(end)
    asked: list[int] = []

    def condense(interval: tuple[int, int], width: int) -> list[Bucket]:
        asked.append(width)
        return [bucket(at, float(at)) for at in range(interval[0], interval[1], width)]

    found = condense_days(days, (start, end), condense)
    assert asked == [step * 60_000]
    assert [each.start for each in found] == days.starts((start, end))
    assert sum(each.count for each in found) == (end - start) // (step * 60_000)


def test_intervals_are_joined_and_cut() -> None:
    """What touches is one; hours that are known are left out of what is asked for."""
    assert joined([(0, 2), (2, 5), (7, 9), (8, 12)]) == [(0, 5), (7, 12)]
    hours = [hour * HOUR_MS for hour in range(6)]
    assert without((0, 5 * HOUR_MS + 60_000), [hours[1], hours[3]]) == [
        (hours[0], hours[1]),
        (hours[2], hours[3]),
        (hours[4], hours[5] + 60_000),
    ]


def test_a_day_before_1970_has_its_start() -> None:
    """Old records are older than computers."""
    days = Days(ZoneInfo("Asia/Jakarta"))
    time = int(datetime(1968, 5, 1, 12, tzinfo=UTC).timestamp() * 1000)
    assert days.start_of(time) == ms("1968-05-01T00:00+07:00")
