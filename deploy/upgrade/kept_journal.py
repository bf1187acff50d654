"""The journal as it was before an upgrade, kept aside until the new version has shown that it works.

Everything here is done while core does not run.
"""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

COPY: Final = "journal.db"
NOTE: Final = "kept.json"
FILES: Final = ("", "-wal", "-shm")
LAST: Final = "SELECT id, received_at FROM readings ORDER BY id DESC LIMIT 1"
SINCE: Final = "SELECT received_at FROM readings WHERE id > ? ORDER BY id LIMIT 1"


class CannotKeep(Exception):
    """The journal cannot be kept aside or put back; the text says why and what to do."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Times are ms UTC of this machine's clock; ``last_id`` and ``last_at`` are of the last reading, if any."""

    schema: str
    last_id: int = 0
    last_at: int | None = None
    stopped_at: int


def keep(journal: Path, folder: Path, *, now: int) -> Kept:
    """Copy ``journal`` into ``folder``, which is made anew, and note where it stood; raises CannotKeep."""
    if not journal.is_file():
        raise CannotKeep(f"{journal}: no such file; is this the folder of state?")
    size = sum(_beside(journal, end).stat().st_size for end in FILES if _beside(journal, end).exists())
    free = shutil.disk_usage(journal.parent).free
    if free < 2 * size:
        raise CannotKeep(
            f"{journal.parent}: {free // 10**6} MB are free, and {2 * size // 10**6} MB are needed: make room"
        )
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as source:
            with closing(sqlite3.connect(folder / COPY)) as target:
                source.backup(target)
            (schema,) = source.execute("SELECT version_num FROM alembic_version").fetchone()
            last = source.execute(LAST).fetchone()
        kept = Kept(schema=schema, last_id=last[0] if last else 0, last_at=last[1] if last else None, stopped_at=now)
        (folder / NOTE).write_bytes(msgspec.json.encode(kept))
    except (OSError, sqlite3.Error) as error:
        raise CannotKeep(f"{journal}: cannot be kept aside in {folder}: {error}") from None
    return kept


def read(folder: Path) -> Kept:
    """What was noted; raises CannotKeep."""
    try:
        return msgspec.json.decode((folder / NOTE).read_bytes(), type=Kept)
    except (OSError, msgspec.MsgspecError) as error:
        raise CannotKeep(f"{folder / NOTE}: cannot be read: {error}") from None


def put_back(journal: Path, folder: Path, *, now: int) -> str:
    """Have the old version find a journal that it understands; says what was done. Raises CannotKeep.

    Where the schema is still the old one, the journal stays: nothing that the new version took is lost. Else the copy
    takes its place, and the newer one stays beside it, under a name that is told.
    """
    kept = read(folder)
    if _schema(journal) == kept.schema:
        return "the journal has still the old schema and stays as it is"
    aside = journal.with_name(f"{journal.name}.newer-{now}")
    try:
        newer = _count_since(journal, kept.last_id)
        for end in FILES:
            if (file := _beside(journal, end)).exists():
                file.rename(_beside(aside, end))
        shutil.copy2(folder / COPY, journal)
        journal.chmod(0o600)
    except OSError as error:
        raise CannotKeep(f"{journal}: cannot be put back from {folder / COPY}: {error}") from None
    return f"the journal of before is in its place; {newer} readings that the new version took are only in {aside}"


def first_after(journal: Path, last_id: int, *, wait_s: float) -> int | None:
    """When core took the first reading after ``last_id``, ms UTC; None when there is none within ``wait_s``."""
    end = time.monotonic() + wait_s
    while True:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=5)) as connection:
            row = connection.execute(SINCE, (last_id,)).fetchone()
        if row is not None:
            return int(row[0])
        if time.monotonic() > end:
            return None
        time.sleep(0.2)


def _schema(journal: Path) -> str | None:
    try:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.Error, TypeError):
        return None  # damaged: the copy takes its place


def _count_since(journal: Path, last_id: int) -> int:
    try:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM readings WHERE id > ?", (last_id,)).fetchone()[0])
    except sqlite3.Error:
        return 0


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)
