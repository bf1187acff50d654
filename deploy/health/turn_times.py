"""How long core's turns take: the last thousand of them, and the longest since the start."""

from collections import deque
from typing import Final

KEPT: Final = 1000


class TurnTimes:
    """Adding one costs some hundred nanoseconds; sorting them is left to whoever asks."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=KEPT)
        self.count = 0
        self.longest_s = 0.0
        self.longest_at = 0  # ms UTC

    def add(self, seconds: float, now: int) -> None:
        self._last.append(seconds)
        self.count += 1
        if seconds > self.longest_s:
            self.longest_s, self.longest_at = seconds, now

    def share_within(self, share: float) -> float | None:
        """Seconds within which this share of the last turns ended (nearest rank); None before the first."""
        ordered = sorted(self._last)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
