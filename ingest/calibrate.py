"""From what a sensor says to what it means at its station. Pure; raw values are kept beside."""

from math import sqrt
from typing import Final

from ingest.calibration import Calibration

ZERO_C_IN_K: Final = 273.15
COLDEST_C: Final = -10.0  # temperatures below it, or over the warmest, are a fault of the thermometer ...
WARMEST_C: Final = 60.0  # ... and correct nothing
TEMPERATURE_SERIES: Final = "temperature_c"
TEMPERATURE_AGE_MS: Final = 30 * 60_000


def speed_of_sound_m_s(air_c: float) -> float:
    """In dry air of ``air_c`` degrees Celsius: 331.3 * sqrt(1 + T / 273.15), the ideal gas."""
    return 331.3 * sqrt(1 + air_c / ZERO_C_IN_K)


def calibrated(raw: float, calibration: Calibration, air_c: float | None = None) -> float:
    """``raw`` in the unit of its quantity; ``air_c`` is used only where a reference temperature is set."""
    conversion = calibration.conversion
    if conversion == "level":
        return round(calibration.datum_m - distance_mm(raw, calibration, air_c) / 1000, 4)
    return round(raw * calibration.mm_per_tip, 3) if conversion == "rain" else raw


def distance_mm(raw: float, calibration: Calibration, air_c: float | None) -> float:
    """An ultrasonic distance for air of ``air_c``; as it came without reference or plausible temperature."""
    reference = calibration.sound_reference_c
    if reference is None or air_c is None or not COLDEST_C <= air_c <= WARMEST_C:
        return raw
    return raw * speed_of_sound_m_s(air_c) / speed_of_sound_m_s(reference)


def air_temperature(own: float | None, last: tuple[int, float] | None, time: int) -> float | None:
    """The temperature to correct with at ``time``: the observation's own, or the station's last one.

    ``last`` is (time, degrees Celsius) of a good reading; it serves for 30 minutes, and never for the past.
    """
    if own is not None:
        return own
    if last is not None and 0 <= time - last[0] <= TEMPERATURE_AGE_MS:
        return last[1]
    return None
