"""kentongan backup: take a copy of an installation that runs, sealed and read back; send it away; list and verify."""

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from deploy.backup import backup_folder, backup_key, record, taking
from deploy.backup.archive import BadBackup
from deploy.backup.backup_key import BadKey
from deploy.backup.bucket import BackupsInBucket, BucketFailed
from deploy.backup.record import BackupRecord
from deploy.backup.taking import NotTaken, Verified
from deploy.commands.common import Asking, Refused, add_settings, open_settings
from deploy.replay.progress import Bar
from deploy.settings import Settings
from deploy.state_folder import StateFolder

MB: Final = 1_000_000


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    key = verbs.add_parser(
        "key",
        help="make the key that backups are sealed with",
        description="Keep a copy of this file outside of this machine: without it no backup can be read.",
    )
    key.add_argument("--out", type=Path, required=True, metavar="FILE")
    run = verbs.add_parser(
        "run", help="take a backup now, read it back, send it to the bucket if there is one, remove what is too old"
    )
    add_settings(run)
    run.add_argument("--quiet", action="store_true", help="say nothing unless it fails")
    send = verbs.add_parser("send", help="send the newest backup to the bucket again, and read it back there")
    add_settings(send)
    send.add_argument("--quiet", action="store_true", help="say nothing unless it fails")
    lists = verbs.add_parser("list", help="the backups that there are, the newest first")
    add_settings(lists)
    lists.add_argument("--bucket", action="store_true", help="those in the bucket")
    verify = verbs.add_parser(
        "verify", help="open a backup and look at every file, its databases and its audit chain; changes nothing"
    )
    add_settings(verify)
    verify.add_argument("file", type=Path, nargs="?", help="without it the newest one")
    verify.add_argument("--key", type=Path, metavar="FILE", help="instead of backup.key_file")
    verify.add_argument("--bucket", action="store_true", help="the file, or the newest one, is in the bucket")


def run(args: argparse.Namespace) -> int:
    try:
        return int(VERBS[args.verb](args))
    except (BadKey, BadBackup, BucketFailed, NotTaken) as error:
        raise Refused(str(error)) from None


def _key(args: argparse.Namespace) -> int:
    backup_key.make(args.out)
    print(f"{args.out}: made. Name it in the settings as backup.key_file.")
    print("Copy it now to a place outside of this machine: without it no backup can ever be read.")
    return 0


def _run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    folder, began, now = _folder(settings, base), time.monotonic(), _now()
    known = record.read(state)
    try:
        path = taking.take(
            settings,
            state,
            settings_file=args.settings,
            folder=folder,
            key=_key_of(settings, base),
            now=now,
            report=_Said(),
        )
    except (NotTaken, BadKey) as error:
        record.write(state, replace(known, tried_at=now, problem=str(error)))
        raise
    took, size = time.monotonic() - began, path.stat().st_size
    sent = known if settings.backup.bucket is not None else BackupRecord()  # of a bucket that is no more, nothing
    known = replace(sent, good_at=now, file=path.name, size=size, took_s=round(took, 1), tried_at=now, problem=None)
    record.write(state, known)
    gone = backup_folder.prune(folder, settings.site.realm, keep_days=settings.backup.keep_days, now=now)
    _audited(settings, state, path.name, size, len(gone))
    if not args.quiet:
        print(f"{path}: {size / MB:.1f} MB in {took:.1f} s, read back and good.")
        print("".join(f"Removed, too old: {each.name}\n" for each in gone), end="")
    if settings.backup.bucket is not None:
        _sent(settings, state, base, path, quiet=args.quiet)
    return 0


def _send(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    _bucket(settings, base)  # without one nothing is looked for
    _sent(settings, state, base, _newest(settings, base), quiet=args.quiet)
    return 0


def _sent(settings: Settings, state: StateFolder, base: Path, path: Path, *, quiet: bool) -> None:
    """Send ``path``, and remove from the bucket what is too old; raises BucketFailed with the record of it written."""
    known, now, began = record.read(state), _now(), time.monotonic()
    try:
        bucket = _bucket(settings, base)
        bucket.send(path, _Said())
    except BucketFailed as error:
        record.write(state, replace(known, sending_at=now, sending_problem=str(error)))
        raise BucketFailed(f"{path} is good, but it was not sent: {error}") from None
    known = replace(known, sent_at=_now(), sent_file=path.name, sending_at=now, sending_problem=None)
    record.write(state, known)
    if not quiet:
        print(f"{bucket.place}: has {path.name}, read back and the same, in {time.monotonic() - began:.1f} s.")
    try:
        gone = bucket.prune(settings.site.realm, now=now)
    except BucketFailed as error:
        record.write(state, replace(known, sending_problem=f"the old ones stay there: {error}"))
        raise BucketFailed(f"{path} was sent, but the old ones stay there: {error}") from None
    if not quiet:
        print("".join(f"Removed there, too old: {name}\n" for name in gone), end="")


def _list(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    if args.bucket:
        return _list_bucket(settings, base)
    folder = _folder(settings, base)
    found = backup_folder.kept(folder, settings.site.realm) if folder.is_dir() else []
    for each in found:
        taken = datetime.fromtimestamp(each.taken_at / 1000, UTC)
        print(f"{taken:%Y-%m-%d %H:%M} UTC  {each.size / MB:8.1f} MB  {each.path}")
    if not found:
        print(f"{folder}: no backup yet; take one: kentongan backup run")
    if (problem := record.read(state).problem) is not None:
        print(f"The last attempt failed: {problem}")
    return 0


def _list_bucket(settings: Settings, base: Path) -> int:
    bucket = _bucket(settings, base)
    found = bucket.kept(settings.site.realm)
    for each in found:
        taken = datetime.fromtimestamp(each.taken_at / 1000, UTC)
        print(f"{taken:%Y-%m-%d %H:%M} UTC  {each.size / MB:8.1f} MB  {each.name}")
    if not found:
        print(f"{bucket.place}: no backup yet; send one: kentongan backup send")
    return 0


def _verify(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    key = backup_key.read(args.key) if args.key is not None else _key_of(settings, base)
    with tempfile.TemporaryDirectory(prefix=".fetched-", dir=state.root) as fetched:
        if args.bucket:
            path = fetch(_bucket(settings, base), settings.site.realm, args.file, Path(fetched))
        else:
            path = args.file or _newest(settings, base)
        try:
            found = taking.verify(path, key, work=state.root, report=_Said())
        except OSError as error:
            raise Refused(f"{path}: cannot be opened: {error}; is there room in {state.root}?") from None
    _tell(path.name if args.bucket else str(path), found)
    return 0


def _tell(name: str, found: Verified) -> None:
    about = found.about
    taken = datetime.fromtimestamp(about.taken_at / 1000, UTC)
    print(f"{name}: good. {about.site}, realm {about.realm}, {taken:%Y-%m-%d %H:%M:%S} UTC, kentongan {about.version}.")
    print(f"{found.files} files, {about.files_bytes / MB:.1f} MB. {found.audit}")


def fetch(bucket: BackupsInBucket, realm: str, file: Path | None, into: Path) -> Path:
    """A backup of the bucket below ``into``: the one of this name, or the newest; raises BucketFailed."""
    if file is not None:
        return bucket.fetch(file.name, into, _Said())
    kept = bucket.kept(realm)
    if not kept:
        raise BucketFailed(f"{bucket.place}: no backup of realm {realm} is there")
    return bucket.fetch(kept[0].name, into, _Said())


def _audited(settings: Settings, state: StateFolder, name: str, size: int, removed: int) -> None:
    with Asking(settings, state) as core:
        core("backup-taken", {"file": name, "bytes": size, "removed": removed})


def _folder(settings: Settings, base: Path) -> Path:
    if settings.backup.folder is None:
        raise Refused("backup.folder: not set; name a folder, on another disk where there is one")
    return base / settings.backup.folder


def _bucket(settings: Settings, base: Path) -> BackupsInBucket:
    if settings.backup.bucket is None:
        raise Refused("backup.bucket: not set; write the table [backup.bucket], see docs/backup.md")
    return BackupsInBucket(settings.backup.bucket, base)


def _key_of(settings: Settings, base: Path) -> bytes:
    if settings.backup.key_file is None:
        raise Refused("backup.key_file: not set; make a key: kentongan backup key --out FILE")
    return backup_key.read(base / settings.backup.key_file)


def _newest(settings: Settings, base: Path) -> Path:
    folder = _folder(settings, base)
    found = backup_folder.kept(folder, settings.site.realm) if folder.is_dir() else []
    if not found:
        raise Refused(f"{folder}: no backup yet; take one: kentongan backup run")
    return found[0].path


class _Said:
    """One bar after another, as the work goes on."""

    def __init__(self) -> None:
        self._what, self._bar = "", Bar(1, "")

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._bar.close()
            self._what, self._bar = what, Bar(total, what)
        self._bar(done)
        if done >= total:
            self._bar.close()


def _now() -> int:
    return time.time_ns() // 1_000_000


VERBS: Final = {"key": _key, "run": _run, "send": _send, "list": _list, "verify": _verify}
