"""Water levels: counting samples against thresholds, going up at once, coming down on fresh good data only."""

from typing import Final

import msgspec

from alerting.engine_limits import limits_in_force
from alerting.engine_move import is_long_rise, is_rising, move, retraced, trend_of
from alerting.engine_support import samples_needed, supports, with_public
from alerting.episodes import Decided, Doubt, Manual, StationState, Support
from alerting.events import ReadingTaken
from alerting.rules import LEAST_INTERVAL_MS, LevelRule, StationRules
from alerting.samples import with_sample
from alerting.trend import STEADY_M_PER_H, expected_ms, followed
from broker.levels import Level

STEP_MS: Final = 5 * 60_000  # a jump between samples further apart is no step but a fast river
DOUBT_MS: Final = 10 * 60_000  # unverified samples further apart do not speak for each other
SAME_REPORT_MS: Final = 1_000  # samples that arrive closer together came in one report
CLIMB_M: Final = 0.15  # unverified samples that rise by less are no flood: something stands under the sensor
CLIMB_SLACK_M: Final = 0.03
CLIMB_SAMPLES: Final = 4
NONE_ABOVE: Final = (0, 0, 0)

_replace: Final = msgspec.structs.replace


def take_good(state: StationState, rules: StationRules, reading: ReadingTaken, value: float) -> Decided:
    """A fresh good sample that is newer than all before it."""
    limits = limits_in_force(state, rules, reading.time)
    state = _remember(state, rules, reading, value, limits)
    if rules.level is None or limits is None:
        return state, ()
    if state.above is NONE_ABOVE and not state.level and state.manual is None:
        return state, ()  # a calm river: most readings of most days
    return _judge(state, rules, rules.level, limits, reading)


def _remember(
    state: StationState,
    rules: StationRules,
    reading: ReadingTaken,
    value: float,
    limits: tuple[float, float, float] | None,
) -> StationState:
    time = reading.time
    interval = learned_interval(state, reading.received_at)
    motion = followed(state.motion or retraced(state.samples), time, value)
    above, below_since = state.above, state.below_since
    if limits is not None and rules.level is not None:
        above = counted(above, value, limits)
        if below_since[0] is None or value >= limits[0] - rules.level.hysteresis_m:  # below the lowest: below all
            below_since = _since(below_since, value, limits, rules.level.hysteresis_m, time)
    return _replace(
        state,
        last_time=time,
        last_seen=reading.received_at,
        last_value=value,
        above=above,
        below_since=below_since,
        samples=with_sample(state.samples, time, value),
        motion=motion,
        interval_ms=interval,
        step_from=_step_from(state, rules, value, time),
        at_least=False,
        looked=False,
        look_at=0,
        reach_at=0,
        doubt=None,
    )


def learned_interval(state: StationState, received_at: int) -> int:
    """The longest wait for a good sample that is usual here: longer ones count at once, shorter ones slowly.

    A link that loses every third report is thus given the time that it needs. A gap counts four times it at most.
    """
    if state.last_seen is None:
        return state.interval_ms
    waited = received_at - state.last_seen
    if waited < SAME_REPORT_MS:
        return state.interval_ms
    known = state.interval_ms
    if not known:
        return max(waited, LEAST_INTERVAL_MS)
    if waited >= known:
        return known + (min(waited, 4 * known) - known) // 2
    return max(known - (known - waited) // 32, LEAST_INTERVAL_MS)


def counted(above: tuple[int, int, int], value: float, limits: tuple[float, float, float]) -> tuple[int, int, int]:
    """Samples in a row at or above each limit, with one more sample."""
    low, middle, high = limits
    if value < low:
        return NONE_ABOVE
    return (
        above[0] + 1 if value >= low else 0,
        above[1] + 1 if value >= middle else 0,
        above[2] + 1 if value >= high else 0,
    )


def _since(
    since: tuple[int | None, int | None, int | None],
    value: float,
    limits: tuple[float, float, float],
    margin: float,
    time: int,
) -> tuple[int | None, int | None, int | None]:
    low, middle, high = limits
    return (
        (since[0] or time) if value < low - margin else None,
        (since[1] or time) if value < middle - margin else None,
        (since[2] or time) if value < high - margin else None,
    )


def _step_from(state: StationState, rules: StationRules, value: float, time: int) -> float | None:
    before, step = state.last_value, rules.support.step_m
    if state.step_from is not None:
        return state.step_from if value >= state.step_from + step / 2 else None
    if before is not None and value - before >= step and state.samples and time - state.last_time <= STEP_MS:
        return before
    return None


def _judge(
    state: StationState,
    rules: StationRules,
    rule: LevelRule,
    limits: tuple[float, float, float],
    reading: ReadingTaken,
) -> Decided:
    reached = _reached(state, rules, reading)
    if state.manual is not None:
        state = _let_go(state, state.manual, reading)
    if reached == state.level == Level.NORMAL:
        return state, ()
    if reached > state.verified_level:
        state = _replace(state, verified_level=reached)
    stands = state.level if is_dismissed(state, reached, reading.received_at) else max(reached, state.level)
    if stands == Level.WASPADA and _is_early(state, rule, limits, reading):
        return move(_replace(state, verified_level=Level.SIAGA), rules, reading, level=Level.SIAGA, why="trend")
    if stands > state.level:
        return move(state, rules, reading, level=stands, why="threshold")
    lowest = _lowest(state, rules, reached, reading)
    if lowest < state.level:
        return move(state, rules, reading, level=lowest, why="fell")
    return with_public(state, rules, reading.received_at), ()


def _reached(state: StationState, rules: StationRules, reading: ReadingTaken) -> int:
    """The highest level with enough samples in a row.

    One is enough where samples are far apart and the water was surely rising towards it: the next would come too late.
    """
    least = samples_needed(state, rules, reading.received_at)
    reached, first = reached_by(state.above, least), reached_by(state.above, 1)
    if first > max(reached, state.level) and state.maintenance is None and is_long_rise(state):
        return first
    return reached


def _is_early(state: StationState, rule: LevelRule, limits: tuple[float, float, float], reading: ReadingTaken) -> bool:
    """Whether SIAGA counts already at WASPADA, because AWAS is near."""
    if state.maintenance is not None or not is_rising(state):
        return False
    if state.step_from is not None and state.level == Level.NORMAL:
        return False  # a jump brought WASPADA: first let another sample confirm it
    return _expects_awas(state, rule, limits) and not is_dismissed(state, Level.SIAGA, reading.received_at)


def _let_go(state: StationState, manual: Manual, reading: ReadingTaken) -> StationState:
    """What somebody decided is over with its time; a level that he denied may come again once the water has left it."""
    has_left = manual.most and state.below_since[0] is not None
    return _replace(state, manual=None) if has_left or reading.received_at >= manual.until else state


def reached_by(above: tuple[int, int, int], least: int) -> int:
    """The highest level with ``least`` samples in a row."""
    return 3 if above[2] >= least else 2 if above[1] >= least else 1 if above[0] >= least else 0


def is_dismissed(state: StationState, level: int, at: int) -> bool:
    """Whether somebody decided lately that this level is not so."""
    manual = state.manual
    return manual is not None and level <= manual.most and at < manual.until


def _expects_awas(state: StationState, rule: LevelRule, limits: tuple[float, float, float]) -> bool:
    """Whether AWAS is expected soon, even at the slow end of the trend."""
    rate = trend_of(state) if rule.early_siaga_ms else None
    if rate is None or state.last_value is None:
        return False
    left = expected_ms(limits[2], value=state.last_value, trend=_replace(rate, rate=rate.slow))
    return left is not None and left <= rule.early_siaga_ms


def _lowest(state: StationState, rules: StationRules, reached: int, reading: ReadingTaken) -> int:
    """The level that fresh good data allow to come down to."""
    floor = reached
    if state.maintenance is not None:
        floor = max(floor, state.maintenance.floor)
    if state.manual is not None and reading.received_at < state.manual.until:
        floor = max(floor, state.manual.least)
    lowest = state.level
    while lowest > floor and has_left(state, rules, Level(lowest), reading.time):
        lowest -= 1
    return lowest


def has_left(state: StationState, rules: StationRules, level: Level, time: int) -> bool:
    """Whether ``level`` is over: long enough below it, and the water is not on its way back."""
    since = state.below_since[level - 1]
    if since is None or rules.level is None or time - since < rules.level.hold_down_ms:
        return False
    rate = trend_of(state)
    return rate is None or rate.slow <= STEADY_M_PER_H


def take_doubtful(state: StationState, rules: StationRules, reading: ReadingTaken, value: float) -> Decided:
    """A fresh sample that is not verified: shown, and evidence only together with others like it.

    One more of them than of good ones raises a level, how high :func:`_most_doubtful` says. None of it is public, and
    none of it lowers anything.
    """
    limits, known = limits_in_force(state, rules, reading.time), state.doubt
    if limits is None or rules.level is None or reading.time <= max(state.last_time, known.time if known else 0):
        return state, ()
    doubt = _doubted(state, rules, reading, value, limits)
    if state.maintenance is not None:
        return _replace(state, doubt=doubt, above=(0, 0, 0)), ()
    state = _replace(state, doubt=doubt)
    reached = reached_by(doubt.above, rules.level.hold_up + 1)
    reached = min(reached, _most_doubtful(doubt, supports(state, rules, reading.received_at)))
    if reached <= state.level or is_dismissed(state, reached, reading.received_at):
        return state, ()
    return move(state, rules, reading, level=reached, why="threshold")


def _most_doubtful(doubt: Doubt, found: tuple[Support, ...]) -> Level:
    """The highest level of unverified samples.

    Any with a witness of high water. With rain, or alone, they must climb: cars park in the rain too. Those that stay
    put are WASPADA, for somebody to look at the sensor.
    """
    if any(each != "rain" for each in found):
        return Level.AWAS
    if doubt.value - doubt.climb_from < CLIMB_M:
        return Level.WASPADA
    if found:
        return Level.AWAS
    return Level.SIAGA if doubt.climb >= CLIMB_SAMPLES else Level.WASPADA


def _doubted(
    state: StationState,
    rules: StationRules,
    reading: ReadingTaken,
    value: float,
    limits: tuple[float, float, float],
) -> Doubt:
    """What is doubted, with one more sample; it goes on from those before it when it is near to them."""
    known, step = state.doubt, rules.support.step_m
    before, climb, climb_from = (0, 0, 0), 1, value
    if known is not None and reading.time - known.time <= DOUBT_MS and abs(value - known.value) <= step:
        before = known.above
        if value >= known.value - CLIMB_SLACK_M:
            climb, climb_from = known.climb + 1, known.climb_from
    elif known is None and state.last_value is not None and abs(value - state.last_value) <= step:
        before = state.above
    return Doubt(reading.time, reading.received_at, value, counted(before, value, limits), climb, climb_from)
