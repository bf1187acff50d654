"""True water: noise-free shapes of a river, a tide or a street, in metres above a gauge's zero. Pure.

What a case's flood is measured against comes from here and never from what a sensor said.
"""

from typing import Final

import msgspec
import numpy as np
from scipy.interpolate import PchipInterpolator

from firmware_sim import river
from firmware_sim.rain import Series, intensity

STEP_MIN: Final = 0.5  # of the grid on which truth is known
M2_MIN: Final = 745.236  # period of the principal lunar semidiurnal tide
# (1 + s) exp(-s) at this s is 5 %: the recession is called over.
_LEFT_OVER: Final = 4.744


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a case file: a slip of the pen is refused, not ignored."""


class Wave(Table, frozen=True, kw_only=True):
    """One flood wave of ``height_m`` over what is there: half a cosine up, and a recession that leaves 5 %."""

    start_min: float
    rise_min: float
    fall_min: float
    height_m: float


class Tide(Table, frozen=True, kw_only=True):
    """A cosine about the mean level, with a second high water of the day that is ``inequality_m`` lower."""

    amplitude_m: float
    high_at_min: float
    period_min: float = M2_MIN
    inequality_m: float = 0.0


class Catchment(Table, frozen=True, kw_only=True):
    """The answer to rain: Nakayasu's unit hydrograph (:mod:`firmware_sim.river`), scaled to a crest of ``peak_m``."""

    rain: tuple[tuple[float, float, float], ...]  # from minute, for minutes, mm/h
    peak_m: float
    to_peak_min: float
    recession_min: float


class Water(Table, frozen=True, kw_only=True):
    """What stands in the river. ``points`` (minute, metres) are joined by a monotone cubic, the rest adds up.

    With points, ``base_m`` is not needed: they are metres above the gauge's zero.
    """

    base_m: float | None = None
    points: tuple[tuple[float, float], ...] = ()
    waves: tuple[Wave, ...] = ()
    tide: Tide | None = None
    catchment: Catchment | None = None

    def fault(self) -> str | None:
        """What is wrong with the numbers, naming the key; None when nothing is."""
        if (self.base_m is None) == (not self.points):
            return "give base_m, or points, and not both"
        if len(self.points) == 1 or any(a[0] >= b[0] for a, b in zip(self.points, self.points[1:], strict=False)):
            return "points must be two or more, with rising minutes"
        for wave in self.waves:
            if wave.rise_min <= 0 or wave.fall_min <= 0:
                return "waves: rise_min and fall_min must be over 0"
        return None

    def level_m(self, minutes: Series) -> Series:
        """The true level at each of ``minutes`` from the case's start."""
        if self.points:
            at, level = (np.array(part, dtype=float) for part in zip(*self.points, strict=True))
            total = np.asarray(PchipInterpolator(at, level)(np.clip(minutes, at[0], at[-1])))
        else:
            total = np.full(len(minutes), self.base_m, dtype=float)
        for wave in self.waves:
            total = total + _wave(wave, minutes)
        if self.tide is not None:
            total = total + _tide(self.tide, minutes)
        if self.catchment is not None:
            total = total + _response(self.catchment, float(total.min()), minutes)
        return np.asarray(total)


def grid(minutes: float) -> Series:
    """The minutes at which truth is known, both ends included."""
    return np.arange(0, minutes + STEP_MIN / 2, STEP_MIN)


def _wave(wave: Wave, minutes: Series) -> Series:
    since = minutes - wave.start_min
    rising = 0.5 * (1 - np.cos(np.pi * np.clip(since / wave.rise_min, 0, 1)))
    after = np.maximum(since - wave.rise_min, 0) / wave.fall_min * _LEFT_OVER
    falling = (1 + after) * np.exp(-after)
    return np.asarray(wave.height_m * np.where(since < wave.rise_min, rising, falling))


def _tide(tide: Tide, minutes: Series) -> Series:
    phase = 2 * np.pi * (minutes - tide.high_at_min) / tide.period_min
    lower = tide.inequality_m / 2 * (np.cos(phase / 2) - 1)
    return np.asarray(tide.amplitude_m * np.cos(phase) + lower)


def _response(catchment: Catchment, base_m: float, minutes: Series) -> Series:
    whole = int(np.ceil(minutes[-1])) + 1 if len(minutes) else 1
    stage = river.stage(
        intensity(catchment.rain, whole),
        low_m=0.0,
        peak_m=catchment.peak_m - base_m,
        to_peak_min=catchment.to_peak_min,
        recession_min=catchment.recession_min,
    )
    return np.asarray(np.interp(minutes, np.arange(whole), stage))
