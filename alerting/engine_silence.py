"""Silence: an alarm by deadline, one level more when the water was rising, and the return of the data.

Silence never lowers a level and is never a value.
"""

from typing import Final

import msgspec

from alerting.engine_move import move, trend_of
from alerting.episodes import Decided, Decision, StationState, limits_in_force
from alerting.events import ReadingTaken, Ticked
from alerting.rules import LEAST_INTERVAL_MS, StationRules
from alerting.trend import SURE, expected_ms
from broker.levels import Level
from broker.quality_flags import Flag

RISING_M_PER_H: Final = 0.1  # slower than this, silence is only silence
REACH_MS: Final = 3 * 3_600_000  # from NORMAL, silence raises when WASPADA was expected within this
SILENT_INTERVALS: Final = 2

_replace: Final = msgspec.structs.replace


def silence_deadline(state: StationState, rules: StationRules, listening_since: int) -> int | None:
    """The next moment at which a tick may decide something; None when only an event can.

    It moves to earlier when a station begins to report more often, and to later with every reading. A tick after it
    always gives a state whose deadline is later or None.
    """
    if state.last_seen is None:
        return None
    if state.maintenance is not None:
        return state.maintenance.until
    if state.silent_since is not None and state.inhibited_by is None:
        return None
    heard = max(state.last_seen, listening_since, state.excused_until)
    deadline = heard + rules.silence_after_ms
    if state.silent_since is None and _may_rise(state, rules):
        return min(deadline, _rising_deadline(state, rules, heard))
    return deadline


def _may_rise(state: StationState, rules: StationRules) -> bool:
    known = rules.interval_ms or state.interval_ms
    return rules.level is not None and known > 0 and not state.looked and not state.at_least


def _rising_deadline(state: StationState, rules: StationRules, heard: int) -> int:
    if state.doubt is not None:
        heard = max(heard, state.doubt.received_at)
    return heard + SILENT_INTERVALS * max(rules.interval_ms or state.interval_ms, LEAST_INTERVAL_MS)


def on_tick(state: StationState, rules: StationRules, tick: Ticked) -> Decided:
    """Silence, when its time has come."""
    if state.last_seen is None or state.maintenance is not None:
        return state, ()
    heard = max(state.last_seen, tick.listening_since, state.excused_until)
    decisions: tuple[Decision, ...] = ()
    if state.silent_since is None and _may_rise(state, rules) and tick.now > _rising_deadline(state, rules, heard):
        state, decisions = _rose_into_silence(state, rules, tick)
    if tick.now <= heard + rules.silence_after_ms and not _is_blind_at_awas(state):
        return state, decisions
    state, silence = _fell_silent(state, rules, tick)
    return state, decisions + silence


def _is_blind_at_awas(state: StationState) -> bool:
    """Nothing is above AWAS: the alarm of silence comes early instead of another level."""
    return state.at_least and state.level == Level.AWAS and state.verified_level == Level.AWAS


def was_rising(state: StationState, rules: StationRules) -> bool:
    """Whether the last good samples surely rose, and towards something."""
    trend = trend_of(state)
    if trend is None or trend.rate < RISING_M_PER_H or trend.slow < SURE * trend.rate:
        return False
    limits = limits_in_force(state, rules, state.last_time)
    if state.level > Level.NORMAL or limits is None or state.last_value is None:
        return state.level > Level.NORMAL
    left = expected_ms(limits[0], value=state.last_value, trend=trend)
    return left is not None and left <= REACH_MS


def _rose_into_silence(state: StationState, rules: StationRules, tick: Ticked) -> Decided:
    if not was_rising(state, rules):
        return _replace(state, looked=True), ()
    state = _replace(state, at_least=True)
    if state.level == Level.AWAS:
        return state, ()
    seen = ReadingTaken(tick.now, tick.now, state.last_value, Flag.MISSING)
    state, decisions = move(state, rules, seen, level=state.level + 1, why="silent_rising")
    told = _replace(
        decisions[0],
        value_at=state.last_time,
        silent_for_ms=tick.now - (state.last_seen or tick.now),
        interval_ms=max(rules.interval_ms or state.interval_ms, LEAST_INTERVAL_MS),
    )
    return state, (told,)


def _fell_silent(state: StationState, rules: StationRules, tick: Ticked) -> Decided:
    if state.silent_since is not None:
        if state.inhibited_by is None:
            return state, ()
        if tick.cut_by is not None:
            return _replace(state, excused_until=tick.now), ()
        state = _replace(state, inhibited_by=None, silence_version=state.silence_version + 1)
        return state, (_silence(state, rules, tick),)
    state = _replace(
        state,
        silent_since=tick.now,
        silence_episode=state.silence_episode + 1,
        silence_version=1,
        inhibited_by=tick.cut_by,
        excused_until=tick.now if tick.cut_by is not None else state.excused_until,
    )
    return state, (_silence(state, rules, tick),)


def _silence(state: StationState, rules: StationRules, tick: Ticked) -> Decision:
    return Decision(
        station=rules.station,
        hazard="data",
        episode=state.silence_episode,
        version=state.silence_version,
        kind="raised",
        level=state.level,
        level_before=state.level,
        why="silence",
        rules_version=rules.version,
        at=tick.now,
        received_at=tick.now,
        value=state.last_value,
        value_at=state.last_time,
        trend=trend_of(state),
        silent_for_ms=tick.now - (state.last_seen or tick.now),
        at_least=state.at_least,
        inhibited_by=state.inhibited_by,
    )


def heard_again(state: StationState, rules: StationRules, reading: ReadingTaken) -> Decided:
    """A fresh good reading after a silence: what was counted before the gap says nothing about now."""
    heard = Decision(
        station=rules.station,
        hazard="data",
        episode=state.silence_episode,
        version=state.silence_version + 1,
        kind="ended",
        level=state.level,
        level_before=state.level,
        why="heard",
        rules_version=rules.version,
        at=reading.time,
        received_at=reading.received_at,
        value=reading.value,
        value_at=reading.time,
        silent_for_ms=reading.received_at - (state.last_seen or reading.received_at),
        inhibited_by=state.inhibited_by,
    )
    state = forgotten(state)
    return _replace(state, silent_since=None, inhibited_by=None, silence_version=state.silence_version + 1), (heard,)


def forgotten(state: StationState) -> StationState:
    """``state`` without the samples behind it: a level is confirmed or left on fresh samples only."""
    return _replace(
        state,
        above=(0, 0, 0),
        below_since=(None, None, None),
        times=(),
        values=(),
        motion=None,
        doubt=None,
        step_from=None,
    )
