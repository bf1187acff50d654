"""A copy of a database that others write meanwhile, as of one moment (SQLite's online backup)."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

PAGES_A_STEP: Final = 1000  # 4 MB: progress is shown, and a stop is obeyed

Progress = Callable[[int, int], None]
"""Pages copied, pages there are."""


def copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy ``source`` to ``target``, which must not exist; raises sqlite3.Error and OSError.

    The whole copy is of one moment: it is made within one reading transaction, so that a writer neither waits for it
    nor makes it begin anew. The writer's log cannot be cut shorter while it goes on.
    """
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10, isolation_level=None)) as reader,
        closing(sqlite3.connect(target)) as writer,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reader.backup(
            writer, pages=PAGES_A_STEP, progress=lambda _, left, total: progress(total - left, total), sleep=0
        )
        reader.execute("ROLLBACK")


def fault(path: Path) -> str | None:
    """What SQLite finds wrong with a database when it looks at all of it; None: nothing."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        return str(error)
    return None if found == ["ok"] else "; ".join(found)
