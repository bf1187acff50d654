"""From a change of level to the decision that says so, and what the samples say of the water's motion."""

from itertools import pairwise
from typing import Final

import msgspec

from alerting.engine_limits import limits_in_force
from alerting.engine_support import public_why, samples_needed, supports, with_public
from alerting.engine_versions import kind_of
from alerting.episodes import Decided, Decision, Kind, StationState, Why
from alerting.events import ReadingTaken
from alerting.motion import Eta, Motion, Trend
from alerting.rules import StationRules
from alerting.samples import unpacked
from alerting.trend import STEADY_M_PER_H, SURE, followed, time_to, trend_from
from broker.levels import Level

RISING_SAMPLES: Final = 3
APART_MS: Final = 5 * 60_000  # samples so far apart are few: the second one above a limit comes late

_replace: Final = msgspec.structs.replace
_levels: Final = (Level.WASPADA, Level.SIAGA, Level.AWAS)


def is_rising(state: StationState) -> bool:
    """Whether the last three samples rose."""
    values = state.values[-RISING_SAMPLES:]
    return len(values) == RISING_SAMPLES and values[0] < values[1] < values[2]


def is_long_rise(state: StationState) -> bool:
    """Whether the last three samples, each of them minutes apart, rose, and their trend is sure."""
    times = unpacked(state.samples)[0][-RISING_SAMPLES:]
    if not is_rising(state) or any(later - sooner < APART_MS for sooner, later in pairwise(times)):
        return False
    trend = trend_of(state)
    return trend is not None and trend.rate > STEADY_M_PER_H and trend.slow >= SURE * trend.rate


def trend_of(state: StationState) -> Trend | None:
    """The rate of rise; None when there is not enough fresh data to say."""
    return trend_from(state.motion or retraced(state.samples))


def retraced(samples: bytes) -> Motion | None:
    """The motion of the remembered samples alone."""
    motion = None
    for time, value in zip(*unpacked(samples), strict=True):
        motion = followed(motion, time, value)
    return motion


def forecast(state: StationState, rules: StationRules, rate: Trend | None) -> tuple[Level, Eta] | None:
    """The next threshold above the water and when it is expected; None when it is not rising or not known.

    Nothing is said from data that are in doubt: a jump that nothing supports, samples that are not verified.
    """
    limits = limits_in_force(state, rules, state.last_time)
    is_in_doubt = state.step_from is not None or state.doubt is not None
    if limits is None or rate is None or state.last_value is None or is_in_doubt:
        return None
    for level, height in zip(_levels, limits, strict=True):
        if state.last_value < height:
            eta = time_to(height, value=state.last_value, trend=rate, now=state.last_time)
            return (level, eta) if eta else None
    return None


def move(
    state: StationState,
    rules: StationRules,
    reading: ReadingTaken,
    *,
    level: int,
    why: Why,
    kind: Kind | None = None,
    by: str | None = None,
    note: str | None = None,
) -> Decided:
    """``state`` at another level, and the decision that says so. ``reading`` carries the value and the times."""
    before = state
    begins, up = state.level == Level.NORMAL, level > state.level
    state = _replace(
        state,
        level=level,
        level_since=reading.time,
        level_episode=state.level_episode + begins,
        level_version=1 if begins else state.level_version + 1,
        verified_level=min(state.verified_level, level),
        below_since=(None, None, None) if up else state.below_since,  # the hold begins anew with each rise
        rules_changed_at=state.rules_changed_at if level and not begins else None,
    )
    state = with_public(state, rules, reading.received_at)
    decision = _decision(before, state, rules, reading, why=why)
    return state, (_replace(decision, kind=kind or decision.kind, by=by, note=note),)


def _decision(
    before: StationState, state: StationState, rules: StationRules, reading: ReadingTaken, *, why: Why
) -> Decision:
    up = state.level > before.level
    limits = limits_in_force(state, rules, reading.time)
    usual = None if rules.level is None else rules.level.thresholds
    is_high_tide = limits is not None and usual is not None and limits != (usual.waspada, usual.siaga, usual.awas)
    found = supports(state, rules, reading.received_at)
    rate = trend_of(state)
    expected = _awas_expected(state, limits, rate) if why == "trend" else forecast(state, rules, rate)
    samples = _samples(state, rules, reading.received_at, why)
    return Decision(
        station=rules.station,
        hazard="level",
        episode=state.level_episode,
        version=state.level_version,
        kind=kind_of(before.level, state.level),
        level=state.level,
        level_before=before.level,
        why=why,
        rules_version=rules.version,
        at=reading.time,
        received_at=reading.received_at,
        value=reading.value,
        value_at=reading.time,
        limit=_limit(limits, before.level, state.level, why),
        samples=samples,
        trend=rate,
        next_level=int(expected[0]) if expected else None,
        eta=expected[1] if expected else None,
        verified=state.verified_level >= state.level,
        at_least=state.at_least,
        support=found if up else (),
        public_ok=not up or (state.level <= state.public_level and state.maintenance is None),
        public_why=public_why(state, rules, found) if up else "goes_down",
        values=state.values[-samples:] if samples and state.doubt is None else (),
        below_since=before.below_since[max(before.level, 1) - 1] if why == "fell" else None,
        tide=state.tide if is_high_tide else None,
        rules_changed_at=before.rules_changed_at,
        maintenance=state.maintenance,
    )


def _awas_expected(
    state: StationState, limits: tuple[float, float, float] | None, rate: Trend | None
) -> tuple[Level, Eta] | None:
    """When AWAS, by which SIAGA is raised early, is expected."""
    if limits is None or rate is None or state.last_value is None:
        return None
    eta = time_to(limits[2], value=state.last_value, trend=rate, now=state.last_time)
    return (Level.AWAS, eta) if eta else None


def _samples(state: StationState, rules: StationRules, at: int, why: Why) -> int | None:
    if why != "threshold" or rules.level is None:
        return None
    if state.doubt is not None:
        return rules.level.hold_up + 1
    return min(samples_needed(state, rules, at), max(state.above[state.level - 1], 1))


def _limit(limits: tuple[float, float, float] | None, before: int, after: int, why: Why) -> float | None:
    """The height that the change is about: AWAS for a forecast, going up the new level's, going down the old one's."""
    if limits is None or max(before, after) == 0:
        return None
    return limits[2] if why == "trend" else limits[max(before, after) - 1]
