"""The ladder's geometry."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.web.ladder import draw
from alerting.web.readings import Tail
from broker.live import TrendView
from tests.browser.scenes import HOUR, MINUTE, river

NOW = 1_764_000_000_000
LEVELS = st.floats(-2, 12, allow_nan=False)
TIMES = st.one_of(st.none(), st.integers(-2 * HOUR, 6 * HOUR))


def rising(eta_from: int, eta_to: int | None) -> TrendView:
    return TrendView(rate_m_per_h=0.5, next_level="SIAGA", eta_from=NOW + eta_from, eta_to=eta_to and NOW + eta_to)


def test_ticks_and_mark_stand_where_the_values_are() -> None:
    """Low water is at 0 %, the upper end at 100 %."""
    ladder = draw(river("Welang", NOW, 3.25), level=3.25, tail=None, now=NOW)
    assert ladder is not None
    assert (50.0, [46.15, 61.54, 76.92]) == (ladder.mark, [tick.at for tick in ladder.ticks])


def test_the_ghost_spans_where_the_water_may_be_in_an_hour() -> None:
    """Half a metre to the threshold in 30 to 60 minutes is half a metre to one metre in an hour."""
    station = river("Welang", NOW, 3.5, trend=rising(30 * MINUTE, 60 * MINUTE), low_m=0.0, high_m=10.0)
    ladder = draw(station, level=3.5, tail=None, now=NOW)
    assert ladder is not None
    assert ladder.ghost is not None
    assert (40.0, 5.0) == (ladder.ghost.start, ladder.ghost.width)


def test_a_silent_station_has_no_ghost() -> None:
    """Nothing is foretold from data that stopped."""
    station = river("Welang", NOW, 3.5, trend=rising(30 * MINUTE, 60 * MINUTE), silent=True)
    ladder = draw(station, level=3.5, tail=None, now=NOW)
    assert ladder is not None
    assert ladder.ghost is None


def test_numbers_of_near_thresholds_do_not_overlap() -> None:
    """The second of two near ones drops to the next row."""
    station = river("Welang", NOW, 1.0, thresholds={"WASPADA": 3.0, "SIAGA": 3.3, "AWAS": 5.0})
    ladder = draw(station, level=1.0, tail=None, now=NOW)
    assert ladder is not None
    assert [0, 1, 0] == [tick.row for tick in ladder.ticks]


def test_without_thresholds_and_level_there_is_no_ladder() -> None:
    """Nothing is drawn from nothing."""
    assert (
        draw(river("Welang", NOW, None, thresholds={}, low_m=None, high_m=None), level=None, tail=None, now=NOW) is None
    )


@settings(deadline=None)  # a busy machine is not a slow function
@given(
    level=st.one_of(st.none(), LEVELS),
    first=LEVELS,
    eta_from=st.integers(-HOUR, HOUR),
    eta_to=TIMES,
    ends=st.booleans(),
)
def test_everything_stays_on_the_scale(
    level: float | None, first: float, eta_from: int, eta_to: int | None, ends: bool
) -> None:
    """Whatever is measured, no part leaves 0 to 100 %."""
    own: dict[str, Any] = {} if ends else {"low_m": None, "high_m": None}
    station = river("Welang", NOW, level, trend=rising(eta_from, eta_to), **own)
    tail = None if level is None else Tail(first=first, low=min(first, level), high=max(first, level))
    ladder = draw(station, level=level, tail=tail, now=NOW)
    assert ladder is not None
    places = [tick.at for tick in ladder.ticks] + ([] if ladder.mark is None else [ladder.mark])
    for band in (ladder.tail, ladder.ghost):
        places += [] if band is None else [band.start, band.start + band.width]
    assert all(-0.01 <= place <= 100.01 for place in places), ladder
