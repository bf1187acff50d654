"""From rain to stage: Nakayasu's formulas by hand, the balance of water, ratings, and the sea behind a river."""

import numpy as np
import pytest

from firmware_sim import hydrograph, river, tide
from firmware_sim.hydrograph import Catchment
from firmware_sim.rain import depth_mm, intensity
from firmware_sim.scenario import WORLD_MINUTES, load, waters
from firmware_sim.tide import Mouth, Tide

SHORT = Catchment(area_km2=22.0, length_km=12.0, alpha=2.0, unit_share=0.75, source="test")
ALL = {**waters().catchment, "short": SHORT}
MINUTES = np.arange(WORLD_MINUTES, dtype=float)


def test_the_welang_has_the_times_of_its_formula() -> None:
    """40 km: lag 2.72 h; from it by hand time to peak 3.81 h, recession 5.44 h, and 21.9 m3/s for a millimetre."""
    welang = waters().catchment["welang"]
    assert (518.0, 40.0) == (welang.area_km2, welang.length_km)
    found = (welang.lag_h, welang.to_peak_h, welang.recession_h, welang.peak_m3s(1))
    assert pytest.approx((2.72, 3.808, 5.44, 21.86), abs=0.005) == found


def test_a_short_river_has_the_formula_for_short_rivers() -> None:
    """12 km: lag 0.21 * 12 ** 0.7 = 1.196 h, unit of rain three quarters of it."""
    assert pytest.approx((1.196, 1.913, 2.392), abs=0.002) == (SHORT.lag_h, SHORT.to_peak_h, SHORT.recession_h)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_unit_hydrograph_is_a_millimetre_over_its_area(name: str) -> None:
    """The balance of mass; its peak is the formula's within 2 %, at the formula's time."""
    catchment = ALL[name]
    ordinates = catchment.ordinates()
    assert pytest.approx(catchment.area_km2 * 1000, rel=1e-9) == ordinates.sum() * 60
    assert pytest.approx(catchment.peak_m3s(1), rel=0.02) == ordinates.max()
    assert pytest.approx(catchment.to_peak_h * 60, abs=1) == ordinates.argmax()
    fallen = int((catchment.to_peak_h + catchment.recession_h) * 60)
    assert pytest.approx(0.3, abs=0.005) == ordinates[fallen] / ordinates.max()


def test_what_rains_and_is_not_lost_runs_off() -> None:
    """50 mm, of which 10 are drunk and 35 % of the rest run off: 14 mm leave the catchment, and the base flow stays."""
    rain = intensity([(0, 100, 30.0)], 60_000)
    rain *= 50 / depth_mm(rain)[-1]
    effective = hydrograph.effective_mm_per_h(rain, initial_mm=10, runoff=0.35)
    flow = hydrograph.discharge_m3s(effective, SHORT, base_m3s=2.0)
    assert pytest.approx(14.0) == effective.sum() / 60
    assert pytest.approx(14.0, rel=1e-6) == (flow - 2).sum() * 60 / (SHORT.area_km2 * 1000)


def test_rain_that_the_soil_drinks_moves_no_river() -> None:
    """Less than the initial loss leaves the base flow alone."""
    effective = hydrograph.effective_mm_per_h(intensity([(10, 30, 12.0)], 600), initial_mm=8, runoff=0.4)
    assert np.array_equal(np.full(600, 1.2), hydrograph.discharge_m3s(effective, SHORT, 1.2))


def test_twice_the_effective_rain_is_twice_the_flow() -> None:
    """The method is linear, and two bursts add up."""
    one = hydrograph.discharge_m3s(intensity([(10, 60, 20.0)], 900), SHORT, 0)
    two = hydrograph.discharge_m3s(intensity([(200, 60, 20.0)], 900), SHORT, 0)
    both = hydrograph.discharge_m3s(intensity([(10, 60, 20.0), (200, 60, 20.0)], 900), SHORT, 0)
    assert np.allclose(one + two, both)


@pytest.mark.parametrize("station", sorted(waters().rating))
def test_a_rating_is_its_own_inverse(station: str) -> None:
    """Q = factor (h - zero) ** exponent at every stage that comes out of it; no flow is the zero."""
    rating = waters().rating[station]
    flow = np.array([0.0, 0.5, 10.0, 90.0, 435.0])
    stage = rating.stage_m(flow)
    assert rating.zero_m == stage[0]
    assert np.allclose(rating.factor * (stage - rating.zero_m) ** rating.exponent, flow)


def test_every_figure_says_where_it_is_from() -> None:
    """What is assumed says so; only the Welang's area and length are published."""
    sources = {name: each.source for name, each in waters().catchment.items()}
    assert ["gembong", "petung"] == [name for name, source in sorted(sources.items()) if source.startswith("ASSUMED")]
    assert all(rating.source.startswith("ASSUMED") for rating in waters().rating.values())


# -- the sea ---------------------------------------------------------------------------------------------------------


def test_the_tide_is_mixed_and_mainly_semidiurnal() -> None:
    """Form number between 0.25 and 1.5; at spring all constituents crest together, a week later they do not."""
    height = {name: metres for name, (_, metres) in tide.CONSTITUENTS.items()}
    assert 0.25 < (height["K1"] + height["O1"]) / (height["M2"] + height["S2"]) < 1.5
    spring = tide.height_m(Tide(high_at_min=450), MINUTES)
    neap = tide.height_m(Tide(high_at_min=450, days_after_spring=7), MINUTES)
    assert (450, pytest.approx(sum(height.values()))) == (int(spring.argmax()), spring.max())
    assert neap.max() - neap.min() < 0.6 * (spring.max() - spring.min())


def test_a_tide_is_its_constituents_at_their_speeds() -> None:
    """A long series, fitted by least squares, gives each amplitude back."""
    at = np.arange(0, 400 * 1440, 30.0)
    hours = (at - 450) / 60
    waves = [wave(np.deg2rad(speed * hours)) for speed, _ in tide.CONSTITUENTS.values() for wave in (np.cos, np.sin)]
    found, *_ = np.linalg.lstsq(np.stack(waves, axis=1), tide.height_m(Tide(high_at_min=450), at), rcond=None)
    expected = [number for _, metres in tide.CONSTITUENTS.values() for number in (metres, 0.0)]
    assert np.allclose(expected, found, atol=1e-6)


def test_the_sea_comes_later_and_lower_up_the_river() -> None:
    """The share and the delay of a mouth, on the gauge's own zero; a surge is added."""
    there = tide.at_gauge_m(Tide(high_at_min=450, surge_m=0.2), Mouth(mean_sea_m=2.4, share=0.5, delay_min=40), MINUTES)
    assert (490, pytest.approx(2.4 + 0.5 * (1.33 + 0.2))) == (int(there.argmax()), there.max())


def test_backwater_keeps_its_limits() -> None:
    """A sea below the bed changes nothing, one far above is the stage, and between them each lifts the other."""
    stage = np.array([3.0, 2.0, 3.0])
    found = river.backwater(stage, np.array([1.0, 6.0, 3.0]), 1.9)
    assert pytest.approx(3.0) == found[0]
    assert pytest.approx(6.0, abs=0.001) == found[1]
    assert 3.2 < found[2] < 3.4


def test_a_middling_river_passes_a_level_only_with_the_high_tide() -> None:
    """In the story of the high tide the Welang alone would stay under 4.5 m; at its gauges the others stay calm."""
    story = load("pasang-tinggi")
    assert story.river_m("welang-kraton").max() < 4.4
    assert story.level_m("welang-kraton").max() > 4.5
    assert (story.level_m("welang-kraton") >= story.river_m("welang-kraton") - 1e-9).all()
    assert story.level_m("gembong-wirogunan").max() < 1.8


def test_a_second_crest_stands_on_the_first() -> None:
    """In the story of two crests the second, of little more rain, is higher, because the river had not fallen yet."""
    level = load("dua-puncak").level_m("welang-kraton")
    first, valley, second = level[:480].max(), level[420:600].min(), level[600:].max()
    assert 3.5 < valley < first < second < 5.5


def test_a_flash_flood_comes_within_its_catchments_time() -> None:
    """The Gembong rises by more than a metre in an hour, and the crest is over two hours after the rain began."""
    story = load("bandang")
    level = story.level_m("gembong-wirogunan")
    assert (level[60:] - level[:-60]).max() > 1
    assert 120 < level.argmax() - 30 < 180
