"""Samples that come out of order, and samples that quality control settles later.

A late sample within the window takes its place among the others. It may complete a rise that was missed, and it may
make a fall wait longer; it never brings a level down by itself.
"""

from typing import Final

import msgspec

from alerting.engine_level import counted, is_dismissed, reached_by
from alerting.engine_limits import limits_in_force
from alerting.engine_move import move, retraced
from alerting.engine_support import samples_needed, with_public
from alerting.episodes import Decided, StationState
from alerting.events import ReadingTaken
from alerting.rules import StationRules
from alerting.samples import SAMPLES, packed, unpacked
from broker.levels import Level

_replace: Final = msgspec.structs.replace


def take_late(state: StationState, rules: StationRules, reading: ReadingTaken, value: float) -> Decided:
    """A fresh good sample that is older than the newest."""
    times, values = unpacked(state.samples)
    if not times or reading.time in times or _is_too_old(state, times, reading.time):
        return state, ()
    at = sum(1 for time in times if time < reading.time)
    times = (*times[:at], reading.time, *times[at:])
    values = (*values[:at], value, *values[at:])
    state = _replace(state, samples=packed(times, values))
    limits = limits_in_force(state, rules, reading.time)
    if limits is None or rules.level is None:
        return state, ()
    exits = [limit - rules.level.hysteresis_m for limit in limits]
    low, middle, high = (
        _since_with(known, reading.time, times, is_below=value < edge)
        for known, edge in zip(state.below_since, exits, strict=True)
    )
    state = _replace(state, below_since=(low, middle, high), above=_trailing(state.values, state.above, limits))
    reached = _completed(values, at, limits, samples_needed(state, rules, reading.received_at))
    state = _replace(state, verified_level=max(state.verified_level, min(reached, state.level)))
    if reached <= state.level or is_dismissed(state, reached, reading.received_at):
        return with_public(state, rules, reading.received_at), ()
    return move(_replace(state, verified_level=reached), rules, reading, level=reached, why="threshold")


def _is_too_old(state: StationState, times: tuple[int, ...], time: int) -> bool:
    """Whether nothing around that moment is remembered, or it lies before something that made a new beginning."""
    return time < times[0] and (len(times) == SAMPLES or time < state.excused_until)


def _since_with(since: int | None, time: int, times: tuple[int, ...], *, is_below: bool) -> int | None:
    """When the unbroken run below an exit began, with one more sample at ``time``.

    ``since`` is the run's first sample; whatever stands right before it in the window was not below.
    """
    if since is None:
        return None
    if is_below:
        last_above = max((t for t in times if t < since and t != time), default=0)
        return time if last_above < time < since else since
    return next((t for t in times if t > time), None) if time >= since else since


def _trailing(
    values: tuple[float, ...], kept: tuple[int, int, int], limits: tuple[float, float, float]
) -> tuple[int, int, int]:
    """Samples in a row at or above each limit, counted again over the window; a run that fills it keeps its count."""
    above, full = (0, 0, 0), len(values)
    for value in values:
        above = counted(above, value, limits)
    low, middle, high = (max(new, old) if new == full > 0 else new for new, old in zip(above, kept, strict=True))
    return low, middle, high


def _completed(values: tuple[float, ...], at: int, limits: tuple[float, float, float], least: int) -> int:
    """The highest level of which the sample at index ``at`` is part of ``least`` in a row."""
    for level in (Level.AWAS, Level.SIAGA, Level.WASPADA):
        first, last = at, at
        limit = limits[level - 1]
        if values[at] < limit:
            continue
        while first and values[first - 1] >= limit:
            first -= 1
        while last + 1 < len(values) and values[last + 1] >= limit:
            last += 1
        if last - first + 1 >= least:
            return int(level)
    return 0


def forget_sample(state: StationState, rules: StationRules, time: int) -> Decided:
    """A sample that was taken for good is bad: it leaves the window, and what rested on it alone is unverified.

    The level stays: only fresh good data or a named person bring it down.
    """
    if state.doubt is not None and state.doubt.time == time:
        return _replace(state, doubt=None), ()
    times, values = unpacked(state.samples)
    if time not in times:
        return state, ()
    at = times.index(time)
    times, values = times[:at] + times[at + 1 :], values[:at] + values[at + 1 :]
    before, limits = state, limits_in_force(state, rules, time)
    last, kept = values[-1] if values else state.last_value, packed(times, values)
    state = _replace(state, samples=kept, last_value=last, motion=retraced(kept))
    if limits is None or rules.level is None:
        return state, ()
    later = next((t for t in times if t > time), None)
    low, middle, high = (later if known == time else known for known in state.below_since)
    fewer = (max(state.above[0] - 1, 0), max(state.above[1] - 1, 0), max(state.above[2] - 1, 0))
    state = _replace(state, below_since=(low, middle, high), above=_trailing(values, fewer, limits))
    if _rested_on(before, at, rules.level.hold_up):
        state = _replace(state, verified_level=min(state.verified_level, reached_by(state.above, rules.level.hold_up)))
    return state, ()


def _rested_on(state: StationState, at: int, hold_up: int) -> bool:
    """Whether the sample at index ``at`` was among those that completed the last rise, or came after them."""
    raised = state.level_since
    return raised is not None and at > sum(1 for time in state.times if time <= raised) - 1 - hold_up
