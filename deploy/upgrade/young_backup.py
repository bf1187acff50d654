"""Whether a backup is young enough to upgrade on."""

from pathlib import Path

from deploy.backup import record
from deploy.backup.record import HOUR_MS
from deploy.settings import Settings
from deploy.state_folder import StateFolder

YOUNG_MS = 24 * HOUR_MS
TAKE = "take one and start again: kentongan backup run"


class NoYoungBackup(Exception):
    """There is nothing to go back to; the text says what to do."""


def need(settings: Settings, state: StateFolder, *, base: Path, now: int) -> str:
    """Its name; raises NoYoungBackup. It was read back when it was taken. ``now`` is ms UTC."""
    found = record.read(state)
    if found.good_at is None:
        raise NoYoungBackup(f"no backup was ever taken, and an upgrade is not begun without one: {TAKE}")
    hours = (now - found.good_at) / HOUR_MS
    if now - found.good_at > YOUNG_MS:
        raise NoYoungBackup(
            f"the last good backup is {hours:.0f} hours old, and an upgrade is not begun on one older than 24: {TAKE}"
        )
    folder = settings.backup.folder
    if folder is not None and "://" not in folder and not (base / folder / found.file).is_file():
        raise NoYoungBackup(f"the last backup, {base / folder / found.file}, is not there any more: {TAKE}")
    return found.file
