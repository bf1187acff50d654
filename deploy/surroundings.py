"""What is known around a station, asked by quality control when a step looks doubtful. Pure; reads core's memory."""

from typing import Final

from alerting.engine import StationState
from alerting.samples import unpacked
from deploy.memory import Memory
from deploy.registry.places import Places
from ingest.rain import MINUTE_MS

HOUR_MS: Final = 60 * MINUTE_MS
RECENT_MS: Final = 30 * MINUTE_MS


class Around:
    """One object serves every question: :meth:`at` says for which station and moment the next ones are."""

    def __init__(self, places: Places, memory: Memory) -> None:
        self._places, self._memory = places, memory
        self._station, self._time = "", 0

    def at(self, station: str, time: int) -> None:
        self._station, self._time = station, time

    def rain_mm(self, minutes: int) -> float | None:
        """The greatest sum here or upstream over the last ``minutes``; None when no gauge speaks."""
        return self._most_rain([self._station, *self._places.upstream(self._station)], minutes)

    def neighbours_rain_mm(self, minutes: int) -> float | None:
        """The greatest sum at the neighbours' gauges; None when none speaks."""
        return self._most_rain(self._places.neighbours(self._station), minutes)

    def neighbours_rise_m_per_h(self) -> float | None:
        """The fastest rise at the neighbours over the last half hour; None when none has fresh data."""
        names = self._places.neighbours(self._station)
        rises = [rise for name in names if (rise := self._rise(name)) is not None]
        return max(rises, default=None)

    def _most_rain(self, names: list[str], minutes: int) -> float | None:
        gauges = [gauge for name in names if (gauge := self._memory.rain.get(name)) is not None]
        sums = [mm for gauge in gauges if (mm := gauge.sum(self._time, minutes * MINUTE_MS)[0]) is not None]
        return max(sums, default=None)

    def _rise(self, station: str) -> float | None:
        state = self._memory.states.get(station)
        return None if state is None else rise_of(state, self._time)


def rise_of(state: StationState, now: int) -> float | None:
    """Metres an hour from the first to the last sample of the half hour before ``now``; None without two of them."""
    recent = [(t, v) for t, v in zip(*unpacked(state.samples), strict=True) if 0 <= now - t <= RECENT_MS]
    if len(recent) < 2:
        return None
    (first, low), (last, high) = recent[0], recent[-1]
    return (high - low) * HOUR_MS / (last - first) if last > first else None
