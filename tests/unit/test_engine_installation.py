"""While a sensor is put up nothing that it says raises anything at its station, and afterwards everything does."""

from alerting.events import AirIndexed, Event, Maintained, NeighbourMoved
from tests.engine_timetable import at, play, series, told
from tests.unit.test_engine_weather import AIR, RAIN, rained

WORK = Maintained(at=at(0), by="Budi", reason="pemasangan", until=at(120), is_installation=True)


def test_no_water_raises_during_an_installation_and_it_does_afterwards() -> None:
    """An hour over AWAS, a neighbour that rises too: nothing; when the work is over, the usual two samples."""
    rising = NeighbourMoved(at(1), "dhompo", True)
    state, decisions = play([WORK, rising, *series([5.9] * 60, start=1)])
    assert (0, []) == (state.level, decisions)
    over = Maintained(at=at(61), by="Budi", reason="selesai", until=None)
    _, decisions = play([over, *series([5.9] * 2, start=62)], state=state)
    assert [("raised", "threshold", 3)] == told(decisions)


def test_an_installation_that_nobody_ends_holds_nothing_back_for_ever() -> None:
    """It is over at its time by itself."""
    state, decisions = play([WORK, *series([5.9] * 100, start=1)])
    assert [] == decisions
    _, decisions = play(series([5.9] * 3, start=121), state=state)
    assert [("raised", "threshold", 3)] == told(decisions)


def test_plain_maintenance_after_an_installation_is_plain() -> None:
    """Ten good samples in a row are told to officers, as always while somebody works."""
    plain = Maintained(at=at(5), by="Sari", reason="ganti baterai", until=at(120))
    _, decisions = play([WORK, plain, *series([5.9] * 12, start=6)])
    assert [("raised", "threshold", 3)] == told(decisions)


def test_a_rain_gauge_that_is_tried_with_a_can_of_water_raises_nothing() -> None:
    """Rain that others measure upstream does; so does the gauge itself once it is in service."""
    state, decisions = play([WORK, rained(10, 80, 95)], RAIN)
    assert [] == decisions
    _, upstream = play([rained(20, 80, 95, upstream=42)], RAIN, state)
    assert [("raised", "rain", 2)] == told(upstream)
    over: list[Event] = [Maintained(at=at(30), by="Budi", reason="selesai", until=None), rained(40, 22, 25)]
    _, after = play(over, RAIN, state)
    assert [("raised", "rain", 1)] == told(after)


def test_a_rain_alert_that_stood_before_goes_on_and_ends_as_always() -> None:
    """The work raises nothing, and takes nothing back either."""
    state, raised = play([rained(-10, 22, 25), WORK, rained(0.5, 25, 70)], RAIN)
    assert [("raised", "rain", 1)] == told(raised)
    _, over = play([rained(10 + 10 * n, 3, 10, upstream=10) for n in range(5)], RAIN, state)
    assert [("ended", "rain_fell", 0)] == told(over)


def test_an_air_sensor_that_is_put_up_raises_nothing() -> None:
    """Somebody smokes beside it."""
    foul = AirIndexed(at(60), hour_ugm3=300, hour_category=4)
    _, before = play([foul], AIR)
    _, during = play([WORK, foul], AIR)
    assert ([("raised", "air_hour", 1)], []) == (told(before), told(during))
