"""kentongan node: credentials of nodes, and what a node needs to know."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.assembly import prepare_broker
from deploy.commands.common import Refused, add_settings, ask, open_settings
from deploy.settings import Settings, Station
from deploy.state_folder import StateFolder

SERVER_NAME = "kentongan"


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    new = verbs.add_parser("new", help="make a node's credential and print what the node needs")
    new.add_argument("id", help="3 to 32 of a-z, 0-9 and hyphen; never used again")
    new.add_argument("--station", required=True, help="the station that it serves")
    new.add_argument("--replace", action="store_true", help="a new credential for a node that exists")
    new.add_argument("--out", type=Path, metavar="DIR", help="write node.json and ca.der there instead of printing")
    add_settings(new)
    add_settings(verbs.add_parser("list", help="list nodes, their stations and when they were last heard"))


def run(args: argparse.Namespace) -> int:
    return _new(args) if args.verb == "new" else _list(args)


def _new(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    prepare_broker(settings, state)
    made = ask(args, "node-new", {"node": args.id, "station": args.station, "replace": args.replace})
    station = next(station for station in settings.stations if station.id == args.station)
    document = node_document(settings, args.id, made["password"], sensors_of(station))
    if args.out is not None:
        write_node_folder(args.out, document, state)
        print(f"wrote {args.out}/node.json and {args.out}/ca.der: copy both to the node beside the firmware.")
    else:
        print(json.dumps(document, indent=2))
        print(f"\nSave the text above as node.json on the node, and beside it {state.authority}/ca.der .")
    print("The password is shown this once and kept only as a hash.")
    if not made["reloaded"]:
        print("The broker does not run now; it will know the node when it starts.")
    return 0


def _list(args: argparse.Namespace) -> int:
    nodes = ask(args, "node-list", {})
    for node in nodes:
        heard = node["last_arrival"]
        when = datetime.fromtimestamp(heard / 1000, UTC).isoformat(timespec="seconds") if heard else "never heard"
        print(f"{node['node']:<32}  {node['station']:<32}  {when}")
    if not nodes:
        print("no nodes yet; make one: kentongan node new ID --station STATION")
    return 0


def node_document(settings: Settings, node: str, password: str, sensors: list[dict[str, Any]]) -> dict[str, Any]:
    """The content of a node's ``node.json``."""
    return {
        "node": node,
        "realm": settings.site.realm,
        "host": settings.broker.node_host,
        "port": settings.broker.tls_port,
        "server_name": SERVER_NAME,
        "password": password,
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


def sensors_of(station: Station) -> list[dict[str, Any]]:
    """The usual sensors of such a station, on the pins of the reference board."""
    battery: dict[str, Any] = {"driver": "battery", "series": "batt_mv", "adc": 35, "ratio": 2.0}
    if station.hazard == "air":
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
