"""Core's command on which nodes must seal what they say."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from broker.control import CommandFailed, Request
from deploy.core_commands.arguments import text
from deploy.nodes.seals import ACCEPTED, KEPT, REQUIRED

if TYPE_CHECKING:
    from deploy.core import Core
    from deploy.core_commands.commands import Commands


def node_seal(commands: "Commands", request: Request) -> dict[str, Any]:
    """From now on nothing is taken of a node but what it has sealed (``required``), or plain words again too."""
    node, word, reason = text(request, "node"), text(request, "seal"), text(request, "reason")
    if word not in (REQUIRED, ACCEPTED):
        raise CommandFailed(f"a seal is {REQUIRED} or {ACCEPTED}, not {word[:40]!r}")
    if node not in commands.core.memory.nodes:
        raise CommandFailed(f"no node {node[:40]!r} serves a station; see kentongan node list")
    require_seal(commands.core, node, is_required=word == REQUIRED)
    commands.audit(request, "node seal", node, {"seal": word, "reason": reason})
    return {"node": node, "seal": word}


def require_seal(core: "Core", node: str, *, is_required: bool) -> None:
    """Obeyed at once, and kept with this turn's commit."""
    if core.seals.is_required(node) != is_required:
        core.seals.require(node, is_required=is_required)
        core.group.values[KEPT + node] = REQUIRED if is_required else ACCEPTED


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {"node-seal": node_seal}
CHANGES: Final = frozenset(HANDLERS)
