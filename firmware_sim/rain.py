"""Rain over a catchment, minute by minute."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
MINUTES_PER_HOUR: Final = 60


def intensity(bursts: Sequence[tuple[float, float, float]], minutes: int) -> Series:
    """mm/h in each of ``minutes`` minutes; a burst is (from minute, for minutes, mm/h), and bursts add up.

    A burst swells and fades over its first and last five minutes: rain does not start like a tap.
    """
    at = np.arange(minutes) + 0.5
    total = np.zeros(minutes)
    for start, length, mm_per_h in bursts:
        edge = min(5.0, length / 2)
        total += mm_per_h * np.clip(np.minimum(at - start, start + length - at) / edge, 0, 1)
    return total


def depth_mm(mm_per_h: Series) -> Series:
    """What has fallen by the beginning of each minute, and by the end of the last: one value more than minutes."""
    return np.concatenate(([0.0], np.cumsum(mm_per_h) / MINUTES_PER_HOUR))
