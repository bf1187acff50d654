"""Fine particles in humid air: low-cost sensors count swollen droplets, and read too high. Pure.

The correction is linear, so it holds for hourly means as for single readings. Readings themselves are stored as the
sensor gave them: a better formula can be applied to the past.
"""

from typing import Final

import msgspec

VERSION: Final = "us-epa-2021"  # US-wide correction of Barkjohn, Gantt, Clements (2021), Atmos. Meas. Tech. 14
SLOPE: Final = 0.524
PER_PERCENT: Final = 0.0862
OFFSET: Final = 5.75
BELOW_UGM3: Final = 570.0  # of CF=1: in thicker smoke the sensor no longer answers in a line (Barkjohn et al. 2022)
UNCORRECTED: Final = "tanpa koreksi kelembapan"


class FineParticles(msgspec.Struct, frozen=True, kw_only=True):
    """PM2.5 in ug/m3, and where it comes from.

    ``value_ugm3`` is what may be shown; ``raw_ugm3`` is what the sensor said: its CF=1 value when corrected, otherwise
    what ``value_ugm3`` is. ``correction`` is the formula's version, None when nothing was corrected.
    """

    value_ugm3: float
    raw_ugm3: float
    humidity_pct: float | None
    correction: str | None

    @property
    def label(self) -> str:
        """What must stand beside the value."""
        return UNCORRECTED if self.correction is None else f"terkoreksi kelembapan ({self.correction})"


def corrected(cf1_ugm3: float | None, humidity_pct: float | None, ambient_ugm3: float | None) -> FineParticles | None:
    """PM2.5 = 0.524 * cf1 - 0.0862 * RH + 5.75, never below 0, from the sensor's own CF=1 value and humidity.

    Without a CF=1 value under 570, or without a humidity of 0 to 100 %, nothing is corrected: the sensor's value for
    ambient air stands as it is (its CF=1 value if that is all there is), and says so. None when there is no value.
    """
    if cf1_ugm3 is not None and cf1_ugm3 < BELOW_UGM3 and humidity_pct is not None and 0 <= humidity_pct <= 100:
        value = max(0.0, SLOPE * cf1_ugm3 - PER_PERCENT * humidity_pct + OFFSET)
        return FineParticles(value_ugm3=value, raw_ugm3=cf1_ugm3, humidity_pct=humidity_pct, correction=VERSION)
    raw = cf1_ugm3 if ambient_ugm3 is None else ambient_ugm3
    if raw is None:
        return None
    return FineParticles(value_ugm3=max(0.0, raw), raw_ugm3=raw, humidity_pct=humidity_pct, correction=None)
