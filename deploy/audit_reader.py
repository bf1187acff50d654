"""The audit log, read beside the running core by a page: pages in milliseconds however long it is, and its chain.

Every read opens the journal for itself and is short, so that no read holds the journal's log file up; a check of the
chain goes in slices for the same reason.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from alerting import tables
from alerting.audit import GENESIS, Entry, first_broken
from alerting.web.admin.office import PAGE, AuditPage, AuditRow, ChainVerdict, Say, Wanted, Wrong

COLUMNS: Final = ", ".join(column.name for column in tables.audit.columns)
PATIENCE_S: Final = 3.0
SLICE: Final = 20_000
EXPORT: Final = 1000
SLACK_MS: Final = 3_600_000  # by so much the clock may have been set back between two rows
HEAD_LETTERS: Final = 16
SHOWN: Final = 5
AFTER_LAST: Final = "\U0010ffff"
NARROW: Final = "Terlalu banyak catatan untuk saringan ini: persempit waktunya, atau isi pelaku atau tindakannya."
WORDS: Final = """
    WITH RECURSIVE found(word) AS (
        SELECT min({column}) FROM audit UNION ALL
        SELECT (SELECT min({column}) FROM audit WHERE {column} > word) FROM found WHERE word IS NOT NULL LIMIT 500
    ) SELECT word FROM found WHERE word IS NOT NULL
"""
UNWITNESSED: Final = """
    SELECT alert || ' v' || version FROM alerts
    WHERE alert || ' v' || version NOT IN (SELECT subject FROM audit WHERE action LIKE 'alert %') ORDER BY id
"""


class AuditReader:
    """As :class:`alerting.web.admin.office.AuditLog` says."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def page(self, wanted: Wanted, *, most: int = PAGE) -> AuditPage:
        with closing(self._opened()) as connection:
            found = self._rows(connection, wanted, most + 1)
        rows = tuple(map(_row, found[:most]))
        return AuditPage(rows=rows, before=rows[-1].id if len(found) > most else None)

    def words(self) -> tuple[Sequence[str], Sequence[str]]:
        with closing(self._opened()) as connection:
            actions, actors = (self._words(connection, column) for column in ("action", "actor"))
        return actions, actors

    def every(self, wanted: Wanted) -> Iterator[AuditRow]:
        page = self.page(wanted, most=EXPORT)
        yield from page.rows
        while page.before is not None:
            page = self.page(_below(wanted, page.before), most=EXPORT)
            yield from page.rows

    def verify(self, head: str, say: Say) -> ChainVerdict:
        wanted = head.strip().lower()[:HEAD_LETTERS]
        if wanted and (len(wanted) < HEAD_LETTERS or set(wanted) - set("0123456789abcdef")):
            raise Wrong(f"Kepala {head[:40]!r} bukan {HEAD_LETTERS} huruf 0-9 a-f; salin dari pemeriksaan sebelumnya.")
        previous, count, after, has_head = GENESIS, 0, 0, not wanted
        last = self._last_id()
        while rows := self._slice(after):
            if (broken := first_broken(rows, previous)) is not None:
                return _torn(broken, count + rows.index(broken))
            has_head = has_head or any(row.hash.hex().startswith(wanted) for row in rows)
            previous, count, after = rows[-1].hash, count + len(rows), rows[-1].id
            say(f"{count} catatan diperiksa.", min(1.0, after / max(last, 1)))
        return self._whole(count, previous, wanted, has_head=has_head)

    def _whole(self, count: int, previous: bytes, wanted: str, *, has_head: bool) -> ChainVerdict:
        """No chain can show by itself that rows are missing at its end: alerts and a noted head can."""
        head = previous.hex()[:HEAD_LETTERS]
        told = []
        if not has_head:
            told.append(f"Kepala {wanted} tidak ada di rantai ini: catatan terakhir dibuang, atau ini jurnal lain.")
        with closing(self._opened(patience_s=None)) as connection:
            lost = [str(name) for (name,) in connection.execute(UNWITNESSED)]
        if lost:
            more = f" dan {len(lost) - SHOWN} lagi" if len(lost) > SHOWN else ""
            told.append(f"Tidak ada catatan tentang {', '.join(lost[:SHOWN])}{more}: catatan terakhir dibuang.")
        return ChainVerdict(is_whole=not told, rows=count, head=head, sentences=tuple(told))

    def _slice(self, after: int) -> list[Entry]:
        query = f"SELECT {COLUMNS} FROM audit WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 - our own names
        with closing(self._opened(patience_s=None)) as connection:
            return [Entry(*row) for row in connection.execute(query, (after, SLICE))]

    def _last_id(self) -> int:
        with closing(self._opened()) as connection:
            return int(connection.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()[0])

    def _rows(self, connection: sqlite3.Connection, wanted: Wanted, most: int) -> list[Any]:
        where, values = _where(connection, wanted)
        query = f"SELECT {COLUMNS} FROM audit {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - our own words
        try:
            return connection.execute(query, (*values, most)).fetchall()
        except sqlite3.OperationalError as error:
            raise Wrong(NARROW if "interrupt" in str(error) else f"Jurnal tidak terbaca: {error}.") from None

    def _words(self, connection: sqlite3.Connection, column: str) -> list[str]:
        try:
            return [str(word) for (word,) in connection.execute(WORDS.format(column=column))]
        except sqlite3.OperationalError as error:
            raise Wrong(f"Jurnal tidak terbaca: {error}.") from None

    def _opened(self, *, patience_s: float | None = PATIENCE_S) -> sqlite3.Connection:
        """A connection that interrupts itself after ``patience_s``."""
        try:
            connection = sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True, timeout=5)
        except sqlite3.Error as error:
            raise Wrong(f"Jurnal tidak terbaca: {error}.") from None
        if patience_s is not None:
            until = time.monotonic() + patience_s
            connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
        return connection


def _where(connection: sqlite3.Connection, wanted: Wanted) -> tuple[str, list[object]]:
    """The filters as SQL. Only the narrowest is left to its index: a plus before a name keeps SQLite from another."""
    narrow = "subject" if wanted.subject else "actor" if wanted.actor else "action"
    found: list[tuple[str, object]] = []
    if wanted.subject:
        found += [("subject >= ?", wanted.subject), ("subject < ?", wanted.subject + AFTER_LAST)]
    for name, value in (("actor", wanted.actor), ("action", wanted.action)):
        if value:
            found.append((f"{'' if name == narrow else '+'}{name} = ?", value))
    if wanted.since is not None:
        found += [("at >= ?", wanted.since), ("id >= ?", _id_at(connection, wanted.since - SLACK_MS))]
    if wanted.until is not None:
        found += [("at < ?", wanted.until), ("id < ?", _id_at(connection, wanted.until + SLACK_MS))]
    if wanted.before is not None:
        found.append(("id < ?", wanted.before))
    clause = " AND ".join(condition for condition, _ in found)
    return (f"WHERE {clause}" if clause else ""), [value for _, value in found]


def _id_at(connection: sqlite3.Connection, at: int) -> int:
    """The first id of the moment ``at`` or later: ids and times rise together, so that halving finds it."""
    low, high = 0, int(connection.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()[0]) + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute("SELECT id, at FROM audit WHERE id >= ? ORDER BY id LIMIT 1", (middle,)).fetchone()
        if row is None or row[1] >= at:
            high = middle
        else:
            low = int(row[0]) + 1
    return low


def _below(wanted: Wanted, before: int) -> Wanted:
    return Wanted(
        since=wanted.since,
        until=wanted.until,
        actor=wanted.actor,
        action=wanted.action,
        subject=wanted.subject,
        before=before,
    )


def _row(row: Any) -> AuditRow:
    entry = Entry(*row)
    return AuditRow(
        id=entry.id,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
        hash=entry.hash.hex(),
    )


def _torn(row: Entry, before: int) -> ChainVerdict:
    told = (
        f"Rusak pada catatan {row.id} ({row.actor}: {row.action} {row.subject}).",
        "Catatan ini diubah setelah ditulis, atau satu catatan dibuang atau disisipkan tepat sebelumnya.",
        f"{before} catatan sebelumnya utuh; sesudahnya tidak dapat dipercaya. Bandingkan dengan cadangan jurnal.",
    )
    return ChainVerdict(is_whole=False, rows=before, head="", sentences=told)
