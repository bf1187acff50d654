"""The ring of one logger: a sample is in it before it is sent, and leaves it when core has acknowledged it.

A SQLite file in WAL mode, synced at each commit. What a source took and the marks from which it goes on are one
transaction, so that a kill at any moment loses nothing and takes nothing twice.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker import wire
from edge.gateway.sample import Sample, Taking

MOST: Final = 200_000  # samples kept: more than four months of one a minute
REMEMBERED: Final = 200_000  # keys of samples that were taken, against taking one again

# AUTOINCREMENT: a position behind rows that are gone must not be behind rows that come.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS samples (id INTEGER PRIMARY KEY AUTOINCREMENT, boot INTEGER NOT NULL, seq INTEGER NOT NULL,
    observation BLOB NOT NULL, UNIQUE (boot, seq));
CREATE TABLE IF NOT EXISTS taken (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, mark BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""


class RingRefused(Exception):
    """The disk takes nothing; the text says which file and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One observation on its way: by (boot, seq), and as it goes over the wire."""

    boot: int
    seq: int
    observation: bytes


class Ring:
    """Observations by (boot, seq). What :meth:`store` has returned survives a power cut; one thread uses it."""

    def __init__(self, path: Path, *, boot: int, most: int = MOST) -> None:
        """Raises :class:`RingRefused` for a file that is no ring or cannot be written."""
        self._path, self._most = path, most
        self.boot, self._next_seq = boot, 0
        try:
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.executescript(_SCHEMA)
            self.stored: int = self._file.execute("SELECT count(*) FROM samples").fetchone()[0]
            found = self._file.execute("SELECT count FROM counts WHERE name = 'dropped'").fetchone()
        except sqlite3.Error as error:
            raise RingRefused(f"{path}: {error}; is it a gateway's ring, and has the disk room?") from None
        self.dropped: int = found[0] if found else 0

    def close(self) -> None:
        self._file.close()

    # -- writing -----------------------------------------------------------------------------------------------------

    def number(self, samples: Iterable[Sample]) -> list[Stored]:
        """The observations that ``samples`` become, numbered; stored they are not."""
        made = []
        for sample in samples:
            observation = wire.Observation(
                1, self.boot, self._next_seq, dict(sample.values), sample.time_ms, dict(sample.faults)
            )
            made.append(Stored(boot=self.boot, seq=self._next_seq, observation=wire.encode(observation)))
            self._next_seq += 1
        return made

    def store(self, taking: Taking) -> list[Stored]:
        """Make samples and marks durable; returns what was not there before. Raises :class:`RingRefused`: nothing was.

        Of a full ring the oldest go, and are counted in ``dropped``.
        """
        try:
            return self._store(taking)
        except sqlite3.Error as error:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise RingRefused(f"{self._path}: {error}") from None

    def _store(self, taking: Taking) -> list[Stored]:
        self._file.execute("BEGIN IMMEDIATE")
        made = self.number(sample for sample in taking.samples if self._is_new(sample))
        rows = [(each.boot, each.seq, each.observation) for each in made]
        self._file.executemany("INSERT INTO samples (boot, seq, observation) VALUES (?, ?, ?)", rows)
        self._file.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?)", list(taking.marks.items()))
        self._file.execute("DELETE FROM marks WHERE mark = x''")
        over = max(0, self.stored + len(made) - self._most)
        if over:
            self._file.execute("DELETE FROM samples WHERE id IN (SELECT id FROM samples ORDER BY id LIMIT ?)", (over,))
            self._file.execute("INSERT OR REPLACE INTO counts VALUES ('dropped', ?)", (self.dropped + over,))
        self._file.execute("COMMIT")
        self.stored += len(made) - over
        self.dropped += over
        return made

    def _is_new(self, sample: Sample) -> bool:
        if not sample.key:
            return True
        entered = self._file.execute("INSERT OR IGNORE INTO taken (key) VALUES (?)", (sample.key,))
        if entered.rowcount and entered.lastrowid and entered.lastrowid % 1000 == 0:
            self._file.execute("DELETE FROM taken WHERE id <= ?", (entered.lastrowid - REMEMBERED,))
        return entered.rowcount == 1

    def acknowledge(self, ranges: Iterable[tuple[int, int, int]]) -> int:
        """Free these (boot, first, last) of any boot; how many were there. A note that is lost costs a second send."""
        freed = 0
        try:
            self._file.execute("BEGIN IMMEDIATE")
            for boot, first, last in ranges:
                query = "DELETE FROM samples WHERE boot = ? AND seq BETWEEN ? AND ?"
                freed += self._file.execute(query, (boot, first, last)).rowcount
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise RingRefused(f"{self._path}: {error}") from None
        self.stored -= freed
        return freed

    # -- reading -----------------------------------------------------------------------------------------------------

    def marks(self, prefix: str) -> Mapping[str, bytes]:
        """Marks of sources whose names begin with ``prefix``."""
        found = self._file.execute("SELECT name, mark FROM marks WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
        return dict(found.fetchall())

    @property
    def is_half_full(self) -> bool:
        """Whether a source that can wait should."""
        return self.stored >= self._most // 2

    def newest(self, most: int) -> list[Stored]:
        """Up to ``most`` that are not acknowledged, oldest of them first."""
        found = self._file.execute("SELECT boot, seq, observation FROM samples ORDER BY id DESC LIMIT ?", (most,))
        return [_stored(row) for row in reversed(found.fetchall())]

    def oldest(self, after: int, most: int) -> tuple[list[Stored], int]:
        """Up to ``most`` from behind position ``after`` (0: the beginning) on, and the position behind them."""
        query = "SELECT boot, seq, observation, id FROM samples WHERE id > ? ORDER BY id LIMIT ?"
        rows = self._file.execute(query, (after, most)).fetchall()
        return [_stored(row) for row in rows], rows[-1][3] if rows else after


def _stored(row: tuple[int, int, bytes, int] | tuple[int, int, bytes]) -> Stored:
    return Stored(boot=row[0], seq=row[1], observation=row[2])
