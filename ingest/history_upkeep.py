"""What every sink does with its rollups: answer from them, keep them right, and let old things go.

A write notes which hours and days it touches, in the file of the cursor and in the cursor's transaction. When such a
bucket has closed it is worked out anew from its points, whatever came late or changed its flag meanwhile, stored, and
the note removed: killed anywhere in between, the note is still there and the same is done again. Buckets that are
open, or noted, are worked out from their points when they are asked for.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, Literal, Protocol

from ingest.history import TIME_MAX, TIME_MIN, Bucket, Keep, Refusal, SeriesExtent, Tier
from ingest.history_notes import Due, Notes
from ingest.readings import Reading
from ingest.rollups import DAY_MS, DENSE, HOUR_MS, MINUTE_MS, Days, Interval, condense_days, joined, without

GRACE_MS: Final = 120_000  # what is late by less does not roll its bucket up twice
SLICE: Final = 500  # buckets
MOST_NOTED: Final = 200_000  # hours that are remembered as noted
SLICE_S: Final = 0.2  # real seconds, after which a slice is cut short
AT_ONCE: Final[dict[Tier, int]] = {"hour": 168, "day": 7}  # buckets of one series that are worked out in one go
MONTH_MS: Final = 31 * DAY_MS
MOST_AT_ONCE_MS: Final = 7 * DAY_MS  # of the past that a round of retention takes
IMPORT_MS: Final = 30 * DAY_MS  # an import that was not ended holds the points of old days for so long
_FINISHED: Final = "its day is finished: its points have left by retention, and its rollups stay as they are"

Kept = Literal["points", "minute", "hour", "day"]
TIERS: Final[tuple[Kept, ...]] = ("points", "minute", "hour", "day")
Series = tuple[str, str]  # station, quantity


class RollupReader(Protocol):
    """What a sink can tell about one series; ``condense`` and ``stored`` give buckets oldest first."""

    def condense(self, series: Series, interval: Interval, step: int) -> list[Bucket]:
        """The buckets of the points in the interval, in steps of so many ms, aligned to UTC."""
        ...

    def stored(self, tier: Tier, series: Series, interval: Interval, limit: int) -> list[Bucket]: ...

    def first_in(self, series: Series, interval: Interval) -> int | None:
        """The time (ms UTC) of the first point in the interval, or of the first minute that is stored."""
        ...

    def stale(self, tier: Tier, series: Series, interval: Interval, stored: Sequence[Bucket]) -> list[Interval]:
        """Where in the interval, of whole buckets, points may say other than ``stored``."""
        ...


class RollupSink(RollupReader, Protocol):
    def keep_rollups(self, rows: Sequence[tuple[Tier, Series, Bucket]], done: Sequence[tuple[Tier, Due]]) -> None:
        """Store the buckets durably, and no earlier let go of the notes in ``done``."""
        ...

    def oldest(self, kept: Kept) -> int | None:
        """The least time (ms UTC) that the tier holds."""
        ...

    def remove(self, kept: Kept, before: int) -> Iterator[int]:
        """Remove what is older, slice by slice, yielding how much went."""
        ...

    def series(self) -> list[SeriesExtent]: ...


def aggregates(  # noqa: PLR0917  (as the reader's, with what it stands on)
    store: RollupReader, days: Days, series: Series, interval: Interval, tier: Tier, limit: int
) -> list[Bucket]:
    """See :meth:`ingest.history.HistoryReader.aggregates`."""
    start, end = (min(max(edge, TIME_MIN + 2 * DAY_MS), TIME_MAX - 2 * DAY_MS) for edge in interval)
    whole = days.ceiling(tier, start), days.ceiling(tier, end)
    if whole[0] >= whole[1] or limit < 1:
        return []
    if tier == "minute":
        return _minutes(store, series, whole, limit)
    stored = store.stored(tier, series, whole, limit)
    if len(stored) == limit:
        whole = whole[0], days.end_of(tier, stored[-1].start)
    found = {bucket.start: bucket for bucket in stored}
    for stale in store.stale(tier, series, whole, stored):
        _renew(found, condense(store, days, series, stale, tier))
    return [found[at] for at in sorted(found)][:limit]


def condense(store: RollupReader, days: Days, series: Series, interval: Interval, tier: Tier) -> list[Bucket]:
    """The buckets of a tier from the points of an interval of whole buckets."""
    if tier == "day":
        return condense_days(days, interval, lambda within, step: store.condense(series, within, step))
    return store.condense(series, interval, days.end_of(tier, 0))


def _renew(found: dict[int, Bucket], fresh: Iterable[Bucket]) -> None:
    """Let fresh buckets replace stored ones, unless points have left in between."""
    for bucket in fresh:
        known = found.get(bucket.start)
        if known is None or bucket.count >= known.count:
            found[bucket.start] = bucket


def _minutes(store: RollupReader, series: Series, interval: Interval, limit: int) -> list[Bucket]:
    """Hour by hour either the stored minutes or those of the points, a window of about ``limit`` minutes at a time."""
    answer: list[Bucket] = []
    start, end = interval
    # A year without data must not cost a year of windows.
    while len(answer) < limit and (next_time := store.first_in(series, (start, end))) is not None:
        start = max(start, next_time // MINUTE_MS * MINUTE_MS)
        first_hour = start // HOUR_MS * HOUR_MS
        window_end = min(end, first_hour + (limit // 60 + 1) * HOUR_MS)
        window = first_hour, window_end
        found = {bucket.start: bucket for bucket in store.stored("minute", series, window, limit + 120)}
        known = {at // HOUR_MS * HOUR_MS for at in found}
        changed = store.stale("minute", series, window, list(found.values()))
        for stale in joined(sorted([*without(window, known), *changed])):
            _renew(found, store.condense(series, stale, MINUTE_MS))
        answer += [found[at] for at in sorted(found) if start <= at < window_end]
        start = window_end
    return answer[:limit]


def _chunks(due: Sequence[Due], size: int) -> Iterator[list[Due]]:
    """Runs of one series, of at most ``size``."""
    for _, group in groupby(due, key=lambda key: key[:2]):
        run = list(group)
        yield from (run[start : start + size] for start in range(0, len(run), size))


class Upkeep:
    """The notes of a sink in its file, and the work that they call for. One thread."""

    def __init__(self, sink: RollupSink, notes: Notes, days: Days) -> None:
        self._sink = sink
        self._notes = notes
        self._days = days
        self._points_since = notes.mark("points_since")
        self._first_notes: Iterator[None] | None = None
        self._noted: set[Due] = set()  # station, quantity, number of the hour

    # -- while writing -------------------------------------------------------------------------------------------------

    def note(self, readings: Sequence[Reading]) -> set[Due]:
        """Inside the caller's transaction: remember the hours and days that these readings touch.

        Give the answer to :meth:`noted` once the transaction stands.
        """
        hours = {(reading.station, reading.quantity, reading.time // HOUR_MS) for reading in readings}
        self._notes.note_due(self._touched(hours - self._noted))
        return hours

    def noted(self, hours: set[Due]) -> None:
        """These notes are safe, and need not be written again until a roll-up takes some away."""
        if len(self._noted) > MOST_NOTED:
            self._noted.clear()
        self._noted |= hours

    def _touched(self, hours: Iterable[Due]) -> Iterator[tuple[Tier, str, str, int]]:
        days: dict[int, set[int]] = {}
        for station, quantity, number in hours:
            start = number * HOUR_MS
            if number not in days:  # an hour of UTC may lie in two days of the site
                days[number] = {self._days.start_of(start), self._days.start_of(start + HOUR_MS - 1)}
            yield "hour", station, quantity, start
            for day in days[number]:
                yield "day", station, quantity, day

    def sift_finished(self, readings: Sequence[Reading]) -> tuple[list[Reading], list[Refusal]]:
        """Separate what belongs to days whose points have left."""
        since = self._points_since
        if since is None or all(reading.time >= since for reading in readings):
            return list(readings), []
        known: dict[Due, bool] = {}
        sound, refused = list[Reading](), list[Refusal]()
        for reading in readings:
            if reading.time < since and self._is_finished(reading, known):
                refused.append(Refusal(reading=reading, reason=_FINISHED))
            else:
                sound.append(reading)
        return sound, refused

    def _is_finished(self, reading: Reading, known: dict[Due, bool]) -> bool:
        """Whether the reading's day was rolled up from more points than are there."""
        series, start = (reading.station, reading.quantity), self._days.start_of(reading.time)
        key = (*series, start)
        if key not in known:
            day = start, self._days.after(start)
            rolled = self._sink.stored("day", series, day, 1)
            there = condense(self._sink, self._days, series, day, "day") if rolled else []
            known[key] = sum(bucket.count for bucket in rolled) > sum(bucket.count for bucket in there)
        return known[key]

    # -- rollups -------------------------------------------------------------------------------------------------------

    def roll_up(self, now: int) -> int:
        """See :meth:`ingest.history.History.roll_up`."""
        deadline = time.monotonic() + SLICE_S
        if self._notes.mark("rolled_since") is None and self._noting(deadline):
            return 1
        before: dict[Tier, int] = {
            "hour": now - GRACE_MS - HOUR_MS + 1,
            "day": self._days.start_of(now - GRACE_MS),
        }
        done = 0
        for tier, closed in before.items():
            if not done or time.monotonic() < deadline:
                done += self._roll_tier(tier, self._notes.due(tier, closed, SLICE), deadline)
        return done

    def _noting(self, deadline: float) -> bool:
        """Once in a sink's life: note what was written before there were rollups. Whether more is left for later."""
        self._first_notes = self._first_notes or self._note_all()
        for _ in self._first_notes:
            if time.monotonic() > deadline:
                return True
        with self._notes.transaction():
            self._notes.set_mark("rolled_since", 0)
        return False

    def _note_all(self) -> Iterator[None]:
        """Series by series and month by month; killed in between, it begins again, and notes the same."""
        for station, quantity, first, last in self._sink.series():
            end = (last // HOUR_MS + 1) * HOUR_MS
            for start in range(first // HOUR_MS * HOUR_MS, end, MONTH_MS):
                hours = self._sink.condense((station, quantity), (start, min(start + MONTH_MS, end)), HOUR_MS)
                with self._notes.transaction():
                    numbers = [bucket.start // HOUR_MS for bucket in hours]
                    self._notes.note_due(self._touched((station, quantity, number) for number in numbers))
                yield

    def _roll_tier(self, tier: Tier, due: Sequence[Due], deadline: float) -> int:
        rows: list[tuple[Tier, Series, Bucket]] = []
        done: list[tuple[Tier, Due]] = []
        for chunk in _chunks(due, AT_ONCE[tier]):
            series = chunk[0][:2]
            for interval in joined((start, self._days.end_of(tier, start)) for _, _, start in chunk):
                rows += [(kept, series, bucket) for kept, bucket in self._rolled(tier, series, interval)]
            done += [(tier, key) for key in chunk]
            if time.monotonic() > deadline:
                break
        if done:
            self._noted.clear()
            self._sink.keep_rollups(rows, done)
        return len(done)

    def _rolled(self, tier: Tier, series: Series, interval: Interval) -> Iterator[tuple[Tier, Bucket]]:
        buckets = condense(self._sink, self._days, series, interval, tier)
        yield from ((tier, bucket) for bucket in self._not_shrunk(tier, series, interval, buckets))
        dense = [(bucket.start, bucket.start + HOUR_MS) for bucket in buckets if bucket.count > DENSE]
        if tier == "hour":
            for within in joined(dense):
                minutes = self._sink.condense(series, within, MINUTE_MS)
                yield from (("minute", bucket) for bucket in self._not_shrunk("minute", series, within, minutes))

    def _not_shrunk(self, tier: Tier, series: Series, interval: Interval, fresh: list[Bucket]) -> list[Bucket]:
        """Where retention has been, a bucket that had more readings than there are points now is finished."""
        if self._points_since is None or interval[0] >= self._points_since:
            return fresh
        had = {bucket.start: bucket.count for bucket in self._sink.stored(tier, series, interval, 1_000_000)}
        return [bucket for bucket in fresh if bucket.count >= had.get(bucket.start, 0)]

    # -- retention -----------------------------------------------------------------------------------------------------

    def prune(self, keep: Keep, now: int) -> Iterator[int]:
        """See :meth:`ingest.history.History.prune`."""
        for kept in TIERS:
            age: int | None = getattr(keep, kept)
            horizon = None if age is None else self._horizon(kept, now, age)
            if horizon is None:
                continue
            if kept == "points":  # known before the first point goes
                with self._notes.transaction():
                    self._notes.set_mark("points_since", max(horizon, self._points_since or horizon))
                self._points_since = self._notes.mark("points_since")
            yield from self._sink.remove(kept, horizon)

    def _horizon(self, kept: Kept, now: int, age: int) -> int | None:
        oldest = self._sink.oldest(kept)
        if oldest is None:
            return None
        horizon = self._days.start_of(min(now - age, oldest + MOST_AT_ONCE_MS))
        if kept == "points":
            if self._notes.unfinished_imports(since=now - IMPORT_MS):
                return None
            due = self._notes.oldest_due()
            horizon = horizon if due is None else min(horizon, self._days.start_of(due))
        return horizon if horizon > oldest else None
