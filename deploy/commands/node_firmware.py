"""kentongan node update and release: firmware over the air, and the folder that it comes from."""

import argparse
import shutil
import time
from pathlib import Path
from typing import Any, Final

from broker.releases import MANIFEST, BadRelease, Release
from deploy.commands.common import Asking, Refused, add_settings, open_settings
from deploy.commands.node_provision import FIRMWARE
from deploy.state_folder import StateFolder

VERBS: Final = ("update", "release")
POLL_S: Final = 1.0


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    update = verbs.add_parser("update", help="have nodes fetch a release of the firmware and start it")
    update.add_argument("ids", nargs="+", metavar="ID")
    update.add_argument("--release", type=Path, default=FIRMWARE, metavar="DIR", help="its folder; else our own")
    update.add_argument("--back", action="store_true", help="on purpose to an older version")
    update.add_argument("--wait", type=float, default=900.0, metavar="S", help="watch it so long (900); 0: only order")
    add_settings(update)
    release = verbs.add_parser("release", help="write the firmware as a release: its files and their manifest")
    release.add_argument("--out", type=Path, required=True, metavar="DIR")
    release.add_argument("--firmware", type=Path, default=FIRMWARE, metavar="DIR", help="instead of our own")


def run(args: argparse.Namespace) -> int:
    return {"update": _update, "release": _release}[args.verb](args)


def _release(args: argparse.Namespace) -> int:
    try:
        release = Release.of_source(args.firmware)
        release.write(args.out)
    except BadRelease as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}") from None
    print(f"wrote {args.out}: version {release.version}, {len(release.files)} files, {release.size} bytes")
    return 0


def _update(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    release = _stored(args.release, state)
    with Asking(settings, state) as core:
        for node in args.ids:
            sent = core("node-update", {"node": node, "version": release.version, "back": args.back})
            where = "it fetches it now" if sent["online"] else "it is away, and fetches it when it is back"
            print(f"{node}: ordered {release.version} ({release.size} bytes) as number {sent['n']}; {where}")
        return _watch(core, args.ids, args.wait)


def _stored(source: Path, state: StateFolder) -> Release:
    """Read a release, or make one of a folder of firmware, and lay it where core serves it from."""
    try:
        release = Release.read(source) if (source / MANIFEST).exists() else Release.of_source(source)
        target = state.releases / release.version
        if target.exists() and Release.read(target) != release:
            raise Refused(
                f"{source}: another release with the number {release.version} was given before; nodes tell releases "
                "apart by it: give this one another number (FIRMWARE in main.py)"
            )
        if not target.exists():
            draft = state.releases / f".{release.version}"
            shutil.rmtree(draft, ignore_errors=True)
            release.write(draft)
            draft.rename(target)
    except BadRelease as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}") from None
    return release


def _watch(core: Asking, nodes: list[str], wait_s: float) -> int:
    """Print what changes until every node has ended; 1 when one refused it, or is not done in time."""
    told: dict[str, str] = {}
    deadline = time.monotonic() + wait_s
    while True:
        found = core("node-updates", {"nodes": nodes})
        for each in found:
            line = _line(each)
            if told.get(each["node"]) != line:
                told[each["node"]] = line
                print(f"{each['node']}: {line}", flush=True)
        if all(_is_over(each) for each in found):
            return int(any(each["result"].startswith("refused") for each in found))
        if time.monotonic() >= deadline:
            return int(wait_s > 0)
        time.sleep(POLL_S)


def _is_over(each: dict[str, Any]) -> bool:
    return each["result"] is not None and not each["result"].startswith("starts")


def _line(each: dict[str, Any]) -> str:
    if each["result"] is not None:
        return str(each["result"])
    if not each["online"]:
        return "away; the order waits for it"
    share = 100 * each["fetched"] // each["size"] if each["size"] else 0
    return f"fetches, {share} % of {each['size']} bytes"
