"""Rain over an area from several gauges, of which some may be silent. Pure."""

from collections.abc import Collection

import msgspec

from ingest.rain import WINDOWS_MIN, RainSums

LEAST_SHARE = 0.5  # an assumption: a gauge that missed more of a window would pull the mean down


class AreaSum(msgspec.Struct, frozen=True, kw_only=True):
    """Rain of one window. ``mean_mm`` is of the ``spoke`` gauges that observed half of it or more; ``max_mm`` is of
    every gauge that saw rain fall or stay away, however short. None where there was no such gauge.
    """

    minutes: int
    mean_mm: float | None
    max_mm: float | None
    spoke: int
    gauges: int


def area_rain(gauges: Collection[RainSums]) -> tuple[AreaSum, ...]:
    """Mean and maximum over ``gauges`` for each of the five windows; the silent ones are counted, never as 0 mm."""
    return tuple(_area_sum(minutes, gauges) for minutes in WINDOWS_MIN)


def _area_sum(minutes: int, gauges: Collection[RainSums]) -> AreaSum:
    found = [(mm, share) for mm, share in (sums.of(minutes) for sums in gauges) if mm is not None]
    full = [mm for mm, share in found if share >= LEAST_SHARE]
    return AreaSum(
        minutes=minutes,
        mean_mm=round(sum(full) / len(full), 3) if full else None,
        max_mm=max((mm for mm, _ in found), default=None),
        spoke=len(full),
        gauges=len(gauges),
    )
