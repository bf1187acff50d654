"""Rain that is expected keeps an area armed: it raises nothing, and what it keeps up ends by itself."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.area import EXPECTED_MS, area_deadline, area_step
from alerting.area_state import AreaState
from alerting.events import RainExpected, StationMoved, Ticked
from alerting.rules import AreaRules

AREA = AreaRules(area="35.75.01.1001", version=1, stations=("welang",), hold_down_ms=0)
MINUTE = 60_000
T0 = 1_795_000_000_000


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def moved(minute: int, level: int) -> StationMoved:
    return StationMoved(
        at=T0 + minute * MINUTE,
        station="welang",
        level=level,
        public_level=level,
        verified_level=level,
        is_fresh=True,
    )


def expected(minute: int, start: int, end: int) -> RainExpected:
    return RainExpected(T0 + minute * MINUTE, T0 + start * MINUTE, T0 + end * MINUTE)


def test_an_area_stays_up_while_rain_is_expected_and_ends_with_it() -> None:
    """The deadline is the end of the forecast, and its tick ends the alert."""
    state, _ = area_step(AreaState(), AREA, moved(0, 2))
    state, decided = area_step(state, AREA, expected(1, 30, 120))
    assert () == decided
    state, decided = area_step(state, AREA, moved(10, 0))
    assert () == decided
    assert T0 + 120 * MINUTE == area_deadline(state, AREA)
    state, decided = area_step(state, AREA, Ticked(T0 + 119 * MINUTE, T0))
    assert () == decided
    state, (ended,) = area_step(state, AREA, Ticked(T0 + 120 * MINUTE, T0))
    assert ("ended", 0) == (ended.kind, state.level)


def test_a_forecast_that_is_withdrawn_keeps_nothing_up() -> None:
    """The alert ends when it is."""
    state, _ = area_step(AreaState(), AREA, moved(0, 2))
    state, _ = area_step(state, AREA, expected(1, 0, 120))
    state, _ = area_step(state, AREA, moved(10, 0))
    state, (ended,) = area_step(state, AREA, RainExpected(T0 + 20 * MINUTE, 0, 0))
    assert "ended" == ended.kind


def test_rain_that_comes_much_later_keeps_nothing_up_yet() -> None:
    """From half an hour before it on, not before."""
    state, _ = area_step(AreaState(), AREA, moved(0, 1))
    state, _ = area_step(state, AREA, expected(1, 120, 240))
    early = 120 - EXPECTED_MS // MINUTE - 1
    _, decided = area_step(state, AREA, moved(early, 0))
    assert ["ended"] == [each.kind for each in decided]
    _, decided = area_step(state, AREA, moved(early + 1, 0))
    assert () == decided


def test_it_raises_nothing_by_itself() -> None:
    """A forecast is no flood."""
    state, decided = area_step(AreaState(), AREA, expected(0, 0, 120))
    assert (0, ()) == (state.level, decided)


def test_where_rain_does_not_arm_a_forecast_does_not_either() -> None:
    """rain_mm = 0."""
    rules = msgspec.structs.replace(AREA, rain_mm=0.0)
    state, _ = area_step(AreaState(), rules, moved(0, 2))
    state, _ = area_step(state, rules, expected(1, 0, 120))
    _, (ended,) = area_step(state, rules, moved(10, 0))
    assert "ended" == ended.kind


@PATIENT
@given(
    st.integers(0, 300),
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3)), min_size=1, max_size=20),
)
def test_a_forecast_never_delays_going_up(start: int, length: int, steps: list[tuple[int, int]]) -> None:
    """With and without it, every level is raised by the same event; only going down may come later."""
    dry, wet = AreaState(), AreaState()
    wet, _ = area_step(wet, AREA, expected(0, start, start + length))
    minute = 0
    for wait, level in steps:
        minute += wait
        dry, _ = area_step(dry, AREA, moved(minute, level))
        wet, _ = area_step(wet, AREA, moved(minute, level))
        assert wet.level >= dry.level >= min(level, wet.level)
        assert wet.level >= level
