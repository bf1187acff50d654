"""What truly happened: when the noise-free water stood at or above a height. Pure."""

from typing import Final

import msgspec
import numpy as np

from firmware_sim.rain import Series

# Water that dips below a height for less than this is one flood, not two.
ONE_FLOOD_MIN: Final = 120.0


class Span(msgspec.Struct, frozen=True):
    """From the first to the last moment at or above a height, ms UTC."""

    start: int
    end: int


def spans_above(minutes: Series, level_m: Series, height_m: float, *, start_ms: int) -> tuple[Span, ...]:
    """Every time that the water was at or above ``height_m``; crossings are interpolated between the grid's moments."""
    above = np.concatenate(([False], level_m >= height_m, [False]))
    edges = np.flatnonzero(above[1:] != above[:-1])
    spans: list[tuple[float, float]] = []
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        begins = _crossing(minutes, level_m, height_m, int(first) - 1)
        ends = _crossing(minutes, level_m, height_m, int(after) - 1)
        if spans and begins - spans[-1][1] < ONE_FLOOD_MIN:
            begins = spans.pop()[0]
        spans.append((begins, ends))
    return tuple(Span(start_ms + round(a * 60_000), start_ms + round(b * 60_000)) for a, b in spans)


def _crossing(minutes: Series, level_m: Series, height_m: float, before: int) -> float:
    """The moment of the crossing between two moments of the grid; the end of the grid where there is no other side."""
    if before < 0:
        return float(minutes[0])
    if before + 1 >= len(minutes):
        return float(minutes[-1])
    low, high = float(level_m[before]), float(level_m[before + 1])
    share = (height_m - low) / (high - low)
    return float(minutes[before] + share * (minutes[before + 1] - minutes[before]))
