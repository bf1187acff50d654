"""Core's commands by which people decide: raise, lower and cancel an alert, begin and end maintenance.

Each is an event of the engine, like a reading, and is answered with what was decided and how many messages tell it.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from alerting.events import Maintained, Observed
from broker.control import CommandFailed, Request
from broker.levels import Level
from deploy.alerts import alert_records
from deploy.core_commands.alert_names import Cancellable, level_at, to_cancel
from deploy.core_commands.arguments import number, optional_text, text
from deploy.core_commands.givers import MINUTE_MS, MOST_AHEAD_MS, NAME, NOTE, person, told, until_of
from deploy.core_commands.scope_names import scope_id, station_id

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

__all__ = ["CHANGES", "HANDLERS", "NAME", "NOTE", "decided_by"]

WARNING_LEVELS: Final = ("WASPADA", "SIAGA", "AWAS")


def alert_raise(commands: "Commands", request: Request) -> dict[str, Any]:
    """Raise, or hold, a level at a station of water or in an area, until somebody lowers it or until ``until``."""
    scope, level = _scope(commands, request), level_of(text(request, "level"))
    if level is Level.NORMAL:
        raise CommandFailed("to end an alert: kentongan alert cancel")
    stands = _stands_at(commands, scope)
    if level < stands:
        raise CommandFailed(f"{scope} stands at {stands.name}; to bring it down: kentongan alert lower")
    return _observe(commands, request, scope, level, "alert raised")


def alert_lower(commands: "Commands", request: Request) -> dict[str, Any]:
    """Bring a level down; data raise it again after ``until``, or after half an hour, or when it was left meanwhile."""
    scope, level = _scope(commands, request), level_of(text(request, "level"))
    stands = _stands_at(commands, scope)
    if level is Level.NORMAL:
        raise CommandFailed("to end an alert: kentongan alert cancel")
    if level >= stands:
        raise CommandFailed(f"{scope} stands at {stands.name}, so {level.name} is not lower; see kentongan alert raise")
    return _observe(commands, request, scope, level, "alert lowered")


def alert_cancel(commands: "Commands", request: Request) -> dict[str, Any]:
    """Cancel the alert of water, rain or air that stands at a station or in an area; those who were told are told."""
    core = commands.core
    said = text(request, "scope")
    scope, hazard = to_cancel(said, journal=core.journal, registry=core.registry, memory=core.memory)
    return _observe(commands, request, scope, Level.NORMAL, "alert cancelled", hazard=hazard)


def _scope(commands: "Commands", request: Request) -> str:
    """A station of water, or an area; one without a station stands where people say. Raises CommandFailed."""
    core = commands.core
    scope = scope_id(text(request, "scope"), core.registry)
    station = core.registry.stations.get(scope)
    if station is not None and not station.measures_water:
        raise CommandFailed(f"{scope} measures no water (hazard {station.hazard}); raise one of its areas instead")
    return scope


def level_of(said: str) -> Level:
    """A level's word in any case; raises CommandFailed for anything else, a Siaga with a number above all."""
    word = said.strip().upper()
    if word in Level.__members__:
        return Level[word]
    if re.fullmatch(r"SIAGA[\W_]*(\d+|[IVX]+)", word):
        raise CommandFailed(
            f"{said!r}: Siaga with a number is the worst level in one city and the lowest in another; write "
            f"{', '.join(WARNING_LEVELS[:-1])} or {WARNING_LEVELS[-1]}"
        )
    raise CommandFailed(f"{said!r} is no level; write {', '.join(WARNING_LEVELS[:-1])} or {WARNING_LEVELS[-1]}")


def _stands_at(commands: "Commands", scope: str) -> Level:
    return level_at(commands.core.memory, scope)


def _observe(
    commands: "Commands", request: Request, scope: str, level: Level, action: str, *, hazard: Cancellable = "level"
) -> dict[str, Any]:
    now = commands.core.clock.now()
    by, note = person(request), told(request, "note")
    until = until_of(request, now, commands.core.telling.zone)
    event = Observed(at=now, by=by, note=note, level=level, until=until, hazard=hazard)
    detail = {"hazard": hazard, "level": level.name, "by": by, "note": note, "until": until}
    return decide(commands, request, scope, event, action=action, detail=detail)


def decide(
    commands: "Commands", request: Request, scope: str, event: Observed | Maintained, *, action: str, detail: object
) -> dict[str, Any]:
    """:func:`decided_by`, audited."""
    commands.audit(request, action, scope, detail)
    return decided_by(commands, scope, event)


def decided_by(commands: "Commands", scope: str, event: Observed | Maintained) -> dict[str, Any]:
    """Give the engine what a person said; what it decided, and how many messages go out."""
    core, now = commands.core, commands.core.clock.now()
    before = (len(core.group.alerts), len(core.group.messages))
    if scope in core.registry.stations:
        core.judgement.scopes.step(scope, event, now)
        core.snapshots.mark_decided(scope)
        core.station_revs[scope] = core.journal.take_ids()
        core.hub.mark_station(scope)
    elif isinstance(event, Observed):
        core.judgement.scopes.area(scope, event, now)
    decided = [alert_records.Version(*row) for row in core.group.alerts[before[0] :]]
    return {
        "scope": scope,
        "name": core.telling.called(scope),
        "level": _stands_at(commands, scope).name,
        "decided": [alert_records.shown(version) for version in decided],
        "messages": len(core.group.messages) - before[1],
    }


def station_maintain(commands: "Commands", request: Request) -> dict[str, Any]:
    """Begin maintenance of a station for ``minutes``, change its end, or ``end`` it."""
    core, now = commands.core, commands.core.clock.now()
    station = station_id(text(request, "id"), core.registry)
    by, known = person(request), core.memory.states[station].maintenance
    if request.args.get("end"):
        if known is None:
            raise CommandFailed(f"{station} is not under maintenance")
        event = Maintained(at=now, by=by, reason=optional_text(request, "reason")[:NOTE], until=None)
        action = "maintenance ended"
    else:
        length_ms = number(request, "minutes") * MINUTE_MS
        if not MINUTE_MS <= length_ms <= MOST_AHEAD_MS:
            raise CommandFailed(
                "--for: at least 1 minute and at most 7 days; it can be said again when it comes to that"
            )
        event = Maintained(at=now, by=by, reason=told(request, "reason"), until=now + round(length_ms))
        action = "maintenance begun" if known is None else "maintenance changed"
    answer = decide(
        commands,
        request,
        station,
        event,
        action=action,
        detail={"by": by, "reason": event.reason, "until": event.until},
    )
    return answer | {"until": event.until, "was": None if known is None else known.until}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "alert-raise": alert_raise,
    "alert-lower": alert_lower,
    "alert-cancel": alert_cancel,
    "station-maintain": station_maintain,
}
CHANGES: Final = frozenset(HANDLERS)
