"""The engine: what an event means for one station.

``step(state, rules, event) -> (state, decisions)`` is a pure function: no clock, network, disk, log or random, and no
value is changed in place. The same code runs live, after a restart over the journal's tail, and in replay. Time is
what the event says it is.

A level goes up at once and comes down only on fresh good readings, or because somebody with a name decided it:
silence, bad data and backlog never lower it. Areas and groups of stations have steps of their own (``alerting.area``,
``alerting.blind``), fed with what ``moved`` says.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from alerting.engine_late import forget_sample, take_late
from alerting.engine_level import take_doubtful, take_good
from alerting.engine_move import forecast, is_rising, trend_of
from alerting.engine_people import ended, on_maintained, on_observed, on_retired, on_rules_changed, under_new_rules
from alerting.engine_set_back import of_now
from alerting.engine_silence import heard_again, on_tick, silence_deadline, was_rising
from alerting.engine_support import on_neighbour, on_second
from alerting.engine_weather import on_air, on_rain
from alerting.episodes import Decided, Decision, Kind, StationState
from alerting.events import (
    AirIndexed,
    Event,
    Maintained,
    NeighbourMoved,
    Observed,
    RainSummed,
    ReadingRevised,
    ReadingTaken,
    Retired,
    RulesChanged,
    SecondTaken,
    StationMoved,
    Ticked,
    TideWindow,
)
from alerting.rules import StationRules
from broker.quality_flags import Flag

__all__ = [
    "AHEAD_MS",
    "Decision",
    "Event",
    "Kind",
    "ReadingTaken",
    "StationState",
    "Ticked",
    "forecast",
    "is_rising",
    "moved",
    "silence_deadline",
    "step",
    "trend_of",
    "was_rising",
]

GOOD: Final = int(Flag.GOOD)  # a member of an IntEnum costs ten times a name in the path of every reading
AHEAD_MS: Final = 5 * 60_000  # a reading this far in the future is not taken for now

_replace: Final = msgspec.structs.replace


def step(state: StationState, rules: StationRules, event: Event) -> Decided:
    """What ``event`` makes of ``state`` under ``rules``, and what is decided.

    A state that nothing happened to is returned as it is, not as an equal one.
    """
    if state.rules_version != rules.version:
        state = under_new_rules(state, rules, moment(event))
    if state.maintenance is not None and moment(event) >= state.maintenance.until:
        state = ended(state, state.maintenance.until)
    if isinstance(event, ReadingTaken):
        if state.last_time > event.received_at + AHEAD_MS:
            state = of_now(state, event.received_at)
        return _on_reading(state, rules, event)
    return _taken_by[type(event)](state, rules, event)


def moment(event: Event) -> int:
    """When an event happened by core's clock."""
    match event:
        case ReadingTaken() | ReadingRevised() | SecondTaken():
            return event.received_at
        case Ticked():
            return event.now
        case _:
            return event.at


def _on_reading(state: StationState, rules: StationRules, reading: ReadingTaken) -> Decided:
    value = reading.value
    if value is None or not reading.is_live or not -AHEAD_MS <= reading.received_at - reading.time <= rules.horizon_ms:
        return state, ()
    if reading.flag != GOOD:
        return take_doubtful(state, rules, reading, value) if reading.flag == Flag.SUSPECT else (state, ())
    if state.silent_since is None and state.heard_since is None:
        return _take(state, rules, reading, value)
    state, heard = heard_again(state, rules, reading)
    state, decisions = _take(state, rules, reading, value)
    return state, heard + decisions


def _take(state: StationState, rules: StationRules, reading: ReadingTaken, value: float) -> Decided:
    if reading.time <= state.last_time:
        return take_late(state, rules, reading, value)
    return take_good(state, rules, reading, value)


def _on_revised(state: StationState, rules: StationRules, revised: ReadingRevised) -> Decided:
    if revised.flag == Flag.GOOD and revised.value is not None:
        reading = ReadingTaken(revised.time, revised.received_at, revised.value, revised.flag)
        return _on_reading(state, rules, reading)
    return forget_sample(state, rules, revised.time)


def _on_tide(state: StationState, rules: StationRules, event: TideWindow) -> Decided:
    del rules
    return (state if event.window == state.tide else _replace(state, tide=event.window)), ()


_taken_by: Final[dict[type, Callable[[StationState, StationRules, Any], Decided]]] = {
    ReadingRevised: _on_revised,
    SecondTaken: on_second,
    NeighbourMoved: on_neighbour,
    RainSummed: on_rain,
    AirIndexed: on_air,
    TideWindow: _on_tide,
    Observed: on_observed,
    Maintained: on_maintained,
    Retired: on_retired,
    Ticked: on_tick,
    RulesChanged: on_rules_changed,
}


def moved(before: StationState, after: StationState, rules: StationRules, at: int) -> StationMoved | None:
    """What a step changed that areas and neighbours want to know; None when nothing, at the price of a comparison."""
    if after is before or _standing(before) == _standing(after):
        return None
    return standing(after, rules, at)


def standing(state: StationState, rules: StationRules, at: int) -> StationMoved:
    """Where a station stands now."""
    level, public, verified, is_fresh, at_least = _standing(state)
    return StationMoved(
        at=at,
        station=rules.station,
        level=level,
        public_level=public,
        verified_level=verified,
        is_fresh=is_fresh,
        at_least=at_least,
        value=state.last_value,
        value_at=state.last_time,
    )


def _standing(state: StationState) -> tuple[int, int, int, bool, bool]:
    is_fresh = state.silent_since is None and state.maintenance is None
    return state.level, state.public_level, state.verified_level, is_fresh, state.at_least
