"""The level of one station as a server-made SVG: thresholds as dashed lines, moments of the warning as upright ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.past import PastBucket

WIDTH, HEIGHT = 760.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 16.0, 26.0
LEVELS: Final = ("WASPADA", "SIAGA", "AWAS")
GAP_MS: Final = 15 * 60_000  # a hole in the data is a hole in the line
HOUR_STEPS: Final = (1, 2, 3, 6, 12, 24, 48)
MOST_HOURS: Final = 8  # marks on the axis of time


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place on an axis with its words."""

    at: float
    text: str
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """In the SVG's own units."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    lines: tuple[str, ...]  # points of each unbroken stretch
    limits: tuple[Mark, ...]
    hours: tuple[Mark, ...]
    metres: tuple[Mark, ...]
    events: tuple[Mark, ...]


def level_plot(
    buckets: Sequence[PastBucket],
    *,
    thresholds: Mapping[str, float],
    events: Sequence[tuple[int, str]],
    start: int,
    end: int,
) -> Plot | None:
    """None when nothing was measured. Buckets are drawn at their highest value: what a warning is about."""
    points = [(each.start, each.max) for each in buckets if each.max is not None]
    if not points or end <= start:
        return None
    values = [value for _, value in points] + [thresholds[each] for each in LEVELS if each in thresholds]
    low, high = min(values), max(values)
    room = max(high - low, 0.1) * 0.08
    low, high = low - room, high + room

    def x(at: int) -> float:
        return round(LEFT + (at - start) / (end - start) * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    limits = [
        Mark(at=y(thresholds[each]), text=f"{each} {words.number(thresholds[each], 2)} m", level=each.lower())
        for each in LEVELS
        if each in thresholds
    ]
    return Plot(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        lines=tuple(" ".join(f"{x(at)},{y(value)}" for at, value in part) for part in _stretches(points)),
        limits=tuple(limits),
        hours=tuple(Mark(at=x(at), text=words.time_of_day(at)) for at in _hours(start, end)),
        metres=tuple(Mark(at=y(value), text=words.number(value, 1)) for value in _metres(low, high)),
        events=tuple(Mark(at=x(at), text=text) for at, text in events if start <= at <= end),
    )


def _stretches(points: Sequence[tuple[int, float]]) -> list[list[tuple[int, float]]]:
    parts: list[list[tuple[int, float]]] = []
    for point in points:
        if parts and point[0] - parts[-1][-1][0] <= GAP_MS:
            parts[-1].append(point)
        else:
            parts.append([point])
    return parts


def _hours(start: int, end: int) -> list[int]:
    hour = words.HOUR_MS
    step = next((each for each in HOUR_STEPS if (end - start) / (each * hour) <= MOST_HOURS), HOUR_STEPS[-1]) * hour
    first = -(-start // step) * step
    return list(range(first, end, step))


def _metres(low: float, high: float) -> list[float]:
    step = next((each for each in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if (high - low) / each <= 6), 10.0)
    first = int(low / step) + (low > 0)
    return [round(number * step, 1) for number in range(first, int(high / step) + 1)]
