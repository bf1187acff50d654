"""History in one SQLite file: points, rollups, cursor and refusals commit together, so nothing is ever sent again.

One process writes the file; everybody else opens it with :class:`SqliteReader`.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, starmap
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, String, Table

from ingest.history import (
    Bucket,
    Cursor,
    HistoryUnavailable,
    Keep,
    Point,
    SafetyWindow,
    SeriesExtent,
    Tier,
    WriteResult,
    sift,
)
from ingest.history_cursor import CursorFile, open_file
from ingest.history_notes import Due, Notes
from ingest.history_upkeep import TIERS, Kept, Series, Upkeep, aggregates
from ingest.readings import Reading
from ingest.rollups import GOOD_FLAGS, HOUR_MS, Days, Interval, joined

metadata: Final = MetaData()

points: Final = Table(
    "points",
    metadata,
    Column("station", String, primary_key=True),
    Column("quantity", String, primary_key=True),
    Column("time", BigInteger, primary_key=True, autoincrement=False),  # ms UTC
    Column("value", Float),
    Column("raw", Float),
    Column("flag", Integer, nullable=False),
    Column("reason", String),
    Column("node", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    sqlite_with_rowid=False,  # rows of a series lie together, in the order of time
)

rollups: Final = Table(
    "rollups",
    metadata,
    Column("tier", String, primary_key=True),  # minute, hour or day
    Column("station", String, primary_key=True),
    Column("quantity", String, primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),  # ms UTC
    Column("count", Integer, nullable=False),
    Column("good", Integer, nullable=False),
    Column("min", Float),
    Column("max", Float),
    Column("mean", Float),
    sqlite_with_rowid=False,
)

SINK: Final = "points"
RETENTION_SLICE: Final = 5000  # rows
_PAGES: Final = 1000  # given back to the disk after a slice of retention

_COLUMNS: Final = tuple(column.name for column in points.columns)
_KEY: Final = tuple(column.name for column in points.primary_key)
_UPSERT: Final = (
    f"INSERT INTO points ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  (own names)
    f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEY)
)
_STORE_ROLLUP: Final = (
    "INSERT OR REPLACE INTO rollups (tier, station, quantity, start, count, good, min, max, mean)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_POINTS: Final = f"SELECT {', '.join(Point.__struct_fields__)} FROM points WHERE station = ? AND quantity = ?"  # noqa: S608  (same)
_RANGE: Final = f"{_POINTS} AND time >= ? AND time < ? ORDER BY time LIMIT ?"
_LATEST: Final = f"{_POINTS} ORDER BY time DESC LIMIT 1"
# Integer division rounds towards zero, and times before 1970 are negative.
_CONDENSE: Final = f"""
    SELECT (time / :step - (time % :step < 0)) * :step AS start,
           count(*), count(sound), min(sound), max(sound), avg(sound)
    FROM (SELECT time, CASE WHEN flag IN {GOOD_FLAGS} THEN value END AS sound FROM points
          WHERE station = :station AND quantity = :quantity AND time >= :first AND time < :last)
    GROUP BY start ORDER BY start
"""  # noqa: S608  (numbers of ours)
_STORED: Final = (
    "SELECT start, count, good, min, max, mean FROM rollups"
    " WHERE tier = ? AND station = ? AND quantity = ? AND start >= ? AND start < ? ORDER BY start LIMIT ?"
)
_FIRST_POINT: Final = (
    "SELECT time FROM points WHERE station = ? AND quantity = ? AND time >= ? AND time < ? ORDER BY time LIMIT 1"
)
_DUE: Final = (
    "SELECT start FROM history_due WHERE sink = ? AND tier = ? AND station = ? AND quantity = ?"
    " AND start >= ? AND start < ? ORDER BY start"
)
# A seek for the next quantity of a station, and one for the next station, where DISTINCT would read every point.
_NEXT_SERIES: Final = (
    "SELECT station, quantity FROM points WHERE station = ? AND quantity > ? ORDER BY quantity LIMIT 1",
    "SELECT station, quantity FROM points WHERE station > ? ORDER BY station, quantity LIMIT 1",
)
_NEXT_OF_TIER: Final = (
    "SELECT station, quantity FROM rollups WHERE tier = ? AND station = ? AND quantity > ? ORDER BY quantity LIMIT 1",
    "SELECT station, quantity FROM rollups WHERE tier = ? AND station > ? ORDER BY station, quantity LIMIT 1",
)
# Each by a seek; asked for together they would be a scan.
_EXTENT: Final = (
    "SELECT (SELECT min(time) FROM points WHERE station = ?1 AND quantity = ?2),"
    " (SELECT max(time) FROM points WHERE station = ?1 AND quantity = ?2)"
)

Answer = TypeVar("Answer")


class SqliteReader:
    """Reads a history file that another process may be writing."""

    def __init__(self, path: Path, *, zone: ZoneInfo = ZoneInfo("Asia/Jakarta")) -> None:  # noqa: B008  (immutable)
        """``zone`` is the site's: days are its days. Raises HistoryUnavailable while there is no such file."""
        self._connection, self._engine = open_file(path, read_only=True)
        self._one_at_a_time = threading.RLock()
        self._days = Days(zone)

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        # Row by row: a list of rows beside that of points would wake the garbage collector again and again.
        return self._read(
            lambda: list(starmap(Point, self._connection.execute(_RANGE, (station, quantity, start, end, limit))))
        )

    def latest(self, station: str, quantity: str) -> Point | None:
        return next(starmap(Point, self._fetch(_LATEST, station, quantity)), None)

    def aggregates(  # noqa: PLR0917  (as range, with a tier)
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> list[Bucket]:
        return aggregates(self, self._days, (station, quantity), (start, end), tier, limit)

    def series(self) -> list[SeriesExtent]:
        return [SeriesExtent(*series, *self._fetch(_EXTENT, *series)[0]) for series in self._all_series("points")]

    def close(self) -> None:
        self._engine.dispose()
        self._connection.close()

    # -- for the rollups -----------------------------------------------------------------------------------------------

    def condense(self, series: Series, interval: Interval, step: int) -> list[Bucket]:
        station, quantity = series
        named = {"station": station, "quantity": quantity, "first": interval[0], "last": interval[1], "step": step}
        return [_bucket(row) for row in self._fetch(_CONDENSE, named=named)]

    def stored(self, tier: Tier, series: Series, interval: Interval, limit: int) -> list[Bucket]:
        return [_bucket(row) for row in self._fetch(_STORED, tier, *series, *interval, limit)]

    def first_in(self, series: Series, interval: Interval) -> int | None:
        rows = self._fetch(_FIRST_POINT, *series, *interval) + self._fetch(_STORED, "minute", *series, *interval, 1)
        return min((int(row[0]) for row in rows), default=None)

    def stale(self, tier: Tier, series: Series, interval: Interval, stored: Sequence[Bucket]) -> list[Interval]:  # noqa: ARG002  (the notes know better)
        noted: Tier = "day" if tier == "day" else "hour"
        first = interval[0] // HOUR_MS * HOUR_MS if tier == "minute" else interval[0]
        rows = self._fetch(_DUE, SINK, noted, *series, first, interval[1])
        return joined((start, self._days.end_of(noted, start)) for (start,) in rows)

    def _all_series(self, kept: Kept) -> Iterator[Series]:
        quantity_after, station_after = _NEXT_SERIES if kept == "points" else _NEXT_OF_TIER
        tier = () if kept == "points" else (kept,)
        station, quantity = "", ""
        while found := (
            self._fetch(quantity_after, *tier, station, quantity) or self._fetch(station_after, *tier, station)
        ):
            station, quantity = found[0]
            yield station, quantity

    def _fetch(self, statement: str, *parameters: Any, named: dict[str, Any] | None = None) -> list[Any]:
        return self._read(lambda: self._connection.execute(statement, named or parameters).fetchall())

    def _read(self, ask: Callable[[], list[Answer]]) -> list[Answer]:
        try:
            with self._one_at_a_time:
                return ask()
        except sqlite3.DatabaseError as error:
            raise HistoryUnavailable(f"history can't be read: {error}") from None


def _bucket(row: Sequence[Any]) -> Bucket:
    start, count, good, least, most, mean = row
    return Bucket(start=start, count=count, good=good, min=least, max=most, mean=mean)


class SqliteHistory(SqliteReader):
    """The default history. See :class:`ingest.history.History`."""

    name = "SQLite"
    window: SafetyWindow | None = None

    def __init__(self, path: Path, *, zone: ZoneInfo = ZoneInfo("Asia/Jakarta")) -> None:  # noqa: B008  (immutable)
        """Open or create the file; raises HistoryUnavailable when that fails."""
        self.file = CursorFile(path, sink=SINK, also=metadata)
        self.notes = Notes(self.file, SINK)
        self._connection, self._engine = self.file.connection, self.file.engine
        self._one_at_a_time = threading.RLock()
        self._days = Days(zone)
        self._upkeep = Upkeep(self, self.notes, self._days)

    def cursor(self) -> Cursor:
        return self.file.load()

    def write(self, readings: Sequence[Reading], *, cursor: Cursor | None = None) -> WriteResult:
        with self._one_at_a_time:
            sound, refused = sift(readings)
            sound, late = self._upkeep.sift_finished(sound)
            refused += late
            with self.file.transaction() as connection:
                connection.executemany(_UPSERT, [_row(reading) for reading in sound])
                hours = self._upkeep.note(sound)
                self.file.store(cursor, refused)
            self._upkeep.noted(hours)
        return WriteResult(accepted=len(sound), refused=tuple(refused))

    def roll_up(self, *, now: int) -> int:
        with self._one_at_a_time:
            return self._upkeep.roll_up(now)

    def prune(self, keep: Keep, *, now: int) -> Iterator[int]:
        return self._upkeep.prune(keep, now)

    # -- for the upkeep ------------------------------------------------------------------------------------------------

    def keep_rollups(self, rows: Sequence[tuple[Tier, Series, Bucket]], done: Sequence[tuple[Tier, Due]]) -> None:
        with self.file.transaction() as connection:
            connection.executemany(
                _STORE_ROLLUP,
                [(tier, *series, b.start, b.count, b.good, b.min, b.max, b.mean) for tier, series, b in rows],
            )
            self.notes.drop_due(done)

    def oldest(self, kept: Kept) -> int | None:
        firsts = chain.from_iterable(
            self._fetch(_first(kept), *_in_tier(kept, series)) for series in self._all_series(kept)
        )
        return min((int(time) for (time,) in firsts), default=None)

    def remove(self, kept: Kept, before: int) -> Iterator[int]:
        assert kept in TIERS  # noqa: S101  (a name goes into statements)
        for series in list(self._all_series(kept)):
            while removed := self._remove_slice(kept, series, before):
                yield removed

    def _remove_slice(self, kept: Kept, series: Series, before: int) -> int:
        table, column = ("points", "time") if kept == "points" else ("rollups", "start")
        of_series = f"FROM {table} WHERE {_where(kept)} AND {column} < ?"
        key = _in_tier(kept, series)
        with self._one_at_a_time, self.file.transaction() as connection:
            past_slice = f"SELECT {column} {of_series} ORDER BY {column} LIMIT 1 OFFSET {RETENTION_SLICE}"
            found = connection.execute(past_slice, (*key, before)).fetchone()
            removed = connection.execute(f"DELETE {of_series}", (*key, found[0] if found else before)).rowcount
        if removed:
            with self._one_at_a_time:
                self._connection.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
        return removed


def _where(kept: Kept) -> str:
    return "station = ? AND quantity = ?" if kept == "points" else "tier = ? AND station = ? AND quantity = ?"


def _in_tier(kept: Kept, series: Series) -> tuple[str, ...]:
    return series if kept == "points" else (kept, *series)


def _first(kept: Kept) -> str:
    table, column = ("points", "time") if kept == "points" else ("rollups", "start")
    return f"SELECT {column} FROM {table} WHERE {_where(kept)} ORDER BY {column} LIMIT 1"  # noqa: S608  (own names)


def _row(reading: Reading) -> tuple[str | float | None, ...]:
    return (
        reading.station,
        reading.quantity,
        reading.time,
        reading.value,
        reading.raw,
        reading.flag,
        reading.reason or None,
        reading.node,
        reading.revision,
        reading.received_at,
        reading.epoch,
    )
