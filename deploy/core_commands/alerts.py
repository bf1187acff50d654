"""Core's commands that tell of alerts: which stand, what became of one, and why."""

from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final

from alerting.area_state import AreaState
from alerting.blind import EVERYTHING
from alerting.explain import clock_time
from broker.control import CommandFailed, Request
from broker.levels import Level
from deploy.alerts import alert_records
from deploy.alerts.standing_text import standing, until
from deploy.core_commands.arguments import optional_int, text
from deploy.core_commands.scope_names import scope_id

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

MOST: Final = 1000
HAZARDS: Final = ("level", "data", "rain", "air")


def alert_list(commands: "Commands", request: Request) -> list[dict[str, Any]]:
    """The last version of each alert, the newest first: ``limit`` of all, or of the ``active`` ones."""
    limit = optional_int(request, "limit")
    count = min(50 if limit is None else max(1, limit), MOST)
    found = alert_records.last_versions(commands.core.journal, active=bool(request.args.get("active")), limit=count)
    named, taken = commands.core.telling.called, commands.core.telling.duty.taken_by
    return [
        alert_records.shown(version) | {"name": named(version.station), "acknowledged_by": taken(version.alert)}
        for version in found
    ]


def alert_show(commands: "Commands", request: Request) -> dict[str, Any]:
    """Every version of an alert, and its messages with their states and latencies."""
    alert, number = split(text(request, "alert"))
    found = _versions(commands, alert)
    wanted = [version for version in found if number in (None, version.version)]
    if not wanted:
        raise CommandFailed(f"{alert} has no version {number}; its last is {found[-1].version}")
    messages = list(alert_records.messages_of(commands.core.journal, alert))
    return {
        "alert": alert,
        "name": commands.core.telling.called(found[0].station),
        "active": found[-1].kind not in ("ended", "cancelled"),
        "versions": [alert_records.shown(version) for version in wanted],
        "messages": [message for message in messages if number in (None, message["version"])],
    }


def why(commands: "Commands", request: Request) -> dict[str, Any]:
    """Sentences from what was stored: why an alert's version was decided, or why a station stands where it stands."""
    about = text(request, "about")
    name, number = split(about)
    found = alert_records.versions(commands.core.journal, name)
    if found:
        wanted = [version for version in found if version.version == (number or found[-1].version)]
        if not wanted:
            raise CommandFailed(f"{name} has no version {number}; its last is {found[-1].version}")
        return {"about": name, "version": wanted[0].version, "sentences": [wanted[0].why]}
    if name.count(".") >= 2 and "@" in about:
        raise CommandFailed(_unknown(commands, name))
    if name == EVERYTHING:
        return {"about": name, "sentences": _group(commands)}
    return _why_scope(commands, name)


def _why_scope(commands: "Commands", name: str) -> dict[str, Any]:
    core = commands.core
    try:
        scope = scope_id(name, core.registry)
    except CommandFailed:
        if name.rpartition(".")[2].isdigit() and "/" not in name:
            raise CommandFailed(_unknown(commands, name)) from None
        raise
    if scope not in core.registry.stations:
        return {"about": scope, "sentences": _area(commands, scope)}
    stored = {hazard: alert_records.last_of(core.journal, scope, hazard) for hazard in HAZARDS}
    sentences = standing(
        core.registry.stations[scope],
        core.memory.states[scope],
        core.memory.rules[scope],
        core.memory.latest.get(scope, {}).values(),
        stored,
        now=core.clock.now(),
        zone=core.telling.zone,
        air=core.memory.air.get(scope),
    )
    return {"about": scope, "sentences": sentences}


def _area(commands: "Commands", code: str) -> list[str]:
    core = commands.core
    name, rules = core.telling.called(code), core.judgement.scopes.places.area_rules(code)
    state = core.memory.areas.get(code)
    level = Level(0 if state is None else state.level).name
    members = () if rules is None else rules.stations
    stations = ", ".join(core.telling.called(station) for station in members)
    last = alert_records.last_of(core.journal, code, "area")
    decided = "Belum pernah ada peringatan wilayah di sini." if last is None else f"Keputusan terakhir: {last.why}"
    by = f"menurut {stations}" if stations else "tidak ada stasiun air untuk wilayah ini, hanya petugas yang menetapkan"
    return [f"{name}: {level}, {by}.", decided, *_held(state, core.clock.now(), core.telling.zone)]


def _held(state: AreaState | None, now: int, zone: tzinfo) -> Iterator[str]:
    """What holds an area where it is: what somebody decided, and rain that is expected."""
    if state is None:
        return
    if state.manual_level and now < state.manual_until:
        yield f"Petugas menetapkan {Level(state.manual_level).name} di sini; berlaku {until(state.manual_until, zone)}."
    if state.dismissed_level and now < state.dismissed_until:
        level, end = Level(state.dismissed_level).name, until(state.dismissed_until, zone)
        yield f"Petugas menurunkan {level} di sini; level itu ditahan {end}."
    if state.level and now < state.expected_until:
        span = f"{clock_time(state.expected_from, zone)} sampai {clock_time(state.expected_until, zone)}"
        yield f"BMKG memperkirakan hujan di sini pukul {span}; selama itu peringatan tidak diturunkan."


def _group(commands: "Commands") -> list[str]:
    last = alert_records.last_of(commands.core.journal, EVERYTHING, "data")
    return ["Belum pernah semua stasiun diam bersamaan." if last is None else last.why]


def _versions(commands: "Commands", alert: str) -> list[alert_records.Version]:
    found = alert_records.versions(commands.core.journal, alert)
    if not found:
        raise CommandFailed(_unknown(commands, alert))
    return found


def _unknown(commands: "Commands", alert: str) -> str:
    hint = alert_records.nearest_alert(commands.core.journal, alert) or "; see kentongan alert list"
    return f"no alert {alert!r} is known{hint}"


def split(said: str) -> tuple[str, int | None]:
    """``welang.level.3@2`` as the alert and its version; raises CommandFailed."""
    name, mark, number = said.strip().rpartition("@")
    if not mark:
        return number, None
    if not number.isdecimal():
        raise CommandFailed(f"{said!r}: after @ comes the number of a version, as {name or 'welang.level.3'}@2")
    return name, int(number)


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "alert-list": alert_list,
    "alert-show": alert_show,
    "why": why,
}
