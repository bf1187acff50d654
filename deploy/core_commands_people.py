"""Core's commands by which people decide: raise, lower and cancel an alert, begin and end maintenance.

Each is an event of the engine, like a reading, and is answered with what was decided and how many messages tell it.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from alerting.area import AreaState
from alerting.events import Maintained, Observed
from broker.control import CommandFailed, Request
from broker.levels import Level
from deploy import alert_records
from deploy.command_arguments import number, optional_text, text
from deploy.command_scopes import scope_id, station_id
from deploy.core_commands_alerts import split

if TYPE_CHECKING:
    from deploy.core_commands import Commands

MINUTE_MS: Final = 60_000
MOST_AHEAD_MS: Final = 7 * 1440 * MINUTE_MS
NAME: Final = 60  # letters of who it was
NOTE: Final = 200
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
    """Cancel what stands at a station or in an area, or an alert by its id; those who were told are told."""
    scope = _cancelled(commands, text(request, "scope"))
    if _stands_at(commands, scope) is Level.NORMAL:
        raise CommandFailed(f"no alert of water stands at {scope}; see kentongan alert list --active")
    return _observe(commands, request, scope, Level.NORMAL, "alert cancelled")


def _cancelled(commands: "Commands", said: str) -> str:
    """The scope of an alert's id, or of a name."""
    found = alert_records.versions(commands.core.journal, split(said)[0])
    if not found:
        return scope_id(said, commands.core.registry)
    last = found[-1]
    if last.hazard not in ("level", "area"):
        raise CommandFailed(
            f"{last.alert} is about {last.hazard} and ends by itself, with good data; a person can cancel alerts of "
            "water and of areas"
        )
    if last.kind in ("ended", "cancelled"):
        raise CommandFailed(f"{last.alert} is over since its version {last.version}; nothing to cancel")
    return last.station


def _scope(commands: "Commands", request: Request) -> str:
    """A station of water, or an area that stations matter to; raises CommandFailed."""
    core = commands.core
    scope = scope_id(text(request, "scope"), core.registry)
    station = core.registry.stations.get(scope)
    if station is not None and not station.measures_water:
        raise CommandFailed(f"{scope} measures no water (hazard {station.hazard}); raise one of its areas instead")
    if station is None and core.judgement.scopes.places.area_rules(scope) is None:
        raise CommandFailed(
            f"no station of water matters to {core.telling.called(scope)}, so it can have no alert; name it in a "
            "station's kelurahan first: kentongan station change"
        )
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
    memory = commands.core.memory
    state = memory.states.get(scope) or memory.areas.get(scope) or AreaState()
    return Level(state.level)


def _observe(commands: "Commands", request: Request, scope: str, level: Level, action: str) -> dict[str, Any]:
    now = commands.core.clock.now()
    by, note = person(request), _told(request, "note")
    until = _until(request, now, commands)
    event = Observed(at=now, by=by, note=note, level=level, until=until)
    detail = {"level": level.name, "by": by, "note": note, "until": until}
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


def person(request: Request) -> str:
    """Who it was: a name that can be read in a message; raises CommandFailed."""
    name = " ".join(optional_text(request, "by").split())
    if not name:
        raise CommandFailed("who decides it is missing; give a name: --by NAME")
    if len(name) > NAME or not name.isprintable():
        raise CommandFailed(f"--by: write a name of 1 to {NAME} printable characters")
    return name


def _told(request: Request, key: str) -> str:
    """A reason on one line; raises CommandFailed."""
    told = " ".join(optional_text(request, key).split())
    if not told or len(told) > NOTE or not told.isprintable():
        raise CommandFailed(f"--{key}: write why, in 1 to {NOTE} printable characters; it is kept and shown")
    return told


def _until(request: Request, now: int, commands: "Commands") -> int | None:
    """``06:00``, the next one on core's clock, or a moment with its offset; None when it is not given."""
    said = optional_text(request, "until").strip()
    if not said:
        return None
    until = _next(said, now, commands) if re.fullmatch(r"\d?\d:\d\d", said) else _moment(said)
    if not now < until <= now + MOST_AHEAD_MS:
        raise CommandFailed(f"--until {said}: it must lie ahead, at most 7 days")
    return until


def _next(said: str, now: int, commands: "Commands") -> int:
    zone = commands.core.telling.zone
    try:
        of_day = time.fromisoformat(said.rjust(5, "0"))
    except ValueError:
        raise CommandFailed(f"--until {said}: there is no such time of day") from None
    today = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    moment = datetime.combine(today.date(), of_day, zone)
    if moment <= today:
        moment += timedelta(days=1)
    return round(moment.timestamp() * 1000)


def _moment(said: str) -> int:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandFailed(f"--until {said!r}: write 06:00, or a moment as 2026-01-31T07:00:00+07:00")
    return round(moment.timestamp() * 1000)


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
        event = Maintained(at=now, by=by, reason=_told(request, "reason"), until=now + round(length_ms))
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
