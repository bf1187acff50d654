"""Maintenance of a station while a node is put up there: begun, prolonged, and ended with the installation."""

from typing import TYPE_CHECKING, Final

from alerting.events import Maintained
from broker.control import Request
from deploy.core_commands.givers import person
from deploy.core_commands.people import decide

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

HOLD_MS: Final = 2 * 3_600_000
RENEWED_MS: Final = 3_600_000  # with less than this left it is prolonged
TOGETHER_MS: Final = 15 * 60_000  # another node heard so lately is in service at the station


def hold(commands: "Commands", request: Request, station: str, node: str) -> None:
    """Maintenance of the station begins, or is prolonged when it would soon be over."""
    core, now = commands.core, commands.core.clock.now()
    state = core.memory.states[station]
    known, alone = state.maintenance, not others_in_service(commands, station, node)
    is_ours = known is not None and known.is_installation == alone and known.reason == _reason(node)
    if known is not None and is_ours and known.until - now >= RENEWED_MS:
        return
    until = max(now + HOLD_MS, 0 if known is None else known.until)
    event = Maintained(at=now, by=person(request), reason=_reason(node), until=until, is_installation=alone)
    action = "maintenance begun" if known is None else "maintenance changed"
    detail = {"by": event.by, "reason": event.reason, "until": until}
    decide(commands, request, station, event, action=action, detail=detail)


def release(commands: "Commands", request: Request, station: str, node: str, why: str) -> None:
    """End the maintenance that :func:`hold` began; another one's stays."""
    core = commands.core
    known = core.memory.states[station].maintenance if station in core.memory.states else None
    if known is None or known.reason != _reason(node):
        return
    event = Maintained(at=core.clock.now(), by=person(request), reason=why, until=None)
    detail = {"by": event.by, "reason": why, "until": None}
    decide(commands, request, station, event, action="maintenance ended", detail=detail)


def others_in_service(commands: "Commands", station: str, node: str) -> list[str]:
    """Nodes besides this one that have spoken for the station lately: while there are any, officers are still told."""
    core, since = commands.core, commands.core.clock.now() - TOGETHER_MS
    served = (name for name in core.memory.nodes_of(station) if name != node)
    return [name for name in served if core.memory.nodes[name].last_arrival >= since]


def _reason(node: str) -> str:
    return f"pemasangan {node}"
