"""What a person means who cancels: one alert that stands, by its id or by the name of where it stands."""

from typing import Final, Literal

from alerting.area_state import AreaState
from broker.control import CommandFailed
from broker.levels import Level
from deploy.alerts import alert_records
from deploy.core_commands.alerts import split
from deploy.core_commands.scope_names import scope_id
from deploy.journal import Journal
from deploy.memory import Memory
from deploy.registry import Registry

Cancellable = Literal["level", "rain", "air"]

WORDS: Final[dict[Cancellable, str]] = {"level": "water", "rain": "rain", "air": "air"}
OVER: Final = ("ended", "cancelled")


def to_cancel(said: str, *, journal: Journal, registry: Registry, memory: Memory) -> tuple[str, Cancellable]:
    """The station or area, and which of its alerts; raises CommandFailed naming the remedy."""
    found = alert_records.versions(journal, split(said)[0])
    if found:
        return _alert(found[-1])
    scope = scope_id(said, registry)
    stand = [hazard for hazard in WORDS if level_at(memory, scope, hazard)]
    if not stand:
        raise CommandFailed(f"no alert of water, rain or air stands at {scope}; see kentongan alert list --active")
    if len(stand) > 1:
        ids = [last.alert for hazard in stand if (last := alert_records.last_of(journal, scope, hazard)) is not None]
        told = " and of ".join(WORDS[hazard] for hazard in stand)
        raise CommandFailed(f"alerts of {told} stand at {scope}; name the one: {' or '.join(ids)}")
    return scope, stand[0]


def level_at(memory: Memory, scope: str, hazard: Cancellable = "level") -> Level:
    """Where a station or an area stands."""
    state = memory.states.get(scope)
    if state is None:
        return Level((memory.areas.get(scope) or AreaState()).level if hazard == "level" else 0)
    if hazard == "level":
        return Level(state.level)
    episode = state.rain if hazard == "rain" else state.air
    return Level(0 if episode is None else episode.level)


def _alert(last: alert_records.Version) -> tuple[str, Cancellable]:
    if last.kind in OVER:
        raise CommandFailed(f"{last.alert} is over since its version {last.version}; nothing to cancel")
    match last.hazard:
        case "level" | "area":
            return last.station, "level"
        case "rain" | "air" as hazard:
            return last.station, hazard
    raise CommandFailed(_about_data(last))


def _about_data(last: alert_records.Version) -> str:
    """Nobody can decide that data come; who goes there says so."""
    ends = f"{last.alert} is about data that do not come; it ends by itself, with good data"
    if last.decision.why in ("all_silent", "all_heard"):
        return ends
    return (
        f"{ends}, or when somebody goes there: kentongan station maintain {last.station} --for 2h --reason ... --by ..."
    )
