"""The air over the city: the day's course of temperature and humidity, and what rain does to it."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from firmware_sim.rain import Series

_DAY_MIN: Final = 1440
_WARMEST_MIN: Final = 13.5 * 60  # local time
_RAIN_MEMORY_MIN: Final = 40
_SMOKE_EDGE_MIN: Final = 30.0
SMOKE_COARSE: Final = 1.15  # PM10 of smoke: nearly all of it is fine


def wetness(mm_per_h: Series) -> Series:
    """0 in dry air to 1 after heavy rain, fading over about 40 minutes."""
    memory = np.exp(-np.arange(6 * _RAIN_MEMORY_MIN) / _RAIN_MEMORY_MIN)
    fallen = np.convolve(mm_per_h / 60, memory)[: len(mm_per_h)]
    return np.asarray(1 - np.exp(-fallen / 6))


def temperature_c(mean: float, wet: Series, start_min: float) -> Series:
    return np.asarray(mean + 3 * _day(len(wet), start_min) - 4.5 * wet)


def humidity_pct(mean: float, wet: Series, start_min: float) -> Series:
    dry = mean - 12 * _day(len(wet), start_min)
    return np.asarray(np.clip(dry + (97 - dry) * wet, 20, 99))


def pressure_hpa(mean: float, minutes: int, start_min: float) -> Series:
    """The tropics' tide of the air: two crests a day, about 1.5 hPa high."""
    at = np.arange(minutes) + start_min
    return np.asarray(mean + 1.5 * np.cos((at - 10 * 60) * 4 * np.pi / _DAY_MIN))


def particles_ugm3(mean: float, wet: Series, start_min: float) -> Series:
    """Traffic lifts them morning and evening, rain washes most of them out."""
    at = np.arange(len(wet)) + start_min
    traffic = 1 + 0.18 * np.cos((at - 7 * 60) * 4 * np.pi / _DAY_MIN)
    return np.asarray(mean * traffic * (1 - 0.7 * wet))


def smoke_ugm3(plumes: Sequence[tuple[float, float, float]], minutes: int) -> Series:
    """What plumes add: each is (from minute, for minutes, ug/m3), drifts in and out over half an hour, and flickers."""
    at = np.arange(minutes) + 0.5
    total = np.zeros(minutes)
    for start, length, ugm3 in plumes:
        edge = min(_SMOKE_EDGE_MIN, length / 2)
        total += ugm3 * np.clip(np.minimum(at - start, start + length - at) / edge, 0, 1)
    return np.asarray(total * (1 + 0.12 * np.sin(at * 2 * np.pi / 17) * np.sin(at * 2 * np.pi / 71)))


def _day(minutes: int, start_min: float) -> Series:
    return np.asarray(np.cos((np.arange(minutes) + start_min - _WARMEST_MIN) * 2 * np.pi / _DAY_MIN))
