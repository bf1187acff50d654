"""Rate of rise, and the time to a height with its range.

Two filters of height and rate run side by side over a station's samples, one for a river that keeps its rate and one
for a river that changes it; each sample shifts the weight to the one that foresaw it better (interacting multiple
models, Blom and Bar-Shalom 1988). Their memory is a dozen numbers, whatever the reporting interval, and gaps only make
them less sure. How noisy the sensor is, they learn from its second differences. A single wild sample is bounded to
four standard deviations.
"""

import math
from typing import Final

from alerting.motion import Belief, Eta, Motion, Trend

HOUR_MS: Final = 3_600_000
STEADY_M_PER_H: Final = 0.02  # slower than this is "tetap"

# Variance that the rate gains per hour, (m/h)2: a calm river, and one in flood.
_CALM: Final = 0.003
_FLOOD: Final = 1.0
_SWITCH_H: Final = 1.0  # a river changes from one to the other about once in this
_LEAST_NOISE: Final = 0.003**2
_MOST_NOISE: Final = 0.1**2
_FIRST_NOISE: Final = 0.01**2
_LEARNING: Final = 0.08
_WILD: Final = 16.0  # squared standard deviations
_LEAST_WEIGHT: Final = 0.02
_MOST_WEIGHT: Final = 1.0 - _LEAST_WEIGHT
_LATELY_H: Final = 1 / 3

LEAST_SAMPLES: Final = 5
VAGUE_M_PER_H: Final = 0.3  # a rate less certain than this is no rate, unless it is twice as large
Z_80: Final = 1.2815515655446004  # the normal distribution's quantile for a two-sided 80 %

# What a hydrograph's curve does to a straight line: measured, not derived (tests/bench/trend.py).
SOONER: Final = 0.85
LATER: Final = 1.35
MOST_SLOWING: Final = 0.15
AT_SOONEST: Final = 0.33  # held at each of 49 crossings of four real gauges, where no range of use did
COARSE_MS: Final = 10 * 60_000
SURE: Final = 0.6  # a rise is forecast when even its slow end is this part of its rate
BELOW_CREST: Final = 1 / 3  # and over this part of the way to the crest that its slowing points to
FAR_MS: Final = 6 * HOUR_MS


def followed(motion: Motion | None, time: int, value: float) -> Motion:
    """``motion`` with one more sample, ``value`` metres at ``time``, which must be later than the last."""
    if motion is None:
        first = (value, 0.0, _FIRST_NOISE, 0.0, 1.0)
        return Motion(time, 1, first, first, 0.5, _FIRST_NOISE, (value, value, 0.0), 0, 0.0)
    hours = (time - motion.time) / HOUR_MS
    noise = _learned(motion, value, hours)
    turn = hours / _SWITCH_H / 2 if hours < _SWITCH_H / 2 else 0.25
    weight = motion.weight
    stays, turns = weight * (1.0 - turn), weight * turn
    before = stays + (1.0 - weight) * turn  # of the calm river, before the sample
    bound = math.inf if motion.wild else _WILD  # the second wild sample in a row is believed
    calm, calm_fit, _ = _foreseen(motion, stays / before, value, hours, _CALM, noise, bound)
    flood, flood_fit, far = _foreseen(motion, turns / (1.0 - before), value, hours, _FLOOD, noise, bound)
    weight = before * calm_fit / (before * calm_fit + (1.0 - before) * flood_fit)
    if weight < _LEAST_WEIGHT:
        weight = _LEAST_WEIGHT
    elif weight > _MOST_WEIGHT:
        weight = _MOST_WEIGHT
    wild = motion.wild + 1 if far >= _WILD else 0
    rate = weight * calm[1] + (1.0 - weight) * flood[1]
    lately = motion.lately + (1.0 - math.exp(-hours / _LATELY_H)) * (rate - motion.lately)
    return Motion(time, motion.samples + 1, calm, flood, weight, noise, (motion.last[1], value, hours), wild, lately)


def _learned(motion: Motion, value: float, hours: float) -> float:
    """The sensor's noise, from how far the sample in the middle of three lies off the line between the others."""
    noise = motion.noise
    if motion.samples < 2:
        return noise
    before, middle, before_hours = motion.last
    part = before_hours / (before_hours + hours)
    rest = 1.0 - part
    off = middle - before * rest - value * part
    seen = off * off / (1.0 + part * part + rest * rest)
    noise += _LEARNING * (min(seen, 9.0 * noise) - noise)
    return min(max(noise, _LEAST_NOISE), _MOST_NOISE)


def _mixed(motion: Motion, calm: float) -> Belief:
    """Both beliefs as one, the calm one with this share."""
    x0, v0, a0, b0, c0 = motion.calm
    x1, v1, a1, b1, c1 = motion.flood
    other = 1.0 - calm
    both, dx, dv = calm * other, x0 - x1, v0 - v1
    return (
        calm * x0 + other * x1,
        calm * v0 + other * v1,
        calm * a0 + other * a1 + both * dx * dx,
        calm * b0 + other * b1 + both * dx * dv,
        calm * c0 + other * c1 + both * dv * dv,
    )


def _foreseen(  # noqa: PLR0917  by position: keywords cost here
    motion: Motion, calm: float, value: float, hours: float, unrest: float, noise: float, bound: float
) -> tuple[Belief, float, float]:
    """Both beliefs as one (:func:`_mixed`, written out for speed), carried on to a sample and corrected by it.

    With it how likely the sample was, and how far off in squared deviations.
    """
    x0, v0, a0, b0, c0 = motion.calm
    x1, v1, a1, b1, c1 = motion.flood
    other = 1.0 - calm
    both, dx, dv = calm * other, x0 - x1, v0 - v1
    c = calm * c0 + other * c1 + both * dv * dv
    b = calm * b0 + other * b1 + both * dx * dv
    v = calm * v0 + other * v1
    gained = unrest * hours
    a = calm * a0 + other * a1 + both * dx * dx + hours * (2.0 * b + hours * (c + gained / 3.0)) + noise  # of a sample
    b += hours * (c + gained / 2.0)
    x = calm * x0 + other * x1 + v * hours
    off = value - x
    far = off * off / a
    if far > bound:
        off, far = math.copysign(math.sqrt(bound * a), off), bound
    gain, rate_gain = (a - noise) / a, b / a
    corrected = (x + gain * off, v + rate_gain * off, gain * noise, rate_gain * noise, c + gained - rate_gain * b)
    return corrected, math.exp((-far if far < _WILD else -_WILD) / 2.0) / math.sqrt(a), far


def trend_from(motion: Motion | None) -> Trend | None:
    """The rate of rise; None when there are too few samples, or they do not say."""
    if motion is None or motion.samples < LEAST_SAMPLES:
        return None
    height, rate, _, _, variance = _mixed(motion, motion.weight)
    deviation = math.sqrt(max(variance, 0.0))
    if deviation > VAGUE_M_PER_H and abs(rate) < 2.0 * deviation:
        return None
    slowing = max(motion.lately / rate - 1.0, 0.0) if rate > STEADY_M_PER_H else 0.0
    return Trend(
        rate, rate - Z_80 * deviation, rate + Z_80 * deviation, height, slowing, round(motion.last[2] * HOUR_MS)
    )


def expected_ms(height: float, *, value: float, trend: Trend) -> float | None:
    """How long a straight line, bent by the rise's slowing, takes to ``height`` metres.

    0 when the water is there, None when it does not surely rise, or slows so much that it may crest before. A rate that
    falls evenly by d an hour lags its mean of the last hours T by d T, which is what ``slowing`` measures, and reaches
    nothing after rate / d: the rise that is left is rate T / (2 slowing).
    """
    if value >= height:
        return 0.0
    if trend.rate <= STEADY_M_PER_H or trend.slow < SURE * trend.rate:
        return None
    smooth = value if trend.height is None or trend.height >= height else trend.height
    if 2.0 * trend.slowing * (height - smooth) > BELOW_CREST * trend.rate * _LATELY_H:
        return None
    return (height - smooth) / trend.rate * HOUR_MS * (1.0 + min(trend.slowing, MOST_SLOWING))


def time_to(height: float, *, value: float, trend: Trend, now: int) -> Eta | None:
    """When ``height`` metres will be reached from ``value`` at ``now``: a range that holds it four times in five.

    None when the water is there, does not surely rise, takes longer than anybody can say, or less time than there is
    between two samples. Of samples far apart only the earliest moment is said: the rate lags where a rise begins.
    """
    expected = expected_ms(height, value=value, trend=trend)
    if not expected or not trend.spacing_ms <= expected <= FAR_MS:
        return None
    if trend.spacing_ms > COARSE_MS:
        return Eta(int(now + AT_SOONEST * expected), None)
    return Eta(int(now + SOONER * expected), int(now + LATER * expected))
