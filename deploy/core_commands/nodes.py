"""Core's commands on nodes: credentials, what they are, and which station each serves."""

from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any, Final

import msgspec

from alerting.blind import GATEWAY
from alerting.events import GroupLeft
from broker.control import CommandFailed, Request
from broker.credentials import CredentialRefused, check_node_id
from broker.topics import is_id
from deploy.core_commands.arguments import optional_text, tables, text
from deploy.core_commands.seals import require_seal
from deploy.nodes.reports import NodeReport
from deploy.provisioning.label import site_id
from deploy.registry.tables import versions
from deploy.restore import kept_node
from ingest.nodes import nodes

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

CHANGEABLE: Final = ("station", "gateway", "hardware", "firmware", "note")
OF_PEOPLE: Final = frozenset({"petugas", "impor"})  # under these names people's readings and imports are filed


class NodeRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of ``nodes``, in the table's order."""

    id: str
    station: str
    created_at: int
    created_by: str
    revoked_at: int | None = None
    hardware: str = ""
    firmware: str = ""
    note: str = ""
    version: int = 0  # 0: not stored yet
    gateway: str = ""  # through which it is heard; "": on its own


def node_new(commands: "Commands", request: Request) -> dict[str, Any]:
    """Make a node and its credential, or a new credential for a known one (``replace``)."""
    core, node, station = commands.core, text(request, "node"), text(request, "station")
    _check_id(commands, node, is_known=node in core.memory.nodes, replace=bool(request.args.get("replace")))
    _check_station(commands, station)
    try:
        is_known = node in commands.credentials.nodes()
        password = commands.credentials.replace(node) if is_known else commands.credentials.add(node)
        order_key = commands.credentials.order_key(node)
    except CredentialRefused as error:
        raise CommandFailed(str(error)) from None
    row = _row(commands, node) or NodeRow(node, station, core.clock.now(), request.actor)
    _put(commands, request, msgspec.structs.replace(row, station=station, **_said(request)), "credential")
    core.seals.forget(node)
    if request.args.get("seal"):
        require_seal(core, node, is_required=True)
    commands.audit(request, "node credential", node, {"station": station})
    return {
        "node": node,
        "station": station,
        "hazard": core.registry.stations[station].hazard,
        "password": password,
        "order_key": order_key,
        "seal": core.seals.is_required(node),
        "site": site_id(commands.authority),
        "reloaded": commands.reload_broker(),
    }


def node_change(commands: "Commands", request: Request) -> dict[str, Any]:
    """Change what a node is, or which station it serves; its credential stays."""
    node = text(request, "node")
    row = known_node(commands, node)
    changed = msgspec.structs.replace(row, **_said(request))
    if "station" in request.args:
        station = text(request, "station")
        _check_station(commands, station)
        changed = msgspec.structs.replace(changed, station=station)
    if changed != row:
        _put(commands, request, changed, text(request, "reason"))
    return {"changed": changed != row, **msgspec.structs.asdict(changed)}


def node_put(commands: "Commands", request: Request) -> dict[str, Any]:
    """Change many nodes, all or none, or only say what would change; a node itself is made by ``node-new``."""
    steps: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    wanted: dict[str, NodeRow] = {}
    for number, table in enumerate(tables(request, "nodes")):
        name, row, found = str(table.get("id", "")), None, _faults_of(commands, table, wanted)
        if not found:
            row = _row(commands, name)
        if row is not None:
            said = {key: str(value or "") for key, value in table.items() if key != "id"}
            wanted[name] = msgspec.structs.replace(row, **said)
            fields = [(key, getattr(row, key), value) for key, value in said.items() if getattr(row, key) != value]
            steps.append({"id": name, "fields": fields})
        faults += [{"number": number, "id": name, "key": key, "text": text} for key, text in found]
    if not faults and not request.args.get("dry_run"):
        for step in steps:
            if step["fields"]:
                _put(commands, request, wanted[step["id"]], text(request, "reason"))
    return {"steps": steps, "faults": faults}


def _faults_of(commands: "Commands", table: dict[str, Any], seen: Container[str]) -> list[tuple[str, str]]:
    name = str(table.get("id", ""))
    found = [(key, "there is no such key") for key in table if key not in CHANGEABLE and key != "id"]
    if name in seen:
        return [("id", "stands twice")]
    if name in commands.core.registry.retired_nodes:
        found.append(("id", "it was retired, and ids are never used again"))
    elif name not in commands.core.memory.nodes:
        found.append(("id", f"no node has it; make it, with its credential: kentongan node new {name or 'ID'}"))
    if table.get("gateway") and not is_id(str(table["gateway"])):
        found.append(("gateway", f"{str(table['gateway'])[:40]!r} is not 3 to 32 of a-z, 0-9 and hyphen"))
    if "station" in table and table["station"] not in commands.core.registry.stations:
        found.append(("station", f"no station {table['station']!r} in the registry"))
    return found


def node_retire(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take a node out of service for good: its credential goes, its history stays, its id is never used again."""
    core, node, reason = commands.core, text(request, "node"), text(request, "reason")
    row = known_node(commands, node)
    try:
        if node in commands.credentials.nodes():
            commands.credentials.revoke(node)
    except CredentialRefused as error:
        raise CommandFailed(str(error)) from None
    _put(commands, request, msgspec.structs.replace(row, revoked_at=core.clock.now()), reason)
    return {"node": node, "reloaded": commands.reload_broker()}


def free_nodes(commands: "Commands", request: Request, station: str, reason: str) -> list[str]:
    """Have the nodes of a station serve none: what they send is refused, and kept by them, until they serve another."""
    freed = list(commands.core.memory.nodes_of(station))
    for node in freed:
        row = known_node(commands, node)
        _put(commands, request, msgspec.structs.replace(row, station=""), reason)
    return freed


def node_list(commands: "Commands", _request: Request) -> list[dict[str, Any]]:
    known = commands.core.memory.nodes
    found = []
    for values in commands.core.journal.rows(nodes, "ORDER BY id"):
        row = NodeRow(*values)
        live, report = known.get(row.id), commands.core.reports.nodes.get(row.id)
        found.append(
            {
                "node": row.id,
                "station": row.station,
                "last_arrival": (live.last_arrival or None) if live is not None else None,
                "hardware": row.hardware,
                "firmware": row.firmware,
                "note": row.note,
                "gateway": row.gateway,
                "revoked_at": row.revoked_at,
                "alarms": [alarm.kind for alarm in commands.core.node_watch.alarms(row.id)],
                **_reported(report),
            }
        )
    return found


def _reported(report: NodeReport | None) -> dict[str, Any]:
    """What the node says of itself: the version that it runs, and what became of its last update."""
    status = None if report is None else report.status
    if report is None or status is None:
        return {"runs": None, "online": None, "update": None}
    return {"runs": status.firmware, "online": report.is_online, "update": status.update and status.update[1]}


def node_show(commands: "Commands", request: Request) -> dict[str, Any]:
    """What a node is, and every version of it: who changed what, when and why."""
    row = known_node(commands, text(request, "node"))
    live = commands.core.memory.nodes.get(row.id)
    rows = commands.core.journal.rows(versions, "WHERE kind = 'node' AND name = ? ORDER BY version", (row.id,))
    history = [
        {"version": v[3], "changed_at": v[4], "actor": v[5], "reason": v[6], **msgspec.json.decode(v[7])} for v in rows
    ]
    return {
        **msgspec.structs.asdict(row),
        "last_arrival": (live.last_arrival or None) if live is not None else None,
        "seal": commands.core.seals.is_required(row.id),
        "is_sealing": commands.core.seals.is_sealing(row.id),
        "history": history,
    }


def _said(request: Request) -> dict[str, str]:
    said: dict[str, str] = {name: optional_text(request, name) for name in CHANGEABLE[1:] if name in request.args}
    if said.get("gateway") and not is_id(said["gateway"]):
        raise CommandFailed(f"gateway {said['gateway'][:40]!r} is not 3 to 32 of a-z, 0-9 and hyphen")
    return said


def _check_id(commands: "Commands", node: str, *, is_known: bool, replace: bool) -> None:
    try:
        check_node_id(node)
    except CredentialRefused as error:
        raise CommandFailed(str(error)) from None
    if node in commands.core.beats.watches:
        raise CommandFailed(f"{node} is, or was, a watch (kentongan watch list); choose another id")
    if node in OF_PEOPLE:
        raise CommandFailed(f"node id {node!r} stands for readings that no node sent; choose another")
    if node in commands.core.registry.retired_nodes:
        raise CommandFailed(f"node {node} was retired, and ids are never used again; choose another")
    if is_known and not replace:
        raise CommandFailed(f"node {node} exists; choose another id, or give it a new credential with --replace")


def _check_station(commands: "Commands", station: str) -> None:
    if station not in commands.core.registry.stations:
        raise CommandFailed(
            f"no station {station!r} in the registry; add it: kentongan station add, or see kentongan station list"
        )


def _row(commands: "Commands", node: str) -> NodeRow | None:
    for values in commands.core.journal.rows(nodes, "WHERE id = ?", (node,)):
        return NodeRow(*values)
    return None


def known_node(commands: "Commands", node: str) -> NodeRow:
    """The row of a node in service; raises CommandFailed."""
    row = _row(commands, node)
    if row is None:
        raise CommandFailed(f"no node {node!r} is known; see kentongan node list")
    if row.revoked_at is not None:
        raise CommandFailed(f"node {node} was retired, and ids are never used again; make another: kentongan node new")
    return row


def _put(commands: "Commands", request: Request, row: NodeRow, reason: str) -> None:
    """A node's new row, its version and the audit, in this turn's group; core obeys at once."""
    core, now = commands.core, commands.core.clock.now()
    row = msgspec.structs.replace(row, version=row.version + 1)
    core.group.nodes.append(msgspec.structs.astuple(row))
    document = msgspec.json.encode(msgspec.structs.asdict(row)).decode()
    version = (core.journal.take_ids(), "node", row.id, row.version, now, request.actor, reason, document)
    core.group.versions.append(version)
    commands.audit(request, "node changed", f"{row.id} v{row.version}", {"reason": reason, "node": document})
    before = core.memory.nodes.get(row.id)
    if before is not None:
        core.hub.mark_station(before.station)
    left = "" if before is None else before.gateway
    if row.revoked_at is not None:
        core.registry.retired_nodes.add(row.id)
        core.forget_node(row.id)
    elif not row.station:
        if before is not None:
            core.group.node_states[row.id] = core.snapshots.node_row(before)
        core.forget_node(row.id)
    else:
        if before is None and (kept := kept_node(core.journal, row.id, row.station)) is not None:
            core.memory.nodes[row.id] = kept
        node = core.memory.assign(row.id, row.station, row.gateway)
        core.group.node_states[row.id] = core.snapshots.node_row(node)
    if row.station:
        core.hub.mark_station(row.station)
    if left and not core.memory.behind(left):
        core.judgement.scopes.group(f"{GATEWAY}{left}", GroupLeft(at=now, by=request.actor), now)


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "node-new": node_new,
    "node-change": node_change,
    "node-retire": node_retire,
    "node-put": node_put,
    "node-list": node_list,
    "node-show": node_show,
}
CHANGES: Final = frozenset({"node-new", "node-change", "node-put", "node-retire"})
