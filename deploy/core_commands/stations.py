"""Core's commands on stations: list, show, add, change, import and export."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker.control import CommandFailed, Request
from broker.station import Station
from deploy.alerts import alert_records
from deploy.core_commands.arguments import optional_text, tables, text
from deploy.core_commands.givers import person, told
from deploy.core_commands.nodes import free_nodes
from deploy.core_commands.rule_looks import unseen
from deploy.core_commands.scope_names import station_id
from deploy.live.views import state_of
from deploy.registry.changes import put_station
from deploy.registry.file_form import table_of
from deploy.registry.plan import Mode, plan
from deploy.registry.retire import retire_station
from deploy.registry.tables import versions

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

MOST_AT_ONCE: Final = 1000  # while core warns: each costs some 0.2 ms, in which nothing else is decided


def station_put(commands: "Commands", request: Request) -> dict[str, Any]:
    """Add or change stations, all or none. ``dry_run`` only says what would change; faults are listed, not raised.

    A known station's rules change only when rules-looked was said of the same change within a day.
    """
    core, said = commands.core, tables(request, "stations")
    mode, reason = request.args.get("mode", "import"), optional_text(request, "reason")
    is_dry = bool(request.args.get("dry_run"))
    if mode not in ("import", "add", "change"):
        raise CommandFailed("station-put: mode is import, add or change")
    if core.link.is_connected and len(said) > MOST_AT_ONCE:
        raise CommandFailed(
            f"{len(said)} stations at once would hold up warnings: import at most {MOST_AT_ONCE} while core runs, or "
            "stop it first"
        )
    now = core.clock.now()
    made = plan(said, core.registry, mode=_mode(mode), now=now, author=request.actor, reason=reason or mode)
    faults = [*made.faults, *(() if is_dry or made.faults else unseen(commands, made.steps))]
    if not faults and not is_dry:
        for step in made.steps:
            if step.kind != "unchanged":
                put_station(core, step, actor=request.actor, reason=reason or mode, now=now)
    steps = [{"id": step.id, "kind": step.kind, "fields": step.fields} for step in made.steps]
    return {"steps": steps, "faults": [msgspec.to_builtins(fault) for fault in faults]}


def _mode(mode: str) -> Mode:
    return "add" if mode == "add" else "change" if mode == "change" else "import"


def station_list(commands: "Commands", _request: Request) -> list[dict[str, Any]]:
    core = commands.core
    served: dict[str, int] = {}
    for node in core.memory.nodes.values():
        served[node.station] = served.get(node.station, 0) + 1
    return [
        {
            "id": name,
            "name": station.name,
            "hazard": station.hazard,
            "river": station.river,
            "example": station.example,
            "state": _says(commands, name),
            "nodes": served.get(name, 0),
            "version": core.registry.versions[name],
        }
        for name, station in sorted(core.registry.stations.items())
    ]


def _says(commands: "Commands", station: str) -> str:
    memory = commands.core.memory
    return state_of(memory.states[station], memory.rules[station], memory.air.get(station)).value


def station_show(commands: "Commands", request: Request) -> dict[str, Any]:
    """Everything that is known of a station."""
    core, station = commands.core, known_station(commands, text(request, "id"))
    drift = core.registry.drift(station.id)
    return {
        "station": table_of(station, core.registry.areas),
        "version": core.registry.versions[station.id],
        "state": _says(commands, station.id),
        "kelurahan": core.registry.kelurahan(station.id),
        "rules": msgspec.to_builtins(core.memory.rules[station.id]),
        "history": _history(commands, station.id),
        "drift": None if drift is None else msgspec.to_builtins(drift),
        "gauge": [msgspec.structs.asdict(row) for row in core.registry.gauges.get(station.id, [])[-5:]],
        "nodes": _nodes(commands, station.id),
    }


def _history(commands: "Commands", station: str) -> list[dict[str, Any]]:
    """Each version: who, when, why, and its thresholds."""
    found = []
    rows = commands.core.journal.rows(versions, "WHERE kind = 'station' AND name = ? ORDER BY version", (station,))
    for _, _, _, version, changed_at, actor, reason, document in rows:
        limits = msgspec.json.decode(document, type=Station).thresholds
        found.append(
            {
                "version": version,
                "changed_at": changed_at,
                "actor": actor,
                "reason": reason,
                "thresholds": None if limits is None else msgspec.structs.asdict(limits),
            }
        )
    return found


def _nodes(commands: "Commands", station: str) -> list[dict[str, Any]]:
    """Who serves a station and who did, from when to when."""
    rows = commands.core.journal.rows(versions, "WHERE kind = 'node' ORDER BY id")
    found: list[dict[str, Any]] = []
    serving: dict[str, dict[str, Any]] = {}
    for _, _, node, _, changed_at, _, _, document in rows:
        said = msgspec.json.decode(document)
        is_here = said["station"] == station and said["revoked_at"] is None
        if is_here and node not in serving:
            serving[node] = {"node": node, "since": changed_at, "until": None}
            found.append(serving[node])
        elif not is_here and node in serving:
            serving.pop(node)["until"] = changed_at
    return found


def station_export(commands: "Commands", request: Request) -> list[dict[str, Any]]:
    """Stations as files say them, in the order of their ids: at most ``limit`` after ``after``."""
    registry = commands.core.registry
    after, limit = optional_text(request, "after"), int(request.args.get("limit", 1000))
    names = sorted(name for name in registry.stations if name > after)[:limit]
    return [table_of(registry.stations[name], registry.areas) for name in names]


def station_document(commands: "Commands", request: Request) -> dict[str, Any]:
    """The document itself (:class:`broker.station.Station`)."""
    document: dict[str, Any] = msgspec.to_builtins(known_station(commands, text(request, "id")))
    return document


def known_station(commands: "Commands", name: str) -> Station:
    """The station with this id or name; raises CommandFailed naming the nearest."""
    registry = commands.core.registry
    return registry.stations[station_id(name, registry)]


def station_retire(commands: "Commands", request: Request) -> dict[str, Any]:
    """Measure no more at a station: its alerts end in somebody's name, its nodes are free, its history and id stay."""
    core, station = commands.core, known_station(commands, text(request, "id"))
    by, reason = person(request), told(request, "reason")
    before = (len(core.group.alerts), len(core.group.messages))
    name = core.telling.called(station.id)
    freed = free_nodes(commands, request, station.id, f"{station.id} retired: {reason}")
    retire_station(core, station, by=by, reason=reason, actor=request.actor, now=core.clock.now())
    decided = [alert_records.Version(*row) for row in core.group.alerts[before[0] :]]
    return {
        "scope": station.id,
        "name": name,
        "nodes": freed,
        "decided": [alert_records.shown(version) for version in decided],
        "messages": len(core.group.messages) - before[1],
    }


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "station-put": station_put,
    "station-list": station_list,
    "station-show": station_show,
    "station-export": station_export,
    "station-document": station_document,
    "station-retire": station_retire,
}
CHANGES: Final = frozenset({"station-put", "station-retire"})
