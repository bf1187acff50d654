"""Silence: an alarm by deadline, one level more when the water was rising, and the return of the data.

Silence never lowers a level and is never a value.
"""

from typing import Final

import msgspec

from alerting.engine_limits import limits_in_force
from alerting.engine_move import move, trend_of
from alerting.episodes import Decided, Decision, StationState
from alerting.events import ReadingTaken, Ticked
from alerting.rules import LEAST_INTERVAL_MS, StationRules
from alerting.samples import NO_SAMPLES
from alerting.trend import expected_ms
from broker.levels import Level
from broker.quality_flags import Flag

HOUR_MS: Final = 3_600_000
RISING_M_PER_H: Final = 0.1  # slower than this, silence is only silence
SURELY: Final = 0.3  # even the slow end of a rise is this part of its rate
REACH_MS: Final = 3 * HOUR_MS  # a rise counts when it could bring the next level within this
SILENT_INTERVALS: Final = 2
BLIND_MS: Final = HOUR_MS  # a rise that was seen so long ago says nothing more
# How long data must last before the alert of a silence ends: by how many silences followed each other closely.
LASTING_MS: Final = (0, HOUR_MS, 3 * HOUR_MS, 12 * HOUR_MS)
CLOSELY_MS: Final = 6 * HOUR_MS

_replace: Final = msgspec.structs.replace


def silence_deadline(state: StationState, rules: StationRules, listening_since: int) -> int | None:
    """The next moment at which a tick may decide something; None when only an event can.

    It moves to earlier when a station begins to report more often, and to later with every reading. A tick after it
    always gives a state whose deadline is later or None.
    """
    if state.maintenance is not None:
        return state.maintenance.until
    if state.last_seen is None:
        return None
    heard = max(state.last_seen, listening_since, state.excused_until)
    deadline = _silence_deadline(state, rules, heard)
    rising = _rising_deadline(state, rules, heard)
    return deadline if rising is None else rising if deadline is None else min(deadline, rising)


def _silence_deadline(state: StationState, rules: StationRules, heard: int) -> int | None:
    """When silence becomes an alarm, or one of another kind."""
    if state.silent_since is None or state.inhibited_by is not None:
        return heard + rules.silence_after_ms
    if not state.is_doubtful:
        return None
    last = state.silent_since if state.doubt is None else max(state.doubt.received_at, state.silent_since)
    return max(last, state.excused_until) + rules.silence_after_ms


def _rising_deadline(state: StationState, rules: StationRules, heard: int) -> int | None:
    """When it is time to ask whether the water rose: after a wait that is unusual here, and within reach of more."""
    interval = longest_usual(state, rules)
    if rules.level is None or not interval or state.at_least:
        return None
    if state.looked:
        return state.look_at or None
    if state.silent_since is not None:
        return None
    if state.doubt is not None:
        heard = max(heard, state.doubt.received_at)
    return heard + SILENT_INTERVALS * max(interval, LEAST_INTERVAL_MS)


def longest_usual(state: StationState, rules: StationRules) -> int:
    """The longest wait for good data that is usual here; 0 when nothing is known yet."""
    return max(rules.interval_ms, state.interval_ms)


def on_tick(state: StationState, rules: StationRules, tick: Ticked) -> Decided:
    """Silence, when its time has come."""
    if state.last_seen is None or state.maintenance is not None:
        return state, ()
    heard = max(state.last_seen, tick.listening_since, state.excused_until)
    decisions: tuple[Decision, ...] = ()
    rising = _rising_deadline(state, rules, heard)
    if rising is not None and tick.now > rising:
        state, decisions = _rose_into_silence(state, rules, tick)
    deadline = _silence_deadline(state, rules, heard)
    is_blind = not decisions and state.silent_since is None and _is_blind_at_awas(state)
    if deadline is not None and (tick.now > deadline or is_blind):
        state, silence = _fell_silent(state, rules, tick)
        return state, decisions + silence
    return state, decisions


def _is_blind_at_awas(state: StationState) -> bool:
    """Nothing is above AWAS: the alarm of silence comes early instead of another level."""
    return state.at_least and state.level == Level.AWAS and state.verified_level == Level.AWAS


def was_rising(state: StationState, rules: StationRules) -> bool:
    """Whether the last good samples surely rose, and towards something."""
    trend = trend_of(state)
    if trend is None or trend.rate < RISING_M_PER_H or trend.slow < SURELY * trend.rate:
        return False
    limits = limits_in_force(state, rules, state.last_time)
    if state.level > Level.NORMAL or limits is None or state.last_value is None:
        return state.level > Level.NORMAL
    left = expected_ms(limits[0], value=state.last_value, trend=trend)
    return left is not None and left <= REACH_MS


def _rose_into_silence(state: StationState, rules: StationRules, tick: Ticked) -> Decided:
    trend = trend_of(state)
    if trend is None or not was_rising(state, rules) or _is_long_ago(state, rules, tick.now):
        return _replace(state, looked=True, look_at=0), ()
    if state.level == Level.AWAS:
        return _replace(state, at_least=True), ()
    look_at = _reached_at(state, rules, trend.fast) - REACH_MS
    if tick.now <= look_at:
        is_soon = look_at - state.last_time <= BLIND_MS
        return _replace(state, looked=True, look_at=look_at if is_soon else 0), ()
    state = _replace(state, at_least=True, look_at=0, reach_at=_reached_at(state, rules, trend.rate))
    seen = ReadingTaken(tick.now, tick.now, state.last_value, Flag.MISSING)
    state, decisions = move(state, rules, seen, level=state.level + 1, why="silent_rising")
    told = _replace(
        decisions[0],
        value_at=state.last_time,
        silent_for_ms=tick.now - (state.last_seen or tick.now),
        interval_ms=max(longest_usual(state, rules), LEAST_INTERVAL_MS),
    )
    return state, (told,)


def _is_long_ago(state: StationState, rules: StationRules, now: int) -> bool:
    """Whether the rise was seen before core was away: what stood so then is no news of now, silence alone is."""
    return now - state.last_time > BLIND_MS + SILENT_INTERVALS * max(longest_usual(state, rules), LEAST_INTERVAL_MS)


def _reached_at(state: StationState, rules: StationRules, rate: float) -> int:
    """When the water comes to the next level at ``rate`` m/h from where it was seen last."""
    limits = limits_in_force(state, rules, state.last_time)
    if limits is None or state.last_value is None:
        return state.last_time
    return state.last_time + round(max(limits[state.level] - state.last_value, 0.0) / rate * HOUR_MS)


def _fell_silent(state: StationState, rules: StationRules, tick: Ticked) -> Decided:
    if state.silent_since is not None:
        if tick.cut_by is not None:  # no news of its own while everything is known to be cut off
            return _replace(state, excused_until=tick.now), ()
        # Doubtful data came until now and nothing comes any more, or it stays silent though the others speak again.
        is_doubtful = state.is_doubtful and state.inhibited_by is not None
        state = _replace(state, is_doubtful=is_doubtful, inhibited_by=None, silence_version=state.silence_version + 1)
        return state, (_silence(state, rules, tick),)
    is_doubtful = state.doubt is not None and tick.now - state.doubt.received_at < rules.silence_after_ms / 2
    relapses = state.relapses
    if tick.cut_by is None:
        is_close = state.heard_since is not None or (state.heard_at > 0 and tick.now - state.heard_at < CLOSELY_MS)
        relapses = min(relapses + 1, len(LASTING_MS) - 1) if is_close else 0
    state = _replace(state, is_doubtful=is_doubtful, relapses=relapses)
    if state.heard_since is not None:  # the alert of the silence before still stands
        state = _replace(state, silent_since=tick.now, heard_since=None)
        if state.level == Level.NORMAL:
            return state, ()
        state = _replace(state, silence_version=state.silence_version + 1)
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
    doubt = state.doubt if state.is_doubtful else None
    return Decision(
        station=rules.station,
        hazard="data",
        episode=state.silence_episode,
        version=state.silence_version,
        kind="raised",
        level=state.level,
        level_before=state.level,
        why="silence" if doubt is None else "doubtful",
        rules_version=rules.version,
        at=tick.now,
        received_at=tick.now,
        value=state.last_value,
        value_at=state.last_time,
        trend=trend_of(state),
        silent_for_ms=tick.now - (state.last_seen or tick.now),
        lasting_ms=LASTING_MS[state.relapses] or None,
        at_least=state.at_least,
        verified=doubt is None,
        values=() if doubt is None else (doubt.value,),
        inhibited_by=state.inhibited_by,
    )


def heard_again(state: StationState, rules: StationRules, reading: ReadingTaken) -> Decided:
    """A fresh good reading after a silence: what was counted before the gap says nothing about now.

    The alert of the silence ends at once, or after a station that falls silent time and again has spoken for long.
    """
    lasting = LASTING_MS[state.relapses] if state.inhibited_by is None else 0
    if state.silent_since is not None:
        silent_for = reading.received_at - (state.last_seen or reading.received_at)
        state = _replace(forgotten(state), silent_since=None, is_doubtful=False)
        if lasting:
            return _replace(state, heard_since=reading.received_at), ()
        return _ended(state, rules, reading, silent_for_ms=silent_for)
    if state.heard_since is None or reading.received_at - state.heard_since < lasting:
        return state, ()
    return _ended(state, rules, reading, lasting_ms=reading.received_at - state.heard_since)


def _ended(
    state: StationState,
    rules: StationRules,
    reading: ReadingTaken,
    *,
    silent_for_ms: int | None = None,
    lasting_ms: int | None = None,
) -> Decided:
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
        silent_for_ms=silent_for_ms,
        lasting_ms=lasting_ms,
        inhibited_by=state.inhibited_by,
    )
    return _replace(
        state,
        heard_since=None,
        heard_at=state.heard_at if state.inhibited_by else reading.received_at,
        inhibited_by=None,
        silence_version=state.silence_version + 1,
    ), (heard,)


def forgotten(state: StationState) -> StationState:
    """``state`` without the samples behind it: a level is confirmed or left on fresh samples only."""
    return _replace(
        state,
        above=(0, 0, 0),
        below_since=(None, None, None),
        samples=NO_SAMPLES,
        motion=None,
        doubt=None,
        step_from=None,
    )
