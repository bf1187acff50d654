"""What speaks for a station besides its own sensor, and what the public may be told of it without an operator.

One station is enough up to SIAGA when its samples are good. AWAS needs several good samples in a row and support by
rain, a neighbour, a second sensor or a person. A jump that nothing supports is suspect (a car parked under the sensor
looks like a flood) and raises nothing in public until something speaks for it or the water goes back.
"""

from typing import Final

import msgspec

from alerting.engine_limits import limits_in_force
from alerting.episodes import Aids, Decided, PublicWhy, StationState, Support
from alerting.events import NeighbourMoved, SecondTaken
from alerting.rules import StationRules
from broker.levels import Level
from broker.quality_flags import Flag

SECOND_FRESH_MS: Final = 10 * 60_000
NEARLY_MS: Final = 10 * 60_000
WORKED_ON_SAMPLES: Final = 10  # in a row, before a sensor that is worked on is believed alone
NEVER: Final = 1 << 30  # samples in a row: more than come in any installation

_replace: Final = msgspec.structs.replace


def supports(state: StationState, rules: StationRules, at: int) -> tuple[Support, ...]:
    """Everything that speaks for high water at this station at ``at``."""
    aids, rule = state.aids, rules.support
    found: list[Support] = []
    if state.manual is not None and state.manual.least and at < state.manual.until:
        found.append("operator")
    if aids is None:
        return tuple(found)
    if aids.rain_at and at - aids.rain_at <= rule.fresh_ms:
        found.append("rain")
    if aids.neighbour_at and at - aids.neighbour_at <= rule.fresh_ms:
        found.append("neighbour")
    if _second_agrees(state, aids, rules, at):
        found.append("second")
    if "operator" not in found and _was_seen(state, aids, rules, at):
        found.append("operator")
    return tuple(found)


def samples_needed(state: StationState, rules: StationRules, at: int) -> int:
    """How many good samples in a row raise a level: many, when somebody works on the sensor and nothing supports it."""
    if is_put_up(state):
        return NEVER
    hold_up = 1 if rules.level is None else rules.level.hold_up
    if state.maintenance is None or supports(state, rules, at):
        return hold_up
    return max(hold_up, WORKED_ON_SAMPLES)


def is_put_up(state: StationState) -> bool:
    """Whether a sensor is being installed: it lies in a car, hangs over a hand, has no datum, and raises nothing."""
    return state.maintenance is not None and state.maintenance.is_installation


def _second_agrees(state: StationState, aids: Aids, rules: StationRules, at: int) -> bool:
    fresh = max(SECOND_FRESH_MS, 3 * state.interval_ms)
    if not aids.second_at or at - aids.second_at > fresh or state.last_value is None:
        return False
    return abs(aids.second - state.last_value) <= rules.support.second_m


def _was_seen(state: StationState, aids: Aids, rules: StationRules, at: int) -> bool:
    """Whether somebody lately saw water at or above the threshold of the present level."""
    limits = limits_in_force(state, rules, at)
    if not aids.observed_at or at - aids.observed_at > rules.support.fresh_ms or limits is None:
        return False
    return aids.observed >= limits[max(state.level, 1) - 1]


def with_public(state: StationState, rules: StationRules, at: int) -> StationState:
    """``state`` with what the public may be told now. What it may have been told stays until the level goes down."""
    if state.level == Level.NORMAL:
        if state.public_level or state.step_from is not None:
            return _replace(state, public_level=0)
        return state
    told = min(state.public_level, state.level)
    public, step_from = told, state.step_from
    if told < state.level and state.maintenance is None:
        found = supports(state, rules, at)
        if found:
            step_from = None
        if step_from is None:
            public = max(told, _tellable(state, rules, found, at))
    if public != state.public_level or step_from is not state.step_from:
        return _replace(state, public_level=public, step_from=step_from)
    return state


def _tellable(state: StationState, rules: StationRules, found: tuple[Support, ...], at: int) -> int:
    """The highest level that the evidence carries in public, given what supports it.

    A level raised by silence needs support, and the water must be nearly there at the rate that was seen last.
    """
    if state.at_least and found and at >= state.reach_at - NEARLY_MS:
        return state.level
    level = min(state.verified_level, state.level)
    if level < Level.AWAS:
        return level
    is_long = state.above[2] >= rules.support.samples or "operator" in found
    return Level.AWAS if is_long and found else Level.SIAGA


def public_why(state: StationState, rules: StationRules, found: tuple[Support, ...]) -> PublicWhy:
    """Why the present level may be told to the public, or why not."""
    if state.maintenance is not None:
        return "maintenance"
    if state.level <= state.public_level:
        return "supported" if state.level == Level.AWAS else "below_awas"
    return _obstacle(state, rules, found)


def _obstacle(state: StationState, rules: StationRules, found: tuple[Support, ...]) -> PublicWhy:
    if state.step_from is not None:
        return "step"
    if state.at_least:
        return "at_least"
    if state.verified_level < state.level:
        return "unverified"
    return "too_short" if found and state.above[2] < rules.support.samples else "no_support"


def on_second(state: StationState, rules: StationRules, event: SecondTaken) -> Decided:
    """Keep the second sensor's last good value."""
    aids = state.aids or Aids()
    if event.flag != Flag.GOOD or event.value is None or event.time <= aids.second_at:
        return state, ()
    state = _replace(state, aids=_replace(aids, second_at=event.time, second=event.value))
    return with_public(state, rules, event.received_at), ()


def on_neighbour(state: StationState, rules: StationRules, event: NeighbourMoved) -> Decided:
    """Keep when a neighbour last spoke for high water; that it went down withdraws only its own word."""
    aids = state.aids or Aids()
    if event.is_up:
        aids = _replace(aids, neighbour_at=event.at, neighbour=event.station)
    elif aids.neighbour == event.station:
        aids = _replace(aids, neighbour_at=0, neighbour="")
    else:
        return state, ()
    return with_public(_replace(state, aids=aids), rules, event.at), ()
