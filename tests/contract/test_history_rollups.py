"""What every history says of minutes, hours and days, and what stays of them when their points have left."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.quality_flags import Flag
from ingest.history import Bucket, Keep, SeriesExtent, Tier
from ingest.readings import Reading
from tests.journal_file import START, points, reading, series

JAKARTA = ZoneInfo("Asia/Jakarta")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
LATER = START + 3650 * DAY  # all that a test writes has closed by then
TIERS: tuple[Tier, ...] = ("minute", "hour", "day")


def bucket_of(time: int, tier: Tier) -> int:
    """The start of the bucket of a time, by the calendar."""
    if tier == "day":
        local = datetime.fromtimestamp(time / 1000, JAKARTA)
        return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
    return time - time % (MINUTE if tier == "minute" else HOUR)


def expected(rows: Iterable[Reading], tier: Tier) -> list[Bucket]:
    """What the buckets of readings must be; of one key the last reading counts."""
    kept = {row.time: row for row in rows}
    groups: dict[int, list[Reading]] = {}
    for time in sorted(kept):
        groups.setdefault(bucket_of(time, tier), []).append(kept[time])
    return [_bucket(start, group) for start, group in groups.items()]


def _bucket(start: int, group: list[Reading]) -> Bucket:
    good = [row.value for row in group if row.flag in (1, 2) and row.value is not None]
    return Bucket(
        start=start,
        count=len(group),
        good=len(good),
        min=min(good, default=None),
        max=max(good, default=None),
        mean=sum(good) / len(good) if good else None,
    )


def aggregates(history: Any, station: str, tier: Tier, *, limit: int = 100_000) -> list[Bucket]:
    found: list[Bucket] = history.aggregates(station, "level_m", 0, LATER, tier, limit)
    return found


def same(found: list[Bucket], wanted: list[Bucket]) -> bool:
    """Equal, and means but for the rounding of sums in another order."""

    def rough(bucket: Bucket) -> tuple[Any, ...]:
        mean = None if bucket.mean is None else pytest.approx(bucket.mean, rel=1e-9, abs=1e-9)
        return bucket.start, bucket.count, bucket.good, bucket.min, bucket.max, mean

    return [rough(bucket) for bucket in wanted] == [
        (each.start, each.count, each.good, each.min, each.max, each.mean) for each in found
    ]


def roll_all(history: Any, *, now: int = LATER) -> int:
    """Roll up until nothing is left; how many buckets that were."""
    total = 0
    while done := history.roll_up(now=now):
        total += done
    return total


def minutely(first: int, last: int, station: str, **changes: Any) -> list[Reading]:
    return [
        reading(number, station=station, time=START + number * MINUTE, **changes) for number in range(first, last + 1)
    ]


@pytest.mark.parametrize("tier", TIERS)
def test_buckets_are_right_before_and_after_they_are_rolled_up(sink: Any, station: str, tier: Tier) -> None:
    """Two days, every tenth reading failed and every seventh null: the statistics are of the good values."""
    rows = [
        reading(
            number,
            station=station,
            time=START + number * 10 * MINUTE,
            flag=4 if number % 10 == 0 else 1 + number % 2,
            value=None if number % 7 == 0 else number / 3,
        )
        for number in range(288)
    ]
    sink.history.write(rows)
    assert same(aggregates(sink.history, station, tier), expected(rows, tier))
    assert roll_all(sink.history) > 0
    assert same(aggregates(sink.history, station, tier), expected(rows, tier))


def test_a_range_of_buckets_has_its_start_and_not_its_end(sink: Any, station: str) -> None:
    """Bounds are of the buckets' starts, a bucket at the end is whole, and one can page on."""
    rows = minutely(0, 600, station)
    sink.history.write(rows)
    wanted = expected(rows, "hour")
    for _ in range(2):
        found = sink.history.aggregates(station, "level_m", wanted[2].start, wanted[5].start, "hour", 100)
        assert same(found, wanted[2:5])
        assert same(
            sink.history.aggregates(station, "level_m", wanted[2].start + 1, wanted[5].start + 1, "hour", 100),
            wanted[3:6],
        )
        page = sink.history.aggregates(station, "level_m", 0, LATER, "hour", 4)
        assert same(page, wanted[:4])
        assert same(sink.history.aggregates(station, "level_m", page[-1].start + 1, LATER, "hour", 100), wanted[4:])
        roll_all(sink.history, now=START + 5 * HOUR)


@pytest.mark.parametrize("spacing", [5_000, 60_000, 600_000])
@pytest.mark.parametrize("limit", [1, 7, 100, 10_000])
def test_minutes_are_the_same_however_dense_the_points(sink: Any, station: str, spacing: int, limit: int) -> None:
    """Stored where readings are dense and worked out where they are not, page by page."""
    rows = [reading(number, station=station, time=START + number * spacing) for number in range(1, 2000, 3)]
    sink.history.write(rows)
    roll_all(sink.history)
    wanted = expected(rows, "minute")
    found: list[Bucket] = []
    while page := sink.history.aggregates(
        station, "level_m", found[-1].start + 1 if found else START, START + 2 * DAY, "minute", limit
    ):
        found += page
        assert len(page) <= limit
        if len(found) > 3 * limit:
            break
    assert same(found, [bucket for bucket in wanted if bucket.start < START + 2 * DAY][: len(found)])
    assert found


def test_late_readings_and_revisions_change_their_buckets(sink: Any, station: str) -> None:
    """Rolled up, then a hole is filled and flags change: the touched buckets are right again, others as they were."""
    rows = minutely(0, 300, station)
    sink.history.write(rows[:100] + rows[160:])
    roll_all(sink.history)
    sink.history.write(rows[100:160])
    worse = [
        reading(number, station=station, time=rows[number].time, revision=2, flag=Flag.FAIL)
        for number in range(180, 241)
    ]
    sink.history.write(worse)
    assert 0 < roll_all(sink.history) < 20
    for tier in TIERS:
        assert same(aggregates(sink.history, station, tier), expected([*rows, *worse], tier)), tier
    hours = {bucket.good for bucket in aggregates(sink.history, station, "hour")}
    assert 0 in hours


def test_open_buckets_are_not_rolled_up_and_yet_are_told(sink: Any, station: str) -> None:
    """The hour and the day that still run are worked out from what is there at the moment."""
    rows = minutely(0, 90, station)
    sink.history.write(rows)
    roll_all(sink.history, now=rows[-1].time)
    more = minutely(91, 95, station)
    sink.history.write(more)
    for tier in TIERS:
        assert same(aggregates(sink.history, station, tier), expected([*rows, *more], tier)), tier


def test_a_rollup_outlives_the_process(sink: Any, station: str) -> None:
    """What was due when the process ended is due in the next one."""
    rows = minutely(0, 200, station)
    sink.history.write(rows)
    assert roll_all(sink.reopen()) > 0
    assert roll_all(sink.reopen()) == 0
    for tier in TIERS:
        assert same(aggregates(sink.history, station, tier), expected(rows, tier)), tier


def test_another_process_reads_the_same_buckets(sink: Any, station: str) -> None:
    """The page's process has no write access."""
    rows = minutely(0, 200, station)
    sink.history.write(rows)
    roll_all(sink.history, now=rows[100].time)
    reader = sink.open_reader()
    for tier in TIERS:
        assert same(aggregates(reader, station, tier), expected(rows, tier)), tier
    reader.close()


def test_no_points_have_no_buckets(sink: Any, station: str) -> None:
    """Asking for what was never written, or for nothing, is no error."""
    for tier in TIERS:
        assert sink.history.aggregates(station, "level_m", 0, START + DAY, tier, 10) == []
        assert sink.history.aggregates(station, "level_m", START, START, tier, 10) == []
        assert sink.history.aggregates(station, "level_m", START, START - DAY, tier, 10) == []
        assert sink.history.aggregates("' OR 1=1 --", '"level_m"', START, START + DAY, tier, 10) == []


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 3 * 24 * 60),  # minutes
        st.sampled_from([1, 2, 3, 4, 9]),
        st.none() | st.floats(-1e6, 1e6),
        st.booleans(),  # roll up afterwards
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(EVENTS, min_size=1, max_size=3))
def test_any_order_of_readings_and_rollups_ends_in_the_same_buckets(
    sink: Any, station: str, batches: list[list[tuple[int, int, float | None, bool]]]
) -> None:
    """Late, doubled, revised, rolled up in between: the buckets are those of the points."""
    own = f"{station}-{uuid4().hex[:8]}"
    number, rows = 0, list[Reading]()
    for batch in batches:
        for minutes, flag, value, rolls in batch:
            number += 1
            rows.append(reading(number, station=own, time=START + minutes * MINUTE, flag=flag, value=value))
            if rolls:
                sink.history.write(rows[-1:])
                sink.history.roll_up(now=START + minutes * MINUTE)
        sink.history.write(rows)
    roll_all(sink.history)
    for tier in TIERS:
        assert same(aggregates(sink.history, own, tier), expected(rows, tier)), tier


def test_series_and_their_extents(sink: Any, station: str) -> None:
    """Every station and quantity with the times of its first and last point."""
    other = f"{station}-b"
    sink.history.write(series(5, 9, station=station))
    sink.history.write([reading(3, station=other, quantity="rain_mm"), reading(2, station=station, quantity="batt_mv")])
    mine = [each for each in sink.history.series() if each.station.startswith(station)]
    assert mine == [
        SeriesExtent(station, "batt_mv", reading(2).time, reading(2).time),
        SeriesExtent(station, "level_m", reading(5).time, reading(9).time),
        SeriesExtent(other, "rain_mm", reading(3).time, reading(3).time),
    ]


def midnight(days: int) -> int:
    """Jakarta's midnight so many days after that of START."""
    local = datetime.fromtimestamp(START / 1000, JAKARTA).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((local + timedelta(days=days)).timestamp() * 1000)


def hourly(days: int, station: str, **changes: Any) -> list[Reading]:
    """A reading an hour from the midnight of START on."""
    return [
        reading(number, station=station, time=midnight(0) + number * HOUR, **changes) for number in range(24 * days)
    ]


@pytest.fixture
def own_sink(sink: Any, request: pytest.FixtureRequest) -> Any:
    """A sink that no other test writes to: retention takes every series."""
    if "influx-of-environment" in request.node.name:
        pytest.xfail("a server of the environment is shared: nothing is deleted there")
    return sink


def prune_all(history: Any, keep: Keep, now: int, *, rounds: int = 20) -> int:
    """Rounds of retention until one finds nothing."""
    total = 0
    for _ in range(rounds):
        removed = sum(history.prune(keep, now=now))
        if not removed:
            return total
        total += removed
    raise AssertionError("retention does not come to an end")


def test_points_leave_by_whole_days_and_their_rollups_stay(own_sink: Any, station: str) -> None:
    """After three of ten days have left, all ten are still told hour by hour."""
    history, rows = own_sink.history, hourly(10, station)
    history.write(rows)
    roll_all(history)
    assert prune_all(history, Keep(points=7 * DAY), midnight(10) + 5 * HOUR) > 0
    assert [each.time for each in points(history, station)] == [row.time for row in rows if row.time >= midnight(3)]
    for tier in ("hour", "day"):
        assert same(aggregates(history, station, tier), expected(rows, tier)), tier
    assert roll_all(own_sink.reopen()) == 0


def test_points_that_are_not_rolled_up_yet_stay(own_sink: Any, station: str) -> None:
    """Retention never outruns the rollups."""
    history, rows = own_sink.history, hourly(10, station)
    history.write(rows)
    roll_all(history, now=midnight(1) + HOUR)
    prune_all(history, Keep(points=DAY), midnight(10))
    assert points(history, station)[0].time == midnight(1)
    roll_all(history)
    for tier in TIERS[1:]:
        assert same(aggregates(history, station, tier), expected(rows, tier)), tier


def test_what_comes_after_its_points_have_left_is_refused(own_sink: Any, station: str) -> None:
    """A finished day stays as it is and the reading is named; a day that never had readings is taken."""
    history, rows = own_sink.history, hourly(10, station)
    history.write(rows)
    roll_all(history)
    prune_all(history, Keep(points=7 * DAY), midnight(10) + 5 * HOUR)
    late = reading(1000, station=station, time=midnight(1) + MINUTE, value=99.0)
    other = reading(1001, station=f"{station}-b", time=midnight(1) + MINUTE, value=98.0)
    old = reading(1002, station=station, time=midnight(-400), value=97.0)
    result = own_sink.reopen().write([late, other, old, reading(1003, station=station, time=midnight(9) + MINUTE)])
    assert [refusal.reading for refusal in result.refused] == [late]
    assert "finished" in result.refused[0].reason
    roll_all(own_sink.history)
    assert same(aggregates(own_sink.history, station, "day")[1:4], expected(rows, "day")[:3])
    assert same(aggregates(own_sink.history, station, "day")[:1], expected([old], "day"))
    assert same(aggregates(own_sink.history, f"{station}-b", "hour"), expected([other], "hour"))


def test_rollups_leave_after_their_own_time(own_sink: Any, station: str) -> None:
    """Each tier has its age; what is not named stays for ever."""
    history, rows = own_sink.history, hourly(20, station)
    history.write(rows)
    roll_all(history)
    keep = Keep(points=2 * DAY, hour=5 * DAY, day=None)
    prune_all(history, keep, midnight(20))
    assert same(
        aggregates(history, station, "hour"), [each for each in expected(rows, "hour") if each.start >= midnight(15)]
    )
    assert same(aggregates(history, station, "day"), expected(rows, "day"))


def test_a_round_of_retention_takes_a_week_at_most(own_sink: Any, station: str) -> None:
    """A clock that is decades ahead for a moment does not empty history."""
    history, rows = own_sink.history, hourly(30, station)
    history.write(rows)
    roll_all(history)
    assert sum(history.prune(Keep(points=DAY), now=LATER)) > 0
    assert points(history, station)[0].time >= midnight(6)
    assert len(points(history, station)) >= 22 * 24


def test_points_from_before_there_were_rollups_are_rolled_up(sink: Any, station: str) -> None:
    """A sink that was filled by an earlier version, or whose notes were lost, notes all that it has."""
    rows = hourly(70, station)
    sink.history.write(rows)
    with sink.history.notes.transaction() as connection:
        connection.execute("DELETE FROM history_due")
    roll_all(sink.reopen())
    span = midnight(0), midnight(70)
    for tier in TIERS[1:]:
        found = sink.history.stored(tier, (station, "level_m"), span, 10_000)
        assert same(found, expected(rows, tier)), tier
