"""A small SQLite file beside a history: the cursor of each sink, and the readings that sinks refused."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, create_engine, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from ingest.history import Cursor, HistoryUnavailable, Refusal, cursor_at

metadata: Final = MetaData()

cursors: Final = Table(
    "history_cursors",
    metadata,
    # Another server or bucket is another sink: it starts at the journal's first row.
    Column("sink", String, primary_key=True),
    Column("journal_id", BigInteger, nullable=False),
    Column("mark", String, nullable=False),
)

refusals: Final = Table(
    "history_refusals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sink", String, nullable=False),
    Column("journal_id", BigInteger, nullable=False),
    Column("mark", String, nullable=False, unique=True),  # refused again when sent again: one row
    Column("station", String, nullable=False),
    Column("quantity", String, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
)
REFUSALS_KEPT: Final = 10_000

_STORE_CURSOR: Final = "INSERT OR REPLACE INTO history_cursors (sink, journal_id, mark) VALUES (?, ?, ?)"
_STORE_REFUSAL: Final = (
    "INSERT OR REPLACE INTO history_refusals (sink, journal_id, mark, station, quantity, time, reason)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_CAP_REFUSALS: Final = "DELETE FROM history_refusals WHERE id <= (SELECT max(id) FROM history_refusals) - ?"


def open_file(path: Path, *, read_only: bool = False) -> tuple[sqlite3.Connection, Engine]:
    """One connection and an engine over it; a transaction is what stands between BEGIN and COMMIT, nothing implicit.

    A writer gets WAL and synchronous=FULL. Raises HistoryUnavailable when the file can't be opened.
    """
    if read_only and not path.exists():
        raise HistoryUnavailable(f"there is no history file {path} yet; kentongan history makes it")
    mode = "ro" if read_only else "rwc"
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        if not read_only:
            for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        raise HistoryUnavailable(f"history file {path} can't be opened: {error}") from None
    return connection, create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)


class CursorFile:
    """The cursor of ``sink`` and its refusals, durable on return. Raises HistoryUnavailable when the disk fails."""

    def __init__(self, path: Path, *, sink: str, also: MetaData | None = None) -> None:
        """Open or create the file; ``also`` names further tables that live in it."""
        self._path = path
        self._sink = sink
        self.connection, self.engine = open_file(path)
        try:
            for tables in (metadata, also):
                if tables is not None:
                    tables.create_all(self.engine)
        except SQLAlchemyError as error:
            self.close()
            raise HistoryUnavailable(f"history file {path} can't be prepared: {error}") from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit at the end of the block, roll back when it raises."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            # The file's or the disk's failures; the driver's other errors are bugs and stay what they are.
            if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
                raise HistoryUnavailable(f"history file {self._path} takes no writes: {error}") from None
            raise

    def _roll_back(self) -> None:
        if self.connection.in_transaction:  # SQLite may have rolled back by itself, as on a full disk
            self.connection.execute("ROLLBACK")

    def load(self) -> Cursor:
        try:
            with self.engine.connect() as connection:
                found = connection.execute(select(cursors).where(cursors.c.sink == self._sink)).one_or_none()
        except SQLAlchemyError as error:
            raise HistoryUnavailable(f"history file {self._path} can't be read: {error}") from None
        return Cursor() if found is None else Cursor(id=found.journal_id, mark=found.mark)

    def store(self, cursor: Cursor | None, refused: Sequence[Refusal]) -> None:
        """Inside a transaction of the caller: move the cursor if one is given, and keep what was refused."""
        if cursor is not None:
            self.connection.execute(_STORE_CURSOR, (self._sink, cursor.id, cursor.mark))
        if refused:
            self.connection.executemany(_STORE_REFUSAL, [_row(self._sink, refusal) for refusal in refused])
            self.connection.execute(_CAP_REFUSALS, (REFUSALS_KEPT,))

    def refusals(self, limit: int = 100) -> list[tuple[int, str, str]]:
        """The newest refusals first: journal id, the reading's mark, and the sink's reason."""
        statement = select(refusals.c.journal_id, refusals.c.mark, refusals.c.reason)
        with self.engine.connect() as connection:
            rows = connection.execute(statement.order_by(refusals.c.id.desc()).limit(limit))
            return [(row.journal_id, row.mark, row.reason) for row in rows]

    def close(self) -> None:
        self.engine.dispose()
        self.connection.close()


def _row(sink: str, refusal: Refusal) -> tuple[str | int, ...]:
    reading = refusal.reading
    cursor = cursor_at(reading)
    return (sink, cursor.id, cursor.mark, reading.station, reading.quantity, reading.time, refusal.reason)
