"""Core's command for the technician's phone: what one node is, and what it says of itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from broker.control import Request
from deploy.core_commands.arguments import text
from deploy.core_commands.nodes import known_node

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands


def node_state(commands: "Commands", request: Request) -> dict[str, Any]:
    """From memory and one row; what the node has not said yet is null."""
    core, row = commands.core, known_node(commands, text(request, "node"))
    live, report = core.memory.nodes.get(row.id), core.reports.nodes.get(row.id)
    status = None if report is None else report.status
    return {
        "node": row.id,
        "station": row.station,
        "hardware": row.hardware,
        "firmware": (status.firmware if status is not None else None) or row.firmware,
        "note": row.note,
        "gateway": row.gateway,
        "last_arrival": (live.last_arrival or None) if live is not None else None,
        "online": None if report is None else report.is_online,
        "said_at": None if report is None else report.at,
        "uptime_s": None if status is None else status.uptime_s,
        "stored": None if status is None else status.stored,
        "dropped": None if status is None else status.dropped,
        "order": None if status is None or status.order is None else list(status.order),
        "problem": None if report is None else report.problem(row.id, core.clock.now()),
        **core.node_watch.vitals(row.id),
    }


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {"node-state": node_state}
