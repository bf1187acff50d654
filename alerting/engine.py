"""The engine: what a reading or a tick of the clock means for one station.

``step(state, rules, event) -> (state, decisions)`` is a pure function: no clock, network, disk, log or random, and no
value is changed in place. The same code runs live, after a restart over the journal's tail, and in replay. Time is
what the event says it is.

A level goes up at once and comes down only on fresh good readings: silence, bad data and backlog never lower it.
"""

from typing import Final, Literal

import msgspec

from alerting.rules import LevelRule, StationRules
from alerting.trend import STEADY_M_PER_H, WINDOW_MS, WINDOW_SAMPLES, Eta, Trend, theil_sen, time_to
from broker.levels import Level
from broker.quality_flags import Flag

AHEAD_MS: Final = 5 * 60_000  # a reading this far in the future is not taken for now
RISING_SAMPLES: Final = 3

Kind = Literal["raised", "raised_higher", "lowered", "ended"]
Why = Literal["threshold", "trend", "fell", "silence", "heard"]
Hazard = Literal["level", "data"]


class ReadingTaken(msgspec.Struct, frozen=True, gc=False):
    """A qualified reading of the quantity that the station's rules read.

    ``is_live`` is False for backlog: it is kept, and it never warns.
    """

    time: int
    received_at: int
    value: float | None
    flag: int
    is_live: bool = True


class Ticked(msgspec.Struct, frozen=True, gc=False):
    """The clock moved. ``listening_since`` is when the core could last begin to hear nodes."""

    now: int
    listening_since: int


Event = ReadingTaken | Ticked


class StationState(msgspec.Struct, frozen=True, array_like=True):
    """Everything the engine remembers of a station; written to the journal as it is."""

    level: int = 0
    level_since: int | None = None
    level_episode: int = 0
    level_version: int = 0
    silent_since: int | None = None
    silence_episode: int = 0
    silence_version: int = 0
    last_time: int = 0
    last_seen: int | None = None  # when a fresh good reading last came, core's clock
    last_value: float | None = None
    above: tuple[int, int, int] = (0, 0, 0)  # samples in a row at or above each threshold
    below_since: tuple[int | None, int | None, int | None] = (None, None, None)  # first sample below each exit
    times: tuple[int, ...] = ()
    values: tuple[float, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A new version of an episode, with what caused it. ``level`` is where the station stands after it."""

    station: str
    hazard: Hazard
    episode: int
    version: int
    kind: Kind
    level: int
    why: Why
    rules_version: int
    at: int  # the event's own time
    received_at: int
    value: float | None
    value_at: int | None  # when it was measured
    limit: float | None = None
    samples: int | None = None
    trend: Trend | None = None
    next_level: int | None = None
    eta: Eta | None = None
    silent_for_ms: int | None = None


def step(state: StationState, rules: StationRules, event: Event) -> tuple[StationState, tuple[Decision, ...]]:
    """What ``event`` makes of ``state`` under ``rules``, and what is decided."""
    if isinstance(event, Ticked):
        return _on_tick(state, rules, event)
    return _on_reading(state, rules, event)


def is_rising(state: StationState) -> bool:
    """Whether the last three samples rose."""
    values = state.values[-RISING_SAMPLES:]
    return len(values) == RISING_SAMPLES and values[0] < values[1] < values[2]


def trend_of(state: StationState) -> Trend | None:
    """The rate of rise; None when there is not enough fresh data to say."""
    return theil_sen(state.times, state.values) if state.times else None


def forecast(state: StationState, rules: StationRules, trend: Trend | None) -> tuple[Level, Eta] | None:
    """The next threshold above the water and when it is expected; None when it is not rising or not known."""
    if rules.level is None or trend is None or state.last_value is None:
        return None
    for level in (Level.WASPADA, Level.SIAGA, Level.AWAS):
        height = rules.level.thresholds.of(level)
        if state.last_value < height:
            eta = time_to(height, value=state.last_value, trend=trend, now=state.last_time)
            return (level, eta) if eta else None
    return None


def silence_deadline(state: StationState, rules: StationRules, listening_since: int) -> int | None:
    """When silence becomes an alarm; None while it is one, or when the station was never heard."""
    if state.last_seen is None or state.silent_since is not None:
        return None
    return max(state.last_seen, listening_since) + rules.silence_after_ms


def _on_tick(state: StationState, rules: StationRules, tick: Ticked) -> tuple[StationState, tuple[Decision, ...]]:
    deadline = silence_deadline(state, rules, tick.listening_since)
    if deadline is None or tick.now <= deadline or state.last_seen is None:
        return state, ()
    state = msgspec.structs.replace(
        state, silent_since=tick.now, silence_episode=state.silence_episode + 1, silence_version=1
    )
    silence = Decision(
        station=rules.station,
        hazard="data",
        episode=state.silence_episode,
        version=1,
        kind="raised",
        level=state.level,
        why="silence",
        rules_version=rules.version,
        at=tick.now,
        received_at=tick.now,
        value=state.last_value,
        value_at=state.last_time,
        trend=trend_of(state),
        silent_for_ms=tick.now - (state.last_seen or tick.now),
    )
    return state, (silence,)


def _on_reading(
    state: StationState, rules: StationRules, reading: ReadingTaken
) -> tuple[StationState, tuple[Decision, ...]]:
    if (
        reading.value is None
        or reading.flag != Flag.GOOD
        or not reading.is_live
        or reading.received_at - reading.time > rules.horizon_ms
        or reading.time - reading.received_at > AHEAD_MS
    ):
        return state, ()
    decisions: tuple[Decision, ...] = ()
    if state.silent_since is not None:
        state, decisions = _heard_again(state, rules, reading)
    if reading.time <= state.last_time:
        return _remember_late(state, reading), decisions
    state = _remember(state, rules, reading)
    if rules.level is not None:
        state, level_decisions = _judge(state, rules, rules.level, reading)
        decisions += level_decisions
    return state, decisions


def _heard_again(
    state: StationState, rules: StationRules, reading: ReadingTaken
) -> tuple[StationState, tuple[Decision, ...]]:
    heard = Decision(
        station=rules.station,
        hazard="data",
        episode=state.silence_episode,
        version=state.silence_version + 1,
        kind="ended",
        level=state.level,
        why="heard",
        rules_version=rules.version,
        at=reading.time,
        received_at=reading.received_at,
        value=reading.value,
        value_at=reading.time,
        silent_for_ms=reading.received_at - (state.last_seen or reading.received_at),
    )
    # What was counted before the gap says nothing about now: a level is confirmed or left on fresh samples only.
    state = msgspec.structs.replace(
        state,
        silent_since=None,
        silence_version=state.silence_version + 1,
        above=(0, 0, 0),
        below_since=(None, None, None),
        times=(),
        values=(),
    )
    return state, (heard,)


def _remember_late(state: StationState, reading: ReadingTaken) -> StationState:
    """An out-of-order sample belongs to the trend, not to the present level."""
    if not state.times or reading.time in state.times or reading.time < state.times[0] or reading.value is None:
        return state
    at = sum(1 for t in state.times if t < reading.time)
    times = (*state.times[:at], reading.time, *state.times[at:])[-WINDOW_SAMPLES:]
    values = (*state.values[:at], reading.value, *state.values[at:])[-WINDOW_SAMPLES:]
    return msgspec.structs.replace(state, times=times, values=values)


def _remember(state: StationState, rules: StationRules, reading: ReadingTaken) -> StationState:
    times = (*state.times, reading.time)[-WINDOW_SAMPLES:]
    values = (*state.values, reading.value)[-WINDOW_SAMPLES:]
    first = 0
    while times[first] < reading.time - WINDOW_MS:
        first += 1
    if first:
        times, values = times[first:], values[first:]
    above, below_since = state.above, state.below_since
    if rules.level is not None:
        above, below_since = _count(state, rules.level, reading)
    return msgspec.structs.replace(
        state,
        last_time=reading.time,
        last_seen=reading.received_at,
        last_value=reading.value,
        above=above,
        below_since=below_since,
        times=times,
        values=values,
    )


def _count(
    state: StationState, rule: LevelRule, reading: ReadingTaken
) -> tuple[tuple[int, int, int], tuple[int | None, int | None, int | None]]:
    value, limits, margin = reading.value, rule.thresholds, rule.hysteresis_m
    assert value is not None  # noqa: S101 - only good readings come here
    (up_1, up_2, up_3), (since_1, since_2, since_3) = state.above, state.below_since
    above = (
        up_1 + 1 if value >= limits.waspada else 0,
        up_2 + 1 if value >= limits.siaga else 0,
        up_3 + 1 if value >= limits.awas else 0,
    )
    below = (
        (since_1 or reading.time) if value < limits.waspada - margin else None,
        (since_2 or reading.time) if value < limits.siaga - margin else None,
        (since_3 or reading.time) if value < limits.awas - margin else None,
    )
    return above, below


def _judge(
    state: StationState, rules: StationRules, rule: LevelRule, reading: ReadingTaken
) -> tuple[StationState, tuple[Decision, ...]]:
    up_1, up_2, up_3 = state.above
    least = rule.hold_up
    reached = 3 if up_3 >= least else 2 if up_2 >= least else 1 if up_1 >= least else 0
    if reached == state.level == Level.NORMAL:
        return state, ()
    if reached > state.level:
        return _move(state, rules, rule, reading, level=reached, why="threshold")
    if state.level == Level.WASPADA and is_rising(state) and _expects_awas(state, rule):
        return _move(state, rules, rule, reading, level=Level.SIAGA, why="trend")
    lowest = state.level
    while lowest > reached and _has_left(state, rule, Level(lowest), reading.time):
        lowest -= 1
    if lowest < state.level:
        return _move(state, rules, rule, reading, level=lowest, why="fell")
    return state, ()


def _expects_awas(state: StationState, rule: LevelRule) -> bool:
    """Whether even the slow end of the trend reaches AWAS soon."""
    trend = trend_of(state)
    if not rule.early_siaga_ms or trend is None or state.last_value is None:
        return False
    eta = time_to(rule.thresholds.awas, value=state.last_value, trend=trend, now=state.last_time)
    return eta is not None and eta.latest is not None and eta.latest - state.last_time <= rule.early_siaga_ms


def _has_left(state: StationState, rule: LevelRule, level: Level, time: int) -> bool:
    """Whether ``level`` is over: long enough below it, and the water is not on its way back."""
    since = state.below_since[level - 1]
    if since is None or time - since < rule.hold_down_ms:
        return False
    trend = trend_of(state)
    return trend is None or trend.rate <= STEADY_M_PER_H


def _move(
    state: StationState, rules: StationRules, rule: LevelRule, reading: ReadingTaken, *, level: int, why: Why
) -> tuple[StationState, tuple[Decision, ...]]:
    begins = state.level == Level.NORMAL
    up = level > state.level
    kind: Kind = "raised" if begins else "raised_higher" if up else "ended" if level == Level.NORMAL else "lowered"
    limit = rule.thresholds.of(Level(level if up else state.level))
    state = msgspec.structs.replace(
        state,
        level=level,
        level_since=reading.time,
        level_episode=state.level_episode + begins,
        level_version=1 if begins else state.level_version + 1,
        below_since=(None, None, None) if up else state.below_since,  # the hold begins anew with each rise
    )
    trend = trend_of(state)
    expected = forecast(state, rules, trend)
    decision = Decision(
        station=rules.station,
        hazard="level",
        episode=state.level_episode,
        version=state.level_version,
        kind=kind,
        level=level,
        why=why,
        rules_version=rules.version,
        at=reading.time,
        received_at=reading.received_at,
        value=reading.value,
        value_at=reading.time,
        limit=limit if why != "trend" else rule.thresholds.awas,
        samples=rule.hold_up if why == "threshold" else None,
        trend=trend,
        next_level=int(expected[0]) if expected else None,
        eta=expected[1] if expected else None,
    )
    return state, (decision,)
