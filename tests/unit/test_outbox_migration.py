"""A journal of the version before: its messages go on, and their numbers are masked."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import deploy.migrations
from alerting import tables
from alerting.messages import Entry
from deploy.journal import Journal

COLUMNS = "id, rev, key, alert, version, recipient, address, channel, body, priority, state, attempts, created_at"
OLD = f"INSERT INTO outbox ({COLUMNS}, valid_until, next_at) VALUES (?,?,?,'a',1,?,?,'sms','x',9,?,1,0,9,0)"


def old_journal(path: Path) -> None:
    """As the last version left it: two messages, with numbers."""
    engine = create_engine(f"sqlite+pysqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(Path(deploy.migrations.__file__).parent))
    config.attributes["engine"] = engine
    command.upgrade(config, "2")
    engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute(OLD, (1, 1, "a/1/Rini/sms", "Rini", "+6281200000001", "queued"))
        connection.execute(OLD, (2, 2, "a/1/Joko/sms", "Joko", "112", "accepted"))
    connection.close()


def test_messages_of_the_version_before_are_taken_over_without_their_numbers(tmp_path: Path) -> None:
    """Rows keep their states; what is new about them is empty; no number stays in the table."""
    old_journal(tmp_path / "journal.db")
    journal = Journal(tmp_path / "journal.db")
    rini, joko = (Entry(*row) for row in journal.rows(tables.outbox, "ORDER BY id"))
    journal.close()
    assert ("+62********001", "queued", 0, 0) == (rini.address, rini.state, rini.doubtful, rini.public)
    assert ("***", "accepted", None, None) == (joko.address, joko.state, joko.changed_at, joko.moved_to)
