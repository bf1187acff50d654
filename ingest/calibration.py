"""From what a sensor says to what it means at its station. Pure; raw values are kept beside."""

from typing import Final, Literal

import msgspec

MAX_LEVEL_M: Final = 100.0
Conversion = Literal["as_is", "level", "rain"]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How one series of a node becomes one quantity of a station, during one epoch.

    ``level``: metres above the gauge's zero = ``datum_m`` - distance in mm / 1000. ``rain``: millimetres = tips times
    ``mm_per_tip``.
    """

    quantity: str
    conversion: Conversion = "as_is"
    datum_m: float = 0.0
    mm_per_tip: float = 0.2
    epoch: int = 1

    def value(self, raw: float) -> float:
        match self.conversion:
            case "level":
                return round(self.datum_m - raw / 1000, 4)
            case "rain":
                return round(raw * self.mm_per_tip, 3)
            case "as_is":
                return raw
