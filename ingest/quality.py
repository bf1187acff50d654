"""Quality control after IOOS QARTOD, the tests that need one sample alone: each gives a flag and the reason in numbers.

A flag never removes a reading; it says what may be done with it. Tests against the samples before are in
``ingest/quality_series.py``, the limits and where they come from in ``ingest/quality_limits.py``.
"""

from typing import Final

from broker.quality_flags import Flag
from ingest.quality_limits import SeriesLimits, Span

__all__ = [
    "AHEAD_MS",
    "Span",
    "Verdict",
    "freshness",
    "gross_range",
    "hardware_code",
    "is_possible_date",
    "sensor_fault",
]

AHEAD_MS: Final = 5 * 60_000
BEHIND_MS: Final = 400 * 86_400_000  # more than a node's ring can hold
FAULT_LENGTH: Final = 64
# An amount beyond the site's span by so much is in another unit, when that unit puts it inside.
UNIT_FACTORS: Final = (100, 1000)

Verdict = tuple[Flag, str | None]
GOOD: Final[Verdict] = (Flag.GOOD, None)


def gross_range(raw: float, value: float, limits: SeriesLimits) -> Verdict:
    """QARTOD gross range test: outside the sensor's span fails, outside the site's plausible span is suspect."""
    sensor, site = limits.sensor, limits.site
    if sensor is not None and not sensor.low <= raw <= sensor.high:
        return Flag.FAIL, f"gross_range: raw {raw:g} outside sensor {sensor.low:g}..{sensor.high:g}"
    if site is not None and not site.low <= value <= site.high:
        return unit_mix_up(value, site) or (
            Flag.SUSPECT,
            f"gross_range: {value:g} outside site {site.low:g}..{site.high:g}",
        )
    return GOOD


def unit_mix_up(value: float, site: Span) -> Verdict | None:
    """A value ten times over the site's span that fits when it was cm or mm instead of m fails."""
    if value <= 10 * site.high:
        return None
    for factor in UNIT_FACTORS:
        if site.holds(value / factor):
            return (
                Flag.FAIL,
                f"unit_mix_up: {value:g} is {factor} x {value / factor:g}, site {site.low:g}..{site.high:g}",
            )
    return None


def hardware_code(raw: float, limits: SeriesLimits) -> Verdict | None:
    """A number by which a sensor says that it measured nothing fails, whatever it would mean as a measurement."""
    meaning = limits.codes.get(raw)
    return None if meaning is None else (Flag.FAIL, f"hardware_code: raw {raw:g} = {meaning}")


def sensor_fault(raw: float | None, fault: str | None) -> Verdict | None:
    """What the node itself says of its sensor: null is missing, a number beside a fault is suspect."""
    if raw is None:
        return Flag.MISSING, f"missing: {fault[:FAULT_LENGTH]}" if fault else "missing: the node sent null"
    return (Flag.SUSPECT, f"fault: {fault[:FAULT_LENGTH]}") if fault else None


def is_possible_date(observed_at: int, received_at: int) -> bool:
    """Whether a node's time can be true: not ahead of core's clock, not older than a ring can hold."""
    return received_at - BEHIND_MS <= observed_at <= received_at + AHEAD_MS


def freshness(observed_at: int, now: int, limits: SeriesLimits) -> Verdict:
    """Whether the newest sample of a series still says something of the present; MISSING when it is stale."""
    age = now - observed_at
    if age > limits.stale_ms:
        return Flag.MISSING, f"stale: {age / 60_000:.0f} min old, limit {limits.stale_ms / 60_000:.0f} min"
    return GOOD
