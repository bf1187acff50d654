"""Core's commands about itself: how it is, in figures; and that somebody asked for a drill."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from broker.control import Request
from deploy.core_commands.arguments import text
from deploy.live.shown import problems

if TYPE_CHECKING:
    from deploy.core import Core
    from deploy.core_commands.commands import Commands


def core_health(commands: "Commands", _request: Request) -> dict[str, Any]:
    """What core knows of itself and of what it is connected to; times in ms, ms UTC where they are moments."""
    core = commands.core
    return {
        "pid": os.getpid(),
        "started_at": core.started_at,
        "turns": _turns(core),
        "counters": dict(core.counters),
        "stations": len(core.registry.stations),
        "nodes": len(core.memory.nodes),
        "last_id": core.journal.last_id,
        "broker_connected": core.link.is_connected,
        "failed_write": core.failed_write,
        "history_lag": max(0, core.journal.last_id - core.history_cursor),
        "history_problem": core.history_problem,
        "nowcast_problem": core.nowcast_problem,
        "tide_problem": core.tide_problem,
        "cap_problem": core.cap_problem,
        "modem_problems": list(core.modem_problems),
        "drill": core.drill_line,
        "drill_problem": core.drill_problem,
        "officers_on_duty": len(core.directory.officers(core.clock.now())),
        "is_unrostered": core.directory.is_unrostered(core.clock.now()),
        "problems": problems(core),
        "open_messages": len(core.memory.outbox.open),
        "latency_counts": list(core.sending.latencies.counts),
        "latency_sum_s": core.sending.latencies.sum_s,
    }


def _turns(core: "Core") -> dict[str, Any]:
    """Of the last thousand turns; the longest of all since the start."""
    times = core.turn_times
    middle, slow = times.share_within(0.5), times.share_within(0.99)
    return {
        "count": times.count,
        "median_ms": None if middle is None else middle * 1000,
        "p99_ms": None if slow is None else slow * 1000,
        "longest_ms": times.longest_s * 1000,
        "longest_at": times.longest_at,
    }


def drill_asked(commands: "Commands", request: Request) -> dict[str, Any]:
    """Write down who asked for a drill, and for which group; the drill itself is a process of its own."""
    group, by = text(request, "group"), text(request, "by")
    commands.audit(request, "drill asked", group, {"by": by})
    return {}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "core-health": core_health,
    "drill-asked": drill_asked,
}
CHANGES: Final = frozenset({"drill-asked"})
