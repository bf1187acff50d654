"""The sink's side of the follower: one that forgets, one that is slow, one that never comes back."""

import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingest.follower import FollowerStatus, Pace, run
from ingest.history import Bucket, Cursor, HistoryUnavailable, Keep, Point, SafetyWindow, SeriesExtent, WriteResult
from ingest.journal_tail import JournalTail
from ingest.readings import Reading
from tests.journal_file import QUICK, Following, JournalFile, as_points, point, reading, series

STEP = 10_000  # ms between two readings


class FlakySink:
    """A sink in memory whose failures are made by the test: it forgets, it is away, it times out on large batches."""

    name = "flaky"

    def __init__(self, *, window: SafetyWindow | None, takes_at_most: int = 5000) -> None:
        self.window = window
        self.takes_at_most = takes_at_most
        self.is_away = False
        self.sizes: list[int] = []
        self.cursors: list[int] = []
        self.is_housework_refused = False
        self.rolled_at: list[int] = []
        self.pruned: list[tuple[Keep, int]] = []
        self.notes: Any = None
        self._points: dict[int, Point] = {}
        self._cursor = Cursor()

    def cursor(self) -> Cursor:
        return self._cursor

    def write(self, readings: Sequence[Reading], *, cursor: Cursor | None = None) -> WriteResult:
        if self.is_away:
            raise HistoryUnavailable("away")
        self.sizes.append(len(readings))
        if len(readings) > self.takes_at_most:
            raise HistoryUnavailable("too slow", timed_out=True)
        self._points |= {each.time: point(each) for each in readings}
        self._cursor = cursor or self._cursor
        self.cursors.append(self._cursor.id)
        return WriteResult(accepted=len(readings))

    def forget(self, count: int) -> None:
        """Lose the newest points although they were confirmed, as a sink without fsync does."""
        for time in sorted(self._points)[-count:]:
            del self._points[time]

    def all(self) -> list[Point]:
        return [self._points[time] for time in sorted(self._points)]

    def roll_up(self, *, now: int) -> int:
        """One slice whenever one is asked for; what it was asked for is remembered."""
        if self.is_housework_refused:
            raise HistoryUnavailable("no housework today")
        self.rolled_at.append(now)
        return 1 if len(self.rolled_at) <= 3 else 0

    def prune(self, keep: Keep, *, now: int) -> Iterator[int]:
        for size in (5000, 5000, 17):
            self.pruned.append((keep, now))
            yield size

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        raise NotImplementedError

    def latest(self, station: str, quantity: str) -> Point | None:
        raise NotImplementedError

    def aggregates(self, *asked: Any) -> list[Bucket]:
        raise NotImplementedError

    def series(self) -> list[SeriesExtent]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    file = JournalFile(tmp_path / "journal.db")
    yield file
    file.close()


def test_what_a_restarted_sink_forgot_is_sent_again(journal: JournalFile) -> None:
    """Confirmed and lost within the safety window: it is all there after the outage."""
    sink = FlakySink(window=SafetyWindow(rows=300, milliseconds=STEP * 1000))
    journal.append(series(1, 1000))
    with Following(journal.path, sink) as following:
        following.until_copied(1000)
        sink.is_away = True
        journal.append(series(1001, 1010))
        following.until(lambda status: status.state == "history_unavailable")
        sink.forget(300)
        sink.is_away = False
        status = following.until_copied(1010)
    assert sink.all() == as_points(series(1, 1010))
    assert (status.written, status.resent, status.outages) == (1010, 300, 1)


def test_the_cursor_stands_still_while_a_window_is_sent_again(journal: JournalFile) -> None:
    """Killed in the middle of it, the next process still knows how far it once was."""
    sink = FlakySink(window=SafetyWindow(rows=100, milliseconds=STEP * 1000))
    journal.append(series(1, 200))
    pace = Pace(poll_s=0.005, report_s=0.01, batch=30)
    with Following(journal.path, sink, pace=pace) as following:
        following.until_copied(200)
    sink.cursors.clear()
    with Following(journal.path, sink, pace=pace) as following:
        following.until(lambda status: status.resent == 100)
    assert sink.cursors == [200] * 4


def test_a_slow_sink_is_given_smaller_batches(journal: JournalFile) -> None:
    """Batches are halved until they fit, and a window that is sent again does not start over at every time-out."""
    sink = FlakySink(window=SafetyWindow(rows=700, milliseconds=STEP * 1000), takes_at_most=400)
    journal.append(series(1, 6000))
    with Following(
        journal.path, sink, pace=Pace(poll_s=0.005, report_s=0.01, retry_from_s=0.001, retry_to_s=0.002)
    ) as f:
        f.until_copied(6000)
    assert sink.all() == as_points(series(1, 6000))
    assert sink.sizes[:5] == [5000, 2500, 1250, 625, 312]
    assert max(sink.sizes[5:]) == 312


def test_an_outage_is_retried_ever_more_slowly(journal: JournalFile) -> None:
    """The waits double up to their limit, meanwhile the lag is kept up to date and reported."""
    sink = FlakySink(window=None)
    sink.is_away = True
    journal.append(series(1, 5))
    with Following(journal.path, sink, pace=QUICK) as following:
        following.until(lambda status: status.state == "history_unavailable")
        journal.append(series(6, 9))
        status = following.until(lambda status: status.lag == 9)
        sink.is_away = False
        following.until_copied(9)
    assert (status.cursor, status.problem, status.outages) == (0, "away", 1)
    assert sink.all() == as_points(series(1, 9))


def test_stopping_does_not_wait_for_a_sink_that_is_away(journal: JournalFile) -> None:
    """With half a minute between retries the stop is still heard at once."""
    sink = FlakySink(window=None)
    sink.is_away = True
    journal.append(series(1, 5))
    stop = threading.Event()
    told: list[FollowerStatus] = []

    def report(status: FollowerStatus) -> None:
        told.append(status)
        stop.set()

    last = run(journal.path, sink, stop=stop, report=report, pace=Pace(retry_from_s=30))
    assert (last.state, len(told)) == ("history_unavailable", 2)


@pytest.mark.parametrize(
    ("window", "first"),
    [
        (SafetyWindow(rows=10, milliseconds=STEP * 1000), 91),
        (SafetyWindow(rows=1000, milliseconds=STEP * 5), 95),
        (SafetyWindow(rows=1000, milliseconds=STEP * 1000), 1),
        (SafetyWindow(rows=0), 101),
    ],
)
def test_the_window_is_the_shorter_of_rows_and_time(journal: JournalFile, window: SafetyWindow, first: int) -> None:
    """It ends at the cursor, wherever the journal's head is."""
    journal.append(series(1, 200))
    tail = JournalTail.open(journal.path)
    before = tail.before_window(Cursor(id=100, mark=""), window)
    found = tail.after(before, 1)
    tail.close()
    assert found == [reading(first)]


def test_an_emptied_journal_has_no_window(journal: JournalFile) -> None:
    """Reading goes on at the cursor."""
    tail = JournalTail.open(journal.path)
    position = tail.before_window(Cursor(id=100, mark=""), SafetyWindow())
    tail.close()
    assert position == 100


def test_housework_is_done_in_slices_when_all_is_copied(journal: JournalFile) -> None:
    """Rollups first, then retention, by core's clock as it stands in the readings; the status counts both."""
    sink = FlakySink(window=None)
    rows = series(1, 50)
    journal.append(rows)
    keep = Keep(points=1000)
    stop = threading.Event()

    def report(status: FollowerStatus) -> None:
        if status.removed == 10_017:
            stop.set()

    last = run(journal.path, sink, stop=stop, report=report, pace=QUICK, keep=keep)
    assert (last.rolled, last.removed, last.state) == (3, 10_017, "following")
    assert set(sink.rolled_at) == {rows[-1].received_at}
    assert sink.pruned == [(keep, rows[-1].received_at)] * 3


def test_a_sink_that_refuses_housework_still_takes_readings(
    journal: JournalFile, caplog: pytest.LogCaptureFixture
) -> None:
    """Copying comes first: one line in the log, and no outage."""
    sink = FlakySink(window=None)
    sink.is_housework_refused = True
    journal.append(series(1, 10))
    with caplog.at_level(logging.WARNING), Following(journal.path, sink) as following:
        following.until_copied(10)
        journal.append(series(11, 20))
        status = following.until_copied(20)
    assert (status.written, status.outages, status.rolled) == (20, 0, 0)
    assert [record.getMessage() for record in caplog.records] == [
        "rollups and retention of history wait: no housework today"
    ]
