"""The commands that core obeys: from the web and the command line alike, each audited, answered after its commit."""

import json
import os
from collections.abc import Callable
from typing import Any, Final

from broker.control import CommandFailed, Request
from broker.credentials import CredentialRefused, CredentialStore, check_node_id
from deploy.core import Core
from ingest.readings import dead_letters
from ingest.stations import Node

Handler = Callable[["Commands", Request], Any]


class Commands:
    """``reload_broker`` makes the broker read its password file again."""

    def __init__(self, core: Core, credentials: CredentialStore, reload_broker: Callable[[], bool]) -> None:
        self.core, self.credentials, self.reload_broker = core, credentials, reload_broker

    def run(self, request: Request) -> Any:
        """Carry out a request; raises CommandFailed with a sentence. The same idempotency key gets the same answer."""
        handler = HANDLERS.get(request.name)
        if handler is None:
            raise CommandFailed(f"core knows no command {request.name!r}; it knows {', '.join(sorted(HANDLERS))}")
        if request.key is not None and (answer := self._answered(request.key)) is not None:
            return json.loads(answer)
        result = handler(self, request)
        if request.key is not None:
            self.core.group.commands.append((request.key, self.core.clock.now(), json.dumps(result)))
        self.core.turn()
        if self.core.failed_write is not None and request.name in CHANGES:
            raise CommandFailed(f"not stored: {self.core.failed_write}; free disk space and say it again")
        return result

    def _answered(self, key: str) -> str | None:
        row = self.core.journal.connection.execute("SELECT answer FROM commands WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def audit(self, request: Request, action: str, subject: str, detail: object = None) -> None:
        now = self.core.clock.now()
        self.core.journal.add_audit(
            self.core.group, at=now, actor=request.actor, action=action, subject=subject, detail=detail
        )


def _text(request: Request, name: str) -> str:
    value = request.args.get(name)
    if not isinstance(value, str) or not value:
        raise CommandFailed(f"{request.name}: {name} is missing")
    return value


def node_new(commands: Commands, request: Request) -> dict[str, Any]:
    """Make a node and its credential, or a new credential for a known one (``replace``)."""
    core, node, station = commands.core, _text(request, "node"), _text(request, "station")
    replace = bool(request.args.get("replace"))
    try:
        check_node_id(node)
        if station not in core.registry.stations:
            known = ", ".join(sorted(core.registry.stations)) or "none"
            raise CommandFailed(f"no station {station!r} in the settings; there is {known}")
        if node in core.memory.nodes and not replace:
            raise CommandFailed(f"node {node} exists; choose another id, or give it a new credential with --replace")
        is_known = node in commands.credentials.nodes()
        password = commands.credentials.replace(node) if is_known else commands.credentials.add(node)
    except CredentialRefused as error:
        raise CommandFailed(str(error)) from None
    known_node = core.memory.nodes.get(node)
    if known_node is None:
        core.memory.nodes[node] = Node(id=node, station=station)
    else:
        known_node.station = station
    core.group.nodes.append((node, station, core.clock.now(), request.actor, None))
    core.group.node_states[node] = core.snapshots.node_row(core.memory.nodes[node])
    core.hub.mark_station(station)
    commands.audit(request, "node credential", node, {"station": station})
    return {"node": node, "station": station, "password": password, "reloaded": commands.reload_broker()}


def node_list(commands: Commands, _request: Request) -> list[dict[str, Any]]:
    nodes = sorted(commands.core.memory.nodes.values(), key=lambda node: node.id)
    return [{"node": node.id, "station": node.station, "last_arrival": node.last_arrival or None} for node in nodes]


def list_dead_letters(commands: Commands, request: Request) -> list[dict[str, Any]]:
    limit = min(int(request.args.get("limit", 50)), 1000)
    rows = commands.core.journal.rows(dead_letters, "ORDER BY id DESC LIMIT ?", (limit,))
    return [
        {
            "id": row[0],
            "received_at": row[1],
            "topic": row[2].decode("utf-8", "backslashreplace"),
            "reason": row[3],
            "payload": row[4].decode("utf-8", "backslashreplace"),
        }
        for row in rows
    ]


def history_cursor(commands: Commands, request: Request) -> dict[str, int]:
    """History tells how far it has copied; retention keeps what it has not."""
    cursor = int(request.args.get("cursor", 0))
    commands.core.history_cursor = cursor
    commands.core.history_problem = request.args.get("problem")
    commands.core.group.values["history_cursor"] = str(cursor)
    return {"last_id": commands.core.journal.last_id}


def status(commands: Commands, _request: Request) -> dict[str, Any]:
    core = commands.core
    return {
        "pid": os.getpid(),
        "stations": len(core.registry.stations),
        "nodes": len(core.memory.nodes),
        "last_id": core.journal.last_id,
        "broker_connected": core.link.is_connected,
        "counters": dict(core.counters),
        "open_messages": len(core.memory.outbox.open),
    }


HANDLERS: Final[dict[str, Handler]] = {
    "node-new": node_new,
    "node-list": node_list,
    "deadletters": list_dead_letters,
    "history-cursor": history_cursor,
    "status": status,
}
CHANGES: Final = frozenset({"node-new"})
