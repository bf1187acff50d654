"""History in one SQLite file: points, cursor and refusals commit together, so nothing ever has to be sent again.

One process writes the file; everybody else opens it with :class:`SqliteReader`.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, Select, String, Table, select
from sqlalchemy.exc import SQLAlchemyError

from ingest.history import Cursor, HistoryUnavailable, Point, SafetyWindow, WriteResult, sift
from ingest.history_cursor import CursorFile, open_file
from ingest.readings import Reading

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
_COLUMNS: Final = tuple(column.name for column in points.columns)
_KEY: Final = tuple(column.name for column in points.primary_key)
_UPSERT: Final = (
    f"INSERT INTO points ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  (own names)
    f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEY)
)
_SELECTED: Final = [points.c[name] for name in Point.__struct_fields__]


class SqliteReader:
    """Reads a history file that another process may be writing."""

    def __init__(self, path: Path) -> None:
        """Raises HistoryUnavailable while there is no such file."""
        self._connection, self._engine = open_file(path, read_only=True)
        self._one_at_a_time = threading.Lock()

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        statement = _of_series(station, quantity).where(points.c.time >= start, points.c.time < end)
        return self._fetch(statement.order_by(points.c.time).limit(limit))

    def latest(self, station: str, quantity: str) -> Point | None:
        found = self._fetch(_of_series(station, quantity).order_by(points.c.time.desc()).limit(1))
        return found[0] if found else None

    def _fetch(self, statement: Select[Any]) -> list[Point]:
        try:
            with self._one_at_a_time, self._engine.connect() as connection:
                return [Point(**row) for row in connection.execute(statement).mappings()]
        except SQLAlchemyError as error:
            raise HistoryUnavailable(f"history can't be read: {error}") from None

    def close(self) -> None:
        self._engine.dispose()
        self._connection.close()


def _of_series(station: str, quantity: str) -> Select[Any]:
    return select(*_SELECTED).where(points.c.station == station, points.c.quantity == quantity)


class SqliteHistory(SqliteReader):
    """The default history. See :class:`ingest.history.History`."""

    name = "SQLite"
    window: SafetyWindow | None = None

    def __init__(self, path: Path) -> None:
        """Open or create the file; raises HistoryUnavailable when that fails."""
        self.file = CursorFile(path, sink="points", also=metadata)
        self._connection, self._engine = self.file.connection, self.file.engine
        self._one_at_a_time = threading.Lock()

    def cursor(self) -> Cursor:
        return self.file.load()

    def write(self, readings: Sequence[Reading], *, cursor: Cursor | None = None) -> WriteResult:
        sound, refused = sift(readings)
        with self._one_at_a_time, self.file.transaction() as connection:
            connection.executemany(_UPSERT, [_row(reading) for reading in sound])
            self.file.store(cursor, refused)
        return WriteResult(accepted=len(sound), refused=tuple(refused))


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
