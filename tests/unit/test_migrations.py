"""A journal of an earlier version is brought up to date, with what it remembers."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

import deploy.migrations
from alerting.engine import StationState, step, trend_of
from alerting.events import ReadingTaken
from alerting.rules import LevelRule, StationRules, Thresholds
from deploy.journal import Journal
from deploy.migrations import upgrade
from deploy.state_folder import StateFolderUnusable

MINUTE = 60_000
T0 = 1_780_000_000_000
RULES = StationRules(
    station="s",
    version=1,
    quantity="level_m",
    level=LevelRule(thresholds=Thresholds(waspada=3.5, siaga=4.5, awas=5.5), early_siaga_ms=0),
)


def upgraded_state(path: Path, state: bytes) -> StationState:
    """A station's state as it reads after a journal of schema 1 that held ``state`` was upgraded."""
    engine = sqlalchemy.create_engine(f"sqlite+pysqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(Path(deploy.migrations.__file__).parent))
    config.attributes["engine"] = engine
    command.upgrade(config, "1")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO station_states (station, rev, state) VALUES ('s', 7, ?)", (state,))
    upgrade(engine)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT state FROM station_states").scalar_one()
    engine.dispose()
    return msgspec.msgpack.decode(found, type=StationState)


def test_what_a_station_remembered_is_read_and_goes_on(tmp_path: Path) -> None:
    """Level, episode and last samples are those that were written; what is new begins as unknown."""
    times = tuple(T0 + minute * MINUTE for minute in range(24))
    values = tuple(4.0 + 0.02 * minute for minute in range(24))
    old = (2, times[20], 3, 2, None, 1, 2, times[-1], times[-1] + 200, 4.6, (9, 5, 0), (None, None, times[0]))
    state = upgraded_state(tmp_path / "journal.db", msgspec.msgpack.encode((*old, times, values)))
    assert (2, 3, None, values[-8:]) == (state.level, state.level_episode, state.motion, state.values)
    assert None is not trend_of(state)
    for minute in (24, 25):
        at = T0 + minute * MINUTE
        state, decisions = step(state, RULES, ReadingTaken(at, at + 200, 4.7, 1))
        assert () == decisions
    assert (2, 2) == (state.level, state.verified_level)


def test_a_journal_of_a_newer_version_is_refused_with_a_remedy(tmp_path: Path) -> None:
    """Not a traceback, and nothing in it is touched."""
    path = tmp_path / "journal.db"
    Journal(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '999'")
    before = path.read_bytes()
    with pytest.raises(
        StateFolderUnusable, match=r"newer Kentongan \(schema 999; this one knows \d+\); start that version"
    ):
        Journal(path)
    assert before == path.read_bytes()


def test_a_state_without_samples_stays_as_it_is(tmp_path: Path) -> None:
    """A station that was never heard."""
    state = upgraded_state(tmp_path / "journal.db", msgspec.msgpack.encode((0, None, 1, 2)))
    assert StationState(level_episode=1, level_version=2) == state
