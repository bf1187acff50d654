"""Core's commands about itself: how it is, in figures; and that somebody asked for a drill."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

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
        "watches": core.beats.views(),
        "officers_on_duty": len(core.directory.officers(core.clock.now())),
        "is_unrostered": core.directory.is_unrostered(core.clock.now()),
        "problems": problems(core),
        "node_alarms": core.node_watch.counts(),
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


def core_field(commands: "Commands", _request: Request) -> dict[str, Any]:
    """Every station with its level and thresholds, every node with what it said of itself, and the predicted tide.

    Moments are in ms UTC; what nobody knows is null.
    """
    core = commands.core
    stations, nodes = [], []
    for name, state in core.memory.states.items():
        rules = core.memory.rules.get(name)
        rule = rules.level if rules is not None else None
        high_tide = rule.high_tide if rule is not None else None
        stations.append(
            {
                "id": name,
                "level": state.level if rule is not None else None,
                "thresholds": None if rule is None else msgspec.structs.asdict(rule.thresholds),
                "high_tide": None if high_tide is None else msgspec.structs.asdict(high_tide),
            }
        )
    for name, node in core.memory.nodes.items():
        report = core.reports.nodes.get(name)
        said = report.status if report is not None else None
        nodes.append(
            {
                "id": name,
                "station": node.station,
                "last_arrival": node.last_arrival or None,
                "is_online": None if report is None else report.is_online,
                "rssi_dbm": None if said is None else said.rssi_dbm,
                "stored": None if said is None else said.stored,
                "dropped": None if said is None else said.dropped,
            }
        )
    tide = core.memory.tide
    return {
        "stations": stations,
        "nodes": nodes,
        "tide_m": None if tide is None else tide.height(core.clock.now()),
    }


def drill_asked(commands: "Commands", request: Request) -> dict[str, Any]:
    """Write down who asked for a drill, and for which group; the drill itself is a process of its own."""
    group, by = text(request, "group"), text(request, "by")
    commands.audit(request, "drill asked", group, {"by": by})
    return {}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "core-health": core_health,
    "core-field": core_field,
    "drill-asked": drill_asked,
}
CHANGES: Final = frozenset({"drill-asked"})
