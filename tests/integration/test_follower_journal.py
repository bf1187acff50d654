"""The journal's side of the follower, into SQLite: late, pruned, replaced, revised, half-read."""

import itertools
import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.follower import FollowerStatus, Pace, run
from ingest.history_sqlite import SqliteHistory, SqliteReader
from tests.journal_file import (
    PATIENCE_S,
    QUICK,
    START,
    Following,
    JournalFile,
    as_points,
    point,
    points,
    reading,
    series,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    file = JournalFile(tmp_path / "journal.db")
    yield file
    file.close()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[SqliteHistory]:
    opened = SqliteHistory(tmp_path / "history.db")
    yield opened
    opened.close()


def test_what_is_there_and_what_comes_is_copied(journal: JournalFile, history: SqliteHistory) -> None:
    """A standing journal first, then live; the lag ends at 0 and the counters tell what went over."""
    journal.append(series(1, 7000))
    with Following(journal.path, history) as following:
        following.until_copied(7000)
        journal.append(series(7001, 7003))
        status = following.until_copied(7003)
    assert points(history) == as_points(series(1, 7003))
    assert (status.written, status.resent, status.refused, status.pruned, status.outages) == (7003, 0, 0, 0, 0)


def test_it_waits_for_a_journal_that_does_not_exist_yet(tmp_path: Path, history: SqliteHistory) -> None:
    """History may start before core has ever run, and a file without tables is as good as none."""
    path = tmp_path / "journal.db"
    with Following(path, history) as following:
        waiting = following.until(lambda status: status.state == "waiting_for_journal")
        path.touch()
        following.until(lambda status: "no such table" in (status.problem or ""))
        journal = JournalFile(path)
        journal.append(series(1, 3))
        following.until_copied(3)
    journal.close()
    assert "journal.db" in (waiting.problem or "")
    assert points(history) == as_points(series(1, 3))


def test_a_journal_whose_writer_is_gone_is_still_read(journal: JournalFile, history: SqliteHistory) -> None:
    """Core stopped: its write-ahead log is closed, and history finishes its work."""
    journal.append(series(1, 10))
    journal.close()
    with Following(journal.path, history) as following:
        following.until_copied(10)
    assert points(history) == as_points(series(1, 10))


def test_a_restart_goes_on_where_it_stopped(journal: JournalFile, history: SqliteHistory) -> None:
    """Points and cursor commit together in SQLite: nothing is sent twice."""
    journal.append(series(1, 10))
    with Following(journal.path, history) as following:
        following.until_copied(10)
    journal.append(series(11, 20))
    with Following(journal.path, history) as following:
        status = following.until_copied(20)
    assert (status.written, status.resent) == (10, 0)
    assert points(history) == as_points(series(1, 20))


def test_a_later_revision_overwrites(journal: JournalFile, history: SqliteHistory) -> None:
    """A reading whose flag changed is in the journal again, and history follows."""
    journal.append(series(1, 3))
    revised = reading(2, id=4, revision=2, flag=3, reason="spike: 0.4 m is over 0.3 m")
    with Following(journal.path, history) as following:
        following.until_copied(3)
        journal.append([revised])
        following.until_copied(4)
    assert points(history) == as_points([reading(1), revised, reading(3)])


def test_a_reading_that_history_cannot_take_is_passed_and_named(
    journal: JournalFile, history: SqliteHistory, caplog: pytest.LogCaptureFixture
) -> None:
    """An infinite value in the journal costs one dead letter and one line of the log."""
    journal.append([reading(1), reading(2, value=math.inf), reading(3)])
    with caplog.at_level(logging.WARNING), Following(journal.path, history) as following:
        status = following.until_copied(3)
    assert (status.written, status.refused) == (2, 1)
    assert points(history) == as_points([reading(1), reading(3)])
    assert [kept[1] for kept in history.file.refusals()] == ["wl-01/7/2/distance_mm/1"]
    assert sum("wl-01/7/2/distance_mm/1" in record.getMessage() for record in caplog.records) == 1


def test_rows_pruned_before_they_were_copied_are_counted(
    journal: JournalFile, history: SqliteHistory, caplog: pytest.LogCaptureFixture
) -> None:
    """At the disk cap pruning passes the cursor: history goes on after the gap and says how wide it may be."""
    journal.append(series(1, 10))
    with Following(journal.path, history) as following:
        following.until_copied(10)
    journal.append(series(11, 60))
    journal.prune(below=41)
    with caplog.at_level(logging.ERROR), Following(journal.path, history) as following:
        status = following.until_copied(60)
    assert status.pruned == 30
    assert points(history) == as_points([*series(1, 10), *series(41, 60)])
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_rows_pruned_after_they_were_copied_are_no_gap(journal: JournalFile, history: SqliteHistory) -> None:
    """Retention takes what history has; ids that other tables used in between are not readings."""
    journal.append(series(1, 10))
    with Following(journal.path, history) as following:
        following.until_copied(10)
        journal.prune(below=10)
        journal.append([reading(15)])
        following.until_copied(15)
        journal.prune(below=16)
        journal.append([reading(20)])
        status = following.until_copied(20)
    assert status.pruned == 0
    assert points(history) == as_points([*series(1, 10), reading(15), reading(20)])


def test_a_restored_journal_is_copied_from_its_beginning(
    journal: JournalFile, history: SqliteHistory, tmp_path: Path
) -> None:
    """An older backup takes the journal's place under the follower's feet, and its ids are used again."""
    journal.append(series(1, 5))
    journal.copy_to(tmp_path / "backup.db")
    journal.append(series(6, 10))
    others = [reading(number, boot=8, time=START + number * 10_000 + 5) for number in range(6, 13)]
    with Following(journal.path, history) as following:
        following.until_copied(10)
        restored = JournalFile(tmp_path / "backup.db")
        restored.append(others)
        restored.close()
        (tmp_path / "backup.db").replace(journal.path)
        for left in (f"{journal.path}-wal", f"{journal.path}-shm"):
            Path(left).unlink()
        status = following.until_copied(12)
    expected = sorted([*series(1, 10), *others], key=lambda row: row.time)
    assert points(history) == as_points(expected)
    assert status.replaced == 1


def test_a_restored_journal_is_noticed_at_start(journal: JournalFile, history: SqliteHistory, tmp_path: Path) -> None:
    """The row at the cursor is another one, or not there though older ones are: the ids were used again."""
    journal.append(series(1, 10))
    with Following(journal.path, history) as following:
        following.until_copied(10)
    for name, rows in (
        ("other row", [reading(number, boot=8) for number in range(1, 16)]),
        ("no row", [reading(number, boot=9) for number in (1, 2, 14, 16, 18)]),
        ("shorter", [reading(number, boot=10) for number in range(1, 3)]),
    ):
        other = JournalFile(tmp_path / f"{name}.db")
        other.append(rows)
        with Following(other.path, history) as following:
            status = following.until_copied(rows[-1].id)
        other.close()
        assert (name, status.replaced) == (name, 1)


def test_a_journal_begun_anew_in_place_is_copied_from_its_beginning(
    journal: JournalFile, history: SqliteHistory
) -> None:
    """Emptied under the follower's feet: an empty journal proves nothing, ids that begin again do."""
    journal.append(series(1, 10))
    others = [reading(number, boot=8, time=START + number * 10_000 + 5) for number in range(1, 13)]
    with Following(journal.path, history) as following:
        following.until_copied(10)
        journal.prune(below=11)
        emptied = following.until(lambda status: status.head == 0)
        journal.append(others)
        status = following.until(lambda status: status.cursor == 12)
    assert (emptied.replaced, status.replaced, status.pruned) == (0, 1, 0)
    assert points(history) == as_points(sorted([*series(1, 10), *others], key=lambda row: row.time))


def test_reports_come_at_their_pace_and_once_at_the_end(journal: JournalFile, history: SqliteHistory) -> None:
    """Core is told now and then, not at every turn."""
    journal.append(series(1, 100))
    told: list[tuple[float, FollowerStatus]] = []
    stop = threading.Event()

    def report(status: FollowerStatus) -> None:
        told.append((time.monotonic(), status))
        if len(told) == 4:
            stop.set()

    last = run(journal.path, history, stop=stop, report=report, pace=Pace(poll_s=0.005, report_s=0.1))
    times = [at for at, _ in told]
    assert all(later - earlier >= 0.099 for earlier, later in itertools.pairwise(times[:-1]))
    assert len(told) == 5
    assert told[-1][1] == last


_PROCESS = """
import sys, threading
from pathlib import Path
from ingest.follower import Pace, run
from ingest.history_sqlite import SqliteHistory
history = SqliteHistory(Path(sys.argv[2]))
report = lambda status: print(status.cursor, flush=True)
run(Path(sys.argv[1]), history, stop=threading.Event(), report=report, pace=Pace(report_s=0, batch=10))
"""


def test_a_follower_killed_again_and_again_loses_nothing(journal: JournalFile, tmp_path: Path) -> None:
    """kill -9 in mid-write, three times: in the end every reading is there once, and the file is sound."""
    rows = series(1, 20_000)
    journal.append(rows)
    target = tmp_path / "history.db"
    for kill_at in (300, 1500, 3000):
        _follow_until(journal.path, target, kill_at)
    history = SqliteHistory(target)
    assert 3000 <= history.cursor().id < 20_000
    with Following(journal.path, history, pace=QUICK) as following:
        following.until_copied(20_000)
    history.close()
    reader = SqliteReader(target)
    assert points(reader) == as_points(rows)
    reader.close()


def _follow_until(journal: Path, target: Path, cursor: int) -> None:
    """Follow in a process of its own and kill it when it has come so far."""
    command = [sys.executable, "-c", _PROCESS, str(journal), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= cursor:
                break
        os.kill(process.pid, signal.SIGKILL)
    assert process.wait(PATIENCE_S) == -signal.SIGKILL


def test_the_status_of_one_reading_is_exact(journal: JournalFile, history: SqliteHistory) -> None:
    """What core shows of history: how far, how much is missing, and that nothing is wrong."""
    journal.append([reading(41)])
    with Following(journal.path, history) as following:
        status = following.until_copied(41)
    assert status == FollowerStatus(
        state="following",
        cursor=41,
        head=41,
        lag=0,
        problem=None,
        written=1,
        resent=0,
        refused=0,
        pruned=0,
        outages=0,
        replaced=0,
        rolled=0,
        removed=0,
    )
    assert history.latest("welang", "level_m") == point(reading(41))
