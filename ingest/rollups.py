"""Minutes, hours and days of a series: where they begin, and how small buckets fold into larger ones. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from broker.quality_flags import Flag
from ingest.history import Bucket, Tier

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
# The flags of values that statistics may use: good, and not evaluated.
GOOD_FLAGS: Final = (int(Flag.GOOD), int(Flag.NOT_EVALUATED))
# An hour with more readings than this has its minutes rolled up: three in two minutes on average.
DENSE: Final = 90
# Steps that offsets of time zones are multiples of: nearly all, the rest since about 1970, and those before.
_STEPS: Final = (HOUR_MS, 15 * MINUTE_MS, MINUTE_MS)

Interval = tuple[int, int]  # ms UTC, its end not included


class Days:
    """Midnights of a time zone, daylight saving included; all times are ms UTC."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def start_of(self, time: int) -> int:
        """The midnight at or before ``time``; where the clock skips it, the day's first moment."""
        return self._midnight(datetime.fromtimestamp(time / 1000, self._zone))

    def after(self, start: int) -> int:
        """The start of the day that follows the one that begins at ``start``."""
        local = datetime.fromtimestamp(start / 1000, self._zone)
        return self._midnight(local + timedelta(days=1))  # arithmetic of the wall clock

    def _midnight(self, local: datetime) -> int:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return int(midnight.timestamp() * 1000)

    def starts(self, interval: Interval) -> list[int]:
        """The days that begin in the interval."""
        found, start = [], self.ceiling("day", interval[0])
        while start < interval[1]:
            found.append(start)
            start = self.after(start)
        return found

    def ceiling(self, tier: Tier, time: int) -> int:
        """The first start of a bucket at or after ``time``."""
        if tier == "day":
            start = self.start_of(time)
            return start if start == time else self.after(start)
        width = MINUTE_MS if tier == "minute" else HOUR_MS
        return -(-time // width) * width

    def end_of(self, tier: Tier, start: int) -> int:
        """Where the bucket that begins at ``start`` ends."""
        return self.after(start) if tier == "day" else start + (MINUTE_MS if tier == "minute" else HOUR_MS)


def condense_days(
    days: Days, interval: Interval, condense: Callable[[Interval, int], Sequence[Bucket]]
) -> list[Bucket]:
    """The days of an interval of whole days, folded from the longest steps that fit their edges.

    ``condense`` gives the buckets of an interval in steps of so many ms, aligned to UTC.
    """
    starts = days.starts(interval)
    step = next((step for step in _STEPS if all(start % step == 0 for start in starts)), _STEPS[-1])
    edges = [*starts, interval[1]]
    return list(fold(condense(interval, step), edges))


def fold(buckets: Iterable[Bucket], edges: Sequence[int]) -> Iterator[Bucket]:
    """Merge buckets, oldest first, into those that begin and end at ``edges``."""
    number, group = 0, list[Bucket]()
    for bucket in buckets:
        while number + 2 < len(edges) and bucket.start >= edges[number + 1]:
            yield from _merged(edges[number], group)
            number, group = number + 1, []
        group.append(bucket)
    yield from _merged(edges[number], group)


def _merged(start: int, buckets: Sequence[Bucket]) -> Iterator[Bucket]:
    if not buckets:
        return
    good = sum(bucket.good for bucket in buckets)
    yield Bucket(
        start=start,
        count=sum(bucket.count for bucket in buckets),
        good=good,
        min=min((bucket.min for bucket in buckets if bucket.min is not None), default=None),
        max=max((bucket.max for bucket in buckets if bucket.max is not None), default=None),
        mean=sum(bucket.mean * bucket.good for bucket in buckets if bucket.mean is not None) / good if good else None,
    )


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """The same intervals, given by their starts, with those that touch made one."""
    found: list[Interval] = []
    for start, end in intervals:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def without(interval: Interval, hours: Iterable[int]) -> list[Interval]:
    """The whole hours of an interval that begins with one, less those that begin at ``hours``."""
    taken = set(hours)
    return joined(
        (hour, min(hour + HOUR_MS, interval[1]))
        for hour in range(interval[0], interval[1], HOUR_MS)
        if hour not in taken
    )
