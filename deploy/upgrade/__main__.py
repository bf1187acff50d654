"""What ``deploy/upgrade.sh`` asks: ``python -m deploy.upgrade backup | keep | gap | back``.

Ends with 0, or with one sentence and 1.
"""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deploy.commands.common import add_settings, open_settings
from deploy.settings import BadSettings
from deploy.state_folder import StateFolder, StateFolderUnusable
from deploy.upgrade import kept_journal, young_backup
from deploy.upgrade.kept_journal import CannotKeep
from deploy.upgrade.young_backup import NoYoungBackup

FOLDER: Final = "before-upgrade"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.upgrade", description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--wait", type=float, default=60.0, metavar="SECONDS", help="gap: for the first reading (60)")
    add_settings(parser)
    args = parser.parse_args()
    try:
        print(VERBS[args.verb](args))
    except (NoYoungBackup, CannotKeep, BadSettings, StateFolderUnusable) as error:
        print(f"kentongan: {error}", file=sys.stderr)
        return 1
    return 0


def _backup(args: argparse.Namespace) -> str:
    settings, state, base = open_settings(args)
    return f"the backup to go back to: {young_backup.need(settings, state, base=base, now=_now())}"


def _keep(args: argparse.Namespace) -> str:
    _, state, _ = open_settings(args)
    kept = kept_journal.keep(state.journal, _folder(state), now=_now())
    return f"the journal, schema {kept.schema}, is kept in {_folder(state)}"


def _gap(args: argparse.Namespace) -> str:
    """Nodes keep what they could not send, so a gap in warning is none in the readings."""
    _, state, _ = open_settings(args)
    ready = _now()
    kept = kept_journal.read(_folder(state))
    first = kept_journal.first_after(state.journal, kept.last_id, wait_s=args.wait)
    if first is None or kept.last_at is None:
        stood_s = (ready - kept.stopped_at) / 1000
        return f"no warning could be given for {stood_s:.1f} s, while core stood; no node has sent a reading since"
    return (
        f"no warning could be given for {(first - kept.last_at) / 1000:.1f} s: from the last reading before, "
        f"{_clock(kept.last_at)}, to the first after, {_clock(first)} UTC"
    )


def _back(args: argparse.Namespace) -> str:
    _, state, _ = open_settings(args)
    return kept_journal.put_back(state.journal, _folder(state), now=_now())


VERBS: Final = {"backup": _backup, "keep": _keep, "gap": _gap, "back": _back}


def _folder(state: StateFolder) -> Path:
    return state.root / FOLDER


def _now() -> int:
    return time.time_ns() // 1_000_000


def _clock(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%H:%M:%S}"


if __name__ == "__main__":
    sys.exit(main())
