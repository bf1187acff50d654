"""Copies the journal's readings into history: gather a batch, write it, move the cursor, wait.

Nothing here can delay a warning: the journal is opened read-only, and core never waits for history.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Final, Literal

from ingest.history import Cursor, History, HistoryUnavailable, Keep, Refusal, cursor_at
from ingest.history_housekeeping import Housekeeping
from ingest.journal_tail import JournalMissing, JournalTail
from ingest.readings import Reading

log: Final = logging.getLogger(__name__)

SMALLEST_BATCH: Final = 100
FOR_EVER: Final = Keep()

State = Literal["waiting_for_journal", "following", "history_unavailable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Real seconds and rows."""

    poll_s: float = 0.25
    report_s: float = 1.0
    retry_from_s: float = 1.0
    retry_to_s: float = 30.0
    batch: int = 5000


@dataclass(slots=True, kw_only=True)
class Counters:
    """Since the process began."""

    written: int = 0  # readings that history took
    resent: int = 0  # readings sent again in a safety window
    refused: int = 0  # readings that history will never take, kept as dead letters
    pruned: int = 0  # at most so many journal ids were pruned before they were copied
    outages: int = 0
    replaced: int = 0  # times that the journal was another one, and was copied from its beginning
    rolled: int = 0  # minutes, hours and days are not told apart: buckets that were rolled up
    removed: int = 0  # what retention took: rows in SQLite, days in InfluxDB


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerStatus:
    """``lag`` is in journal ids, which count more than readings: it is 0 exactly when all is copied."""

    state: State
    cursor: int
    head: int
    lag: int
    problem: str | None  # one sentence while the state is not "following"
    written: int
    resent: int
    refused: int
    pruned: int
    outages: int
    replaced: int
    rolled: int
    removed: int


def run(
    journal_path: Path,
    history: History,
    *,
    stop: Event,
    report: Callable[[FollowerStatus], None],
    pace: Pace = Pace(),
    keep: Keep = FOR_EVER,
) -> FollowerStatus:
    """Follow the journal until ``stop`` is set; returns the last status.

    When everything is copied, history is kept in order: rollups, and retention as ``keep`` says.

    Readings arrive in history at least once, in the journal's order, whatever dies in between. ``report`` is called
    in this thread, at most once in ``pace.report_s`` and once at the end; it must not raise. Stopping waits for the
    write in progress, which the sink bounds.
    """
    follower = Follower(journal_path, history, pace=pace, keep=keep)
    report_at = time.monotonic()
    try:
        while not stop.is_set():
            wait_s = follower.turn()
            if time.monotonic() >= report_at:
                report(follower.status())
                report_at = time.monotonic() + pace.report_s
            stop.wait(wait_s)
    finally:
        follower.close()
    report(follower.status())
    return follower.status()


class Follower:
    """The state between two turns. ``position`` runs before the cursor only while a safety window is sent again."""

    def __init__(self, journal_path: Path, history: History, *, pace: Pace, keep: Keep = FOR_EVER) -> None:
        self._path = journal_path
        self._history = history
        self._pace = pace
        self._counters = Counters()
        self._housekeeping = Housekeeping(history, keep)
        self._now = 0  # the newest received_at that was copied: core's clock, whatever ours says
        self._journal: JournalTail | None = None
        self._cursor: Cursor | None = None  # None: to be read again, and the position with it
        self._position = 0
        self._copied = 0  # the cursor's id as last known
        self._head = 0
        self._is_caught_up = False
        self._is_verified = False  # that the journal is the one the cursor was taken from
        self._batch = pace.batch
        self._retry_s = pace.retry_from_s
        self._retry_at = 0.0
        self._down_since: float | None = None
        self._state: State = "waiting_for_journal"
        self._problem: str | None = None

    def turn(self) -> float:
        """Copy one batch, unless a retry is not due yet; returns after how many real seconds to come again."""
        try:
            journal = self._open()
            self._head = journal.head()
            if time.monotonic() < self._retry_at:
                return self._pace.poll_s
            return self._copy(journal, self._resume(journal))
        except JournalMissing as error:
            return self._wait_for_journal(error)
        except HistoryUnavailable as error:
            return self._back_off(error)

    def status(self) -> FollowerStatus:
        return FollowerStatus(
            state=self._state,
            cursor=self._copied,
            head=self._head,
            lag=max(0, self._head - self._copied),
            problem=self._problem,
            **asdict(self._counters),
        )

    def close(self) -> None:
        """Close the journal; the history stays open."""
        if self._journal is not None:
            self._journal.close()
        self._journal = self._cursor = None

    def _open(self) -> JournalTail:
        if self._journal is not None and not self._journal.is_current():
            self.close()
        if self._journal is None:
            self._journal, self._cursor = JournalTail.open(self._path), None
        return self._journal

    def _resume(self, journal: JournalTail) -> Cursor:
        """The cursor; when it is read anew, reading goes on before its safety window."""
        cursor, is_new = self._cursor, self._cursor is None
        if cursor is None:
            cursor, self._is_caught_up = self._history.cursor(), False
        if self._head == 0:  # nothing tells yet whether retention or a new journal emptied it
            self._is_verified = False
        elif is_new or not self._is_verified or self._head < cursor.id:
            if not journal.has_written(cursor):
                cursor, is_new = self._start_over(cursor), True
            self._is_verified = True
        if is_new:
            window = self._history.window
            self._position = cursor.id if window is None else journal.before_window(cursor, window)
        self._cursor, self._copied = cursor, cursor.id
        return cursor

    def _start_over(self, cursor: Cursor) -> Cursor:
        log.warning("the journal is not the one that was copied up to id %d: copying it from its beginning", cursor.id)
        self._counters.replaced += 1
        return Cursor()

    def _copy(self, journal: JournalTail, cursor: Cursor) -> float:
        size = self._batch
        rows = journal.after(self._position, size)
        if rows:
            self._note_pruned(journal, cursor, rows[0])
            self._write(cursor, rows)
        self._is_caught_up = len(rows) < size
        if self._is_caught_up:  # and not before: a sink that is slow today would fail at every attempt to grow
            self._batch = self._pace.batch
        if self._down_since is None:
            self._state, self._problem = "following", None
        if not self._is_caught_up:
            return 0
        self._keep_house()
        return self._pace.poll_s

    def _keep_house(self) -> None:
        """When nothing waits to be copied, one slice; the pause after it leaves the sink to those who read."""
        done = self._housekeeping.turn(self._now)
        self._counters.rolled += done.rolled
        self._counters.removed += done.removed

    def _write(self, cursor: Cursor, rows: Sequence[Reading]) -> None:
        last = cursor_at(rows[-1])
        moved = last if last.id > cursor.id else cursor
        refused = self._history.write(rows, cursor=moved).refused
        self._cursor, self._position, self._copied = moved, last.id, moved.id
        self._head = max(self._head, moved.id)
        self._now = max(self._now, *(row.received_at for row in rows))
        self._count(cursor, rows, refused)
        self._recover()

    def _count(self, before: Cursor, rows: Sequence[Reading], refused: Sequence[Refusal]) -> None:
        new = sum(row.id > before.id for row in rows)
        new_refused = [refusal for refusal in refused if refusal.reading.id > before.id]
        self._counters.resent += len(rows) - new
        self._counters.refused += len(new_refused)
        self._counters.written += new - len(new_refused)
        if new_refused:
            first = new_refused[0]
            log.warning(
                "%s refuses %d of %d readings for ever, first %s of station %s: %s",
                self._history.name,
                len(new_refused),
                new,
                cursor_at(first.reading).mark,
                first.reading.station,
                first.reason,
            )

    def _note_pruned(self, journal: JournalTail, cursor: Cursor, first: Reading) -> None:
        """Retention takes rows at the old end only: where the cursor's own row stands, nothing after it is gone."""
        missing = first.id - cursor.id - 1
        if self._is_caught_up or cursor.id == 0 or missing <= 0 or journal.first() <= cursor.id:
            return
        log.error("readings were pruned before they were copied: at most %d, after journal id %d", missing, cursor.id)
        self._counters.pruned += missing

    def _recover(self) -> None:
        self._retry_s = self._pace.retry_from_s
        if self._down_since is not None:
            seconds = time.monotonic() - self._down_since
            log.warning("%s takes writes again after %.0f s", self._history.name, seconds)
        self._down_since = None

    def _back_off(self, error: HistoryUnavailable) -> float:
        """Start again before the safety window: what restarted may have lost what it had confirmed."""
        if self._down_since is None:
            log.warning("history is unavailable and will be filled later: %s", error)
            self._counters.outages += 1
            self._down_since = time.monotonic()
        self._state, self._problem = "history_unavailable", str(error)
        if error.timed_out:
            self._batch = max(self._batch // 2, min(SMALLEST_BATCH, self._pace.batch))
        if not (error.timed_out and self._is_resending()):  # a slow sink must not get the same rows for ever
            self._cursor = None
        self._retry_at = time.monotonic() + self._retry_s
        self._retry_s = min(self._retry_s * 2, self._pace.retry_to_s)
        return min(self._retry_s, self._pace.poll_s)

    def _is_resending(self) -> bool:
        return self._cursor is not None and self._position < self._cursor.id

    def _wait_for_journal(self, error: JournalMissing) -> float:
        self.close()
        if self._problem is None:
            log.warning("waiting for the journal: %s", error)
        if self._down_since is None:
            self._state, self._problem = "waiting_for_journal", str(error)
        return self._pace.poll_s
