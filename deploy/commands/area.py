"""kentongan area: kecamatan, kelurahan, RW and RT - list, show, add and change them, import and export polygons."""

import argparse
from pathlib import Path
from typing import Final

from deploy.commands.common import Refused, add_settings, ask
from deploy.registry.area_files import geojson_text, read_areas
from deploy.registry.station_files import BadFile

MOST_BYTES: Final = 7_000_000  # what core's socket takes at once


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="list areas: code, name, and whether a polygon was imported")
    show = verbs.add_parser("show", help="print an area and the stations that matter to it")
    new = verbs.add_parser("add", help="add an RW or RT below a kelurahan")
    change = verbs.add_parser("change", help="give an area another name")
    for parts in (show, new, change):
        parts.add_argument("code", help="35.75.01.1001, 35.75.01.1001/RW03 or 35.75.01.1001/RW03/RT02")
    for parts in (new, change):
        parts.add_argument("--name", required=True)
    into = verbs.add_parser("import", help="take the polygons of a GeoJSON file, all of them or none")
    into.add_argument("--dry-run", action="store_true", help="only print what would change")
    out = verbs.add_parser("export", help="write areas as GeoJSON")
    for parts in (into, out):
        parts.add_argument("file", type=Path)
    for parts in (new, change, into):
        parts.add_argument("--reason", default="", metavar="TEXT", help="why; it is audited")
    for parts in (listed, show, new, change, into, out):
        add_settings(parts)


def run(args: argparse.Namespace) -> int:
    verbs = {"list": _list, "show": _show, "add": _add, "change": _change, "import": _import, "export": _export}
    return verbs[args.verb](args)


def _list(args: argparse.Namespace) -> int:
    for area in ask(args, "area-list", {}):
        polygon = "polygon" if area["has_polygon"] else ""
        print(f"{area['code']:<24}  {area['kind']:<9}  {area['name']:<24}  {polygon}".rstrip())
    return 0


def _show(args: argparse.Namespace) -> int:
    answer = ask(args, "area-show", {"code": args.code})
    area = answer["area"]
    print(f"{area['code']}  {answer['kind']}  {area['name']}, printed as {answer['printed']}")
    if "latitude" in area:
        print(f"  centre    {area['latitude']}, {area['longitude']}")
    print(f"  polygon   {area.get('source') or 'imported' if 'geometry' in area else 'none; kentongan area import'}")
    print(f"  stations  {', '.join(answer['stations']) or 'none'}")
    return 0


def _add(args: argparse.Namespace) -> int:
    made = ask(args, "area-add", {"code": args.code, "name": args.name, "reason": args.reason})
    print(f"{made['code']} is printed as {made['printed']}")
    return 0


def _change(args: argparse.Namespace) -> int:
    made = ask(args, "area-change", {"code": args.code, "name": args.name, "reason": args.reason})
    print(f"{made['code']} is {args.name}" if made["changed"] else f"{made['code']} had that name already")
    return 0


def _import(args: argparse.Namespace) -> int:
    try:
        areas = read_areas(args.file)
        size = args.file.stat().st_size
    except BadFile as error:
        raise Refused(str(error)) from None
    if size > MOST_BYTES:
        raise Refused(f"{args.file}: {size} bytes are more than {MOST_BYTES}: simplify the polygons, or split the file")
    reason = args.reason or f"import {args.file.name}"
    answer = ask(args, "area-put", {"areas": areas, "reason": reason, "dry_run": args.dry_run})
    if answer["faults"]:
        lines = [
            f"{args.file}: features[{fault['number']}] ({fault['code'] or 'no code'}): {fault['key']}: {fault['text']}"
            for fault in answer["faults"]
        ]
        raise Refused("\n".join([*lines, "nothing was imported"]))
    for step in answer["steps"]:
        if step["kind"] != "unchanged":
            print(f"{'+' if step['kind'] == 'added' else '~'} {step['code']}  {step['name']}")
    counts = {kind: sum(step["kind"] == kind for step in answer["steps"]) for kind in ("added", "changed", "unchanged")}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    print(f"{told}{' - a dry run: nothing was done' if args.dry_run else ''}")
    return 0


def _export(args: argparse.Namespace) -> int:
    areas = ask(args, "area-export", {})
    try:
        args.file.write_text(geojson_text(areas), encoding="utf-8")
    except OSError as error:
        raise Refused(f"{args.file}: {error.strerror}") from None
    without = sum("geometry" not in area for area in areas)
    print(f"wrote {len(areas)} areas to {args.file}, {without} of them without a polygon")
    return 0
