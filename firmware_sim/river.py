"""A river's stage from the rain over its catchment: unit hydrograph, recession, rating."""

from typing import Final

import numpy as np

from firmware_sim.rain import Series

# Stage grows more slowly than discharge as a river leaves its bed: h ~ Q ** 0.7 for the wide, embanked reaches here.
RATING_EXPONENT: Final = 0.7
_SWAY_M: Final = 0.006
_SWAY_MIN: Final = 47.0


def unit_hydrograph(to_peak_min: float, recession_min: float, minutes: int) -> Series:
    """The response to one minute of rain, summing to 1 over an endless time: Nakayasu's curve (1949).

    It rises as (t/Tp)**2.4 and falls to 0.3 in each ``recession_min``, then in 1.5 and 2 times that.
    """
    at = np.arange(minutes) + 0.5
    after = (at - to_peak_min) / recession_min
    falling = np.where(
        after < 1,
        0.3 ** np.maximum(after, 0),
        np.where(after < 2.5, 0.3 ** ((after + 0.5) / 1.5), 0.3 ** ((after + 1.5) / 2)),
    )
    curve = np.where(at < to_peak_min, (at / to_peak_min) ** 2.4, falling)
    return np.asarray(curve / curve.sum())


def stage(mm_per_h: Series, *, low_m: float, peak_m: float, to_peak_min: float, recession_min: float) -> Series:
    """Metres above the gauge's zero, each minute: ``low_m`` without rain, and the flood's crest at ``peak_m``.

    The story says how high the flood is; rain and catchment say when.
    """
    minutes = len(mm_per_h)
    response = np.convolve(mm_per_h, unit_hydrograph(to_peak_min, recession_min, minutes))[:minutes]
    crest = response.max()
    share = (response / crest) ** RATING_EXPONENT if crest > 0 else response
    # No river is a straight line, even on a calm day; it stays below its crest.
    sway = _SWAY_M * np.sin(np.arange(minutes) * 2 * np.pi / _SWAY_MIN) * (1 - share)
    return np.asarray(low_m + (peak_m - low_m) * share + sway)
