"""From the decisions of areas to what their public text is made of."""

from collections.abc import Sequence
from typing import Final

from alerting.engine import Decision, StationState
from alerting.engine_move import forecast, trend_of
from alerting.motion import Eta, Trend
from alerting.public_clauses import PublicText
from alerting.public_templates import Language
from alerting.rules import StationRules
from broker.levels import Level
from broker.station import Station
from deploy.memory import Memory
from deploy.registry import Registry
from deploy.settings import Settings

BY_PEOPLE: Final = ("operator", "over")

Forecast = tuple[Trend | None, Level | None, Eta | None]


def public_text(
    decisions: Sequence[Decision],
    *,
    registry: Registry,
    memory: Memory,
    settings: Settings,
    was: Level | None = None,
    raised_at: int | None = None,
    before: Sequence[Decision] = (),
    language: Language = "id",
    refuge: tuple[str, str] = ("", ""),
    anew: bool = False,
) -> PublicText:
    """One text for areas that were decided alike: the same kind, level and cause, the nearest to the hazard first.

    River, value, trend and forecast are those of the station that caused it. ``was`` is the highest level that people
    were told and ``raised_at`` when (ms UTC): a cancelled warning is named with them. ``before`` are the decisions that
    were told of the same alerts, oldest first: their end names what they named. ``refuge`` is where to go, and the time
    of day by which. ``anew``: with the newest value and its time, long after the decision. Raises ValueError without
    any decision.
    """
    if not decisions:
        raise ValueError("a public text needs at least one area's decision")
    first = decisions[0]
    station = _cause(decisions, before, registry, memory)
    state = memory.states.get(station.id) if station is not None else None
    value, value_at = _newest(state) if anew and _newest(state)[0] is not None else _value(decisions, state)
    rate, next_level, eta = _forecast(state, memory.rules.get(station.id) if station is not None else None)
    return PublicText(
        kind=first.kind,
        level=Level(max(decision.level for decision in decisions)),
        areas=registry.areas.names(dict.fromkeys(decision.station for decision in decisions)),
        at=value_at if anew and value_at is not None else min(decision.at for decision in decisions),
        timezone=settings.site.timezone,
        language=language,
        hazard=station.hazard if station is not None else "level",
        realm=settings.site.realm,
        sender=settings.site.sender,
        river=station.river if station is not None else None,
        station_name=station.name if station is not None else "",
        level_before=was if was is not None else Level(max(decision.level_before or 0 for decision in decisions)),
        raised_at=raised_at,
        value_m=value if station is not None and station.measures_water else None,
        rate_m_per_h=rate.rate if rate is not None else None,
        observed_at=value_at,
        eta_from=eta.earliest if eta is not None else None,
        eta_to=eta.latest if eta is not None else None,
        next_level=next_level,
        rain=first.rain,
        air=first.air,
        at_least=any(decision.at_least for decision in decisions),
        manual=any(decision.why == "operator" for decision in decisions) or _is_held(state, first.level),
        lapsed=all(decision.why == "over" for decision in decisions),
        refuge=refuge[0],
        refuge_by=refuge[1],
        example=station.example
        if station is not None
        else registry.is_example({decision.station for decision in decisions}),
    )


def _cause(
    decisions: Sequence[Decision], before: Sequence[Decision], registry: Registry, memory: Memory
) -> Station | None:
    """The station that most of it rests on; at the end, which names none, the one that was named before, or that went
    down last.

    None when people alone decided it: what nobody measured has no river and no value.
    """
    for decision in (*sorted(decisions, key=lambda each: -each.level), *reversed(before)):
        for name in decision.stations:
            if name in registry.stations:
                return registry.stations[name]
    if before or all(decision.why in BY_PEOPLE and decision.kind != "cancelled" for decision in decisions):
        return None
    areas = {decision.station for decision in decisions}
    near = [
        each for each in registry.stations.values() if each.hazard == "level" and areas.intersection(each.kelurahan)
    ]
    return max(near, key=lambda each: _changed_at(memory.states.get(each.id)), default=None)


def _changed_at(state: StationState | None) -> int:
    return (state.level_since or 0) if state is not None else 0


def _value(decisions: Sequence[Decision], state: StationState | None) -> tuple[float | None, int | None]:
    """The water as it was decided upon, or as it was last measured."""
    worst = max(decisions, key=lambda each: each.level)
    if worst.value is not None:
        return worst.value, worst.value_at
    return _newest(state)


def _newest(state: StationState | None) -> tuple[float | None, int | None]:
    return (state.last_value, state.last_time) if state is not None else (None, None)


def _forecast(state: StationState | None, rules: StationRules | None) -> Forecast:
    """The station's trend, and which level is expected when."""
    if state is None or rules is None:
        return None, None, None
    rate = trend_of(state)
    expected = forecast(state, rules, rate) if state.silent_since is None else None
    return (rate, *expected) if expected is not None else (rate, None, None)


def _is_held(state: StationState | None, level: int) -> bool:
    """Whether the station stands there because somebody said so, and not because of the water."""
    return state is not None and state.manual is not None and state.manual.least >= level > 0
