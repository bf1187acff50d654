"""How long messages took from the sensor to their acceptance, counted since core's start."""

from bisect import bisect_left
from typing import Final

BOUNDS_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class LatencyCounts:
    """Counts by bucket: each holds what took at most its bound and more than the one before; the last one the rest."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def add(self, latency_ms: float) -> None:
        """A clock that is behind makes a message arrive before it was measured: that counts as no time."""
        seconds = max(0.0, latency_ms / 1000)
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds
