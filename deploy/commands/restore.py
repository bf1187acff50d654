"""kentongan restore: put a backup into an empty folder, so that an installation goes on from it and tells nobody."""

import argparse
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import msgspec

from broker.topics import Realm
from deploy.backup import backup_key, contents, taking
from deploy.backup.archive import BadBackup
from deploy.backup.backup_key import BadKey
from deploy.backup.bucket import BackupsInBucket, BucketFailed
from deploy.commands.backup import _Said, fetch
from deploy.commands.common import Asking, Refused
from deploy.settings import BackupBucket, BadSettings, check_bucket, load
from deploy.state_folder import StateFolder


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, nargs="?", help="a backup that kentongan backup run took; with --bucket its name there"
    )
    parser.add_argument(
        "--bucket",
        type=Path,
        metavar="FILE",
        help="fetch it from the bucket that [backup.bucket] of this settings file names; without a name the newest",
    )
    parser.add_argument("--realm", choices=get_args(Realm), default="ews", help="whose newest, with --bucket (ews)")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the key that it was sealed with")
    parser.add_argument("--into", type=Path, required=True, metavar="DIR", help="the folder of state; must be empty")
    parser.add_argument(
        "--settings-into", type=Path, metavar="FILE", help="also put the settings there; must not exist"
    )


def run(args: argparse.Namespace) -> int:
    began = time.monotonic()
    _empty(args.into)
    if args.settings_into is not None and args.settings_into.exists():
        raise Refused(f"{args.settings_into}: is there already; name another file, or leave --settings-into out")
    try:
        key = backup_key.read(args.key)
        with _file(args) as file:
            args.into.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = taking.check(file, key, args.into, _Said())
    except BucketFailed as error:
        raise Refused(f"{error}; nothing was restored") from None
    except (BadKey, BadBackup) as error:
        raise Refused(f"{error}; {args.into} is not to be used") from None
    except OSError as error:
        raise Refused(f"{args.into}: {error.strerror}; is there room?") from None
    state = StateFolder(args.into.absolute())
    settings = load(args.into / contents.SETTINGS)
    with Asking(settings, state) as core:
        quieted = core("backup-restored", {"taken_at": found.about.taken_at, "file": file.name})
    if args.settings_into is not None:
        args.settings_into.write_bytes((args.into / contents.SETTINGS).read_bytes())
        args.settings_into.chmod(0o600)
    taken = datetime.fromtimestamp(found.about.taken_at / 1000, UTC)
    print(f"{args.into}: {found.about.site} as of {taken:%Y-%m-%d %H:%M:%S} UTC, in {time.monotonic() - began:.1f} s.")
    print(found.audit)
    print(
        f"Nothing of then is sent any more: {quieted['messages']} messages expired, "
        f"{quieted['notices']} notices put away, {quieted['alerts']} alerts taken as dealt with."
    )
    print(f"Start it with --state {args.into}; look at what stands, and warn by hand where the water says so.")
    return 0


@contextmanager
def _file(args: argparse.Namespace) -> Iterator[Path]:
    """The backup as a file: the one that was given, or one from the bucket, which is here only meanwhile."""
    if args.bucket is None:
        if args.file is None:
            raise Refused("no backup was named; name a file, or --bucket FILE")
        yield args.file
        return
    bucket = BackupsInBucket(_bucket(args.bucket), args.bucket.absolute().parent)
    args.into.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetched-", dir=args.into.absolute().parent) as folder:
        yield fetch(bucket, args.realm, args.file, Path(folder))


def _bucket(path: Path) -> BackupBucket:
    """[backup.bucket] of a settings file, of which nothing else needs to be there: the rest comes with the backup."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = msgspec.convert(document.get("backup", {}).get("bucket"), BackupBucket)
        check_bucket(found, path)
    except (OSError, UnicodeDecodeError, AttributeError) as error:
        raise Refused(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{path}: not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise Refused(f"{path}: backup.bucket: {error}; see docs/backup.md") from None
    except BadSettings as error:
        raise Refused(str(error)) from None
    return found


def _empty(folder: Path) -> None:
    try:
        if folder.exists() and any(folder.iterdir()):
            raise Refused(f"{folder}: is not empty; a restore overwrites nothing: name a new folder")
    except NotADirectoryError:
        raise Refused(f"{folder}: is no folder") from None
