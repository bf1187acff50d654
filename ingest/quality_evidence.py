"""What speaks for a sample that departs from those before it, and what against: the questions, each answered alone."""

from itertools import pairwise
from math import inf
from typing import Final

from ingest.quality_limits import HOUR_MS, SeriesLimits
from ingest.quality_state import SUPPORT, Doubt, SeriesState, Surroundings

ACCELERATION: Final = 3.0  # a rise may be this much faster than the one before it and still continue it
TRUST: Final = 2.0  # a confirmed rate is believed up to this much of itself
COMMENSURATE: Final = 0.1  # water that rose by 2 m in one step goes on by 20 cm, not by 5
MOVING: Final = 4  # the newest samples that must go one way
EVEN: Final = 0.1  # the least step of a rise to its greatest
WILD: Final = 10.0  # no water moves so many times faster than the limits
SMOOTH: Final = 3.0  # a drift is so many times its roughest step
LONG_MS: Final = 2 * HOUR_MS  # noise does not stay within the limits of a rate for so long
UNIT_FACTORS: Final = (100, 1000)
UNIT_SLACK: Final = 0.1
LEAST_FOR_UNITS: Final = 0.05  # a ratio to a value near zero says nothing


def is_spike(state: SeriesState, time: int, step: float, before: float, limits: SeriesLimits) -> bool:
    """QARTOD spike test by its differential method on the newest sample: out and back by more than the limit.

    Water may also rise and fall between two samples that lie far apart: a peak is a spike only when the fall after it
    is too fast for water, a dip when it is too deep for half of that.
    """
    height = min(abs(step), abs(before))
    if height <= limits.spike_suspect:
        return False
    fall = limits.max_fall_per_h
    if fall == inf:
        return True
    hours = (time - state.time) / HOUR_MS
    natural = fall * hours if before > 0 else fall * min(hours, (state.time - state.time_before) / HOUR_MS) / 2
    return height > limits.noise + natural


def goes_on(state: SeriesState, elapsed: int, step: float, limits: SeriesLimits) -> bool:
    """Whether a step too fast continues a movement: a confirmed rate, or a rise that grows no more than doubly."""
    if state.trusted * step > 0 and abs(step) <= limits.noise + abs(state.trusted) * elapsed / HOUR_MS:
        return True
    before = state.value - state.value_before
    if before * step <= 0 or abs(before) <= limits.noise or state.support < SUPPORT:
        return False
    return abs(step) / elapsed <= TRUST * abs(before) / (state.time - state.time_before)


def is_return(state: SeriesState, time: int, value: float, limits: SeriesLimits) -> bool:
    """Whether a step too fast only takes back the one before it, which was no spike: noise, or a wave."""
    step, off = value - state.value, value - state.value_before
    if step * (state.value - state.value_before) >= 0:
        return False
    rate = limits.max_rise_per_h if off > 0 else limits.max_fall_per_h
    return abs(off) <= limits.noise + rate * (time - state.time) / HOUR_MS


def support_of(limits: SeriesLimits, surroundings: Surroundings) -> str | None:
    """Rain or a rising neighbour that explains a rise, in words; None when there is neither."""
    rain = surroundings.rain_mm(limits.support_rain_minutes)
    if rain is not None and rain >= limits.support_rain_mm:
        return f"rain {rain:.3g} mm in {limits.support_rain_minutes} min"
    return neighbour_of(limits, surroundings)


def neighbour_of(limits: SeriesLimits, surroundings: Surroundings) -> str | None:
    """A rising neighbour that explains a rise, in words; None when there is none."""
    rise = surroundings.neighbours_rise_m_per_h()
    if rise is not None and rise >= limits.support_neighbour_m_per_h:
        return f"neighbour rises {rise:.3g} m/h"
    return None


def unit_mix_up(value: float, before: float) -> str | None:
    """Two consecutive values whose ratio is a factor between units (m, cm, mm)."""
    small, great = sorted((abs(value), abs(before)))
    if small < LEAST_FOR_UNITS or value * before < 0:
        return None
    for factor in UNIT_FACTORS:
        if abs(great / small / factor - 1) <= UNIT_SLACK:
            return f"unit_mix_up: {value:g} after {before:g}, a factor near {factor}"
    return None


def stays_put(doubt: Doubt, limits: SeriesLimits) -> bool:
    """Whether a large departure does not go on: cars park in the rain too, so that rain alone does not explain it."""
    first, newest = doubt.pending[0].value, doubt.pending[-1].value
    off = abs(newest - doubt.base_value)
    return off > limits.spike_fail and newest - first <= max(limits.box_tolerance, limits.noise, COMMENSURATE * off)


def former(state: SeriesState, doubt: Doubt, limits: SeriesLimits) -> str | None:
    """Back at what was good before the last departure was believed, so that was no water: no flood ends in a step."""
    if state.former is None or abs(doubt.pending[-1].value - state.former) > max(limits.noise, limits.box_drift):
        return None
    return f"return to {state.former:g}"


def is_back(doubt: Doubt, last: float, value: float, limits: SeriesLimits) -> bool:
    """Whether the sample undoes the departure: a step against it that ends nearer to the base than to the plateau."""
    departure, step, off = last - doubt.base_value, value - last, value - doubt.base_value
    if abs(off) <= limits.noise:
        return True
    return step * departure < 0 and 2 * abs(off) < abs(step)


def continues(state: SeriesState, time: int, step: float, limits: SeriesLimits) -> bool:
    """Whether the sample follows from the doubted one before it: within the limits, or further the same way."""
    hours = (time - state.time) / HOUR_MS
    rate = limits.max_rise_per_h if step > 0 else limits.max_fall_per_h
    if abs(step) <= limits.noise + rate * hours:
        return True
    before = state.value - state.value_before
    hours_before = max(1, state.time - state.time_before) / HOUR_MS
    return step * before > 0 and abs(step) / hours <= ACCELERATION * abs(before) / hours_before


def settles(doubt: Doubt, limits: SeriesLimits) -> bool:
    """A small step down: nothing under a sensor makes it read lower, so this is the end of a wave or of a blip."""
    return -limits.spike_suspect <= doubt.pending[-1].value - doubt.base_value < 0


def moves(doubt: Doubt, limits: SeriesLimits) -> bool:
    """Whether the newest samples go one way, step by step, and as far as befits the departure: noise does not."""
    newest = doubt.pending[-MOVING:]
    values = [each.value for each in newest]
    moved = values[-1] - values[0]
    if abs(moved) <= max(limits.box_tolerance, COMMENSURATE * abs(values[-1] - doubt.base_value)):
        return False
    steps = [later - earlier if moved > 0 else earlier - later for earlier, later in pairwise(values)]
    most = WILD * max(limits.max_rise_per_h, limits.max_fall_per_h)
    is_wild = any(
        abs(later.value - earlier.value) * HOUR_MS > most * (later.time - earlier.time)
        for earlier, later in pairwise(newest)
    )
    return min(steps) >= EVEN * max(steps) and not is_wild


def drifts(doubt: Doubt, limits: SeriesLimits) -> bool:
    """Whether a plateau has wandered further than temperature moves an echo: smoothly, or for hours without a break.

    Above the last good value it must have wandered up: what jumps and then only sinks is a bent mast over a river.
    """
    spread = doubt.high - doubt.low
    newest = doubt.pending[-1]
    if newest.value > doubt.base_value and newest.value < (doubt.high + doubt.low) / 2:
        return False
    if spread <= max(limits.box_drift, COMMENSURATE * abs(newest.value - doubt.base_value)):
        return False
    return spread > SMOOTH * doubt.roughest or newest.time - doubt.since >= LONG_MS
