"""Every implementation of history, each on a sink that is empty for the test."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from ingest.history import History, HistoryReader
from ingest.history_influx import InfluxHistory, InfluxReader, InfluxTarget
from ingest.history_sqlite import SqliteHistory, SqliteReader
from tests.influxd import Influxd

SERVER_OF_ENVIRONMENT = "KENTONGAN_INFLUX_URL" in os.environ and "KENTONGAN_INFLUX_TOKEN" in os.environ
SINKS = ["sqlite", "influxd"] + (["influx-of-environment"] if SERVER_OF_ENVIRONMENT else [])


@dataclass(kw_only=True)
class Sink:
    """A history under test, how to open it again, and how to open it for reading."""

    history: History
    open_history: Callable[[], History]
    open_reader: Callable[[], HistoryReader]

    def reopen(self) -> History:
        self.history.close()
        self.history = self.open_history()
        return self.history


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """A real InfluxDB 1.8 for the whole session; each test makes a database of its own."""
    server = Influxd.prepare(tmp_path_factory.mktemp("influxd"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def station() -> str:
    """A station that no other test has: a server of the environment keeps what earlier tests wrote."""
    return f"st-{uuid4().hex[:12]}"


@pytest.fixture(params=SINKS)
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sink]:
    made = _sqlite(tmp_path) if request.param == "sqlite" else _influx(_target(request), tmp_path)
    yield made
    made.history.close()


def _target(request: pytest.FixtureRequest) -> InfluxTarget:
    if request.param == "influxd":
        server: Influxd = request.getfixturevalue("influxd")
        return server.database(f"test-{uuid4().hex}")
    return InfluxTarget(
        url=os.environ["KENTONGAN_INFLUX_URL"],
        token=os.environ["KENTONGAN_INFLUX_TOKEN"],
        org=os.environ.get("KENTONGAN_INFLUX_ORG", "kentongan"),
        bucket=os.environ.get("KENTONGAN_INFLUX_BUCKET", "kentongan"),
    )


def _sqlite(folder: Path) -> Sink:
    path = folder / "history.db"
    return Sink(
        history=SqliteHistory(path),
        open_history=lambda: SqliteHistory(path),
        open_reader=lambda: SqliteReader(path),
    )


def _influx(target: InfluxTarget, folder: Path) -> Sink:
    path = folder / "cursor.db"
    return Sink(
        history=InfluxHistory(target, path),
        open_history=lambda: InfluxHistory(target, path),
        open_reader=lambda: InfluxReader(target),
    )
