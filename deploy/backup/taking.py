"""Taking a backup, and reading one back to see that it is good."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from broker import private_file
from deploy import __version__
from deploy.backup import archive, backup_folder, contents, snapshot
from deploy.backup.archive import About, BadBackup
from deploy.backup.contents import Item
from deploy.journal import SCHEMA
from deploy.settings import Settings
from deploy.state_folder import StateFolder

WORK: Final = ".backup-"  # a folder of copies that are not sealed yet, below the state folder, for its owner alone

Report = Callable[[str, int, int], None]
"""What goes on, how much of it is done, and how much there is."""


class NotTaken(Exception):
    """A backup could not be taken; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a backup holds; ``audit`` is what the chain of its audit log comes to."""

    about: About
    files: int
    audit: str


def take(
    settings: Settings, state: StateFolder, *, settings_file: Path, folder: Path, key: bytes, now: int, report: Report
) -> Path:
    """Copy, seal and read back; the new backup. Raises NotTaken; then no file of this name is there."""
    target = folder / backup_folder.name_of(settings.site.realm, now)
    if not state.journal.exists():
        raise NotTaken(f"{state.journal}: there is no journal yet, so nothing to keep; start it: kentongan up")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists():
            raise NotTaken(f"{target}: is there already; wait a second")
        with _work(state.root) as work:
            files = list(_copied(state, settings_file, work, has_history=settings.backup.history, report=report))
            size = sum(item.path.stat().st_size for item in files)
            about = About(
                site=settings.site.name,
                realm=settings.site.realm,
                version=__version__,
                schema=_schema(work / contents.JOURNAL),
                taken_at=now,
                files_bytes=size,
            )
            archive.write(target, key, about, files, _saying("sealing", report))
        verify(target, key, work=state.root, report=report)
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
        raise NotTaken(f"no backup was taken: {error}; is there room in {folder} and {state.root}?") from None
    except BadBackup as error:
        target.unlink(missing_ok=True)
        raise NotTaken(f"the backup could not be read back: {error}; check the disk of {folder}") from None
    return target


def verify(path: Path, key: bytes, *, work: Path, report: Report) -> Verified:
    """Open a backup, compare every file, and look at its databases as SQLite and the audit chain do.

    Raises BadBackup, and OSError when there is no room for it below ``work``.
    """
    with _work(work) as into:
        return check(path, key, into, report)


def check(path: Path, key: bytes, into: Path, report: Report) -> Verified:
    """Put a backup into an empty folder and look at all of it; raises BadBackup and OSError."""
    about = archive.read(path, key, into, _saying("reading back", report))
    if not (into / contents.JOURNAL).is_file():
        raise BadBackup(f"{path}: has no journal")
    if about.format > archive.FORMAT or int(about.schema) > int(SCHEMA):
        raise BadBackup(f"{path}: is of a newer Kentongan ({about.version}); use that version")
    for name in (contents.JOURNAL, contents.HISTORY):
        if (into / name).is_file() and (fault := snapshot.fault(into / name)) is not None:
            raise BadBackup(f"{path}: {name} is damaged: {fault}")
    files = sum(1 for each in into.rglob("*") if each.is_file())
    return Verified(about=about, files=files, audit=_audit(path, into))


def _audit(path: Path, into: Path) -> str:
    from deploy.commands import audit  # noqa: PLC0415  the command's own reading of the chain

    verdict = audit.verify(into / contents.JOURNAL)
    line = audit.report(verdict)[0]
    if not verdict.is_whole:
        raise BadBackup(f"{path}: its audit log: {line}")
    return line


def _copied(
    state: StateFolder, settings_file: Path, work: Path, *, has_history: bool, report: Report
) -> Iterator[Item]:
    for item in contents.items(state, settings_file, has_history=has_history):
        if not item.is_database:
            yield item
            continue
        copy = work / item.name
        snapshot.copy(item.path, copy, _saying(f"copying {item.name}", report))
        yield replace(item, path=copy)


def _schema(journal: Path) -> str:
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


@contextmanager
def _work(below: Path) -> Iterator[Path]:
    """A folder for its owner alone, gone at the end; one that a kill left behind goes at the next time."""
    with private_file.exclusive(below):  # another backup waits
        for left in below.glob(f"{WORK}*"):
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(prefix=WORK, dir=below) as name:
            yield Path(name)


def _saying(what: str, report: Report) -> archive.Progress:
    return lambda done, total: report(what, done, total)
