"""Core's commands on areas: list, show, add, change, import and export."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker.control import CommandFailed, Request
from deploy.core_commands.arguments import optional_text, tables, text
from deploy.registry.area_files import area_of
from deploy.registry.areas import CODE, Area
from deploy.registry.tables import areas as area_table

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands


def area_list(commands: "Commands", _request: Request) -> list[dict[str, Any]]:
    """Every area without its polygon."""
    areas = commands.core.registry.areas
    return [
        {
            "code": area.code,
            "name": areas.name(area.code),
            "kind": area.kind,
            "latitude": area.latitude,
            "longitude": area.longitude,
            "has_polygon": area.geometry is not None,
        }
        for area in areas.all()
    ]


def area_show(commands: "Commands", request: Request) -> dict[str, Any]:
    areas, area = commands.core.registry.areas, _known(commands, text(request, "code"))
    stations = [s.id for s in commands.core.registry.stations.values() if area.code in s.kelurahan]
    return {"area": _whole(area), "kind": area.kind, "printed": areas.name(area.code), "stations": stations}


def area_export(commands: "Commands", _request: Request) -> list[dict[str, Any]]:
    """Every area, polygons included."""
    return [_whole(area) for area in commands.core.registry.areas.all()]


def _whole(area: Area) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(area)
    return document


def area_add(commands: "Commands", request: Request) -> dict[str, Any]:
    """Add an RW or RT, or the area of another city."""
    areas, code = commands.core.registry.areas, text(request, "code")
    if areas.get(code) is not None:
        raise CommandFailed(f"area {code} exists; see kentongan area change")
    if not CODE.match(code):
        raise CommandFailed(f"{code!r} is no area code; write 35.75.01.1001/RW03 or 35.75.01.1001/RW03/RT02")
    parent = code.rpartition("/")[0]
    if parent and areas.get(parent) is None:
        raise CommandFailed(f"the area above it, {parent}, is not known; add it first")
    _put(commands, request, [Area(code=code, name=text(request, "name"))], "area added")
    return {"code": code, "printed": areas.name(code)}


def area_change(commands: "Commands", request: Request) -> dict[str, Any]:
    """Give an area another name."""
    area = _known(commands, text(request, "code"))
    changed = msgspec.structs.replace(area, name=text(request, "name"))
    if changed != area:
        _put(commands, request, [changed], "area changed")
        for station in commands.core.registry.stations.values():
            if area.code in station.kelurahan:
                commands.core.hub.mark_station(station.id)
    return {"code": area.code, "changed": changed != area}


def area_put(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take the polygons of a file, all or none; ``dry_run`` only says what would change."""
    known = commands.core.registry.areas
    steps: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    wanted: dict[str, Area] = {}
    for number, said in enumerate(tables(request, "areas")):
        area, found = area_of(said, known)
        if area is not None and area.code in wanted:
            found = [("code", f"{area.code} stands twice")]
        faults += [{"number": number, "code": said.get("code"), "key": key, "text": told} for key, told in found]
        if area is not None and not found:
            before = known.get(area.code)
            kind = "unchanged" if area == before else "added" if before is None else "changed"
            steps.append({"code": area.code, "name": area.name, "kind": kind})
            wanted[area.code] = area
    changed = [wanted[step["code"]] for step in steps if step["kind"] != "unchanged"]
    if changed and not faults and not request.args.get("dry_run"):
        _put(commands, request, changed, "area imported")
    return {"steps": steps, "faults": faults}


def _known(commands: "Commands", code: str) -> Area:
    area = commands.core.registry.areas.get(code)
    if area is None:
        raise CommandFailed(f"no area {code!r} is known; see kentongan area list")
    return area


def _put(commands: "Commands", request: Request, areas: list[Area], action: str) -> None:
    core, now, reason = commands.core, commands.core.clock.now(), optional_text(request, "reason")
    for area in areas:
        version = 1 + max((row[1] for row in core.journal.rows(area_table, "WHERE code = ?", (area.code,))), default=0)
        document = msgspec.json.encode(area).decode()
        core.group.areas.append((area.code, version, document))
        row = (core.journal.take_ids(), "area", area.code, version, now, request.actor, reason, document)
        core.group.versions.append(row)
        detail = {"name": area.name, "reason": reason, "has_polygon": area.geometry is not None}
        commands.audit(request, action, f"{area.code} v{version}", detail)
    core.registry.areas.put(areas)


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "area-list": area_list,
    "area-show": area_show,
    "area-export": area_export,
    "area-add": area_add,
    "area-change": area_change,
    "area-put": area_put,
}
CHANGES: Final = frozenset({"area-add", "area-change", "area-put"})
