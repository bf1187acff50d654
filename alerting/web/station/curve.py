"""One quantity over a stretch of time, as it is drawn: values, their spread, doubt marked, and holes as holes. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final

from alerting.web.past import PastBucket, PastReading
from alerting.web.words import MINUTE_MS
from broker.quality_flags import Flag

LEAST_PATIENCE_MS: Final = 5 * MINUTE_MS
FEW_PATIENCE_MS: Final = 15 * MINUTE_MS  # while there are too few points to know how often it measures
PATIENCE: Final = 3.0  # of the usual distance between two points; more is a hole
BUCKET_PATIENCE: Final = 1.5  # of a step: one that is missing is a hole
UNUSABLE: Final = (Flag.FAIL, Flag.MISSING)

Stretch = tuple[int, int]  # ms UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Columns of the same length: a null in ``values`` breaks the line.

    ``step_ms`` is the length of what one point stands for, None when each is a reading; then ``lows`` and ``highs``
    are empty. ``doubtful`` are points of the line that are not (all) verified; ``failed`` are moments whose reading
    was of no use.
    """

    step_ms: int | None = None
    times: list[int] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)
    lows: list[float | None] = field(default_factory=list)
    highs: list[float | None] = field(default_factory=list)
    doubtful: list[tuple[int, float]] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    gaps: list[Stretch] = field(default_factory=list)

    @property
    def extent(self) -> tuple[float, float] | None:
        """The lowest and the highest that is drawn; None when nothing is."""
        drawn = [value for value in (*self.values, *self.lows, *self.highs) if value is not None]
        return (min(drawn), max(drawn)) if drawn else None

    @property
    def is_empty(self) -> bool:
        return not self.times


def of_readings(readings: Sequence[PastReading], of: Stretch) -> Curve:
    """Each reading a point. What failed is no point of the line, and no reason to call the time a hole."""
    usable = [each for each in readings if each.value is not None and each.flag not in UNUSABLE]
    times = [each.time for each in usable]
    gaps = holes(times, of, _patience(times))
    broken = {end for _, end in gaps}
    curve = Curve(gaps=gaps)
    for each in usable:
        if each.time in broken and curve.times:
            curve.times.append(each.time - 1)
            curve.values.append(None)
        curve.times.append(each.time)
        curve.values.append(each.value)
        if each.flag == Flag.SUSPECT and each.value is not None:
            curve.doubtful.append((each.time, each.value))
    curve.failed.extend(each.time for each in readings if each.value is None or each.flag in UNUSABLE)
    return curve


def of_buckets(buckets: Sequence[PastBucket], step_ms: int, of: Stretch) -> Curve:
    """Each bucket a point in its middle. One in which some readings were not good is marked doubtful."""
    usable = [each for each in buckets if each.mean is not None]
    starts = [each.start for each in usable]
    gaps = holes(starts, of, BUCKET_PATIENCE * max(_usual(starts) or 0, step_ms), step_ms)
    broken = {end for _, end in gaps}
    curve = Curve(step_ms=step_ms, gaps=gaps)
    for each in usable:
        if each.start in broken and curve.times:
            _append(curve, each.start, None, None, None)
        middle = each.start + step_ms // 2
        _append(curve, middle, each.mean, each.min, each.max)
        if each.good < each.count and each.mean is not None:
            curve.doubtful.append((middle, each.mean))
    curve.failed.extend(each.start + step_ms // 2 for each in buckets if each.mean is None)
    return curve


def _append(curve: Curve, time: int, value: float | None, low: float | None, high: float | None) -> None:
    curve.times.append(time)
    curve.values.append(value)
    curve.lows.append(low)
    curve.highs.append(high)


def holes(times: Sequence[int], of: Stretch, patience_ms: float, step_ms: int = 0) -> list[Stretch]:
    """Where nothing was measured for longer than ``patience_ms``, the ends of the stretch included."""
    start, end = of
    edges = [start - step_ms, *times, end]
    found = [
        (max(before + step_ms, start), after)
        for before, after in pairwise(edges)
        if after - before > patience_ms + (step_ms if after == end else 0)
    ]
    return [(first, last) for first, last in found if last > first]


def _patience(times: Sequence[int]) -> float:
    usual = _usual(times)
    return float(FEW_PATIENCE_MS) if usual is None else max(PATIENCE * usual, LEAST_PATIENCE_MS)


def _usual(times: Sequence[int]) -> float | None:
    """The distance between two points; None while there are too few to know."""
    return median(after - before for before, after in pairwise(times)) if len(times) > 2 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Several buckets as one, by the port's names."""

    start: int
    count: int
    good: int
    min: float | None
    max: float | None
    mean: float | None


def fold(buckets: Iterable[PastBucket], step_ms: int) -> list[Folded]:
    """Minutes as steps of ``step_ms``, counted from 1970 UTC; means weighted by their good readings."""
    groups: dict[int, list[PastBucket]] = {}
    for each in buckets:
        groups.setdefault(each.start // step_ms * step_ms, []).append(each)
    return [_folded(start, group) for start, group in groups.items()]


def _folded(start: int, group: list[PastBucket]) -> Folded:
    good = sum(each.good for each in group)
    lows = [each.min for each in group if each.min is not None]
    highs = [each.max for each in group if each.max is not None]
    weighted = sum(each.mean * each.good for each in group if each.mean is not None)
    return Folded(
        start=start,
        count=sum(each.count for each in group),
        good=good,
        min=min(lows, default=None),
        max=max(highs, default=None),
        mean=weighted / good if good else None,
    )
