"""From rain over a catchment to discharge: Nakayasu's synthetic unit hydrograph. Pure.

Source of the formulas: Nakayasu (1949), as given in C.D. Soemarto, Hidrologi Teknik (1987), chapter on synthetic unit
hydrographs. Area in km2, length of the main river in km, times in hours:

    lag            tg   = 0.4 + 0.058 L  for L > 15 km,  0.21 L ** 0.7  for shorter rivers
    unit of rain   tr   = 0.5 tg to tg
    time to peak   Tp   = tg + 0.8 tr
    recession      T0.3 = alpha tg            alpha 1.5 to 3; until the flow has fallen to 0.3 of its peak
    peak           Qp   = A R0 / (3.6 (0.3 Tp + T0.3))        m3/s for R0 mm of effective rain
    rising         Q = Qp (t / Tp) ** 2.4
    falling        Q = Qp 0.3 ** ((t - Tp) / T0.3),  then with 1.5 T0.3,  then with 2 T0.3

The limbs as given hold 0.99 R0 or so; here the ordinates are scaled so that what rains runs off, to the last litre.
"""

from typing import Final

import msgspec
import numpy as np

from firmware_sim.rain import MINUTES_PER_HOUR, Series

_SHORT_KM: Final = 15.0
_M3_PER_MM_KM2: Final = 1000.0
_SECONDS_PER_MINUTE: Final = 60.0
_NEGLIGIBLE: Final = 1e-6  # of the peak: the end of the curve


class Catchment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``unit_share`` is tr / tg. ``source`` says where the figures are from, or that they are assumed."""

    area_km2: float
    length_km: float
    alpha: float
    unit_share: float
    source: str

    @property
    def lag_h(self) -> float:
        """tg: from the middle of the rain to the peak."""
        return 0.4 + 0.058 * self.length_km if self.length_km > _SHORT_KM else 0.21 * self.length_km**0.7

    @property
    def to_peak_h(self) -> float:
        """Tp: from the beginning of the rain to the peak."""
        return self.lag_h * (1 + 0.8 * self.unit_share)

    @property
    def recession_h(self) -> float:
        """T0.3."""
        return self.alpha * self.lag_h

    def peak_m3s(self, effective_mm: float) -> float:
        """Qp of Nakayasu's formula; the ordinates' own peak is within 2 % of it."""
        return self.area_km2 * effective_mm / (3.6 * (0.3 * self.to_peak_h + self.recession_h))

    def ordinates(self) -> Series:
        """m3/s in each minute after 1 mm of effective rain in one minute; together they are 1 mm over the area."""
        to_peak, recession = self.to_peak_h * MINUTES_PER_HOUR, self.recession_h * MINUTES_PER_HOUR
        minutes = int(np.ceil(to_peak + recession * 2 * np.log(_NEGLIGIBLE) / np.log(0.3)))
        shape = curve(np.arange(minutes, dtype=np.float64) + 0.5, to_peak, recession)
        return np.asarray(shape / shape.sum() * self.area_km2 * _M3_PER_MM_KM2 / _SECONDS_PER_MINUTE)


def curve(at: Series, to_peak: float, recession: float) -> Series:
    """Nakayasu's curve with a peak of 1 at ``to_peak``; all three in one unit of time."""
    after = (at - to_peak) / recession
    falling = np.where(
        after < 1,
        0.3 ** np.maximum(after, 0),
        np.where(after < 2.5, 0.3 ** ((after + 0.5) / 1.5), 0.3 ** ((after + 1.5) / 2)),
    )
    return np.asarray(np.where(at < to_peak, (at / to_peak) ** 2.4, falling))


def effective_mm_per_h(mm_per_h: Series, *, initial_mm: float, runoff: float) -> Series:
    """What of the rain of each minute runs off: nothing of the first ``initial_mm``, then the share ``runoff``.

    An initial loss and a constant coefficient, the simplest loss there is: dry soil drinks, wet soil passes a part on.
    """
    fallen = np.cumsum(mm_per_h) / MINUTES_PER_HOUR
    before = np.concatenate(([0.0], fallen[:-1]))
    over = np.maximum(fallen - initial_mm, 0) - np.maximum(before - initial_mm, 0)
    return np.asarray(over * MINUTES_PER_HOUR * runoff)


def discharge_m3s(effective: Series, catchment: Catchment, base_m3s: float) -> Series:
    """The flow at the end of each minute of ``effective`` rain, mm/h, over ``base_m3s`` of dry weather."""
    minutes = len(effective)
    answer = np.convolve(effective / MINUTES_PER_HOUR, catchment.ordinates())[:minutes]
    return np.asarray(base_m3s + answer)
