"""Core's commands on nodes' credentials and labels: revoke, rotate, replace a node, read a label."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from broker import orders
from broker.control import CommandFailed, Request
from broker.credentials import CredentialRefused
from broker.topics import topic
from deploy.core_commands.arguments import text
from deploy.core_commands.nodes import known_node, node_new, node_retire
from deploy.core_commands.orders import key_of, next_number, send
from deploy.nodes.rotations import PENDING_MS, Rotation
from deploy.provisioning.label import BadLabel, Label, read_label, site_id

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands


def node_revoke(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take a node's credential away: the broker hangs up on whoever uses it. The node keeps its place and its id."""
    node, reason = text(request, "node"), text(request, "reason")
    known_node(commands, node)
    try:
        commands.credentials.revoke(node)
    except CredentialRefused as error:
        raise CommandFailed(str(error)) from None
    commands.core.seals.forget(node)
    commands.audit(request, "node credential revoked", node, {"reason": reason})
    return {"node": node, "reloaded": commands.reload_broker()}


def node_rotate(commands: "Commands", request: Request) -> dict[str, Any]:
    """Send a node a new password and key; they are in force once it has said that it keeps them."""
    node = text(request, "node")
    known_node(commands, node)
    core, key = commands.core, key_of(commands, node)
    if not core.reports.of(node).is_online:
        raise CommandFailed(
            f"node {node} is not connected, so it cannot be told; try when it is, or make a new credential by hand: "
            f"kentongan node flash {node} --port PORT"
        )
    drawn, now = commands.credentials.draw(node), core.clock.now()
    order: dict[str, Any] = {
        "v": 1,
        "n": next_number(commands),
        "exp": now + orders.GOOD_FOR_MS,
        "do": "credential",
        "password": drawn.password,
        "order_key": drawn.order_key,
    }
    send(commands, request, key, topic(core.settings.site.realm, node, "cmd"), order)
    rotation = Rotation(number=order["n"], drawn=drawn, until=now + PENDING_MS, actor=request.actor)
    commands.rotations.begin(node, rotation)
    return {"node": node, "n": order["n"]}


def node_rotation(commands: "Commands", request: Request) -> dict[str, Any]:
    """Whether a new credential is still on its way to a node, and what the node last said of an order."""
    node = text(request, "node")
    status = commands.core.reports.of(node).status
    said = None if status is None or status.order is None else status.order
    return {"node": node, "is_pending": commands.rotations.is_pending(node), "order": said}


def node_replace(commands: "Commands", request: Request) -> dict[str, Any]:
    """Put a new node in the place of an old one: the station stays, and the old node is retired, all in one turn."""
    old, new = text(request, "old"), text(request, "node")
    if old == new:
        raise CommandFailed(f"{old} cannot take its own place; for a new credential say: kentongan node flash {old}")
    row = known_node(commands, old)
    if not row.station:
        raise CommandFailed(f"node {old} serves no station; make the new one with kentongan node new {new} --station")
    arguments = {"node": new, "station": row.station, "gateway": row.gateway, "hardware": row.hardware}
    made: dict[str, Any] = node_new(commands, Request(name="node-new", args=arguments, actor=request.actor))
    reason = f"replaced by {new}: {text(request, 'reason')}"
    node_retire(commands, Request(name="node-retire", args={"node": old, "reason": reason}, actor=request.actor))
    return made


def node_scan(commands: "Commands", request: Request) -> dict[str, Any]:
    """Read a label's code: which node of ours it names; one of another installation is refused by a sentence in
    Indonesian, as it is read on a technician's phone.
    """
    try:
        label = read_label(text(request, "code"))
    except BadLabel as error:
        raise CommandFailed(str(error)) from None
    if label.site != site_id(commands.authority):
        raise CommandFailed(
            f"Label ini milik kota atau instalasi lain ({_named(label)}, simpul {label.node}). Pakai label dari "
            f"{commands.core.settings.site.name}."
        )
    row = known_node(commands, label.node)
    return {"node": row.id, "station": row.station}


def _named(label: Label) -> str:
    """Another installation as its label names it: by the address of its pages, where it has one, and its digits."""
    host = urlsplit(label.web).netloc
    return f"{host}, situs {label.site}" if host else f"situs {label.site}"


def node_problems(commands: "Commands", _request: Request) -> list[str]:
    """Credentials that seem to be in two hands, one Indonesian sentence each, as they stand on the board."""
    return commands.core.reports.problems(commands.core.clock.now())


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "node-revoke": node_revoke,
    "node-rotate": node_rotate,
    "node-rotation": node_rotation,
    "node-replace": node_replace,
    "node-scan": node_scan,
    "node-problems": node_problems,
}
CHANGES: Final = frozenset({"node-revoke", "node-rotate", "node-replace"})
