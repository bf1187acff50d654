"""How what a sensor says is to be understood at its station: the epochs of its calibration.

The epoch that counts is the one in force at the observation's own time, so that a new datum changes no earlier reading
and a backlog from before it is computed with the old one.
"""

from typing import Literal

import msgspec

Conversion = Literal["as_is", "level", "rain"]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How one series of a node becomes one quantity of a station, during one epoch (:mod:`ingest.calibrate`).

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
