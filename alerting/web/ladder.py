"""The ladder: one horizontal scale from low water to above AWAS, in per cent of its width.

Ticks stand at the thresholds, the level is a solid mark, the last hour its tail, the next hour a hatched range.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from alerting.web.readings import Tail
from alerting.web.words import HOUR_MS, MINUTE_MS, mark_of, number
from broker.levels import State
from broker.live import StationView, TrendView

LEVELS: Final = (State.WASPADA.value, State.SIAGA.value, State.AWAS.value)
CROWDED: Final = 12.0  # per cent between two ticks under which the second one's number drops to the next row
HEADROOM: Final = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    at: float
    level: str
    mark: str
    value: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    start: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Geometry in per cent. ``mark`` is None without a level; ``beyond`` says that the level left the scale."""

    low_m: float
    high_m: float
    low: str
    high: str
    ticks: tuple[Tick, ...]
    mark: float | None
    beyond: bool
    tail: Band | None
    ghost: Band | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    low: float
    high: float

    def percent(self, value: float) -> float:
        return round(min(max((value - self.low) / (self.high - self.low), 0.0), 1.0) * 100, 2)

    def band(self, one: float, other: float) -> Band:
        start, end = sorted((self.percent(one), self.percent(other)))
        return Band(start=start, width=round(end - start, 2))


def scale_of(station: StationView, level: float | None, tail: Tail | None) -> Scale | None:
    """The station's own ends; without them, ends that hold its thresholds and what it measured lately.

    None when there is nothing to draw a scale from.
    """
    known = [*station.thresholds.values()]
    known += [value for value in (level, tail.low if tail else None, tail.high if tail else None) if value is not None]
    if not known:
        return None
    low = station.low_m if station.low_m is not None else min(0.0, *known)
    top = max(known)
    high = station.high_m if station.high_m is not None else top + HEADROOM * max(top - low, 0.5)
    return Scale(low=low, high=high) if high > low else None


def draw(station: StationView, *, level: float | None, tail: Tail | None, now: int) -> Ladder | None:
    scale = scale_of(station, level, tail)
    if scale is None:
        return None
    return Ladder(
        low_m=scale.low,
        high_m=scale.high,
        low=number(scale.low, 1),
        high=number(scale.high, 1),
        ticks=_ticks(station.thresholds, scale),
        mark=None if level is None else scale.percent(level),
        beyond=level is not None and not scale.low <= level <= scale.high,
        tail=None if tail is None or level is None else scale.band(tail.first, level),
        ghost=None if level is None else _ghost(station, station.trend, level, scale, now),
    )


def _ticks(thresholds: dict[str, float], scale: Scale) -> tuple[Tick, ...]:
    places = [(scale.percent(thresholds[level]), level) for level in LEVELS if level in thresholds]
    rows = [0]
    for (left, _), (right, _) in pairwise(places):
        rows.append(1 - rows[-1] if right - left < CROWDED else 0)
    return tuple(
        Tick(at=at, level=level, mark=mark_of(level), value=number(thresholds[level], 2), row=row)
        for (at, level), row in zip(places, rows, strict=False)
    )


def _ghost(station: StationView, trend: TrendView | None, level: float, scale: Scale, now: int) -> Band | None:
    """Where the water may stand in an hour, from the range of times to the next threshold."""
    if station.silent or trend is None or trend.next_level is None or trend.eta_from is None:
        return None
    threshold = station.thresholds.get(trend.next_level)
    if threshold is None or threshold <= level:
        return None
    rise = threshold - level
    soonest = max(trend.eta_from - now, MINUTE_MS)
    latest = None if trend.eta_to is None else max(trend.eta_to - now, soonest)
    ghost = scale.band(level if latest is None else level + rise * HOUR_MS / latest, level + rise * HOUR_MS / soonest)
    return ghost if ghost.width > 0 else None
