"""True water and rain of a simulated day: what a perfect sensor would say at any moment. Pure."""

import math
from dataclasses import dataclass
from typing import Final

from deploy.soak.clock import HOUR, MINUTE

TIDE_MS: Final = 745 * MINUTE  # the principal lunar tide
TRAVEL_MS: Final = HOUR  # of the water from hulu to hilir


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """Half a cosine up and another down. Times are ms UTC."""

    begins: int
    rise_ms: int
    fall_ms: int
    height_m: float

    @property
    def crest(self) -> int:
        return self.begins + self.rise_ms

    @property
    def ends(self) -> int:
        return self.crest + self.fall_ms

    def above(self, at: int) -> float:
        """Metres above what would be there without it."""
        since = at - self.begins
        if since <= 0 or since >= self.rise_ms + self.fall_ms:
            return 0.0
        if since < self.rise_ms:
            return self.height_m * (1 - math.cos(math.pi * since / self.rise_ms)) / 2
        return self.height_m * (1 + math.cos(math.pi * (since - self.rise_ms) / self.fall_ms)) / 2


def level(station: str, flood: Flood, at: int) -> float:
    """The water at ``station``, metres above its gauge's zero."""
    if station == "hulu":
        return 1.6 + flood.above(at)
    if station == "hilir":
        return 0.8 + 0.7 * flood.above(at - TRAVEL_MS)
    return 0.9 + 0.35 * math.cos(2 * math.pi * at / TIDE_MS)


def rain_mm_per_h(flood: Flood, at: int) -> float:
    """Rain falls from an hour before the rise until the crest."""
    return 12.0 if flood.begins - HOUR <= at < flood.crest else 0.0
