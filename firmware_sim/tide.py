"""The sea at the rivers' mouths, from harmonic constituents. Pure; for stories, never a prediction.

Speeds are those of the tide-raising forces (Schureman, Manual of Harmonic Analysis and Prediction of Tides, 1940). The
amplitudes are ASSUMED: no constants of Pasuruan were found. They are chosen so that the form number
(K1 + O1) / (M2 + S2) is that of a mixed, mainly semidiurnal tide, and that spring high water is 1.3 m over the mean.
"""

from typing import Final

import msgspec
import numpy as np

from firmware_sim.rain import MINUTES_PER_HOUR, Series

# Degrees an hour, and metres.
CONSTITUENTS: Final = {
    "M2": (28.9841042, 0.36),
    "S2": (30.0, 0.20),
    "N2": (28.4397295, 0.07),
    "K1": (15.0410686, 0.38),
    "O1": (13.9430356, 0.20),
    "P1": (14.9589314, 0.12),
}
_M2_H: Final = 360 / CONSTITUENTS["M2"][0]


class Tide(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A high water of the moon's tide falls on ``high_at_min`` of the story.

    At 0 ``days_after_spring`` all constituents crest with it; about 7 days later the tide is neap. ``surge_m`` is what
    wind and pressure add.
    """

    high_at_min: float
    days_after_spring: float = 0.0
    surge_m: float = 0.0


class Mouth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the sea reaches a gauge: its mean on the gauge, what share of the tide arrives, and how much later."""

    mean_sea_m: float
    share: float = 1.0
    delay_min: float = 0.0


def height_m(tide: Tide, at_min: Series) -> Series:
    """Metres over the mean sea level at each of ``at_min``, minutes of the story."""
    # The M2 crest that is nearest to so many days after spring.
    crest_h = round(tide.days_after_spring * 24 / _M2_H) * _M2_H
    hours = (at_min - tide.high_at_min) / MINUTES_PER_HOUR + crest_h
    waves = [metres * np.cos(np.deg2rad(speed * hours)) for speed, metres in CONSTITUENTS.values()]
    return np.asarray(np.sum(waves, axis=0) + tide.surge_m)


def at_gauge_m(tide: Tide, mouth: Mouth, at_min: Series) -> Series:
    """The sea on a gauge's zero."""
    return np.asarray(mouth.mean_sea_m + mouth.share * height_m(tide, at_min - mouth.delay_min))
