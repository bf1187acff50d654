"""How a place stands in public, from what core holds: what people were told, not what waits for a decision."""

from typing import TYPE_CHECKING

from alerting.area_state import AreaState
from alerting.engine import StationState
from alerting.engine_move import trend_of
from alerting.notices import Notice
from alerting.public_clauses import PublicText
from alerting.public_templates import Language
from alerting.state_text import PlaceStands
from broker.levels import Level
from broker.station import Station
from deploy.messages.warned import is_near

if TYPE_CHECKING:
    from deploy.core import Core


def area_stands(core: "Core", area: str, language: Language) -> PlaceStands:
    """Of a kelurahan, or of all that a kecamatan holds; what lies below a kelurahan stands as it does."""
    place = area.partition("/")[0]
    near = [
        each
        for each in core.registry.stations.values()
        if each.hazard == "level" and any(is_near(place, own) for own in each.kelurahan)
    ]
    held = {code: state for code, state in core.memory.areas.items() if is_near(place, code) and state.level}
    told = [last for code, state in held.items() if (last := _told(core, code, state)) is not None]
    stands = max(told, key=lambda each: each.level, default=None)
    states = {each.id: core.memory.states[each.id] for each in near if each.id in core.memory.states}
    rules = core.memory.rules
    return PlaceStands(
        place=core.registry.areas.name(place),
        language=language,
        timezone=core.settings.site.timezone,
        level=Level.NORMAL if stands is None else Level(stands.level),
        since=None if stands is None else stands.decided_at or stands.made_at,
        is_undecided=stands is None and bool(held),
        is_silent=not any(state.silent_since is None and state.last_seen for state in states.values()),
        is_set=any(rules[name].level is not None for name in states if name in rules),
        public=_worst(core, near, states, language),
    )


def _told(core: "Core", area: str, state: AreaState) -> Notice | None:
    """The last notice that went out of the alert that an area has now."""
    gone = core.telling.notices.book.gone(f"{area}.area.{state.episode}")
    return gone[-1] if gone else None


def _worst(core: "Core", near: list[Station], states: dict[str, StationState], language: Language) -> PublicText | None:
    """The station that stands highest, as notices print it; None without any station."""
    station = max(near, key=lambda each: states[each.id].level if each.id in states else -1, default=None)
    if station is None:
        return None
    state = states.get(station.id, StationState())
    rate = trend_of(state) if state.silent_since is None else None
    return PublicText(
        kind="lowered",
        level=Level(state.level),
        areas=(),
        at=core.clock.now(),
        timezone=core.settings.site.timezone,
        language=language,
        river=station.river,
        station_name=station.name,
        value_m=state.last_value,
        rate_m_per_h=rate.rate if rate is not None else None,
        observed_at=state.last_time or None,
    )
