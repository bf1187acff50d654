"""Readings of the past: the port to history, the last hour of each station in memory, and the six-hour line."""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from alerting.web.words import HOUR_MS
from broker.live import StationView
from broker.quality_flags import Flag

log: Final = logging.getLogger(__name__)

MAX_POINTS: Final = 5000
TAIL_POINTS: Final = 720  # an hour at five seconds
LEVEL: Final = "level_m"

Point = tuple[int, float | None, int]  # ms UTC, value, QARTOD flag


class ReadingsUnavailable(Exception):
    """History cannot answer now; the text is one Indonesian sentence."""


class ReadRange(Protocol):
    """Readings of a station's quantity with start <= time < end, oldest first, at most ``limit``.

    Blocking; called in a thread. Raises ReadingsUnavailable.
    """

    def __call__(self, station: str, quantity: str, start_ms: int, end_ms: int, limit: int, /) -> list[Point]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Where the water was in the last hour."""

    first: float
    low: float
    high: float


@dataclass(slots=True, kw_only=True)
class LastHour:
    """The levels of the last hour by station, fed by events and completed once from history."""

    levels: dict[str, deque[tuple[int, float]]] = field(default_factory=dict)
    seeded: set[str] = field(default_factory=set)

    def note(self, station: StationView) -> None:
        for series in station.series:
            if series.quantity == LEVEL and series.value is not None and series.flag != Flag.FAIL:
                self._append(station.id, series.time, series.value)

    def _append(self, station: str, time: int, value: float) -> None:
        levels = self.levels.setdefault(station, deque(maxlen=TAIL_POINTS))
        if not levels or time > levels[-1][0]:
            levels.append((time, value))

    def seed(self, station: str, points: list[Point]) -> None:
        """Put readings of history before those that have come since."""
        live = list(self.levels.get(station, ()))
        before = live[0][0] if live else None
        past = [
            (time, value)
            for time, value, flag in points
            if value is not None and flag != Flag.FAIL and (before is None or time < before)
        ]
        self.levels[station] = deque(past + live, maxlen=TAIL_POINTS)

    def tail(self, station: str) -> Tail | None:
        """The last hour counted from the newest level; None with fewer than two."""
        levels = self.levels.get(station)
        if not levels:
            return None
        while levels[0][0] < levels[-1][0] - HOUR_MS:
            levels.popleft()
        if len(levels) < 2:
            return None
        values = [value for _, value in levels]
        return Tail(first=values[0], low=min(values), high=max(values))

    def is_incomplete(self, station: str) -> bool:
        return station not in self.seeded

    async def complete(self, station: str, *, now: int, read_range: ReadRange) -> bool:
        """Fetch a station's last hour, once; whether anything came. History being away is not an error here."""
        self.seeded.add(station)
        try:
            points = await asyncio.to_thread(read_range, station, LEVEL, now - HOUR_MS, now + 1, TAIL_POINTS)
        except ReadingsUnavailable as error:
            log.info("the last hour of %s is not available: %s", station, error)
            return False
        self.seed(station, points)
        return bool(points)


async def line(read_range: ReadRange, *, station: str, quantity: str, hours: int, now: int) -> dict[str, Any]:
    """The answer of the readings API; ``truncated`` when the limit cut the oldest or newest end off."""
    points = await asyncio.to_thread(read_range, station, quantity, now - hours * HOUR_MS, now + 1, MAX_POINTS)
    return {
        "station": station,
        "quantity": quantity,
        "now": now,
        "hours": hours,
        "points": points,
        "truncated": len(points) >= MAX_POINTS,
    }
