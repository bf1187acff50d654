"""True water: shapes, and the moments at which it crosses a height."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.replay.truth import Span, spans_above
from deploy.replay.water import Tide, Water, Wave, grid

MINUTE = 60_000


def test_a_wave_begins_crests_and_leaves_five_per_cent() -> None:
    """Half a cosine up to the crest at its minute, and 5 % of the height when its recession is over."""
    water = Water(base_m=2.0, waves=(Wave(start_min=60, rise_min=120, fall_min=240, height_m=3.0),))
    at = np.array([0.0, 60.0, 120.0, 180.0, 420.0])
    assert pytest.approx([2.0, 2.0, 3.5, 5.0, 2.15], abs=0.01) == water.level_m(at).tolist()


def test_points_are_met_and_never_overshot() -> None:
    """The documented moments of an event are in the shape exactly, and nothing rises over the highest of them."""
    points = ((0.0, 0.0), (75.0, 0.0), (95.0, 0.12), (135.0, 0.42), (420.0, 0.18), (720.0, 0.0))
    water = Water(points=points)
    assert [height for _, height in points] == pytest.approx(water.level_m(np.array([m for m, _ in points])).tolist())
    level = water.level_m(grid(720))
    assert pytest.approx([0.0, 0.42]) == [float(level.min()), float(level.max())]


def test_a_tide_is_high_at_its_hour_and_the_other_high_water_is_lower() -> None:
    """Two high waters a day, of which the second is lower by the inequality."""
    water = Water(base_m=1.5, tide=Tide(amplitude_m=1.0, high_at_min=420, inequality_m=0.3))
    period = 745.236
    assert pytest.approx([2.5, 2.2], abs=1e-3) == water.level_m(np.array([420.0, 420.0 + period])).tolist()


@pytest.mark.parametrize(
    ("water", "named"),
    [
        (Water(), "base_m"),
        (Water(base_m=1.0, points=((0, 1), (1, 2))), "not both"),
        (Water(points=((0, 1),)), "two or more"),
        (Water(points=((5, 1), (5, 2))), "rising minutes"),
        (Water(base_m=1.0, waves=(Wave(start_min=0, rise_min=0, fall_min=1, height_m=1),)), "rise_min"),
    ],
)
def test_numbers_that_are_no_shape_are_named(water: Water, named: str) -> None:
    """A sentence with the key, and none for a shape that can be."""
    assert named in (water.fault() or "")
    assert Water(base_m=1.0).fault() is None


def test_crossings_are_interpolated() -> None:
    """A straight rise through 1.0 at minute 10 and down again at minute 30."""
    at = np.array([0.0, 20.0, 40.0])
    spans = spans_above(at, np.array([0.0, 2.0, 0.0]), 1.0, start_ms=1000)
    assert (Span(1000 + 10 * MINUTE, 1000 + 30 * MINUTE),) == spans


def test_a_short_dip_does_not_make_two_floods() -> None:
    """Water that is back within two hours is the same flood; after longer it is another."""
    at = np.arange(0.0, 601.0, 10.0)
    dips = np.where((at > 100) & (at < 160), 0.5, 2.0)
    assert 1 == len(spans_above(at, dips, 1.0, start_ms=0))
    dips = np.where((at > 100) & (at < 400), 0.5, 2.0)
    assert 2 == len(spans_above(at, dips, 1.0, start_ms=0))


@given(st.lists(st.floats(0, 5), min_size=2, max_size=60), st.floats(0.1, 4.9))
def test_spans_hold_every_moment_above_and_begin_at_a_crossing(values: list[float], height: float) -> None:
    """Nothing above the height is outside the spans, and the spans are in order."""
    at = np.arange(len(values), dtype=float)
    spans = spans_above(at, np.array(values), height, start_ms=0)
    for minute, value in enumerate(values):
        if value >= height:
            assert any(span.start - 1 <= minute * MINUTE <= span.end + 1 for span in spans)
    assert sorted(spans, key=lambda span: span.start) == list(spans)
