"""The table of the tide: heights, turns, windows, and nothing where there is no table."""

from itertools import pairwise
from math import cos, pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.tide_table import (
    DAY_MS,
    STEP_MS,
    TideTable,
    Turn,
    next_turn,
    next_window_above,
    turns_of,
    windows_above,
)

START = 1_795_000_200_000
PERIOD_H = 12.42
HOUR_MS = 3_600_000


def height_at(time_ms: float) -> float:
    """A semidiurnal tide of a metre that is high at START + 3 h, over a mean of 1.5 m."""
    return 1.5 + cos(2 * pi * ((time_ms - START) / HOUR_MS - 3) / PERIOD_H)


def table_of(heights: list[float], start: int = START) -> TideTable:
    turns = list(turns_of(start, heights))
    return TideTable(start_ms=start, heights_m=heights, turns=turns, datum="nol", rms_m=0.1)


@pytest.fixture(scope="module")
def table() -> TideTable:
    return table_of([height_at(START + at * STEP_MS) for at in range(3 * 288 + 1)])


def test_heights_between_the_steps_are_right_to_a_millimetre(table: TideTable) -> None:
    """A straight line between heights five minutes apart is enough."""
    for time in range(START, table.end_ms, 137_000):
        assert height_at(time) == pytest.approx(table.height(time), abs=0.0005)


def test_outside_the_table_there_is_no_height(table: TideTable) -> None:
    """The ends belong to it, what is beyond does not."""
    assert table.height(table.start_ms) is not None
    assert table.height(table.end_ms) is not None
    assert (None, None) == (table.height(table.start_ms - 1), table.height(table.end_ms + 1))


def test_high_and_low_water_take_turns_at_the_right_time(table: TideTable) -> None:
    """Each within a minute and a millimetre."""
    assert [True, False] * 5 + [True] == [turn.is_high for turn in table.turns][:11]
    for number, turn in enumerate(table.turns):
        expected = START + (3 + number * PERIOD_H / 2) * HOUR_MS
        assert expected == pytest.approx(turn.time, abs=60_000)
        assert (2.5 if turn.is_high else 0.5) == pytest.approx(turn.height_m, abs=0.001)


def test_the_next_high_water_lies_ahead(table: TideTable) -> None:
    """At the moment of one, it is the one after it that comes next."""
    first = next_turn(table, START, high=True)
    assert first is not None
    after = next_turn(table, first.time, high=True)
    assert after is not None
    assert PERIOD_H * HOUR_MS == pytest.approx(after.time - first.time, abs=60_000)
    low = next_turn(table, START, high=False)
    assert low is not None
    assert first.time < low.time < after.time


def test_a_ripple_is_no_high_water() -> None:
    """An up and down of a centimetre on the way up is not a turn."""
    heights = [height_at(START + at * STEP_MS) + 0.004 * (-1) ** at for at in range(288)]
    assert len(list(turns_of(START, heights))) == len(
        list(turns_of(START, [height_at(START + at * STEP_MS) for at in range(288)]))
    )


def test_a_level_sea_has_no_turns() -> None:
    """Nothing is invented, and a plateau has one turn only."""
    assert [] == list(turns_of(START, [1.0] * 50))
    plateau = list(turns_of(START, [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0, 0.5]))
    assert [True, False] == [turn.is_high for turn in plateau]
    assert [1.0, 0.0] == pytest.approx([turn.height_m for turn in plateau], abs=0.1)


def test_windows_over_a_height(table: TideTable) -> None:
    """Each begins and ends where the tide crosses it; the highest lies between."""
    windows = windows_above(table, 2.0, START, START + DAY_MS)
    assert windows is not None
    assert 2 == len(windows)
    for window in windows:
        assert window.start is not None
        assert window.end is not None
        assert (2.0, 2.0) == pytest.approx((height_at(window.start), height_at(window.end)), abs=0.001)
        assert PERIOD_H / 3 * HOUR_MS == pytest.approx(window.end - window.start, abs=60_000)
        assert 2.5 == pytest.approx(window.highest_m, abs=0.001)


def test_a_window_that_is_cut_has_an_open_end(table: TideTable) -> None:
    """What lies outside the question is not known."""
    (window,) = windows_above(table, 2.0, START + 3 * HOUR_MS, START + 4 * HOUR_MS) or []
    assert (None, None) == (window.start, window.end)
    assert [] == windows_above(table, 2.6, START, table.end_ms)
    assert [] == windows_above(table, 2.0, table.end_ms + DAY_MS, table.end_ms + 2 * DAY_MS)


def test_the_window_under_way_comes_before_the_next_one(table: TideTable) -> None:
    """In the middle of one it is that one, with the start that lies behind."""
    now = START + int((3 + PERIOD_H) * HOUR_MS)
    window = next_window_above(table, 2.0, now)
    assert window is not None
    assert window.start is not None
    assert window.end is not None
    assert window.start < now < window.end
    later = next_window_above(table, 2.0, window.end)
    assert later is not None
    assert later.start is not None
    assert later.start > window.end
    assert next_window_above(table, 2.6, now) is None


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=60), st.floats(-3, 3), st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_the_next_window_is_the_first_of_all_of_them(heights: list[float], level: float, share: float) -> None:
    """The short way through the turns finds what the long way through the table finds."""
    found = table_of(heights)
    now = found.start_ms + int(share * (found.end_ms - found.start_ms))
    windows = windows_above(found, level, found.start_ms, found.end_ms) or []
    expected = next((each for each in windows if each.end is None or each.end > now), None)
    assert expected == next_window_above(found, level, now)


def test_without_a_table_everything_is_absent(table: TideTable) -> None:
    """None, never a number; and so it is when the table has come to its end."""
    assert next_turn(None, START, high=True) is None
    assert windows_above(None, 1.0, START, START + DAY_MS) is None
    assert next_window_above(None, 1.0, START) is None
    assert next_turn(table, table.end_ms + 1, high=True) is None
    assert next_window_above(table, 0.1, table.end_ms + 1) is None


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=200))
@settings(deadline=None)
def test_turns_alternate_and_are_extremes(heights: list[float]) -> None:
    """Whatever the heights: high follows low in time, and each differs from the one before by a ripple at least."""
    turns = list(turns_of(START, heights))
    for one, other in pairwise(turns):
        assert one.is_high is not other.is_high
        assert one.time < other.time
    assert all(isinstance(turn, Turn) and START < turn.time < START + len(heights) * STEP_MS for turn in turns)


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=60), st.floats(-3, 3))
@settings(deadline=None)
def test_windows_hold_just_what_is_over_the_level(heights: list[float], level: float) -> None:
    """Every height at or over the level lies in a window, and no other does."""
    found = table_of(heights)
    windows = windows_above(found, level, found.start_ms, found.end_ms) or []
    for at, height in enumerate(heights):
        time = START + at * STEP_MS
        inside = any((w.start or 0) <= time <= (w.end or time) for w in windows)
        assert inside or height < level
        assert not inside or height >= level or abs(height - level) < 1e-3
