"""From what a sensor says to what it means at its station. Pure; raw values are kept beside.

The epoch that counts is the one in force at the observation's own time, so that a new datum changes no earlier reading
and a backlog from before it is computed with the old one.
"""

from math import sqrt
from typing import Final, Literal

import msgspec

MAX_LEVEL_M: Final = 100.0
ZERO_C_IN_K: Final = 273.15
AIR_C: Final = (-10.0, 60.0)  # temperatures outside are a fault of the thermometer, and correct nothing
TEMPERATURE_SERIES: Final = "temperature_c"
TEMPERATURE_AGE_MS: Final = 30 * 60_000

Conversion = Literal["as_is", "level", "rain"]


def speed_of_sound_m_s(air_c: float) -> float:
    """In dry air of ``air_c`` degrees Celsius: 331.3 * sqrt(1 + T / 273.15), the ideal gas."""
    return 331.3 * sqrt(1 + air_c / ZERO_C_IN_K)


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How one series of a node becomes one quantity of a station, during one epoch.

    ``level``: metres above the gauge's zero = ``datum_m`` - distance in mm / 1000. ``rain``: millimetres = tips times
    ``mm_per_tip``. ``sound_reference_c``: the distance was computed for air of that temperature and is corrected for
    the real one, by the ratio of the speeds of sound. ``before`` is what counted before ``since`` (ms UTC).
    """

    quantity: str
    conversion: Conversion = "as_is"
    datum_m: float = 0.0
    mm_per_tip: float = 0.2
    epoch: int = 1
    sound_reference_c: float | None = None
    since: int = 0
    before: "Calibration | None" = None

    def at(self, time: int) -> "Calibration":
        """The calibration that counts for an observation of ``time``; the first one also for what is older than it."""
        found = self
        while time < found.since and found.before is not None:
            found = found.before
        return found

    def value(self, raw: float, air_c: float | None = None) -> float:
        """``raw`` calibrated; ``air_c`` is used only where a reference temperature is set."""
        match self.conversion:
            case "level":
                return round(self.datum_m - self.distance_mm(raw, air_c) / 1000, 4)
            case "rain":
                return round(raw * self.mm_per_tip, 3)
            case "as_is":
                return raw

    def distance_mm(self, raw: float, air_c: float | None) -> float:
        """An ultrasonic distance for air of ``air_c``; as it came without reference or plausible temperature."""
        if self.sound_reference_c is None or air_c is None or not AIR_C[0] <= air_c <= AIR_C[1]:
            return raw
        return raw * speed_of_sound_m_s(air_c) / speed_of_sound_m_s(self.sound_reference_c)


def air_temperature(own: float | None, last: tuple[int, float] | None, time: int) -> float | None:
    """The temperature to correct with at ``time``: the observation's own, or the station's last one.

    ``last`` is (time, degrees Celsius) of a good reading; it serves for 30 minutes, and never for the past.
    """
    if own is not None:
        return own
    if last is not None and 0 <= time - last[0] <= TEMPERATURE_AGE_MS:
        return last[1]
    return None
