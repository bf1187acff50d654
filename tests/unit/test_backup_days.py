"""When a backup is due, which ones go, and what the board says."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploy.backup import backup_folder, backup_key
from deploy.backup.backup_folder import DAY_MS
from deploy.backup.backup_key import BadKey
from deploy.backup.job import is_due
from deploy.backup.record import HOUR_MS, BackupRecord, problem
from deploy.settings import Backup

JAKARTA = ZoneInfo("Asia/Jakarta")
TWO = 1_795_028_400_000  # 2026-11-19 02:00 WIB
RUN = "Jalankan: kentongan backup run."
SETTINGS = Backup(folder="b", key_file="k", hour=2)


@pytest.mark.parametrize(
    ("found", "now", "expected"),
    [
        (BackupRecord(), TWO, True),
        (BackupRecord(good_at=TWO - DAY_MS), TWO - 1, False),
        (BackupRecord(good_at=TWO - DAY_MS), TWO, True),
        (BackupRecord(good_at=TWO + 1), TWO + DAY_MS - 1, False),
        (BackupRecord(good_at=TWO - 2 * DAY_MS), TWO - 1, True),  # it was off last night
        (BackupRecord(good_at=TWO - DAY_MS, tried_at=TWO, problem="x"), TWO + HOUR_MS // 2, False),
        (BackupRecord(good_at=TWO - DAY_MS, tried_at=TWO, problem="x"), TWO + HOUR_MS, True),
        (BackupRecord(good_at=TWO - DAY_MS, tried_at=TWO + DAY_MS), TWO, True),  # the clock was set back
    ],
)
def test_it_is_due_once_a_day(found: BackupRecord, now: int, expected: bool) -> None:
    """At its hour, later when the machine was off then, and an hour after a failure."""
    assert expected == is_due(SETTINGS, found, now, JAKARTA)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (BackupRecord(good_at=TWO - 25 * HOUR_MS), None),
        (
            BackupRecord(good_at=TWO - 27 * HOUR_MS),
            "Cadangan data terakhir sudah 27 jam. Jalankan: kentongan backup run.",
        ),
        (BackupRecord(good_at=TWO, problem="disk penuh"), "Cadangan data gagal dibuat: disk penuh"),
        (BackupRecord(), f"Belum pernah ada cadangan data. {RUN}"),
    ],
)
def test_the_board_says_what_is_wrong(found: BackupRecord, expected: str | None) -> None:
    """An old one, a failed one, and none at all."""
    assert expected == problem(found, now=TWO, since=TWO - 30 * HOUR_MS)


def test_a_new_installation_has_a_day_for_its_first() -> None:
    """Nothing is said before a backup could have been due."""
    assert problem(BackupRecord(), now=TWO, since=TWO - HOUR_MS) is None


def test_the_old_go_and_the_newest_three_stay(tmp_path: Path) -> None:
    """However old they are; strangers' files and another realm's are left alone."""
    for days in (40, 50, 60, 70, 80):
        (tmp_path / backup_folder.name_of("ews", TWO - days * DAY_MS)).write_bytes(b"x")
    others = {backup_folder.name_of("latihan", TWO - 90 * DAY_MS), "catatan.txt"}
    for name in others:
        (tmp_path / name).write_bytes(b"y")
    gone = backup_folder.prune(tmp_path, "ews", keep_days=30, now=TWO)
    left = {each.name for each in tmp_path.iterdir()}
    kept = [backup_folder.name_of("ews", TWO - days * DAY_MS) for days in (40, 50, 60)]
    assert (2, others | set(kept)) == (len(gone), left)
    assert kept == [each.path.name for each in backup_folder.kept(tmp_path, "ews")]


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    """An existing one is never replaced, and one that others can read is refused."""
    path = tmp_path / "backup.key"
    backup_key.make(path)
    assert 32 == len(backup_key.read(path))
    with pytest.raises(BadKey, match="there is a key already"):
        backup_key.make(path)
    path.chmod(0o644)
    with pytest.raises(BadKey, match="chmod 600"):
        backup_key.read(path)
    with pytest.raises(BadKey, match="kentongan backup key --out"):
        backup_key.read(tmp_path / "none")
    path.chmod(0o600)
    path.write_text("abc")
    with pytest.raises(BadKey, match="holds no key of 32 bytes"):
        backup_key.read(path)
