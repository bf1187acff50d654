"""Rain and tide as the page gets them; air is held by the tests of its index."""

from deploy.live.condition_views import rain_view, tide_view
from ingest.rain import RainGauge
from ingest.tide_table import STEP_MS, TideTable, turns_of

NOW = 1_795_000_200_000
MINUTE_MS = 60_000


def gauge(mm_per_minute: float) -> RainGauge:
    found = RainGauge()
    for ago in range(1440, -1, -1):
        found.add(NOW - ago * MINUTE_MS, mm_per_minute)
    return found


def test_rain_with_its_classes_and_the_gauges_upstream() -> None:
    """12 mm in the hour is lebat; upstream two of three gauges spoke."""
    upstream = [gauge(0.1).sums(NOW), gauge(0.3).sums(NOW), RainGauge().sums(NOW)]
    view = rain_view(gauge(0.2).sums(NOW), day=(120.0, 0.9), upstream=upstream)
    assert [10, 60, 180, 360, 1440] == [each.minutes for each in view.sums]
    assert (12.0, 1.0, "lebat") == (view.sums[1].mm, view.sums[1].complete, view.hour_class)
    assert (120.0, "sangat lebat") == (view.day_mm, view.day_class)
    hour = view.upstream[1]
    assert (60, 12.0, 18.0, 2, 3) == (hour.minutes, hour.mean_mm, hour.max_mm, hour.spoke, hour.gauges)


def test_a_silent_gauge_has_no_class() -> None:
    """Nobody knows: no sum, no class, and no upstream where there is no gauge."""
    view = rain_view(RainGauge().sums(NOW))
    assert ([None] * 5, None, None, []) == (
        [each.mm for each in view.sums],
        view.hour_class,
        view.day_class,
        view.upstream,
    )


def table() -> TideTable:
    """A saw between 0 and 2 m, up for six hours and down for six, low at NOW."""
    heights = [2 * (1 - abs(1 - (at % 144) / 72)) for at in range(288)]
    turns = list(turns_of(NOW, heights))
    return TideTable(start_ms=NOW, heights_m=heights, turns=turns, datum="nol alat ukur", rms_m=0.1)


def test_the_tide_and_what_comes_next() -> None:
    """Two hours after low water: a third of the way up, high in four hours, over 1.5 m from two and a half on."""
    hour = 12 * STEP_MS
    view = tide_view(table(), NOW + 2 * hour, above_m=1.5)
    assert view is not None
    assert (0.667, True, "nol alat ukur", 0.1) == (view.height_m, view.rising, view.datum, view.rms_m)
    assert (NOW + 6 * hour, 2.0) == (view.high_at, view.high_m)
    assert NOW + 12 * hour == view.low_at
    assert (1.5, NOW + 4.5 * hour, NOW + 7.5 * hour) == (view.above_m, view.above_from, view.above_until)


def test_without_a_height_that_matters_there_is_no_window() -> None:
    """And a height that the tide never reaches has none either."""
    for above in (None, 2.5):
        view = tide_view(table(), NOW + STEP_MS, above_m=above)
        assert view is not None
        assert (above, None, None) == (view.above_m, view.above_from, view.above_until)


def test_the_tide_is_plainly_absent() -> None:
    """No table, or one that has come to its end."""
    assert tide_view(None, NOW) is None
    assert tide_view(table(), NOW + 300 * STEP_MS, above_m=1.0) is None
