"""Core's commands for a node that is put up: begun by its label, kept step by step, ended by good data or by a reason.

While one is open its station is under maintenance, as of a sensor that is put up: what it says raises nothing. It ends
with the installation, or by itself when nobody goes on.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from broker.control import CommandFailed, Request
from deploy.core_commands import installation_steps as steps
from deploy.core_commands.arguments import text
from deploy.core_commands.givers import person, told
from deploy.core_commands.installation_hold import hold, release
from deploy.core_commands.installation_view import known_watch, quantity_of, station_of, summary, view_of
from deploy.core_commands.nodes import NodeRow, known_node
from deploy.nodes.installation import STEPS, WORDS, Installation, installation_of
from deploy.nodes.installation_tables import installations

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

MOST_LISTED: Final = 50
_replace: Final = msgspec.structs.replace


def begin(commands: "Commands", request: Request) -> dict[str, Any]:
    """Begin to put up a node, or go on where it stopped; its station is under maintenance from now on."""
    by, row = person(request), _labelled(commands, text(request, "node"))
    found = opened(commands, row.id)
    if found is None:
        now, number = commands.core.clock.now(), commands.core.journal.take_ids()
        found = Installation(id=number, node=row.id, begun_at=now, begun_by=by)
        commands.put_up.pop(row.id, None)
        _keep(commands, found)
        commands.audit(request, "installation begun", row.id, {"by": by, "installation": number})
    if station := station_of(commands, row.id):
        hold(commands, request, station, row.id)
    return view_of(commands, found)


def _labelled(commands: "Commands", node: str) -> NodeRow:
    try:
        return known_node(commands, node)
    except CommandFailed:
        site = commands.core.settings.site.name
        raise CommandFailed(
            f"Node {node[:40]} tidak dikenal di {site}, atau sudah tidak dipakai. Periksa lagi nama pada label."
        ) from None


def show(commands: "Commands", request: Request) -> dict[str, Any]:
    """How far it is, and what the node sends; changes nothing."""
    return view_of(commands, due(commands, text(request, "node")))


def listed(commands: "Commands", _request: Request) -> list[dict[str, Any]]:
    """Those that nobody has ended, the newest first."""
    rows = commands.core.journal.rows(installations, "WHERE state = 'open' ORDER BY id DESC LIMIT ?", (MOST_LISTED,))
    return [summary(commands, installation_of(row[5])) for row in rows]


def step(commands: "Commands", request: Request) -> dict[str, Any]:
    """Do one step, or leave it out with a reason (``skip``); refused by a sentence that says what is missing."""
    found, by = due(commands, text(request, "node")), person(request)
    name = text(request, "step")
    if name not in STEPS:
        raise CommandFailed(f"installation-step: there is no step {name[:40]!r}; there is {', '.join(STEPS)}")
    if request.args.get("skip") is not None:
        found = steps.skipped(found, name, told(request, "skip"), commands.core.clock.now(), by)
    else:
        found = steps.DO[name](commands, request, found)
    _keep(commands, found)
    if station := station_of(commands, found.node):
        hold(commands, request, station, found.node)
    return view_of(commands, found)


def finish(commands: "Commands", request: Request) -> dict[str, Any]:
    """End it well: every step settled, and good data for as long as the settings ask. Maintenance ends with it."""
    found, by, now = due(commands, text(request, "node")), person(request), commands.core.clock.now()
    if found.open_steps:
        missing = ", ".join(WORDS[name] for name in found.open_steps)
        raise CommandFailed(f"Belum dapat diselesaikan; langkah yang tersisa: {missing}.")
    view = view_of(commands, found)
    if view["good"]["left_ms"]:
        raise CommandFailed(f"Belum dapat diselesaikan: {view['good']['why']}")
    found = _replace(found, state="done", ended_at=now, ended_by=by, result=_result(commands, found, view))
    _end(commands, request, found, f"pemasangan {found.node} selesai")
    commands.audit(request, "installation finished", found.node, {"by": by, "installation": found.id})
    return {"installation": found.id, "node": found.node, "station": view["station"]}


def drop(commands: "Commands", request: Request) -> dict[str, Any]:
    """End it without a result: somebody went home, or the box goes back."""
    found, by, why = due(commands, text(request, "node")), person(request), told(request, "reason")
    found = _replace(found, state="dropped", ended_at=commands.core.clock.now(), ended_by=by, why=why)
    _end(commands, request, found, f"pemasangan {found.node} dihentikan: {why}"[:200])
    detail = {"by": by, "reason": why, "installation": found.id}
    commands.audit(request, "installation dropped", found.node, detail)
    return {"node": found.node}


def opened(commands: "Commands", node: str) -> Installation | None:
    """The open installation of a node, as it was last kept; None: there is none."""
    core = commands.core
    unwritten = [installation_of(row[5]) for row in core.group.installations.values() if row[1] == node]
    if unwritten:
        return unwritten[-1] if unwritten[-1].state == "open" else None
    where = "WHERE node = ? AND state = 'open' ORDER BY id DESC LIMIT 1"
    row = next(core.journal.rows(installations, where, (node,)), None)
    return None if row is None else installation_of(row[5])


def due(commands: "Commands", node: str) -> Installation:
    """The open installation of a node; raises CommandFailed."""
    found = opened(commands, node)
    if found is None:
        raise CommandFailed(f"Tidak ada pemasangan {node} yang berjalan. Mulai lagi dengan memindai labelnya.")
    return found


def _keep(commands: "Commands", found: Installation) -> None:
    commands.core.group.installations[found.id] = found.row


def _end(commands: "Commands", request: Request, found: Installation, why: str) -> None:
    _keep(commands, found)
    if station := station_of(commands, found.node):
        release(commands, request, station, found.node, why)
    commands.put_up.pop(found.node, None)


def _result(commands: "Commands", found: Installation, view: dict[str, Any]) -> dict[str, Any]:
    """What the record tells of the end, as it was then."""
    row = known_node(commands, found.node)
    station = commands.core.registry.stations[row.station]
    main = known_watch(commands, found).latest.get(quantity_of(commands, found) or "")
    epoch = station.last_epoch("distance_mm")
    return {
        "city": commands.core.settings.site.name,
        "station": station.id,
        "name": station.name,
        "river": station.river or "",
        "hazard": station.hazard,
        "latitude": station.latitude,
        "longitude": station.longitude,
        "datum_name": station.datum or "",
        "datum_m": station.datum_m,
        "epoch": None if epoch is None else epoch.number,
        "hardware": row.hardware,
        "firmware": view["status"]["firmware"],
        "good_since": view["good"]["since"],
        "last": None if main is None else [main.quantity, main.value, main.time],
    }


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "installation-begin": begin,
    "installation-show": show,
    "installation-list": listed,
    "installation-step": step,
    "installation-finish": finish,
    "installation-drop": drop,
}
CHANGES: Final = frozenset({"installation-begin", "installation-step", "installation-finish", "installation-drop"})
