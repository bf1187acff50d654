"""The audit log's chain, broken in every way that a person with the file could think of."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from deploy import cli
from deploy.commands.audit import verify
from deploy.commands.common import Refused
from deploy.journal import Group, Journal

DAY_MS = 86_400_000
START = 1_764_000_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """An installation whose audit log has ten rows: nine people's and one of an alert."""
    file = tmp_path / "kentongan.toml"
    file.write_text('[site]\nname = "Uji"\nstate_dir = "s"\n')
    (tmp_path / "s").mkdir()
    journal = Journal(tmp_path / "s" / "journal.db")
    group = Group()
    for number in range(9):
        journal.add_audit(
            group, at=START + number * DAY_MS, actor=f"cli:sari{number}", action="area added", subject=f"rw-{number}"
        )
    name = ("welang.level.1", 1, "welang", "level", "raised", 3)
    group.alerts.append((journal.take_ids(), *name, START, "{}", "Air naik."))
    journal.add_audit(group, at=START + 9 * DAY_MS, actor="engine", action="alert raised", subject="welang.level.1 v1")
    journal.write(group)
    journal.close()
    return file


def audit(settings: Path, *more: str) -> int:
    return cli.main(["audit", "verify", "--settings", str(settings), *more])


def tamper(settings: Path, statement: str) -> None:
    with closing(sqlite3.connect(settings.parent / "s" / "journal.db")) as connection, connection:
        assert connection.execute(statement).rowcount == 1


def row_ids(settings: Path) -> list[int]:
    with closing(sqlite3.connect(settings.parent / "s" / "journal.db")) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM audit ORDER BY id")]


def test_a_whole_log_is_counted_by_action(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, time span, counts and the head that is to be noted elsewhere."""
    assert 0 == audit(settings)
    told = capsys.readouterr().out
    assert "The chain holds: 10 rows, 2025-11-24 16:00:00+00:00 to 2025-12-03 16:00:00+00:00." in told
    assert "9  area added" in told
    assert "1  alert raised" in told


@pytest.mark.parametrize(
    "change",
    ["actor = 'cli:budi'", "at = at + 1", "action = 'area changed'", "subject = 'rw-99'", "detail = '1'"],
    ids=lambda change: change.partition(" ")[0],
)
def test_a_changed_row_is_named(settings: Path, capsys: pytest.CaptureFixture[str], change: str) -> None:
    """Whichever column was changed: the row, its time, its actor and what it says now."""
    ids = row_ids(settings)
    tamper(settings, f"UPDATE audit SET {change} WHERE id = {ids[4]}")
    assert 1 == audit(settings)
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"BROKEN at row {ids[4]} (2025-11-28 16:00:00+00:00, cli:")


def test_a_row_that_was_taken_out_is_seen_at_the_next(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The row after the gap no longer follows."""
    ids = row_ids(settings)
    tamper(settings, f"DELETE FROM audit WHERE id = {ids[4]}")
    assert 1 == audit(settings)
    told = capsys.readouterr().out
    assert f"BROKEN at row {ids[5]} " in told
    assert "The 4 rows before it hold" in told


def test_a_row_that_was_put_in_is_named(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Between two rows, with a hash of somebody's own making."""
    ids = row_ids(settings)
    tamper(settings, f"UPDATE audit SET id = {ids[-1] + 1000} WHERE id = {ids[-1]}")
    tamper(settings, f"INSERT INTO audit SELECT {ids[-1]}, at, actor, action, 'x', detail, hash FROM audit LIMIT 1")
    assert 1 == audit(settings)
    assert f"BROKEN at row {ids[-1]} " in capsys.readouterr().out


def test_the_last_row_of_an_alert_cannot_go_unseen(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No chain shows that its end was cut off; the journal's alerts do."""
    tamper(settings, f"DELETE FROM audit WHERE id = {row_ids(settings)[-1]}")
    assert 1 == audit(settings)
    assert "BROKEN: no row tells of welang.level.1 v1" in capsys.readouterr().out


def test_a_head_that_was_noted_shows_that_the_end_was_cut_off(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where no alert is concerned; a longer log still has it."""
    assert 0 == audit(settings)
    head = capsys.readouterr().out.rpartition("Head: ")[2].strip()
    assert 0 == audit(settings, "--head", head)
    capsys.readouterr()
    tamper(settings, "DELETE FROM alerts")
    tamper(settings, f"DELETE FROM audit WHERE id = {row_ids(settings)[-1]}")
    assert 1 == audit(settings, "--head", head)
    assert f"BROKEN: head {head} is not in the chain" in capsys.readouterr().out


def test_a_head_that_is_none_is_refused(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence that says what to write."""
    assert 2 == audit(settings, "--head", "tidak tahu")
    assert "--head 'tidak tahu': write the 16 letters" in capsys.readouterr().err


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    """The sentence names the file and asks after --settings."""
    with pytest.raises(Refused, match="no journal there"):
        verify(tmp_path / "journal.db")
