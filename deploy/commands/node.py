"""kentongan node: credentials of nodes, what a node needs to know, and which station each serves."""

import argparse
import json
from pathlib import Path
from typing import Any

from broker.orders import COMMANDS, CONFIG_LIMITS
from deploy.assembly import prepare_broker
from deploy.commands.common import Asking, Refused, add_settings, ask, open_settings
from deploy.commands.station_text import moment
from deploy.node_power import USUAL_SENSORS, table
from deploy.registry.node_files import export_text, read_nodes
from deploy.registry.station_files import BadFile
from deploy.settings import Settings
from deploy.state_folder import StateFolder

SERVER_NAME = "kentongan"
SIRENS = ("waspada", "siaga", "awas", "off")
WHAT = {
    "gateway": "through which it is heard; empty: on its own",
    "hardware": "its board and sensors",
    "firmware": "its version",
    "note": "anything else",
}


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    new = verbs.add_parser("new", aliases=["add"], help="make a node's credential and print what the node needs")
    new.add_argument("id", help="3 to 32 of a-z, 0-9 and hyphen; never used again")
    new.add_argument("--station", required=True, help="the station that it serves")
    new.add_argument("--replace", action="store_true", help="a new credential for a node that exists")
    new.add_argument("--out", type=Path, metavar="DIR", help="write node.json and ca.der there instead of printing")
    _add_what(new)
    add_settings(verbs.add_parser("list", help="list nodes, their stations and when they were last heard"))
    show = verbs.add_parser("show", help="print what a node is, which stations it served, and who changed what")
    change = verbs.add_parser("change", help="change what a node is, or move it to another station")
    change.add_argument("--station", help="the station that it serves from now on")
    _add_what(change)
    retire = verbs.add_parser("retire", help="take a node out of service for good; its id is never used again")
    for parts in (show, change, retire):
        parts.add_argument("id")
    for parts in (change, retire):
        parts.add_argument("--reason", required=True, metavar="TEXT", help="why; it is audited")
    into = verbs.add_parser("import", help="change the nodes of a TOML or CSV file, all of them or none")
    into.add_argument("--reason", default="", metavar="TEXT", help="why; it is audited")
    into.add_argument("--dry-run", action="store_true", help="only print what would change")
    out = verbs.add_parser("export", help="write nodes as TOML or CSV, by the name's ending")
    for parts in (into, out):
        parts.add_argument("file", type=Path)
    command = verbs.add_parser("command", help="tell a node to measure often, blink, test its siren, or start anew")
    command.add_argument("id")
    command.add_argument("do", choices=COMMANDS, metavar="COMMAND", help=", ".join(COMMANDS))
    command.add_argument("--for", dest="for_s", type=int, metavar="S", help="seconds: live, identify, maintenance")
    configure = verbs.add_parser("configure", help="change how often a node measures, and when its siren sounds alone")
    configure.add_argument("id")
    for name, (low, high) in CONFIG_LIMITS.items():
        configure.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N", help=f"{low} to {high}")
    configure.add_argument("--siren", choices=SIRENS, help="the threshold at which it sounds when core is not there")
    for parts in (new, show, change, retire, into, out, command, configure):
        add_settings(parts)
    power = verbs.add_parser("power", help="mAh a day by mode, and days without sun, from data sheets")
    power.add_argument("--sensors", default=",".join(USUAL_SENSORS), metavar="LIST", help="drivers, with commas")
    power.add_argument("--battery-mah", type=float, default=10_000, metavar="N", help="its capacity (10000)")


def _add_what(parser: argparse.ArgumentParser) -> None:
    for name, what in WHAT.items():
        parser.add_argument(f"--{name}", metavar="TEXT", help=what)


def run(args: argparse.Namespace) -> int:
    verbs = {
        "new": _new,
        "add": _new,
        "list": _list,
        "show": _show,
        "change": _change,
        "retire": _retire,
        "import": _import,
        "export": _export,
        "command": _command,
        "configure": _configure,
        "power": _power,
    }
    return verbs[args.verb](args)


def _what(args: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(args, name) for name in WHAT if getattr(args, name) is not None}


def _new(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    prepare_broker(settings, state)
    arguments = {"node": args.id, "station": args.station, "replace": args.replace, **_what(args)}
    made = ask(args, "node-new", arguments)
    document = node_document(settings, args.id, made["password"], sensors_of(made["hazard"]), made["order_key"])
    if args.out is not None:
        write_node_folder(args.out, document, state)
        print(f"wrote {args.out}/node.json and {args.out}/ca.der: copy both to the node beside the firmware.")
    else:
        print(json.dumps(document, indent=2))
        print(f"\nSave the text above as node.json on the node, and beside it {state.authority}/ca.der .")
    print("The password is shown this once and kept only as a hash; order_key seals our commands to the node.")
    if not made["reloaded"]:
        print("The broker does not run now; it will know the node when it starts.")
    return 0


def _list(args: argparse.Namespace) -> int:
    nodes = ask(args, "node-list", {})
    for node in nodes:
        when = "retired" if node["revoked_at"] else moment(node["last_arrival"]).replace("never", "never heard")
        by = f"by {node['gateway']}" if node["gateway"] else ""
        what = " ".join(filter(None, (by, node["hardware"], node["firmware"])))
        print(f"{node['node']:<32}  {node['station'] or '(free)':<32}  {when}  {what}".rstrip())
    if not nodes:
        print("no nodes yet; make one: kentongan node new ID --station STATION")
    return 0


def _show(args: argparse.Namespace) -> int:
    node = ask(args, "node-show", {"node": args.id})
    print(f"{node['id']}  {_serves(node)}, last heard {moment(node['last_arrival'])}")
    for name in WHAT:
        if node[name]:
            print(f"  {name:<9} {node[name]}")
    for each in node["history"]:
        told = "retired" if each["revoked_at"] else _serves(each)
        print(f"  v{each['version']}  {moment(each['changed_at'])}  {told}  {each['actor']}: {each['reason']}")
    return 0


def _serves(node: dict[str, Any]) -> str:
    return f"serves {node['station']}" if node["station"] else "serves no station"


def _change(args: argparse.Namespace) -> int:
    arguments = {"node": args.id, "reason": args.reason, **_what(args)}
    if args.station is not None:
        arguments["station"] = args.station
    changed = ask(args, "node-change", arguments)
    print(f"{args.id} {_serves(changed)}{'' if changed['changed'] else '; nothing was changed'}")
    return 0


def _retire(args: argparse.Namespace) -> int:
    ask(args, "node-retire", {"node": args.id, "reason": args.reason})
    print(f"{args.id} is retired; its history stays at its station")
    return 0


def _import(args: argparse.Namespace) -> int:
    try:
        file = read_nodes(args.file)
    except BadFile as error:
        raise Refused(str(error)) from None
    reason = args.reason or f"import {args.file.name}"
    answer = ask(args, "node-put", {"nodes": file.tables, "reason": reason, "dry_run": args.dry_run})
    if answer["faults"]:
        lines = [f"{file.where(f['number'], f['id'], f['key'])}: {f['text']}" for f in answer["faults"]]
        raise Refused("\n".join([*lines, "nothing was imported"]))
    for step in answer["steps"]:
        told = ", ".join(f"{key}: {old or '(none)'} -> {new or '(none)'}" for key, old, new in step["fields"])
        print(f"{step['id']}: {told or 'unchanged'}")
    if args.dry_run:
        print("a dry run: nothing was done")
    return 0


def _command(args: argparse.Namespace) -> int:
    sent = ask(args, "node-command", {"node": args.id, "do": args.do, "for_s": args.for_s})
    print(f"sent {args.do} to {args.id} as number {sent['n']}; it is obeyed within two minutes, or not at all")
    return 0


def _configure(args: argparse.Namespace) -> int:
    changes = {name: getattr(args, name) for name in CONFIG_LIMITS if getattr(args, name) is not None}
    sent = ask(args, "node-configure", {"node": args.id, "changes": changes, "siren": args.siren})
    told = ", ".join(f"{name} {value}" for name, value in sent["config"].items() if name != "siren")
    print(f"sent to {args.id} as number {sent['n']}, and kept for it while it is away: {told or 'what is usual'}")
    rule = sent["config"].get("siren")
    if rule:
        print(f"its siren sounds without core at a distance of {rule['at_mm']} mm or less, for {rule['for_s']} s")
    else:
        print("its siren never sounds by itself")
    return 0


def _power(args: argparse.Namespace) -> int:
    for line in table([name for name in args.sensors.split(",") if name], args.battery_mah):
        print(line)
    return 0


def _export(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    with Asking(settings, state) as core:
        nodes = [node for node in core("node-list", {}) if not node["revoked_at"]]
    try:
        args.file.write_text(export_text(args.file, nodes), encoding="utf-8")
    except BadFile as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{args.file}: {error.strerror}") from None
    print(f"wrote {len(nodes)} nodes to {args.file}")
    return 0


def node_document(
    settings: Settings, node: str, password: str, sensors: list[dict[str, Any]], order_key: str = ""
) -> dict[str, Any]:
    """The content of a node's ``node.json``; without ``order_key`` it obeys no commands."""
    return {
        "node": node,
        "realm": settings.site.realm,
        "host": settings.broker.node_host,
        "port": settings.broker.tls_port,
        "server_name": SERVER_NAME,
        "password": password,
        "order_key": order_key,
        "wifi": {"ssid": "", "password": ""},
        "sample_s": 60,
        "sensors": sensors,
    }


def write_node_folder(folder: Path, document: dict[str, Any], state: StateFolder) -> None:
    """``node.json`` and ``ca.der``, readable by their owner alone; raises Refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "node.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(document, indent=2) + "\n")
        (folder / "ca.der").write_bytes((state.authority / "ca.der").read_bytes())
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror}: {error.filename}") from None


def sensors_of(hazard: str) -> list[dict[str, Any]]:
    """The usual sensors of a station of ``hazard``, on the pins of the reference board."""
    battery: dict[str, Any] = {"driver": "battery", "series": "batt_mv", "adc": 35, "ratio": 2.0}
    if hazard == "air":
        return [
            {"driver": "pms5003", "uart": 2, "tx": 25, "rx": 26},
            {"driver": "bme280", "i2c": 0, "sda": 21, "scl": 22},
            battery,
        ]
    return [
        {"driver": "a02yyuw", "series": "distance_mm", "uart": 1, "tx": 17, "rx": 16},
        {"driver": "tipping_bucket", "series": "rain_tips", "pin": 27},
        battery,
    ]
