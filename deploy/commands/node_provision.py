"""kentongan node new, replace, flash, label, seal, revoke, rotate: from a bare chip to a known node, and back."""

import argparse
import getpass
import json
import time
from pathlib import Path
from typing import Any, Final

import edge
from broker.releases import BadRelease, Release
from deploy.assembly import prepare_broker
from deploy.commands.common import Asking, Refused, add_settings, ask, open_settings
from deploy.nodes.seals import ACCEPTED, REQUIRED
from deploy.provisioning.flash import Flasher, FlashFailed
from deploy.provisioning.label import Label
from deploy.provisioning.node_files import node_document, read_node_folder, sensors_of, write_node_folder
from deploy.settings import Settings
from deploy.state_folder import StateFolder

VERBS: Final = ("new", "add", "replace", "flash", "label", "seal", "revoke", "rotate")
FIRMWARE: Final = Path(edge.__file__).parent / "node"
SECRETS: Final = "The password is shown this once and kept only as a hash; order_key seals our commands to the node."
ROTATION_S: Final = 30.0


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    new = verbs.add_parser("new", aliases=["add"], help="make a node's credential and print what the node needs")
    new.add_argument("id", help="3 to 32 of a-z, 0-9 and hyphen; never used again")
    new.add_argument("--station", required=True, help="the station that it serves")
    new.add_argument("--replace", action="store_true", help="a new credential for a node that exists")
    new.add_argument("--seal", action="store_true", help="what it says must be sealed with its key")
    for name, what in WHAT.items():
        new.add_argument(f"--{name}", metavar="TEXT", help=what)
    replace = verbs.add_parser("replace", help="put a new node in the place of an old one; the station stays")
    replace.add_argument("old", help="the node that leaves; it is retired")
    replace.add_argument("id", help="the node that comes: 3 to 32 of a-z, 0-9 and hyphen; never used before")
    for parts in (new, replace):
        parts.add_argument("--out", type=Path, metavar="DIR", help="write node.json and ca.der there")
        parts.add_argument("--label", type=Path, metavar="FILE", help="write its label there, a PDF page of A6")
    flash = verbs.add_parser("flash", help="put firmware and settings onto a node's chip over USB")
    flash.add_argument("id")
    flash.add_argument("--port", required=True, metavar="DEV", help="the serial device, such as /dev/ttyUSB0")
    flash.add_argument("--folder", type=Path, metavar="DIR", help="what node new --out wrote; else a new credential")
    flash.add_argument("--ssid", default="", metavar="NAME", help="the Wi-Fi's name; its password is asked for")
    flash.add_argument("--firmware", type=Path, default=FIRMWARE, metavar="DIR", help="instead of our own")
    label = verbs.add_parser("label", help="write a node's label, a PDF page of A6 with a QR code")
    label.add_argument("id")
    label.add_argument("file", type=Path)
    seal = verbs.add_parser("seal", help="say whether a node must seal what it says, against a broker that lies")
    seal.add_argument("id")
    seal.add_argument("seal", choices=(REQUIRED, ACCEPTED), help="nothing unsealed is taken; or both are")
    revoke = verbs.add_parser("revoke", help="take a node's credential away: whoever uses it is cut off")
    rotate = verbs.add_parser("rotate", help="send a connected node a new password and key")
    for parts in (revoke, rotate):
        parts.add_argument("id")
    for parts in (replace, seal, revoke):
        parts.add_argument("--reason", required=True, metavar="TEXT", help="why; it is audited")
    for parts in (new, replace, flash, label, seal, revoke, rotate):
        add_settings(parts)


WHAT: Final = {
    "gateway": "through which it is heard; empty: on its own",
    "hardware": "its board and sensors",
    "firmware": "its version",
    "note": "anything else",
}


def run(args: argparse.Namespace) -> int:
    verbs = {
        "new": _new,
        "add": _new,
        "replace": _replace,
        "flash": _flash,
        "label": _label,
        "seal": _seal,
        "revoke": _revoke,
        "rotate": _rotate,
    }
    return verbs[args.verb](args)


def said(args: argparse.Namespace) -> dict[str, Any]:
    """What a person said of a node."""
    return {name: getattr(args, name) for name in WHAT if getattr(args, name) is not None}


def _new(args: argparse.Namespace) -> int:
    arguments = {"node": args.id, "station": args.station, "replace": args.replace, "seal": args.seal}
    return _make(args, "node-new", arguments | said(args))


def _replace(args: argparse.Namespace) -> int:
    code = _make(args, "node-replace", {"old": args.old, "node": args.id, "reason": args.reason})
    print(f"{args.old} is retired; its history stays at the station, which {args.id} serves from now on.")
    return code


def _make(args: argparse.Namespace, name: str, arguments: dict[str, Any]) -> int:
    settings, state, _ = open_settings(args)
    prepare_broker(settings, state)
    made = ask(args, name, arguments)
    document = _document(settings, args.id, made)
    if args.out is not None:
        write_node_folder(args.out, document, state)
        print(f"wrote {args.out}/node.json and {args.out}/ca.der: fill in Wi-Fi and sensors, then flash the chip:")
    else:
        print(json.dumps(document, indent=2))
        print(f"\nSave the text above as node.json in a folder, and beside it {state.authority}/ca.der ; then:")
    print(f"  kentongan node flash {args.id} --port /dev/ttyUSB0 --folder {args.out or 'DIR'}")
    print(SECRETS)
    if args.label is not None:
        _write_label(args.label, args.id, made["station"], settings, state)
    if not made["reloaded"]:
        print("The broker does not run now; it will know the node when it starts.")
    return 0


def _document(settings: Settings, node: str, made: dict[str, Any]) -> dict[str, Any]:
    sensors = sensors_of(made["hazard"])
    return node_document(settings, node, made["password"], sensors, made["order_key"], seal=made["seal"])


def _flash(args: argparse.Namespace) -> int:
    try:
        release = Release.of_source(args.firmware)
    except BadRelease as error:
        raise Refused(str(error)) from None
    own = _own_files(args)
    if args.ssid:
        document = json.loads(own["node.json"])
        document["wifi"] = {"ssid": args.ssid, "password": getpass.getpass(f"password of the Wi-Fi {args.ssid}: ")}
        own["node.json"] = json.dumps(document).encode()
    try:
        Flasher(port=args.port, say=print).flash(release, own)
    except FlashFailed as error:
        raise Refused(str(error)) from None
    print(f"{args.id} should be heard within some minutes: kentongan node list")
    return 0


def _own_files(args: argparse.Namespace) -> dict[str, bytes]:
    """From the folder given; else with a credential that was drawn now, and is nowhere but on the chip."""
    if args.folder is not None:
        return read_node_folder(args.folder, args.id)
    settings, state, _ = open_settings(args)
    prepare_broker(settings, state)
    with Asking(settings, state) as core:
        node = core("node-show", {"node": args.id})
        made = core("node-new", {"node": args.id, "station": node["station"], "replace": True})
    document = _document(settings, args.id, made)
    print(f"{args.id} has a new credential, which goes onto the chip and nowhere else; its old one is void")
    return {"node.json": json.dumps(document).encode(), "ca.der": (state.authority / "ca.der").read_bytes()}


def _label(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    prepare_broker(settings, state)
    node = ask(args, "node-show", {"node": args.id})
    _write_label(args.file, args.id, node["station"], settings, state)
    return 0


def _write_label(path: Path, node: str, station: str, settings: Settings, state: StateFolder) -> None:
    from deploy.provisioning.label_pdf import write_label  # noqa: PLC0415  it loads a whole PDF library

    with Asking(settings, state) as core:
        name = core("station-show", {"id": station})["station"]["name"] if station else ""
    label = Label.of(node, state.authority / "ca.der", settings.cap.web)
    try:
        write_label(path, label, site=settings.site.name, station=name, owner=settings.site.sender)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    print(f"wrote the label {path}: print it on A6, and glue it into the lid")


def _seal(args: argparse.Namespace) -> int:
    ask(args, "node-seal", {"node": args.id, "seal": args.seal, "reason": args.reason})
    if args.seal == REQUIRED:
        print(f'{args.id} is heard sealed or not at all; its node.json must say "seal": true (kentongan node flash)')
    else:
        print(f"{args.id} is heard sealed and unsealed")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    revoked = ask(args, "node-revoke", {"node": args.id, "reason": args.reason})
    cut = "the broker hangs up on whoever uses it" if revoked["reloaded"] else "the broker does not run now"
    print(f"the credential of {args.id} is void; {cut}. For a new one: kentongan node flash {args.id} --port DEV")
    return 0


def _rotate(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    with Asking(settings, state) as core:
        sent = core("node-rotate", {"node": args.id})
        deadline = time.monotonic() + ROTATION_S
        while (now := core("node-rotation", {"node": args.id}))["is_pending"]:
            answer = now["order"]
            if answer is not None and answer[0] == sent["n"]:
                raise Refused(f"{args.id}: {answer[1]}; its old credential holds")
            if time.monotonic() > deadline:
                raise Refused(f"{args.id} has not answered; until it does, its old credential holds")
            time.sleep(0.2)
    print(f"{args.id} has a new password and key; the old ones are void")
    return 0
