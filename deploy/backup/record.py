"""What became of the last backups: a small file in the state folder, for core's board and for people."""

from pathlib import Path
from typing import Final

import msgspec

from broker import private_file
from deploy.state_folder import StateFolder

HOUR_MS: Final = 3_600_000
OLD_MS: Final = 26 * HOUR_MS  # a day, and two hours for a slow night


class BackupRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Times are ms UTC of the machine's clock. ``problem`` is of the last attempt, None when it was good.

    What begins with ``sent`` is of the copies in the bucket: ``sent_at`` when the last one had arrived, ``sent_file``
    which one, ``sending_at`` and ``sending_problem`` of the last attempt.
    """

    good_at: int | None = None
    file: str = ""
    size: int = 0
    took_s: float = 0.0
    tried_at: int | None = None
    problem: str | None = None
    sent_at: int | None = None
    sent_file: str = ""
    sending_at: int | None = None
    sending_problem: str | None = None


def path_of(state: StateFolder) -> Path:
    return state.root / "backup.json"


def read(state: StateFolder) -> BackupRecord:
    """The record; an empty one where there is none or it cannot be read."""
    try:
        return msgspec.json.decode(path_of(state).read_bytes(), type=BackupRecord)
    except (OSError, msgspec.MsgspecError):
        return BackupRecord()


def write(state: StateFolder, record: BackupRecord) -> None:
    """Keep ``record``; raises OSError."""
    private_file.replace(path_of(state), msgspec.json.encode(record))


def problem(record: BackupRecord, *, now: int, since: int) -> str | None:
    """What the board says, in Indonesian; ``since`` is when core began to look."""
    if record.problem is not None:
        return f"Cadangan data gagal dibuat: {record.problem}"
    age = now - max(record.good_at or 0, since if record.good_at is None else 0)
    if age <= OLD_MS:
        told = record.sending_problem
        return None if told is None else f"Salinan cadangan gagal dikirim ke luar: {told}"
    if record.good_at is None:
        return "Belum pernah ada cadangan data. Jalankan: kentongan backup run."
    return f"Cadangan data terakhir sudah {age // HOUR_MS} jam. Jalankan: kentongan backup run."
