"""Quality control after IOOS QARTOD: pure tests, each with the standard's name, a flag, and the reason in numbers.

A flag never removes a reading; it says what may be done with it. This module holds the syntax, missing-value, gross
range and impossible date tests.
"""

from typing import Final

import msgspec

from broker.quality_flags import Flag

EARLIEST_MS: Final = 1_577_836_800_000  # 2020-01-01: no node of ours is older
AHEAD_MS: Final = 5 * 60_000
BEHIND_MS: Final = 400 * 86_400_000  # more than a node's ring can hold

Verdict = tuple[Flag, str | None]
GOOD: Final[Verdict] = (Flag.GOOD, None)


class Span(msgspec.Struct, frozen=True):
    """A closed range of values."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """``sensor`` is what the sensor can measure, in its raw unit; ``site`` what is plausible there, calibrated."""

    sensor: Span | None = None
    site: Span | None = None


def gross_range(raw: float, value: float, limits: Limits) -> Verdict:
    """QARTOD gross range test: outside the sensor's span fails, outside the site's plausible span is suspect."""
    if limits.sensor is not None and not limits.sensor.holds(raw):
        return Flag.FAIL, f"gross_range: raw {raw:g} outside sensor {limits.sensor.low:g}..{limits.sensor.high:g}"
    if limits.site is not None and not limits.site.holds(value):
        return Flag.SUSPECT, f"gross_range: {value:g} outside site {limits.site.low:g}..{limits.site.high:g}"
    return GOOD


def is_possible_date(observed_at: int, received_at: int) -> bool:
    """Whether a node's time can be true: after 2020, not ahead of core's clock, not older than a ring can hold."""
    return max(EARLIEST_MS, received_at - BEHIND_MS) <= observed_at <= received_at + AHEAD_MS
