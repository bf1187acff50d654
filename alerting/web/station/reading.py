"""What history says of a station for a plot: the curve as finely as it can be drawn, and the rain that fell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from alerting.web.past import Past, PastBucket, PastReading, Tier
from alerting.web.station.curve import Curve, Folded, fold, of_buckets, of_readings
from alerting.web.station.span import Span
from alerting.web.words import DAY_MS, HOUR_MS, MINUTE_MS

RAW_MS: Final = 30 * HOUR_MS  # longer than this is never drawn from single readings
MOST_RAW: Final = 3000  # points: more than a screen can show apart
MOST_BUCKETS: Final = 20_000
RAIN: Final = "rain_mm"
# The longest stretch that is drawn in steps of each tier, and how many of its buckets make one step.
STEPS: Final[tuple[tuple[int, Tier, int], ...]] = (
    (3 * DAY_MS, "minute", MINUTE_MS),
    (10 * DAY_MS, "minute", 10 * MINUTE_MS),
    (100 * DAY_MS, "hour", HOUR_MS),
)
RAIN_STEPS: Final = ((7 * HOUR_MS, 10 * MINUTE_MS), (3 * DAY_MS, HOUR_MS), (31 * DAY_MS, 6 * HOUR_MS))


@dataclass(frozen=True, slots=True, kw_only=True)
class RainBars:
    """Rain in steps of ``step_ms``, the mean over those gauges that spoke; a step in which none did is left out."""

    step_ms: int
    names: list[str]
    starts: list[int] = field(default_factory=list)
    mm: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a table lists too: single readings, or buckets when there are too many; of rain those are sums."""

    curve: Curve
    readings: Sequence[PastReading] = ()
    buckets: Sequence[PastBucket] = ()
    is_sum: bool = False

    @property
    def is_raw(self) -> bool:
        return bool(self.readings) or not self.buckets


def read_curve(past: Past, station: str, quantity: str, span: Span) -> Drawn:
    """Blocking; raises ReadingsUnavailable."""
    of = (span.start, span.end)
    found: Sequence[PastReading] = ()
    if span.length <= RAW_MS:
        found = past.range(station, quantity, span.start, span.end + 1, MOST_RAW + 1)
        if len(found) > MOST_RAW:
            found = ()
        elif quantity != RAIN:
            return Drawn(curve=of_readings(found, of), readings=found)
    if quantity == RAIN:
        step, sums = rain_sums(past, station, span)
        return Drawn(curve=of_buckets(sums, step, of), readings=found, buckets=sums, is_sum=True)
    tier, step = step_of(span.length)
    buckets = past.aggregates(station, quantity, span.start, span.end, tier, MOST_BUCKETS)
    if tier == "minute" and step > MINUTE_MS:
        buckets = fold(buckets, step)
    return Drawn(curve=of_buckets(buckets, step, of), buckets=buckets)


def step_of(length: int) -> tuple[Tier, int]:
    """The tier to read and the length of a step for a stretch that is too long for single readings."""
    return next(((tier, step) for most, tier, step in STEPS if length <= most), ("day", DAY_MS))


def read_rain(past: Past, gauges: Sequence[tuple[str, str]], span: Span) -> RainBars | None:
    """Rain at ``gauges``, each an id and a name; None without gauges. Blocking; raises ReadingsUnavailable."""
    if not gauges:
        return None
    totals: dict[int, list[float]] = {}
    step = DAY_MS
    for station, _ in gauges:
        step, found = rain_sums(past, station, span)
        for each in found:
            if each.mean is not None:
                totals.setdefault(each.start, []).append(each.mean)
    bars = RainBars(step_ms=step, names=[name for _, name in gauges])
    for start, sums in sorted(totals.items()):
        bars.starts.append(start)
        bars.mm.append(round(sum(sums) / len(sums), 2))
    return bars


def rain_sums(past: Past, station: str, span: Span) -> tuple[int, list[Folded]]:
    """The length of a step, and what fell in each: ``mean`` is the sum, ``min`` nothing, so that it is drawn full."""
    step = next((step for most, step in RAIN_STEPS if span.length <= most), DAY_MS)
    tier: Tier = "minute" if step < HOUR_MS else "hour" if step < DAY_MS else "day"
    found = past.aggregates(station, RAIN, span.start, span.end, tier, MOST_BUCKETS)
    steps = found if tier == "day" else fold(found, step)
    return step, [_summed(each) for each in steps]


def _summed(each: PastBucket) -> Folded:
    total = None if each.mean is None else each.mean * each.good
    floor = None if total is None else 0.0
    return Folded(start=each.start, count=each.count, good=each.good, min=floor, max=total, mean=total)
