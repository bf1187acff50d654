"""What is kept: the journal and its audit chain, users, history, and backups."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from broker import private_file
from broker.credentials import SERVICES
from deploy.backup import backup_folder, backup_key, record
from deploy.backup.backup_key import BadKey
from deploy.backup.record import HOUR_MS, OLD_MS
from deploy.checks.finding import Examined, Finding, good, warning, wrong
from deploy.commands.audit import report, verify
from deploy.commands.common import Refused
from deploy.health.parts import LAG_LOW
from deploy.journal import SCHEMA
from deploy.recipients import people_key
from deploy.settings import BackupBucket
from deploy.state_folder import StateFolderUnusable
from deploy.watch import record as watches

GROUP: Final = "data"
AHEAD_MS: Final = 60_000
RESTORE: Final = "keep the file, stop everything, and restore the newest backup: kentongan restore"
TAKE: Final = "take one: kentongan backup run"
SEND: Final = "send the newest: kentongan backup send"
LAST_ID: Final = "SELECT max(id) FROM (SELECT max(id) AS id FROM readings UNION SELECT max(id) FROM audit)"


def look(found: Examined) -> list[Finding]:
    """Also while core runs. Where it does not, no file of SQLite's is left behind."""
    was_open = _is_open(found.state.journal)
    findings = list(_everything(found))
    if _is_open(found.state.journal) and not was_open:  # core has started meanwhile, and pages may have moved
        findings = list(_everything(found))
    return findings


def _everything(found: Examined) -> Iterator[Finding]:
    journal = found.state.journal
    if not journal.exists() and (nodes := _nodes_of_broker(found)):
        told = f"{journal}: missing, though the broker knows {nodes} nodes"
        yield wrong(GROUP, "journal", told, "do not start anything; restore the newest backup: kentongan restore")
    elif not journal.exists():
        yield warning(GROUP, "journal", "not made yet", "it is made at the first start: kentongan up")
    else:
        yield from _of_journal(found)
    yield from _history(found)
    yield from _backups(found)


def _of_journal(found: Examined) -> Iterator[Finding]:
    fault = _fault(found.state.journal)
    if fault is not None:
        yield wrong(GROUP, "journal", fault, RESTORE)
        return
    if not _is_made(found.state.journal):
        yield warning(
            GROUP, "journal", "just being made, or its making was cut off", "start core, which goes on with it"
        )
        return
    yield good(GROUP, "journal", "whole, as SQLite's own check says")
    schema = _value(found.state.journal, "SELECT version_num FROM alembic_version")
    if schema != SCHEMA:
        is_older = str(schema).isdecimal() and int(str(schema)) < int(SCHEMA)
        remedy = "take a backup, then start: kentongan up" if is_older else "install that version again"
        word = warning if is_older else wrong
        yield word(GROUP, "schema", f"the journal has schema {schema}, this version has {SCHEMA}", remedy)
        return
    yield good(GROUP, "schema", f"{schema}, of this version")
    yield from _audit(found)
    yield _users(found)
    yield _watched(found)
    yield from _people(found)


def _people(found: Examined) -> Iterator[Finding]:
    """Without its key, what the journal says of people can be read by nobody."""
    journal, path = found.state.journal, found.state.people_key
    has_people = bool(_number(_value(journal, "SELECT count(*) FROM recipients")))
    held = _value(journal, f"SELECT value FROM journal_values WHERE key = '{people_key.CHECK}'")  # noqa: S608  our own key
    if not path.exists() and not has_people:
        return
    if path.exists() and not private_file.is_private(path):
        return  # told among the secrets
    try:
        people_key.opened(path, held=None if held is None else str(held), has_people=has_people)
    except StateFolderUnusable as error:
        yield wrong(
            GROUP, "people's data", str(error), "core does not start without it; backups hold it: docs/backup.md"
        )
    else:
        yield good(GROUP, "people's data", "its key is the one of the journal")


def _nodes_of_broker(found: Examined) -> int:
    """How many nodes have a password: once there was a journal that knew them."""
    try:
        lines = (found.state.broker / "passwords").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    return sum(line.partition(":")[0] not in SERVICES for line in lines if line)


def _audit(found: Examined) -> Iterator[Finding]:
    try:
        verdict = verify(found.state.journal, address=_address(found.state.journal))
    except Refused as error:
        yield wrong(GROUP, "audit chain", str(error), RESTORE)
        return
    first = report(verdict)[0]
    if verdict.is_whole:
        yield good(GROUP, "audit chain", first)
    else:
        yield wrong(GROUP, "audit chain", first, "compare with a backup, and find out who could write to the journal")
    if verdict.last_at is not None and verdict.last_at > found.now + AHEAD_MS:
        ahead_s = (verdict.last_at - found.now) / 1000
        told = f"the journal is {ahead_s:.0f} s ahead of the machine's clock"
        yield wrong(
            GROUP, "journal clock", told, "one of the two was wrong: set the clock right with NTP, then look again"
        )


def _users(found: Examined) -> Finding:
    if found.settings.web.open_to_everybody:
        told = "everybody looks without a login"
        return warning(GROUP, "users", told, "for a real installation take web.open_to_everybody out")
    admins = _value(found.state.journal, "SELECT count(*) FROM users WHERE role = 'admin' AND NOT is_disabled")
    if not admins:
        return warning(GROUP, "users", "no admin can log in", "make one: kentongan user add NAME --role admin")
    return good(GROUP, "users", f"{admins} can log in as admin")


def _watched(found: Examined) -> Finding:
    known = _value(found.state.journal, f"SELECT value FROM journal_values WHERE key = '{watches.WATCHES}'")  # noqa: S608  our own key
    found_ids = [each.id for each in watches.load({watches.WATCHES: str(known or "")}).values() if not each.retired_at]
    if not found_ids:
        told = "there is none: should this machine die, nobody is told"
        return warning(GROUP, "watch", told, "make one, best on another machine: kentongan watch new")
    return good(GROUP, "watch", ", ".join(found_ids))


def _history(found: Examined) -> Iterator[Finding]:
    """Of InfluxDB only how far it is behind: asking it would use the network."""
    if found.settings.history.kind == "sqlite" and found.state.history.exists():
        fault = _fault(found.state.history, "SELECT iif(count(*) > 0, 'ok', 'empty') FROM sqlite_master")
        if fault is not None:
            remedy = "stop, move the file away, start, and fill it again: kentongan history backfill"
            yield wrong(GROUP, "history", fault, remedy)
            return
    journal = found.state.journal
    if not journal.exists() or _fault(journal) is not None or not _is_made(journal):
        yield warning(GROUP, "history", "without a journal there is nothing to follow", "see the journal's line")
        return
    told = _value(journal, "SELECT value FROM journal_values WHERE key = 'history_cursor'")
    lag = max(0, _number(_value(journal, LAST_ID)) - _number(told))
    if lag > LAG_LOW:
        remedy = "look whether the history process runs, and at its log"
        yield warning(GROUP, "history", f"{lag} journal ids behind", remedy)
    else:
        yield good(GROUP, "history", f"{found.settings.history.kind}, {lag} journal ids behind")


def _backups(found: Examined) -> Iterator[Finding]:
    settings = found.settings.backup
    if settings.folder is None or settings.key_file is None:
        yield warning(GROUP, "backup", "none is taken", "write backup.folder and backup.key_file into the settings")
        return
    try:
        backup_key.read(found.base / settings.key_file)
    except BadKey as error:
        yield wrong(GROUP, "backup key", str(error), "without the key no backup can be taken or read")
    else:
        yield good(GROUP, "backup key", "can be read; a copy of it must lie outside of this machine")
    folder = found.base / settings.folder
    if folder.exists() and not folder.is_dir():
        yield wrong(GROUP, "backup", f"{folder}: is no folder", "take it away, or write another backup.folder")
    else:
        yield _newest(found, folder)
    if settings.bucket is not None:
        yield _sent(found, settings.bucket)


def _newest(found: Examined, folder: Path) -> Finding:
    problem = record.read(found.state).problem
    if problem is not None:
        return wrong(GROUP, "backup", f"the last attempt failed: {problem}", f"mend that, then {TAKE}")
    try:
        kept = backup_folder.kept(folder, found.settings.site.realm) if folder.is_dir() else []
    except OSError as error:
        return wrong(GROUP, "backup", f"{folder}: cannot be read: {error.strerror}", "is its disk there?")
    if not kept:
        return warning(GROUP, "backup", f"{folder}: there is none yet", TAKE)
    hours = (found.now - kept[0].taken_at) // HOUR_MS
    told = f"the newest is {hours} hours old: {kept[0].path.name}"
    if found.now - kept[0].taken_at > OLD_MS:
        return wrong(GROUP, "backup", told, TAKE)
    if folder.stat().st_dev == found.state.root.stat().st_dev:
        return warning(GROUP, "backup", f"{told}; on the same disk as the journal", "keep them on another disk")
    return good(GROUP, "backup", told)


def _sent(found: Examined, bucket: BackupBucket) -> Finding:
    known, place = record.read(found.state), f"{bucket.endpoint}/{bucket.name}"
    if known.sending_problem is not None:
        return wrong(GROUP, "backup bucket", f"the last attempt failed: {known.sending_problem}", SEND)
    if known.sent_at is None:
        return warning(GROUP, "backup bucket", f"{place}: nothing was sent yet", SEND)
    hours = (found.now - known.sent_at) // HOUR_MS
    told = f"{place}: {known.sent_file} arrived {hours} hours ago"
    if found.now - known.sent_at > OLD_MS:
        return wrong(GROUP, "backup bucket", told, SEND)
    return good(GROUP, "backup bucket", told)


def _fault(database: Path, query: str = "PRAGMA quick_check(1)") -> str | None:
    """What SQLite finds wrong with a file; None when it is whole. History is years long: only its opening is tried."""
    try:
        said = _value(database, query)
    except sqlite3.Error as error:
        return f"{database}: cannot be read: {error}"
    return None if said == "ok" else f"{database}: damaged: {said}"


def _is_made(journal: Path) -> bool:
    """All its tables come in one transaction."""
    return bool(_value(journal, "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"))


def _value(database: Path, query: str) -> object:
    with closing(sqlite3.connect(_address(database), uri=True, timeout=5)) as connection:
        row = connection.execute(query).fetchone()
    return None if row is None else row[0]


def _address(database: Path) -> str:
    """Opened as usual, a database that nobody has open would get two files beside it, which nobody removes."""
    return f"file:{database}?mode=ro{'' if _is_open(database) else '&immutable=1'}"


def _is_open(database: Path) -> bool:
    """Whether somebody has it open to write, or left it without closing it."""
    return database.with_name(f"{database.name}-wal").exists()


def _number(value: object) -> int:
    return int(str(value)) if value else 0
