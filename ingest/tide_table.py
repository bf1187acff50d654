"""The predicted tide of the next days as a table: what core asks, in microseconds and without utide.

Between its heights, five minutes apart, a straight line is off by 0.3 mm for a tide of a metre. Where there is no
table, every answer is None.
"""

import os
import sys
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Final

import msgspec

from ingest.tide import BadTideModel, TideModel, read_model

STEP_MS: Final = 5 * 60_000
DAY_MS: Final = 86_400_000
LEAST_RANGE_M: Final = 0.02  # a smaller up and down is a ripple, not a high and a low water; our choice


class Turn(msgspec.Struct, frozen=True):
    """A high or a low water."""

    time: int  # ms UTC
    height_m: float
    is_high: bool


class Window(msgspec.Struct, frozen=True):
    """A time at or over a height; an end that lies outside what was asked for is None."""

    start: int | None
    end: int | None
    highest_m: float
    highest_at: int


class TideTable(msgspec.Struct, frozen=True, kw_only=True):
    """Heights from ``start_ms`` on, one every five minutes, and the turns among them."""

    start_ms: int
    heights_m: list[float]
    turns: list[Turn]
    datum: str
    rms_m: float | None

    @property
    def end_ms(self) -> int:
        return self.start_ms + (len(self.heights_m) - 1) * STEP_MS

    def height(self, time_ms: int) -> float | None:
        """Metres over the datum at a moment; None outside the table."""
        at, rest = divmod(time_ms - self.start_ms, STEP_MS)
        if not 0 <= time_ms - self.start_ms <= self.end_ms - self.start_ms:
            return None
        if not rest:
            return self.heights_m[at]
        return self.heights_m[at] + (self.heights_m[at + 1] - self.heights_m[at]) * rest / STEP_MS


def make_table(model: TideModel, start_ms: int, days: float) -> TideTable:
    """Predict at least ``days`` from ``start_ms``. Takes seconds; raises ValueError for an unknown constituent."""
    from ingest.tide_fit import predict  # noqa: PLC0415  numpy and utide are not for core

    start = start_ms // STEP_MS * STEP_MS
    count = ceil(days * DAY_MS / STEP_MS) + 2  # the last one lies at or after the end
    heights = predict(model, range(start, start + count * STEP_MS, STEP_MS))
    return TideTable(
        start_ms=start, heights_m=heights, turns=list(turns_of(start, heights)), datum=model.datum, rms_m=model.rms_m
    )


def next_turn(table: TideTable | None, now_ms: int, *, high: bool) -> Turn | None:
    """The first high (or low) water after ``now_ms``."""
    if table is None or not table.start_ms <= now_ms <= table.end_ms:
        return None
    return next((turn for turn in table.turns if turn.time > now_ms and turn.is_high is high), None)


def windows_above(table: TideTable | None, level_m: float, start_ms: int, end_ms: int) -> list[Window] | None:
    """Every time at or over ``level_m`` between two moments, as far as the table goes; None without a table."""
    return None if table is None else list(_windows(table, level_m, start_ms, end_ms))


def next_window_above(table: TideTable | None, level_m: float, now_ms: int) -> Window | None:
    """The time at or over ``level_m`` that is under way at ``now_ms`` or comes next, as far as the table goes.

    A start more than a day before ``now_ms`` is None.
    """
    height = None if table is None else table.height(now_ms)
    if table is None or height is None:
        return None
    if height >= level_m:
        start = now_ms - DAY_MS
    elif height >= level_m - LEAST_RANGE_M:
        start = now_ms - STEP_MS  # a ripple may lift it over
    else:
        start = _before_high(table, level_m, now_ms) - STEP_MS
    windows = _windows(table, level_m, start, table.end_ms)
    return next((window for window in windows if window.end is None or window.end > now_ms), None)


def _before_high(table: TideTable, level_m: float, now_ms: int) -> int:
    """The turn before the next high water that reaches about ``level_m``: looking from there saves most of the table.

    Where none does, the last turn: the tide may still be rising at the end of the table.
    """
    before = now_ms
    for turn in table.turns:
        if turn.time > now_ms - STEP_MS:  # a turn lies between heights, the highest of them may still come
            if turn.is_high and turn.height_m >= level_m - LEAST_RANGE_M:
                break
            before = max(before, turn.time)
    return before


def _windows(table: TideTable, level_m: float, start_ms: int, end_ms: int) -> Iterator[Window]:
    heights = table.heights_m
    first = max(0, -(-(start_ms - table.start_ms) // STEP_MS))
    last = min(len(heights) - 1, (end_ms - table.start_ms) // STEP_MS)
    began = None
    for at in range(first, last + 1):
        is_above = heights[at] >= level_m
        if is_above and began is None:
            began = at
        if began is not None and (not is_above or at == last):
            yield _window(table, level_m, began, at if is_above else at - 1, (first, last))
            began = None


def _window(table: TideTable, level_m: float, began: int, ended: int, bounds: tuple[int, int]) -> Window:
    heights = table.heights_m
    highest = max(range(began, ended + 1), key=heights.__getitem__)
    return Window(
        start=None if began == bounds[0] else _crossing(table, began - 1, level_m),
        end=None if ended == bounds[1] else _crossing(table, ended, level_m),
        highest_m=heights[highest],
        highest_at=table.start_ms + highest * STEP_MS,
    )


def _crossing(table: TideTable, at: int, level_m: float) -> int:
    """When the line between two heights passes ``level_m``."""
    low, high = table.heights_m[at], table.heights_m[at + 1]
    return table.start_ms + round((at + (level_m - low) / (high - low)) * STEP_MS)


def turns_of(start_ms: int, heights: list[float]) -> Iterator[Turn]:
    """High and low waters in turn. What comes before the first of them is unknown, as is what comes after the last."""
    highest = lowest = 0
    rising: bool | None = None
    for at, height in enumerate(heights):
        highest = at if height > heights[highest] else highest
        lowest = at if height < heights[lowest] else lowest
        has_fallen = rising is not False and heights[highest] - height >= LEAST_RANGE_M
        has_risen = rising is not True and height - heights[lowest] >= LEAST_RANGE_M
        if not has_fallen and not has_risen:
            continue
        extreme = highest if has_fallen else lowest
        if extreme:
            yield _turn(start_ms, heights, extreme, is_high=has_fallen)
        highest, lowest, rising = at, at, has_risen


def _turn(start_ms: int, heights: list[float], at: int, *, is_high: bool) -> Turn:
    """The vertex of the parabola through the extreme and its neighbours."""
    before, height, after = heights[at - 1 : at + 2]
    bend = before - 2 * height + after
    shift = 0.0 if bend == 0 else (before - after) / bend / 2
    return Turn(start_ms + round((at + shift) * STEP_MS), round(height - (before - after) * shift / 4, 4), is_high)


def _main() -> int:
    """Make a table in a process of its own: FILE START_MS DAYS, the table as msgpack on stdout."""
    os.nice(10)
    _, file, start, days = sys.argv
    try:
        table = make_table(read_model(Path(file)), int(start), float(days))
    except BadTideModel as error:
        print(error, file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(msgspec.msgpack.encode(table))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
