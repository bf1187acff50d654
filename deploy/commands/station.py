"""kentongan station: the places that are measured - list, show, add, change, import and export them."""

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any, Final

from deploy.commands import rule_looks, station_gauge, station_maintain, station_recompute, station_retire, station_text
from deploy.commands.common import Asking, Refused, add_settings, ask, open_settings
from deploy.registry.station_files import (
    BadFile,
    TablesFile,
    csv_text,
    geojson_text,
    read_stations,
    toml_text,
)

SAMPLE: Final = Path(__file__).parent.parent / "sample-stations.toml"
PAGE: Final = 2000


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("sample", help="print a commented sample of a file of stations")
    add_settings(verbs.add_parser("list", help="list stations: what each says, and how many nodes serve it"))
    show = verbs.add_parser("show", help="print all of a station: thresholds and their history, epochs, drift, nodes")
    show.add_argument("id")
    add_settings(show)
    for verb, summary in (("add", "add a station"), ("change", "change a station; what is not named stays")):
        parts = verbs.add_parser(verb, help=summary, epilog='For example: datum_m=6.5 name="Welang Kraton" awas= ...')
        parts.add_argument("id", help="3 to 32 of a-z, 0-9 and hyphen; never used again")
        parts.add_argument("values", nargs="+", metavar="KEY=VALUE", help="keys as in a file; KEY= takes one away")
        _add_doing(parts, reason_is_due=verb == "change")
    into = verbs.add_parser("import", help="add and change the stations of a TOML or CSV file, all of them or none")
    into.add_argument("file", type=Path)
    _add_doing(into, reason_is_due=False)
    out = verbs.add_parser("export", help="write stations as TOML, CSV or GeoJSON, by the name's ending")
    out.add_argument("file", type=Path)
    add_settings(out)
    station_gauge.add(verbs.add_parser("observe", help="enter what a person read from the staff gauge"))
    station_maintain.add(verbs.add_parser("maintain", help=station_maintain.SUMMARY))
    station_retire.add(verbs.add_parser("retire", help=station_retire.SUMMARY))
    station_recompute.add(verbs.add_parser("recompute", help="compute old levels with the epochs as they are now"))


def _add_doing(parser: argparse.ArgumentParser, *, reason_is_due: bool) -> None:
    parser.add_argument("--reason", required=reason_is_due, default="", metavar="TEXT", help="why; it is audited")
    parser.add_argument("--dry-run", action="store_true", help="only print what would change")
    parser.add_argument(
        "--past",
        type=float,
        default=30,
        metavar="DAYS",
        help="a changed rule is first shown on so much of history (30)",
    )
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    verbs = {
        "sample": _sample,
        "list": _list,
        "show": _show,
        "add": _put_one,
        "change": _put_one,
        "import": _import,
        "export": _export,
        "observe": station_gauge.run,
        "maintain": station_maintain.run,
        "retire": station_retire.run,
        "recompute": station_recompute.run,
    }
    return verbs[args.verb](args)


def _sample(_args: argparse.Namespace) -> int:
    print(SAMPLE.read_text(encoding="utf-8"), end="")
    return 0


def _list(args: argparse.Namespace) -> int:
    stations = ask(args, "station-list", {})
    for station in stations:
        example = "  CONTOH" if station["example"] else ""
        served = f"{station['nodes']} node{'s' if station['nodes'] != 1 else ''}"
        print(f"{station['id']:<32}  {station['state']:<16}  {served:<8}  {station['name']}{example}")
    if not stations:
        print("no stations yet; see kentongan station sample, then kentongan station import FILE")
    return 0


def _show(args: argparse.Namespace) -> int:
    print(station_text.shown(ask(args, "station-show", {"id": args.id})))
    return 0


def _put_one(args: argparse.Namespace) -> int:
    table = {"id": args.id, **assigned(args.values)}
    settings, state, base = open_settings(args)
    with Asking(settings, state) as core:
        if rule_looks.show([table], core=core, base=base, past_days=args.past) and not args.dry_run:
            rule_looks.ask_person()
        answer = _put(core, [table], mode=args.verb, reason=args.reason, is_dry=args.dry_run)
    if answer["faults"]:
        raise Refused("; ".join(f"{fault['key']}: {fault['text']}" for fault in answer["faults"]))
    print(station_text.plan(answer["steps"], is_dry=args.dry_run))
    return 0


def assigned(words: list[str]) -> dict[str, Any]:
    """``thresholds.awas=5.5`` and the like as a table; values as TOML says them, anything else is text."""
    table: dict[str, Any] = {}
    for word in words:
        path, mark, value = word.partition("=")
        if not mark or not path:
            raise Refused(f"{word!r} is not KEY=VALUE")
        *tables, key = path.split(".")
        place = table
        for name in tables:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise Refused(f"{word!r}: {name} has been given a value already; give its keys alone, or all of it")
        place[key] = None if not value else _assigned(value)
    return table


def _assigned(value: str) -> Any:
    try:
        found = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value
    return json.loads(json.dumps(found, default=lambda moment: moment.isoformat()))


def _import(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    with Asking(settings, state) as core:
        if rule_looks.show(read(args.file).tables, core=core, base=base, past_days=args.past) and not args.dry_run:
            rule_looks.ask_person()
        steps = import_file(core, args.file, reason=args.reason, is_dry=args.dry_run)
    print(station_text.plan(steps, is_dry=args.dry_run))
    return 0


def read(path: Path) -> TablesFile:
    """The tables of a file of stations; raises Refused."""
    try:
        return read_stations(path)
    except BadFile as error:
        raise Refused(str(error)) from None


def import_file(core: Asking, path: Path, *, reason: str = "", is_dry: bool = False) -> list[dict[str, Any]]:
    """Put the stations of a file into the registry, all of them or none; what was done to each. Raises Refused.

    Rules of known stations that the file changes must have been looked at.
    """
    file = read(path)
    answer = _put(core, file.tables, mode="import", reason=reason or f"import {path.name}", is_dry=is_dry)
    if answer["faults"]:
        raise Refused(_faults(file, answer["faults"]))
    steps: list[dict[str, Any]] = answer["steps"]
    return steps


def _faults(file: TablesFile, faults: list[dict[str, Any]]) -> str:
    lines = [f"{file.where(fault['number'], fault['id'], fault['key'])}: {fault['text']}" for fault in faults]
    return "\n".join([*lines, "nothing was imported"])


def _put(core: Asking, tables: list[dict[str, Any]], *, mode: str, reason: str, is_dry: bool) -> dict[str, Any]:
    arguments = {"stations": tables, "mode": mode, "reason": reason, "dry_run": is_dry}
    answer: dict[str, Any] = core("station-put", arguments)
    return answer


def _export(args: argparse.Namespace) -> int:
    writers = {".toml": toml_text, ".csv": csv_text, ".geojson": geojson_text}
    if args.file.suffix not in writers:
        raise Refused(f"{args.file}: the name must end in {', '.join(writers)}")
    settings, state, _ = open_settings(args)
    with Asking(settings, state) as core:
        tables = every_station(core)
    try:
        args.file.write_text(writers[args.file.suffix](tables), encoding="utf-8")
    except OSError as error:
        raise Refused(f"{args.file}: {error.strerror}") from None
    print(f"wrote {len(tables)} stations to {args.file}")
    if args.file.suffix == ".geojson" and (without := sum("latitude" not in table for table in tables)):
        print(f"{without} of them have no coordinates and are not in it")
    return 0


def every_station(core: Asking) -> list[dict[str, Any]]:
    """All stations as files say them."""
    tables: list[dict[str, Any]] = []
    while page := core("station-export", {"after": tables[-1]["id"] if tables else "", "limit": PAGE}):
        tables += page
    return tables
