"""History in InfluxDB 1.8, 2 or 3: written as line protocol, read by InfluxQL. docs/history.md describes the schema.

    reading,quantity=level_m,station=welang flag=1,nulls=0,...,node="wl-01",reason="",value=1.25,raw=3750 1764000000000
    reading_hour,quantity=level_m,station=welang count=60,good=60,min=1.2,max=1.4,mean=1.3 1764000000000

- Tags are quantity and station only; time is in ms. So a new revision overwrites, and cardinality is that of series.
- Every number is a float (value, raw, flag, nulls, revision, received_at, epoch): no type of ours is ever in conflict.
  Where something else has given a field of ours another type, the newest readings are an outage with its remedy, and
  only late ones become dead letters.
- InfluxDB merges the fields of a point that is written again, so a value that became null would stay. ``nulls`` says
  which fields are null whatever stands in them: 0 none, 1 value, 2 raw, 3 both. Panels ask ``WHERE "nulls" = 0``.
- An empty ``reason`` is none.
- InfluxDB stores the fields of a point one after the other. A row read in that instant lacks some: it is left out, and
  whole in the next answer. While a revision replaces a point, a row may mix both for that instant.
- Rollups are measurements of their own: GROUP BY over a year of points takes the server seconds.

Confirmed is what the server answered 2xx to. Cursor, notes and the lines it refused are in a small SQLite file of ours.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from ingest.history import (
    Bucket,
    Cursor,
    HistoryUnavailable,
    Keep,
    Point,
    Refusal,
    SafetyWindow,
    SeriesExtent,
    Tier,
    WriteResult,
    sift,
)
from ingest.history_cursor import CursorFile
from ingest.history_notes import Due, Notes
from ingest.history_upkeep import Kept, Series, Upkeep, aggregates
from ingest.influx_server import InfluxServer, InfluxTarget
from ingest.readings import Reading
from ingest.rollups import DAY_MS, GOOD_FLAGS, HOUR_MS, Days, Interval

__all__ = ["InfluxHistory", "InfluxReader", "InfluxTarget"]

BATCH: Final = 5000
MEASUREMENTS: Final[dict[Kept, str]] = {
    "points": "reading",
    "minute": "reading_minute",
    "hour": "reading_hour",
    "day": "reading_day",
}
_VALUE_NULL, _RAW_NULL = 1, 2
_NS: Final = 1_000_000  # of a millisecond
_MONTH_MS: Final = 31 * DAY_MS  # what one question groups: a year by the minute takes the server longer than it has
_OF_SERIES: Final = ' WHERE "station" = $station AND "quantity" = $quantity'
_WITHIN: Final = f"{_OF_SERIES} AND time >= $start AND time < $end"
# After a refusal in part, 1.8 and 2 say how many lines they dropped. A backlog from before the retention policy, or a
# shard in which a field has another type, is refused as a whole; bisecting it would take thousands of requests.
_DROPPED: Final = re.compile(r"(?:beyond retention policy|field type conflict).*? dropped=(\d+)", re.DOTALL)
_BEYOND: Final = re.compile("beyond retention policy")
_CONFLICT: Final = "field type conflict"
# Without a time stamp: the server sets it. Any server that takes writes at all takes this one.
_PROBE: Final = b"kentongan_probe ok=1"


class PointRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A row of measurement ``reading``; a field that is not stored yet is null."""

    time: int
    value: float | None
    raw: float | None
    flag: float | None
    nulls: float | None
    reason: str | None
    node: str | None
    revision: float | None
    received_at: float | None
    epoch: float | None


class RollupRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A row of a rollup's measurement."""

    time: int
    count: float | None
    good: float | None
    min: float | None
    max: float | None
    mean: float | None


class _Count(msgspec.Struct, array_like=True, frozen=True, gc=False):
    time: int
    count: int


class _First(msgspec.Struct, array_like=True, frozen=True, gc=False):
    time: int
    value: float


Row = TypeVar("Row")


def _select(row: type[msgspec.Struct], kept: Kept) -> str:
    names = ", ".join(f'"{name}"' for name in row.__struct_fields__ if name != "time")
    return f'SELECT {names} FROM "{MEASUREMENTS[kept]}"'  # noqa: S608  (names are constants)


_POINTS: Final = _select(PointRow, "points")
_FIRSTS: Final = 'SELECT first("flag") FROM "reading" GROUP BY "station", "quantity"'
_LASTS: Final = 'SELECT last("flag") FROM "reading" GROUP BY "station", "quantity"'
_FIRST_POINT: Final = f'SELECT "flag" FROM "reading"{_WITHIN} ORDER BY time ASC LIMIT 1'  # noqa: S608  (constants)
_LAST_POINT: Final = f'SELECT "flag" FROM "reading"{_WITHIN} ORDER BY time DESC LIMIT 1'  # noqa: S608  (constants)
_GOOD: Final = " OR ".join(f'"flag" = {flag}' for flag in GOOD_FLAGS)

_COUNTS: Final = f'SELECT count("flag") FROM "reading"{_WITHIN}'  # noqa: S608  (constants, here and below)
_STATISTICS: Final = (
    'SELECT count("value") AS "count", count("value") AS "good", min("value"), max("value"), mean("value")'  # noqa: S608
    f' FROM "reading"{_WITHIN} AND ({_GOOD}) AND ("nulls" = 0 OR "nulls" = {_RAW_NULL})'
)


class InfluxReader:
    """Reads history from InfluxDB. See :class:`ingest.history.HistoryReader`."""

    def __init__(self, target: InfluxTarget, *, zone: ZoneInfo = ZoneInfo("Asia/Jakarta")) -> None:  # noqa: B008  (immutable)
        """``zone`` is the site's: days are its days."""
        self._server = InfluxServer(target)
        self._days = Days(zone)

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        rows = self._of_series(
            PointRow, f"{_POINTS}{_WITHIN} ORDER BY time ASC LIMIT $limit", (station, quantity), (start, end), limit
        )
        return [found for found in map(_point, rows) if found is not None]

    def latest(self, station: str, quantity: str) -> Point | None:
        statement = f"{_POINTS}{_OF_SERIES} ORDER BY time DESC LIMIT 2"
        answers = self._server.ask(PointRow, statement, {"station": station, "quantity": quantity})
        return next((found for series in answers for row in series.values if (found := _point(row))), None)

    def aggregates(  # noqa: PLR0917  (as range, with a tier)
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> list[Bucket]:
        return aggregates(self, self._days, (station, quantity), (start, end), tier, limit)

    def series(self) -> list[SeriesExtent]:
        first, last = (
            {
                (found.tags["station"], found.tags["quantity"]): found.values[0].time
                for found in self._server.ask(_First, statement, {})
            }
            for statement in (_FIRSTS, _LASTS)
        )
        return [SeriesExtent(*key, first[key], last[key]) for key in sorted(first.keys() & last.keys())]

    def close(self) -> None:
        self._server.close()

    # -- for the rollups -----------------------------------------------------------------------------------------------

    def condense(self, series: Series, interval: Interval, step: int) -> list[Bucket]:
        if interval[1] - interval[0] > _MONTH_MS:
            interval = self._narrowed(series, interval, step)
        parts = [(start, min(start + _MONTH_MS, interval[1])) for start in range(*interval, _MONTH_MS)]
        return [bucket for part in parts for bucket in self._condense(series, part, step)]

    def _narrowed(self, series: Series, interval: Interval, step: int) -> Interval:
        """The steps from the first to the last point in the interval: years without data are not asked about."""
        ends = [
            row.time for end in (_FIRST_POINT, _LAST_POINT) for row in self._of_series(_First, end, series, interval)
        ]
        return (ends[0] // step * step, (ends[1] // step + 1) * step) if len(ends) == 2 else (0, 0)

    def _condense(self, series: Series, interval: Interval, step: int) -> list[Bucket]:
        grouped = f" GROUP BY time({step // 1000}s) fill(none) ORDER BY time ASC"
        counts = self._of_series(_Count, f"{_COUNTS}{grouped}", series, interval)
        good = {row.time: row for row in self._of_series(RollupRow, f"{_STATISTICS}{grouped}", series, interval)}
        return [_condensed(row, good.get(row.time)) for row in counts]

    def stored(self, tier: Tier, series: Series, interval: Interval, limit: int) -> list[Bucket]:
        statement = f"{_select(RollupRow, tier)}{_WITHIN} ORDER BY time ASC LIMIT $limit"
        rows = self._of_series(RollupRow, statement, series, interval, limit)
        return [found for found in map(_bucket, rows) if found is not None]

    def first_in(self, series: Series, interval: Interval) -> int | None:
        point = [row.time for row in self._of_series(_First, _FIRST_POINT, series, interval)]
        minute = [bucket.start for bucket in self.stored("minute", series, interval, 1)]
        return min([*point, *minute], default=None)

    def stale(self, tier: Tier, series: Series, interval: Interval, stored: Sequence[Bucket]) -> list[Interval]:  # noqa: ARG002  (every series alike)
        """What comes after the last bucket that was rolled up; minutes are told by the hours that have none."""
        if tier == "minute":
            return []
        after = self._days.end_of(tier, stored[-1].start) if stored else interval[0]
        return [(after, interval[1])] if after < interval[1] else []

    def _of_series(
        self, row: type[Row], statement: str, series: Series, interval: Interval, limit: int | None = None
    ) -> list[Row]:
        parameters: dict[str, str | int] = {"station": series[0], "quantity": series[1]}
        parameters |= {"start": interval[0] * _NS, "end": interval[1] * _NS}
        if limit is not None:
            parameters["limit"] = limit
        return [row for answer in self._server.ask(row, statement, parameters) for row in answer.values]


def _condensed(row: _Count, good: RollupRow | None) -> Bucket:
    if good is None or not good.good:
        return Bucket(start=row.time, count=row.count, good=0, min=None, max=None, mean=None)
    return Bucket(start=row.time, count=row.count, good=int(good.good), min=good.min, max=good.max, mean=good.mean)


def _bucket(row: RollupRow) -> Bucket | None:
    if row.count is None or row.good is None:
        return None
    if not row.good:  # the statistics of an earlier version of the bucket may still stand there
        return Bucket(start=row.time, count=int(row.count), good=0, min=None, max=None, mean=None)
    if row.min is None or row.max is None or row.mean is None:
        return None
    return Bucket(start=row.time, count=int(row.count), good=int(row.good), min=row.min, max=row.max, mean=row.mean)


def _point(row: PointRow) -> Point | None:
    """None while a part of the row is not there."""
    if row.flag is None or row.nulls is None or row.reason is None or row.node is None:
        return None
    if row.revision is None or row.received_at is None or row.epoch is None:
        return None
    value, raw = row.value, row.raw
    if row.nulls or value is None or raw is None:
        nulls = int(row.nulls)
        value = None if nulls & _VALUE_NULL else value
        raw = None if nulls & _RAW_NULL else raw
        if (value is None and not nulls & _VALUE_NULL) or (raw is None and not nulls & _RAW_NULL):
            return None
    # By position, in the order of the fields: a chart's month is 43 200 of these.
    return Point(
        row.time,
        value,
        raw,
        int(row.flag),
        row.reason or None,
        row.node,
        int(row.revision),
        int(row.received_at),
        int(row.epoch),
    )


class InfluxHistory(InfluxReader):
    """The sink. The same readings sent twice leave the same points, so a safety window costs only time."""

    name = "InfluxDB"

    def __init__(
        self,
        target: InfluxTarget,
        cursor_path: Path,
        *,
        zone: ZoneInfo = ZoneInfo("Asia/Jakarta"),  # noqa: B008  (immutable)
        window: SafetyWindow | None = SafetyWindow(),  # noqa: B008
    ) -> None:
        """Open the cursor file; the server may be down. A new server or bucket starts at the journal's first row."""
        super().__init__(target, zone=zone)
        self.window = window
        sink = f"{target.url.rstrip('/')} {target.bucket}"
        self.file = CursorFile(cursor_path, sink=sink)
        self.notes = Notes(self.file, sink)
        self._upkeep = Upkeep(self, self.notes, self._days)

    def cursor(self) -> Cursor:
        return self.file.load()

    def write(self, readings: Sequence[Reading], *, cursor: Cursor | None = None) -> WriteResult:
        sound, refused = sift(readings)
        sound, late = self._upkeep.sift_finished(sound)
        refused += late
        # What two lines of one point in one request leave is not defined by every version.
        last = {(reading.station, reading.quantity, reading.time): reading for reading in sound}
        distinct = list(last.values())
        for start in range(0, len(distinct), BATCH):
            refused += self._send(distinct[start : start + BATCH])
        with self.file.transaction():
            hours = self._upkeep.note(distinct)
            self.file.store(cursor, refused)
        self._upkeep.noted(hours)
        return WriteResult(accepted=len(readings) - len(refused), refused=tuple(refused))

    def _send(self, batch: Sequence[Reading]) -> list[Refusal]:
        reason = self._server.post(_lines(batch))
        if reason is None:
            return []
        # A server that refuses everything is misconfigured, and the lines are not to blame.
        if self._server.post(_PROBE) is not None:
            raise HistoryUnavailable(f"InfluxDB refuses every write: {reason}")
        # In the order of time what one shard refuses lies together.
        refused = self._bisect(sorted(batch, key=lambda reading: reading.time), reason)
        for refusal in refused:
            if _CONFLICT in refusal.reason and refusal.reading.received_at - refusal.reading.time < HOUR_MS:
                raise HistoryUnavailable(
                    f"InfluxDB takes no readings of now, because something else writes measurement 'reading' into the"
                    f" same bucket: {refusal.reason}; name a bucket of its own in history.bucket"
                )
        return refused

    def _bisect(self, batch: Sequence[Reading], reason: str) -> list[Refusal]:
        """Find the lines that were refused among a batch that was; the others are written on the way."""
        dropped = _DROPPED.search(reason)
        if len(batch) == 1 or (dropped and int(dropped[1]) == len(batch)):
            return [Refusal(reading=reading, reason=reason) for reading in batch]
        refused: list[Refusal] = []
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            reason_of_half = self._server.post(_lines(half))
            if reason_of_half is not None:
                refused += self._bisect(half, reason_of_half)
        return refused

    def roll_up(self, *, now: int) -> int:
        return self._upkeep.roll_up(now)

    def prune(self, keep: Keep, *, now: int) -> Iterator[int]:
        return self._upkeep.prune(keep, now)

    def close(self) -> None:
        super().close()
        self.file.close()

    # -- for the upkeep ------------------------------------------------------------------------------------------------

    def keep_rollups(self, rows: Sequence[tuple[Tier, Series, Bucket]], done: Sequence[tuple[Tier, Due]]) -> None:
        for start in range(0, len(rows), BATCH):
            lines = "\n".join([_rollup_line(*row) for row in rows[start : start + BATCH]])
            reason = self._server.post(lines.encode())
            # Refused in part: what the server's own retention no longer takes is as good as gone.
            if reason is not None and not _BEYOND.search(reason):
                raise HistoryUnavailable(f"InfluxDB refuses rollups: {reason}")
        with self.file.transaction():
            self.notes.drop_due(done)

    def oldest(self, kept: Kept) -> int | None:
        field = "flag" if kept == "points" else "count"
        answers = self._server.ask(_First, f'SELECT first("{field}") FROM "{MEASUREMENTS[kept]}"', {})  # noqa: S608  (ours)
        return min((row.time for series in answers for row in series.values), default=None)

    def remove(self, kept: Kept, before: int) -> Iterator[int]:
        """A day of the site at a time; the server marks what went, and compacts when it likes."""
        while (oldest := self.oldest(kept)) is not None and oldest < before:
            end = min(before, self._days.after(self._days.start_of(oldest)))
            self._server.delete(f'DELETE FROM "{MEASUREMENTS[kept]}" WHERE time < $end', {"end": end * _NS})  # noqa: S608  (ours)
            yield 1


def _lines(batch: Sequence[Reading]) -> bytes:
    return "\n".join([_line(reading) for reading in batch]).encode()


def _line(reading: Reading) -> str:
    nulls = (_VALUE_NULL if reading.value is None else 0) | (_RAW_NULL if reading.raw is None else 0)
    value = "" if reading.value is None else f",value={reading.value!r}"
    raw = "" if reading.raw is None else f",raw={reading.raw!r}"
    reason = reading.reason.replace("\\", "\\\\").replace('"', '\\"') if reading.reason else ""
    return (
        f"reading,quantity={reading.quantity},station={reading.station}"
        f" flag={reading.flag:d},nulls={nulls},revision={reading.revision},received_at={reading.received_at}"
        f',epoch={reading.epoch},node="{reading.node}",reason="{reason}"{value}{raw} {reading.time}'
    )


def _rollup_line(tier: Tier, series: Series, bucket: Bucket) -> str:
    station, quantity = series
    good = "" if not bucket.good else f",min={bucket.min!r},max={bucket.max!r},mean={bucket.mean!r}"
    return (
        f"{MEASUREMENTS[tier]},quantity={quantity},station={station}"
        f" count={bucket.count},good={bucket.good}{good} {bucket.start}"
    )
