"""The folder of backups: their names, which there are, and which are old enough to go."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

DAY_MS: Final = 86_400_000
LEAST_KEPT: Final = 3  # however old: a machine that was off for a month still has what it had
NAME: Final = re.compile(r"kentongan-(ews|latihan)-(\d{8}T\d{6}Z)\.ktb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A backup as its name tells of it; ``taken_at`` is ms UTC."""

    path: Path
    taken_at: int
    size: int


def name_of(realm: str, taken_at: int) -> str:
    """The file's name, in the order of time."""
    return f"kentongan-{realm}-{datetime.fromtimestamp(taken_at / 1000, UTC):%Y%m%dT%H%M%SZ}.ktb"


def taken_at(name: str, realm: str) -> int | None:
    """When a realm's backup of this name was taken, ms UTC; None: it is no name of one."""
    match = NAME.fullmatch(name)
    if match is None or match[1] != realm:
        return None
    return int(datetime.strptime(match[2], "%Y%m%dT%H%M%S%z").timestamp() * 1000)


def kept(folder: Path, realm: str) -> list[Kept]:
    """The backups of a realm, the newest first; raises OSError when the folder cannot be read."""
    return sorted(_found(folder, realm), key=lambda each: each.taken_at, reverse=True)


def prune(folder: Path, realm: str, *, keep_days: float, now: int) -> list[Path]:
    """Remove what is older than ``keep_days``, except the newest three; what was removed."""
    old = [each.path for each in kept(folder, realm)[LEAST_KEPT:] if now - each.taken_at > keep_days * DAY_MS]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _found(folder: Path, realm: str) -> Iterator[Kept]:
    for path in folder.iterdir():
        if (taken := taken_at(path.name, realm)) is not None:
            yield Kept(path=path, taken_at=taken, size=path.stat().st_size)
