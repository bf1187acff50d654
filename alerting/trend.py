"""Rate of rise, robust against single bad samples, and the time to a threshold with its range."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

WINDOW_MS: Final = 45 * 60_000
WINDOW_SAMPLES: Final = 24
LEAST_SAMPLES: Final = 5
LEAST_SPAN_MS: Final = 4 * 60_000
HOUR_MS: Final = 3_600_000
STEADY_M_PER_H: Final = 0.02  # slower than this is "tetap"

_pairs: Final = {n: np.triu_indices(n, 1) for n in range(2, WINDOW_SAMPLES + 1)}


class Trend(msgspec.Struct, frozen=True, gc=False):
    """Rates in metres an hour: the median of all pairwise slopes (Theil 1950, Sen 1968) and their middle 80 %."""

    rate: float
    slow: float
    fast: float


class Eta(msgspec.Struct, frozen=True, gc=False):
    """When a height is expected to be reached, ms UTC. ``latest`` is None when the slow end never gets there."""

    earliest: int
    latest: int | None


def theil_sen(times: Sequence[int], values: Sequence[float]) -> Trend | None:
    """The trend of samples in order of time; None when they are too few or too close together to say.

    ``times`` are ms UTC, strictly rising; ``values`` metres.
    """
    n = len(times)
    if n < LEAST_SAMPLES or times[-1] - times[0] < LEAST_SPAN_MS:
        return None
    t = np.array(times, dtype=np.float64)
    y = np.array(values, dtype=np.float64)
    i, j = _pairs[n]
    slopes = np.sort((y[j] - y[i]) / (t[j] - t[i])) * HOUR_MS
    last = slopes.size - 1
    middle = slopes[last // 2] if last % 2 == 0 else (slopes[last // 2] + slopes[last // 2 + 1]) / 2
    return Trend(float(middle), float(slopes[last // 10]), float(slopes[last - last // 10]))


def time_to(height: float, *, value: float, trend: Trend, now: int) -> Eta | None:
    """When ``height`` metres will be reached from ``value`` at ``now``; None unless it is above and the water rises."""
    if trend.rate <= STEADY_M_PER_H or value >= height:
        return None
    gap = height - value
    fast = max(trend.fast, trend.rate)
    latest = int(now + gap / trend.slow * HOUR_MS) if trend.slow > STEADY_M_PER_H else None
    return Eta(int(now + gap / fast * HOUR_MS), latest)
