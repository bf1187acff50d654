"""A journal as core leaves it, written by a connection of its own, and readings to put there."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from sqlalchemy import create_engine

from ingest.follower import FollowerStatus, Pace, run
from ingest.history import History, Point
from ingest.readings import Reading, metadata, readings

START = 1_764_000_000_000  # ms UTC of the first reading
PATIENCE_S = 60.0
QUICK = Pace(poll_s=0.02, report_s=0.02, retry_from_s=0.05, retry_to_s=0.2)


def reading(number: int = 1, **changes: Any) -> Reading:
    """The ``number``-th reading of one node, ten seconds after the one before."""
    fields: dict[str, Any] = {
        "id": number,
        "node": "wl-01",
        "boot": 7,
        "seq": number,
        "series": "distance_mm",
        "revision": 1,
        "station": "welang",
        "quantity": "level_m",
        "time": START + number * 10_000,
        "observed_at": START + number * 10_000,
        "received_at": START + number * 10_000 + 40,
        "raw": 3000.0 + number,
        "value": number / 8,
        "flag": 1,
        "reason": None,
        "epoch": 1,
    }
    return Reading(**(fields | changes))


def series(first: int, last: int, **changes: Any) -> list[Reading]:
    return [reading(number, **changes) for number in range(first, last + 1)]


def point(of: Reading) -> Point:
    """What history should hold of a reading."""
    return Point(
        time=of.time,
        value=of.value,
        raw=of.raw,
        flag=of.flag,
        reason=of.reason or None,
        node=of.node,
        revision=of.revision,
        received_at=of.received_at,
        epoch=of.epoch,
    )


def points(history: Any, station: str = "welang", quantity: str = "level_m") -> list[Point]:
    """All that history holds of a series."""
    found: list[Point] = history.range(station, quantity, 0, 2 * START, 1_000_000)
    return found


class JournalFile:
    """The writer's end: WAL, full synchronisation, one transaction a call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        engine = create_engine(f"sqlite:///{path}")
        metadata.create_all(engine)
        engine.dispose()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")

    def append(self, rows: Iterable[Reading]) -> None:
        marks = ", ".join("?" * len(readings.columns))
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(f"INSERT INTO readings VALUES ({marks})", map(msgspec.structs.astuple, rows))
        self._connection.execute("COMMIT")

    def prune(self, *, below: int) -> None:
        self._connection.execute("DELETE FROM readings WHERE id < ?", (below,))

    def copy_to(self, path: Path) -> None:
        """A backup, as the online backup makes it."""
        target = sqlite3.connect(path)
        self._connection.backup(target)
        target.close()

    def close(self) -> None:
        self._connection.close()


class Following:
    """``run`` in a thread for the length of a with-block; its reports are what a test waits for."""

    def __init__(self, journal: Path, history: History, *, pace: Pace = QUICK) -> None:
        self.statuses: list[FollowerStatus] = []
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(journal, history, pace))

    def _run(self, journal: Path, history: History, pace: Pace) -> None:
        try:
            run(journal, history, stop=self._stop, report=self._report, pace=pace)
        except BaseException as error:
            self._failure = error
            raise

    def _report(self, status: FollowerStatus) -> None:
        with self._news:
            self.statuses.append(status)
            self._news.notify_all()

    def until(self, condition: Callable[[FollowerStatus], bool]) -> FollowerStatus:
        """The first report from now on that fulfils the condition."""
        with self._news:
            seen = len(self.statuses)
            arrived = self._news.wait_for(lambda: any(map(condition, self.statuses[seen:])), PATIENCE_S)
            assert arrived, f"the last report was {self.statuses[-1:]}"
            return next(filter(condition, self.statuses[seen:]))

    def until_copied(self, head: int) -> FollowerStatus:
        return self.until(lambda status: status.state == "following" and status.lag == 0 and status.head >= head)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        assert self._failure is None

    @property
    def last(self) -> FollowerStatus:
        return self.statuses[-1]


def as_points(rows: Sequence[Reading]) -> list[Point]:
    return [point(row) for row in rows]
