"""One row lost or changed behind core's back, by a connection of its own: what the audit must see.

By hand: ``python -m tests.bench --short --tamper reading`` (or ``value``, ``message``) ends with 1, prints no figure,
and names the row.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from tests.bench.field import BenchField
from tests.installation import eventually

KINDS = ("reading", "value", "message")
_LAST_TOLD = "SELECT max(id) FROM outbox WHERE state IN ('accepted', 'delivered')"
_FIRST_RUN = "FROM readings WHERE boot = (SELECT boot FROM readings ORDER BY id LIMIT 1)"
_MIDDLE = f"SELECT id {_FIRST_RUN} ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 2 {_FIRST_RUN})"


def tamper_with(field: BenchField, kind: str) -> str:
    """Delete a reading, change a value, or delete a message; what was done, with the row's name."""
    return _tamper(field, kind)[0]


@contextmanager
def tampered(field: BenchField, kind: str) -> Iterator[str]:
    """The same, put right again when the block ends: that one row, whatever core has written meanwhile."""
    said, table, row = _tamper(field, kind)
    try:
        yield said
    finally:
        with _writing(field) as connection:
            connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def _tamper(field: BenchField, kind: str) -> tuple[str, str, tuple[Any, ...]]:
    """What was done, the table, and the row as it was."""
    if kind == "message":
        eventually(lambda: field.installation.rows(_LAST_TOLD) != [(None,)], "a message that was told")
    table, chosen, name = {
        "reading": ("readings", _MIDDLE, "node || ' seq ' || seq"),
        "value": ("readings", _MIDDLE, "node || ' seq ' || seq"),
        "message": ("outbox", _LAST_TOLD, "key"),
    }[kind]
    with _writing(field) as connection:
        row_id, called = connection.execute(f"SELECT id, {name} FROM {table} WHERE id = ({chosen})").fetchone()
        row = connection.execute(f"SELECT * FROM {table} WHERE id = ?", (row_id,)).fetchone()
        if kind == "value":
            connection.execute("UPDATE readings SET value = value + 0.01 WHERE id = ?", (row_id,))
            return f"the level of {called} is 1 cm higher", table, row
        connection.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))
        return f"{kind} {called} is gone", table, row


@contextmanager
def _writing(field: BenchField) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(field.installation.state.journal, timeout=10)) as connection, connection:
        yield connection
