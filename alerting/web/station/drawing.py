"""The server's own drawing of a picture: geometry for an SVG that needs no script. Pure.

Across, places are in per cent of the width, so that nothing is stretched on any screen; down, in pixels. The line
itself lies in a box of 1000 by its height that is stretched, its stroke is not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.station.curve import Curve
from alerting.web.station.picture import Picture, stretches
from alerting.web.words import DAY_MS, HOUR_MS, MINUTE_MS

TOP: Final = 8
HEIGHT: Final = 240  # of the part that holds the line
STRIP: Final = 18  # of the alerts below it
WIDTH: Final = 1000
RAIN_SHARE: Final = 0.4  # of the height, that the heaviest rain takes from the top
LEAST_RAIN_MM: Final = 10.0
MOST_MARKS: Final = 300
TICKS: Final = 7
STEPS: Final = (
    *(minutes * MINUTE_MS for minutes in (5, 10, 15, 30)),
    *(hours * HOUR_MS for hours in (1, 2, 3, 6, 12)),
    *(days * DAY_MS for days in (1, 2, 5, 7, 14)),
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    at: float  # per cent across, or pixels down
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """``left`` and ``width`` in per cent, ``top`` and ``height`` in pixels."""

    left: float
    width: float
    top: float = TOP
    height: float = HEIGHT
    mark: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """``lines`` and ``bands`` are SVG points in the stretched box; the rest as :class:`Box` says."""

    lines: list[str]
    bands: list[str]
    forecast: str
    gaps: list[Box]
    rain: list[Box]
    rain_most: float
    limits: list[Box]
    warned: list[Box]
    tide: Box | None
    doubtful: list[Tick]  # across, and pixels down as text
    failed: list[float]
    across: list[Tick]
    down: list[Tick]
    now: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axes:
    start: int
    end: int
    low: float
    high: float

    def across(self, time: float) -> float:
        return round(min(max((time - self.start) / (self.end - self.start), 0.0), 1.0) * 100, 3)

    def down(self, value: float) -> float:
        """Pixels from the top of the stretched box."""
        return round((1 - min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)) * HEIGHT, 1)

    def box(self, start: float, end: float, **more: float | str) -> Box:
        left = self.across(start)
        return Box(left=left, width=round(max(self.across(end) - left, 0.1), 3), **more)  # type: ignore[arg-type]

    def point(self, time: float, value: float) -> str:
        return f"{round(self.across(time) * WIDTH / 100, 1):g},{self.down(value):g}"


def draw(picture: Picture) -> Drawing:
    axes = _Axes(start=picture.start, end=picture.end, low=picture.low, high=picture.high)
    curve, most = picture.curve, max([LEAST_RAIN_MM, *(picture.rain.mm if picture.rain else ())])
    return Drawing(
        lines=_lines(curve, axes),
        bands=_bands(curve, axes),
        forecast=" ".join(axes.point(time, value) for time, value in picture.forecast),
        gaps=[axes.box(start, end) for start, end in curve.gaps],
        rain=_rain(picture, axes, most),
        rain_most=most,
        limits=[
            axes.box(each.start, each.end, top=TOP + axes.down(each.value), height=0, mark=each.mark, text=each.level)
            for each in picture.limits
        ],
        warned=[
            axes.box(each.start, each.end, top=TOP + HEIGHT + 2, height=STRIP - 4, mark=each.mark, text=each.level)
            for each in picture.warned
        ],
        tide=axes.box(*picture.tide, text=picture.tide_words) if picture.tide else None,
        doubtful=[
            Tick(at=axes.across(time), text=f"{TOP + axes.down(value):g}") for time, value in _few(curve.doubtful)
        ],
        failed=[axes.across(time) for time in _few(curve.failed)],
        across=_across(axes),
        down=_down(axes),
        now=axes.across(picture.now) if picture.start < picture.now < picture.end else None,
    )


def _lines(curve: Curve, axes: _Axes) -> list[str]:
    return [
        " ".join(axes.point(curve.times[index], curve.values[index] or 0.0) for index in indexes)
        for indexes in stretches(curve)
    ]


def _bands(curve: Curve, axes: _Axes) -> list[str]:
    """From the lowest to the highest of each step, where a point stands for more than one reading."""
    if not curve.lows:
        return []
    found = []
    for indexes in stretches(curve):
        there = [axes.point(curve.times[index], _known(curve.highs[index])) for index in indexes]
        back = [axes.point(curve.times[index], _known(curve.lows[index])) for index in reversed(indexes)]
        found.append(" ".join(there + back))
    return found


def _known(value: float | None) -> float:
    return 0.0 if value is None else value


def _rain(picture: Picture, axes: _Axes, most: float) -> list[Box]:
    """Bars that hang from the top; the heaviest takes :data:`RAIN_SHARE` of the height."""
    rain = picture.rain
    if rain is None:
        return []
    share = HEIGHT * RAIN_SHARE / most
    bars = zip(rain.starts, rain.mm, strict=True)
    return [axes.box(start, start + rain.step_ms, height=round(mm * share, 1)) for start, mm in bars if mm > 0]


def _few(marks: list[T]) -> list[T]:
    """Not more marks than can be told apart."""
    every = -(-len(marks) // MOST_MARKS) or 1
    return marks[::every]


def _across(axes: _Axes) -> list[Tick]:
    """Whole hours, days or months of local time."""
    length = axes.end - axes.start
    step = next((step for step in STEPS if length / step <= TICKS), None)
    times = _months(axes) if step is None else _every(axes, step)
    return [Tick(at=axes.across(time), text=_time(time, step)) for time in times]


def _every(axes: _Axes, step: int) -> list[int]:
    offset = 7 * HOUR_MS  # WIB
    first = -(-(axes.start + offset) // step) * step - offset
    return list(range(first, axes.end + 1, step))


def _months(axes: _Axes) -> list[int]:
    found, then = [], words.local(axes.start).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    every = max(1, round((axes.end - axes.start) / (30 * DAY_MS) / TICKS))
    while (time := int(then.timestamp() * 1000)) <= axes.end:
        if time >= axes.start and (then.month - 1) % every == 0:
            found.append(time)
        then = _next_month(then)
    return found


def _next_month(then: datetime) -> datetime:
    return (then.replace(day=28) + timedelta(days=4)).replace(day=1)


def _time(ms: int, step: int | None) -> str:
    then = words.local(ms)
    if step is None:
        return f"{tr(words.MONTHS[then.month - 1])} {then.year}"
    if step >= DAY_MS or (then.hour, then.minute) == (0, 0):
        return words.day_month(then)
    return f"{then:%H:%M}"


def _down(axes: _Axes) -> list[Tick]:
    """Four or five round numbers."""
    height = axes.high - axes.low
    step = next((step for step in _round_steps() if height / step <= 6), height)
    first = -(-axes.low // step) * step
    digits = 0 if step >= 1 else 1 if step >= 0.1 else 2
    found, value = [], first
    while value <= axes.high:
        found.append(Tick(at=TOP + axes.down(value), text=words.number(value, digits)))
        value += step
    return found


def _round_steps() -> list[float]:
    return [base * 10.0**power for power in range(-2, 6) for base in (1, 2, 5)]
