"""The journal's readings, read from outside: read-only, in the order of their ids, in batches that hold no lock."""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from ingest.history import Cursor, SafetyWindow, cursor_at
from ingest.readings import Reading, readings

_COLUMNS: Final = ", ".join(column.name for column in readings.columns)
_AFTER: Final = f"SELECT {_COLUMNS} FROM readings WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608  (our own names)
_AT: Final = f"SELECT {_COLUMNS} FROM readings WHERE id = ?"  # noqa: S608  (our own names)
# received_at has no index: the limit in rows also bounds this search.
_WINDOW: Final = """
    SELECT min(id) FROM (SELECT id, received_at FROM readings WHERE id <= :cursor ORDER BY id DESC LIMIT :rows)
    WHERE received_at >= :milliseconds_less +
        (SELECT received_at FROM readings WHERE id <= :cursor ORDER BY id DESC LIMIT 1)
"""


class JournalMissing(Exception):
    """There is no journal, or not yet, or it can't be read now; the text is one sentence."""


@dataclass(slots=True, kw_only=True)
class JournalTail:
    """One open journal. Every method raises JournalMissing when the file can't be read."""

    path: Path
    connection: sqlite3.Connection
    inode: int

    @classmethod
    def open(cls, path: Path) -> Self:
        try:
            inode = os.stat(path).st_ino  # noqa: PTH116  (os errors are caught below, with the same sentence)
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise JournalMissing(f"journal {path} can't be opened: {error}") from None
        return cls(path=path, connection=connection, inode=inode)

    def is_current(self) -> bool:
        """Whether the path still leads to the file that is open; a restored backup is another file."""
        try:
            return self.path.stat().st_ino == self.inode
        except OSError:
            return False

    def after(self, position: int, limit: int) -> list[Reading]:
        return [Reading(*row) for row in self._rows(_AFTER, (position, limit))]

    def head(self) -> int:
        """The greatest id of a reading, 0 when there is none."""
        return int(self._rows("SELECT max(id) FROM readings", ())[0][0] or 0)

    def first(self) -> int:
        """The least id of a reading that is still there, 0 when there is none."""
        return int(self._rows("SELECT min(id) FROM readings", ())[0][0] or 0)

    def has_written(self, cursor: Cursor) -> bool:
        """False when this is not the journal that the cursor was taken from, as after restoring an older backup."""
        if cursor.id > self.head():
            return False
        found = self._rows(_AT, (cursor.id,))
        if found:
            return cursor_at(Reading(*found[0])).mark == cursor.mark
        return self.first() > cursor.id  # retention, which takes rows at the old end only

    def before_window(self, cursor: Cursor, window: SafetyWindow) -> int:
        """The id after which the window begins that ends at the cursor."""
        parameters = {"cursor": cursor.id, "rows": window.rows, "milliseconds_less": -window.milliseconds}
        first = self._rows(_WINDOW, parameters)[0][0]
        return cursor.id if first is None else int(first) - 1

    def close(self) -> None:
        self.connection.close()

    def _rows(self, statement: str, parameters: tuple[int, ...] | dict[str, int]) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(statement, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise JournalMissing(f"journal {self.path} can't be read: {error}") from None
