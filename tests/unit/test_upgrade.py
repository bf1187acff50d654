"""An upgrade of a server: a young backup, the journal kept aside and put back, every schema brought to the newest."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

import deploy.migrations
from deploy.backup import record
from deploy.backup.record import HOUR_MS, BackupRecord
from deploy.journal import METADATA, SCHEMA, Journal
from deploy.settings import Settings, load
from deploy.state_folder import StateFolder
from deploy.upgrade import kept_journal, young_backup
from deploy.upgrade.__main__ import main
from deploy.upgrade.kept_journal import CannotKeep
from deploy.upgrade.young_backup import NoYoungBackup

NOW = 1_795_000_000_000
ROWS = 40
READING = (
    "INSERT INTO readings (id, node, boot, seq, series, revision, station, quantity, time, received_at, flag, epoch) "
    "VALUES (?, 'n', 1, ?, 'distance_mm', 0, 's', 'level_m', 0, ?, 1, 1)"
)
# What a migration says in another form on purpose: test_migrations and test_outbox_migration hold it.
REWRITTEN = {("station_states", "state"), ("outbox", "address")}


def journal_of(path: Path, schema: str) -> None:
    """An empty journal as the version with ``schema`` made it."""
    engine = sqlalchemy.create_engine(f"sqlite+pysqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(Path(deploy.migrations.__file__).parent))
    config.attributes["engine"] = engine
    command.upgrade(config, schema)
    engine.dispose()


def tables(connection: sqlite3.Connection) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Name, and each column's name and type."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name != 'alembic_version'"
    ).fetchall()
    for (name,) in names:
        yield name, [(row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({name})")]


def _value(kind: str, name: str, number: int) -> Any:
    if (name, kind) == ("state", "BLOB"):
        return msgspec.msgpack.encode((0, None, 1, 2))  # of a station that was never heard
    match kind.partition("(")[0]:
        case "INTEGER":
            return number
        case "BOOLEAN":
            return number % 2
        case "FLOAT":
            return number / 4
        case "BLOB":
            return f"{name}-{number}".encode()
        case _:
            return f"{name}-{number}"


def fill(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows in every table; what was written, by table."""
    written: dict[str, list[dict[str, Any]]] = {}
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns in list(tables(connection)):
            rows = [{name: _value(kind, name, number) for name, kind in columns} for number in range(1, ROWS + 1)]
            marks = ", ".join(f":{name}" for name, _ in columns)
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            written[table] = rows
    return written


@pytest.mark.parametrize("schema", [str(number) for number in range(1, int(SCHEMA))])
def test_a_journal_of_every_schema_comes_to_the_newest_with_nothing_lost(tmp_path: Path, schema: str) -> None:
    """Every row of every table is there with every value; and the tables are those that a new journal has."""
    path = tmp_path / "journal.db"
    journal_of(path, schema)
    written = fill(path)
    Journal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        assert SCHEMA == connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        for table, rows in written.items():
            found = [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]
            kept = [name for name in rows[0] if (table, name) not in REWRITTEN]
            assert [{name: row[name] for name in kept} for row in rows] == [
                {name: row[name] for name in kept} for row in found
            ], table
        assert {table.name for each in METADATA for table in each.tables.values()} == {n for n, _ in tables(connection)}


def test_every_schema_that_was_released_is_among_them() -> None:
    """A schema without its migration could not be upgraded from."""
    folder = Path(deploy.migrations.__file__).parent / "versions"
    found = [
        line for file in folder.glob("s*.py") for line in file.read_text().splitlines() if line.startswith("revision")
    ]
    assert sorted(found) == [f'revision = "{number}"' for number in range(1, int(SCHEMA) + 1)]


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    """All migrations or none: a journal half-way would be of no version at all."""
    path = tmp_path / "journal.db"
    journal_of(path, "2")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (id INTEGER)")  # which a later migration wants to make
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    with pytest.raises(sqlalchemy.exc.OperationalError, match="users already exists"):
        Journal(path)
    with closing(sqlite3.connect(path)) as connection:
        assert before == connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        connection.execute("DROP TABLE users")
    Journal(path).close()


@pytest.fixture
def place(tmp_path: Path) -> tuple[Settings, StateFolder]:
    """An installation with a journal of three readings and a backup."""
    file = tmp_path / "k.toml"
    file.write_text('[site]\nname = "Uji"\nstate_dir = "s"\n[backup]\nfolder = "b"\nkey_file = "k"\n')
    state = StateFolder(tmp_path / "s")
    state.prepare()
    (tmp_path / "b").mkdir()
    (tmp_path / "b/one.ktb").touch()
    record.write(state, BackupRecord(good_at=NOW - HOUR_MS, file="one.ktb"))
    Journal(state.journal).close()
    add_readings(state.journal, 1, 2, 3)
    return load(file), state


def add_readings(journal: Path, *numbers: int) -> None:
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.executemany(READING, [(number, number, NOW + number * 1000) for number in numbers])


def test_a_backup_of_today_is_enough(place: tuple[Settings, StateFolder], tmp_path: Path) -> None:
    """An hour old, and its file is there."""
    settings, state = place
    assert "one.ktb" == young_backup.need(settings, state, base=tmp_path, now=NOW)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (BackupRecord(), "no backup was ever taken"),
        (BackupRecord(good_at=NOW - 25 * HOUR_MS, file="one.ktb"), "is 25 hours old"),
        (BackupRecord(good_at=NOW - HOUR_MS, file="gone.ktb"), "is not there any more"),
    ],
)
def test_no_upgrade_without_a_young_backup(
    place: tuple[Settings, StateFolder], tmp_path: Path, found: BackupRecord, words: str
) -> None:
    """Never taken, older than a day, or its file is gone: each names the command that takes one."""
    settings, state = place
    record.write(state, found)
    with pytest.raises(NoYoungBackup, match=words) as refused:
        young_backup.need(settings, state, base=tmp_path, now=NOW)
    assert "kentongan backup run" in str(refused.value)


def test_a_journal_that_the_new_version_changed_is_put_back(
    place: tuple[Settings, StateFolder], tmp_path: Path
) -> None:
    """The old one is in its place; what the new version took meanwhile stays beside it, and is counted."""
    _, state = place
    folder = tmp_path / "kept"
    kept = kept_journal.keep(state.journal, folder, now=NOW)
    assert (SCHEMA, 3, NOW + 3000) == (kept.schema, kept.last_id, kept.last_at)
    add_readings(state.journal, 4, 5)
    with closing(sqlite3.connect(state.journal)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '99'")
    said = kept_journal.put_back(state.journal, folder, now=NOW)
    assert "2 readings that the new version took are only in" in said
    assert (3, SCHEMA) == count_and_schema(state.journal)
    assert (5, "99") == count_and_schema(Path(said.rpartition(" ")[2]))


def test_a_journal_that_both_versions_understand_stays(place: tuple[Settings, StateFolder], tmp_path: Path) -> None:
    """Nothing that the new version took is lost by going back."""
    _, state = place
    kept_journal.keep(state.journal, tmp_path / "kept", now=NOW)
    add_readings(state.journal, 4)
    assert "stays as it is" in kept_journal.put_back(state.journal, tmp_path / "kept", now=NOW)
    assert (4, SCHEMA) == count_and_schema(state.journal)


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As for a folder of state that was never started."""
    with pytest.raises(CannotKeep, match="no such file; is this the folder of state"):
        kept_journal.keep(tmp_path / "journal.db", tmp_path / "kept", now=NOW)
    with pytest.raises(CannotKeep, match=r"kept\.json: cannot be read"):
        kept_journal.read(tmp_path / "kept")


def test_the_gap_in_warning_is_told_in_seconds(
    place: tuple[Settings, StateFolder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From the last reading committed before to the first after; without one, that no node has sent."""
    _, state = place
    words = ["deploy.upgrade", "--settings", str(tmp_path / "k.toml"), "--wait", "0"]
    for verb, said in (("keep", f"schema {SCHEMA}, is kept in"), ("gap", "no node has sent a reading since")):
        monkeypatch.setattr("sys.argv", [*words, verb])
        assert (0, True) == (main(), said in capsys.readouterr().out)
    add_readings(state.journal, 10)
    assert 0 == main()
    assert "no warning could be given for 7.0 s" in capsys.readouterr().out


def test_a_refusal_is_one_sentence(
    place: tuple[Settings, StateFolder],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For the person at the terminal: no traceback, and the script stops."""
    record.write(place[1], BackupRecord())
    monkeypatch.setattr("sys.argv", ["deploy.upgrade", "backup", "--settings", str(tmp_path / "k.toml")])
    assert 1 == main()
    assert ["kentongan: no backup was ever taken"] == [
        line.partition(",")[0] for line in capsys.readouterr().err.splitlines()
    ]


def count_and_schema(journal: Path) -> tuple[int, str]:
    with closing(sqlite3.connect(journal)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM readings").fetchone()
        (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return count, schema
