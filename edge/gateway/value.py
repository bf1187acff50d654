"""How one number of a logger becomes one series of ours. Pure."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from broker import units
from edge.gateway.sample import FAILED, MISSING, OUT_OF_RANGE

_DIGITS: Final = 6  # more than any sensor has, and fewer than a float's own noise


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRule:
    """``(raw * scale + offset)`` is in ``unit``, and becomes the unit of ``series``.

    ``missing`` are raw numbers that the logger writes when it has none. ``low`` and ``high`` are in ``unit``. A
    ``counter`` is a running total, of which each sample says by how much it has grown.
    """

    series: str
    unit: str
    scale: float = 1.0
    offset: float = 0.0
    low: float | None = None
    high: float | None = None
    missing: tuple[float, ...] = ()
    counter: bool = False

    def read(self, raw: float) -> tuple[float | None, str]:
        """The value in the series' unit and "", or None and the word for why there is none."""
        if raw in self.missing:
            return None, MISSING
        value = raw * self.scale + self.offset
        if not isfinite(value):
            return None, FAILED
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            return None, OUT_OF_RANGE
        size, own_size = units.ratio(self.unit, self.series)
        return round(value * size / own_size, _DIGITS), ""
