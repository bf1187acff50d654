"""kentongan node: credentials of nodes, what a node needs to know, and which station each serves."""

import argparse
from pathlib import Path
from typing import Any

from broker.orders import COMMANDS, CONFIG_LIMITS
from deploy.commands import node_firmware, node_provision
from deploy.commands.common import Asking, Refused, add_settings, ask, open_settings
from deploy.commands.node_provision import WHAT, said
from deploy.commands.station_text import moment
from deploy.nodes.power import USUAL_SENSORS, table
from deploy.provisioning.node_files import node_document, sensors_of, write_node_folder
from deploy.registry.node_files import export_text, read_nodes
from deploy.registry.station_files import BadFile

__all__ = ["add", "node_document", "run", "sensors_of", "write_node_folder"]

SIRENS = ("waspada", "siaga", "awas", "off")


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    node_provision.add(verbs)
    node_firmware.add(verbs)
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
    for parts in (show, change, retire, into, out, command, configure):
        add_settings(parts)
    power = verbs.add_parser("power", help="mAh a day by mode, and days without sun, from data sheets")
    power.add_argument("--sensors", default=",".join(USUAL_SENSORS), metavar="LIST", help="drivers, with commas")
    power.add_argument("--battery-mah", type=float, default=10_000, metavar="N", help="its capacity (10000)")


def _add_what(parser: argparse.ArgumentParser) -> None:
    for name, what in WHAT.items():
        parser.add_argument(f"--{name}", metavar="TEXT", help=what)


def run(args: argparse.Namespace) -> int:
    verbs = {
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
    verbs |= dict.fromkeys(node_provision.VERBS, node_provision.run)
    verbs |= dict.fromkeys(node_firmware.VERBS, node_firmware.run)
    return verbs[args.verb](args)


def _list(args: argparse.Namespace) -> int:
    nodes = ask(args, "node-list", {})
    for node in nodes:
        when = "retired" if node["revoked_at"] else moment(node["last_arrival"]).replace("never", "never heard")
        by = f"by {node['gateway']}" if node["gateway"] else ""
        alarms = f"alarms: {', '.join(node['alarms'])}" if node["alarms"] else None
        what = " ".join(filter(None, (by, node["hardware"], _runs(node), node["update"], alarms)))
        print(f"{node['node']:<32}  {node['station'] or '(free)':<32}  {when}  {what}".rstrip())
    if not nodes:
        print("no nodes yet; make one: kentongan node new ID --station STATION")
    return 0


def _runs(node: dict[str, Any]) -> str:
    """The version that the node says it runs; before it was heard, the one that was noted."""
    return f"runs {node['runs']}" if node["runs"] else str(node["firmware"])


def _show(args: argparse.Namespace) -> int:
    node = ask(args, "node-show", {"node": args.id})
    print(f"{node['id']}  {_serves(node)}, last heard {moment(node['last_arrival'])}")
    for name in WHAT:
        if node[name]:
            print(f"  {name:<9} {node[name]}")
    if node["seal"]:
        print("  seal      required")
    for each in node["history"]:
        told = "retired" if each["revoked_at"] else _serves(each)
        print(f"  v{each['version']}  {moment(each['changed_at'])}  {told}  {each['actor']}: {each['reason']}")
    return 0


def _serves(node: dict[str, Any]) -> str:
    return f"serves {node['station']}" if node["station"] else "serves no station"


def _change(args: argparse.Namespace) -> int:
    arguments = {"node": args.id, "reason": args.reason, **said(args)}
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
