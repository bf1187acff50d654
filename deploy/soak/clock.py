"""Simulated time: one moment for the whole world, and core's clock, which may be set wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from broker.clock import Clock
from deploy import dead_letters

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
T0: Final = 1_767_225_600_000  # 2026-01-01T00:00Z; every simulated day begins at such an hour


class Moment:
    """``true`` is the world's time in ms UTC, ``offset`` how wrong core's machine has it."""

    __slots__ = ("offset", "true")

    def __init__(self, true: int) -> None:
        self.true, self.offset = true, 0

    @property
    def core(self) -> int:
        """What core's clock shows."""
        return self.true + self.offset

    def monotonic(self) -> float:
        """Seconds that no step of the clock touches."""
        return self.true / 1000

    perf_counter = monotonic

    def time(self) -> float:
        """Seconds by the clock of core's machine."""
        return self.core / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualClock(Clock):
    """Core's clock: says what the moment says."""

    moment: Moment

    def now(self) -> int:
        return self.moment.core


@contextmanager
def simulated(moment: Moment) -> Iterator[None]:
    """Let the wait of dead letters, which no clock step may touch, pass in simulated time too, as core's own do.

    It reads ``time.monotonic`` of the machine, and a day that depends on it would not replay.
    """
    place = vars(dead_letters)
    before, place["time"] = place["time"], moment
    try:
        yield
    finally:
        place["time"] = before
