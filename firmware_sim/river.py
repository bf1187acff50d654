"""A river's stage at a gauge: from discharge by a rating curve, with the sea behind it; or as high as a story says."""

from typing import Final

import msgspec
import numpy as np

from firmware_sim.hydrograph import curve
from firmware_sim.rain import Series

# Stage grows more slowly than discharge as a river leaves its bed: h ~ Q ** 0.7 for the wide, embanked reaches here.
RATING_EXPONENT: Final = 0.7
_SWAY_M: Final = 0.006
_SWAY_MIN: Final = 47.0
_BACKWATER: Final = 3.0


class Rating(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``Q = factor * (h - zero_m) ** exponent``; ``zero_m`` is where the flow ends, on the gauge.

    5/3 is Manning's exponent for a bed that is wide against its depth. ``source`` says that it is assumed.
    """

    zero_m: float
    factor: float
    exponent: float = 5 / 3
    source: str

    def stage_m(self, discharge_m3s: Series) -> Series:
        """Metres above the gauge's zero at each discharge."""
        return np.asarray(self.zero_m + (np.maximum(discharge_m3s, 0) / self.factor) ** (1 / self.exponent))


def backwater(stage_m: Series, sea_m: Series, zero_m: float) -> Series:
    """The stage where the sea stands at ``sea_m`` on the same gauge: depths over ``zero_m``, joined by a power of 3.

    This is a shape, not hydraulics: a sea far below the river changes nothing, one far above it is the stage, and
    between them each lifts the other, which is what a river that cannot drain does.
    """
    river, sea = np.maximum(stage_m - zero_m, 0), np.maximum(sea_m - zero_m, 0)
    return np.asarray(zero_m + (river**_BACKWATER + sea**_BACKWATER) ** (1 / _BACKWATER))


def sway(minutes: int) -> Series:
    """Millimetres of a river that nothing happens to: no river is a straight line."""
    return np.asarray(_SWAY_M * np.sin(np.arange(minutes) * 2 * np.pi / _SWAY_MIN))


def unit_hydrograph(to_peak_min: float, recession_min: float, minutes: int) -> Series:
    """The response to one minute of rain, summing to 1: Nakayasu's curve (:mod:`firmware_sim.hydrograph`).

    It rises as (t/Tp)**2.4 and falls to 0.3 in each ``recession_min``, then in 1.5 and 2 times that.
    """
    shape = curve(np.arange(minutes, dtype=np.float64) + 0.5, to_peak_min, recession_min)
    return np.asarray(shape / shape.sum())


def stage(mm_per_h: Series, *, low_m: float, peak_m: float, to_peak_min: float, recession_min: float) -> Series:
    """Metres above the gauge's zero, each minute: ``low_m`` without rain, and the flood's crest at ``peak_m``.

    The story says how high the flood is; rain and catchment say when.
    """
    minutes = len(mm_per_h)
    response = np.convolve(mm_per_h, unit_hydrograph(to_peak_min, recession_min, minutes))[:minutes]
    crest = response.max()
    share = (response / crest) ** RATING_EXPONENT if crest > 0 else response
    # It stays below its crest.
    return np.asarray(low_m + (peak_m - low_m) * share + sway(minutes) * (1 - share))
