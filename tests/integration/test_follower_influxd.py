"""The follower with a real InfluxDB that is stopped, started and killed under it."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.history import SafetyWindow
from ingest.history_influx import InfluxHistory, InfluxTarget
from tests.influxd import Influxd
from tests.journal_file import QUICK, Following, JournalFile, as_points, points, reading, series


class _Pour:
    """Twenty readings every few milliseconds, from a thread of its own, between ``start`` and ``stop``."""

    def __init__(self, journal: JournalFile) -> None:
        self.last = 0
        self._journal = journal
        self._ended = threading.Event()
        self._thread = threading.Thread()

    def start(self) -> None:
        self._ended.clear()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(0.005):
            self._journal.append(series(self.last + 1, self.last + 20))
            self.last += 20

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Influxd]:
    """A server of the test's own, for it is stopped and killed."""
    influxd = Influxd.prepare(tmp_path / "influxd")
    influxd.start()
    yield influxd
    influxd.kill()


@pytest.fixture
def target(server: Influxd) -> InfluxTarget:
    return server.database("kentongan")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    file = JournalFile(tmp_path / "journal.db")
    yield file
    file.close()


@pytest.fixture
def history(target: InfluxTarget, tmp_path: Path) -> Iterator[InfluxHistory]:
    opened = InfluxHistory(target, tmp_path / "cursor.db", window=SafetyWindow(rows=25))
    yield opened
    opened.close()


def test_a_server_that_was_away_gets_everything_afterwards(
    server: Influxd, journal: JournalFile, history: InfluxHistory, caplog: pytest.LogCaptureFixture
) -> None:
    """Stopped for a while: the lag grows and is told, the log has one line at each end, and nothing is missing."""
    journal.append(series(1, 100))
    with caplog.at_level(logging.WARNING), Following(journal.path, history) as following:
        following.until_copied(100)
        server.stop()
        journal.append(series(101, 200))
        down = following.until(lambda status: status.state == "history_unavailable" and status.lag == 100)
        journal.append(series(201, 250))
        following.until(lambda status: status.lag == 150)
        server.start()
        status = following.until_copied(250)
    assert points(history) == as_points(series(1, 250))
    assert "can't be reached" in (down.problem or "")
    assert (status.written, status.outages, status.problem) == (250, 1, None)
    assert status.resent == 25
    assert [record.levelname for record in caplog.records if "ingest" in record.name] == ["WARNING", "WARNING"]


def test_a_server_killed_during_writes_loses_nothing(
    server: Influxd, target: InfluxTarget, journal: JournalFile, tmp_path: Path
) -> None:
    """kill -9 three times while readings pour in: the same readings with the same values are there, and no others."""
    history = InfluxHistory(target, tmp_path / "cursor.db")
    pour = _Pour(journal)
    with Following(journal.path, history) as following:
        for _ in range(3):
            pour.start()
            so_far = following.last.cursor if following.statuses else 0
            following.until(lambda status, so_far=so_far: status.cursor > so_far + 200)  # type: ignore[misc]
            server.kill()
            following.until(lambda status: status.state == "history_unavailable")
            pour.stop()
            server.start()
        following.until_copied(pour.last)
    assert points(history) == as_points(series(1, pour.last))
    assert following.last.outages == 3
    history.close()


def test_a_restarted_follower_sends_the_safety_window_again(
    journal: JournalFile, target: InfluxTarget, history: InfluxHistory
) -> None:
    """At its start it cannot know what the server has forgotten; the points are the same afterwards."""
    journal.append(series(1, 100))
    with Following(journal.path, history) as following:
        following.until_copied(100)
    with Following(journal.path, history) as following:
        status = following.until(lambda status: status.resent == 25)
    assert (status.written, status.cursor) == (0, 100)
    assert points(history) == as_points(series(1, 100))


def test_a_refused_reading_does_not_hold_up_the_journal(
    server: Influxd, journal: JournalFile, history: InfluxHistory, caplog: pytest.LogCaptureFixture
) -> None:
    """The server refuses one line of a batch: it is named in log and dead letters, and the rest arrives."""
    long_ago = reading(50).time - 10 * 7 * 86_400_000
    server.write("kentongan", f'reading,quantity=x,station=x value="text" {long_ago}')
    rows = [reading(number) for number in range(1, 101) if number != 50]
    with caplog.at_level(logging.WARNING), Following(journal.path, history, pace=QUICK) as following:
        journal.append(sorted([*rows, reading(50, time=long_ago)], key=lambda row: row.id))
        status = following.until_copied(100)
    assert (status.written, status.refused) == (99, 1)
    assert points(history) == as_points(rows)
    assert [kept[1] for kept in history.file.refusals()] == ["wl-01/7/50/distance_mm/1"]
    assert any("wl-01/7/50/distance_mm/1" in record.getMessage() for record in caplog.records)
