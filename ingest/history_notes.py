"""What a sink notes beside its cursor: buckets to be rolled up, how far retention went, imports under way."""

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table
from sqlalchemy.exc import SQLAlchemyError

from ingest.history import HistoryUnavailable, Tier
from ingest.history_cursor import CursorFile

metadata: Final = MetaData()

due: Final = Table(
    "history_due",
    metadata,
    Column("sink", String, primary_key=True),
    Column("tier", String, primary_key=True),  # hour or day
    Column("station", String, primary_key=True),
    Column("quantity", String, primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),  # ms UTC
    sqlite_with_rowid=False,
)

marks: Final = Table(
    "history_marks",
    metadata,
    Column("sink", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

imports: Final = Table(
    "history_imports",
    metadata,
    Column("sink", String, primary_key=True),
    Column("source", String, primary_key=True),  # what is imported and how: another file or option is another import
    Column("name", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),  # ms UTC; every point of it says that it was received then
    Column("done", Integer, nullable=False),  # rows that history has
    Column("total", Integer, nullable=False),
)

Due = tuple[str, str, int]  # station, quantity, start of the bucket

_NOTE: Final = "INSERT OR IGNORE INTO history_due (sink, tier, station, quantity, start) VALUES (?, ?, ?, ?, ?)"
_DROP: Final = "DELETE FROM history_due WHERE sink = ? AND tier = ? AND station = ? AND quantity = ? AND start = ?"
_DUE: Final = (
    "SELECT station, quantity, start FROM history_due WHERE sink = ? AND tier = ? AND start < ?"
    " ORDER BY station, quantity, start LIMIT ?"
)


class Notes:
    """Notes of one sink. What changes them stands inside :meth:`transaction`; raises HistoryUnavailable."""

    def __init__(self, file: CursorFile, sink: str) -> None:
        self._file = file
        self._sink = sink
        try:
            metadata.create_all(file.engine)
        except SQLAlchemyError as error:
            raise HistoryUnavailable(f"the history's file takes no notes: {error}") from None

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._file.transaction()

    def _rows(self, statement: str, *parameters: Any) -> list[Any]:
        try:
            return self._file.connection.execute(statement, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise HistoryUnavailable(f"the history's notes can't be read: {error}") from None

    # -- rollups that are due ------------------------------------------------------------------------------------------

    def note_due(self, buckets: Iterable[tuple[Tier, str, str, int]]) -> None:
        self._file.connection.executemany(_NOTE, ((self._sink, *bucket) for bucket in buckets))

    def drop_due(self, buckets: Iterable[tuple[Tier, Due]]) -> None:
        self._file.connection.executemany(_DROP, ((self._sink, tier, *key) for tier, key in buckets))

    def due(self, tier: Tier, before: int, limit: int) -> list[Due]:
        """The buckets that begin before a time (ms UTC), series by series, each oldest first."""
        return [tuple(row) for row in self._rows(_DUE, self._sink, tier, before, limit)]

    def oldest_due(self) -> int | None:
        """The least start of a bucket that is due."""
        found: int | None = self._rows("SELECT min(start) FROM history_due WHERE sink = ?", self._sink)[0][0]
        return found

    # -- marks ---------------------------------------------------------------------------------------------------------

    def mark(self, name: str) -> int | None:
        found = self._rows("SELECT value FROM history_marks WHERE sink = ? AND name = ?", self._sink, name)
        return int(found[0][0]) if found else None

    def set_mark(self, name: str, value: int | None) -> None:
        """None takes the mark away."""
        self._file.connection.execute("DELETE FROM history_marks WHERE sink = ? AND name = ?", (self._sink, name))
        if value is not None:
            self._file.connection.execute("INSERT INTO history_marks VALUES (?, ?, ?)", (self._sink, name, value))

    # -- imports -------------------------------------------------------------------------------------------------------

    def begin_import(self, source: str, *, name: str, total: int, now: int) -> tuple[int, int, int]:
        """Its revision, when it was started (ms UTC) and how many of its rows are done: not 0 when it goes on.

        A source that was imported whole begins anew, with the next revision.
        """
        known = self._rows(
            "SELECT revision, started_at, done, total FROM history_imports WHERE sink = ? AND source = ?",
            self._sink,
            source,
        )
        if known and known[0][2] < known[0][3]:
            return known[0][0], known[0][1], known[0][2]
        highest = self._rows("SELECT max(revision) FROM history_imports WHERE sink = ?", self._sink)[0][0] or 0
        with self.transaction() as connection:
            # Another file of that name, or the same one with other options, takes the place of what was not ended.
            connection.execute(
                "DELETE FROM history_imports WHERE sink = ? AND name = ? AND done < total", (self._sink, name)
            )
            connection.execute(
                "INSERT OR REPLACE INTO history_imports VALUES (?, ?, ?, ?, ?, 0, ?)",
                (self._sink, source, name, highest + 1, now, total),
            )
        return highest + 1, now, 0

    def store_import(self, source: str, done: int) -> None:
        """After the rows are safe: how far the import has come."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE history_imports SET done = ? WHERE sink = ? AND source = ?", (done, self._sink, source)
            )

    def unfinished_imports(self, *, since: int = 0) -> list[str]:
        """Names of what was begun at ``since`` (ms UTC) or later and not ended."""
        rows = self._rows(
            "SELECT name FROM history_imports WHERE sink = ? AND done < total AND started_at >= ?", self._sink, since
        )
        return [row[0] for row in rows]
