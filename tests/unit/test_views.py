"""What watchers are shown of a station."""

from alerting.engine import StationState
from alerting.episodes import Episode
from alerting.rules import AirRule, LevelRule, StationRules, Thresholds
from broker.levels import State
from broker.live import AirView
from broker.quality_flags import Flag
from broker.station import Epoch, Station
from deploy.live.views import state_of, station_view
from ingest.readings import Reading

T0 = 1_795_000_000_000
RULES = StationRules(
    station="welang",
    version=1,
    quantity="level_m",
    level=LevelRule(thresholds=Thresholds(waspada=3.5, siaga=4.5, awas=5.5)),
)
STATION = Station(
    id="welang",
    name="Welang",
    epochs=(Epoch(number=1, series="distance_mm", effective_from=0, datum_m=6.5),),
)


def reading(value: float | None, flag: Flag) -> Reading:
    return Reading(9, "n", 7, 1, "distance_mm", 0, "welang", "level_m", T0, T0, T0, None, value, flag, "missing: x", 1)


def test_a_missing_value_shows_the_last_good_one_with_its_age() -> None:
    """The sensor is torn away: 5.67 m of 80 minutes ago, under the flag of what is missing now."""
    state = StationState(
        level=3, last_value=5.67, last_time=T0 - 80 * 60_000, last_seen=T0 - 80 * 60_000, silent_since=T0
    )
    view = station_view(STATION, state, RULES, [reading(None, Flag.MISSING)], nodes=["n"], rev=9)
    (series,) = view.series
    assert (5.67, T0 - 80 * 60_000, 9) == (series.value, series.time, series.flag)
    assert ("TIDAK ADA DATA", "AWAS", True) == (view.state, view.level, view.at_least)


def test_after_a_restart_the_last_good_value_is_still_shown() -> None:
    """The engine's memory stands in for a reading that is no longer in memory."""
    state = StationState(last_value=2.0, last_time=T0, last_seen=T0)
    assert [2.0] == [series.value for series in station_view(STATION, state, RULES, [], nodes=[], rev=1).series]


def test_states_that_are_no_level() -> None:
    """Never heard and silent are no data; without thresholds, or an index of the air, a station is never normal."""
    heard = StationState(last_seen=T0, last_time=T0, last_value=2.0)
    unset = StationRules(station="welang", version=1, quantity="level_m", level=None)
    assert State.NO_DATA is state_of(StationState(), RULES)
    assert State.NO_DATA is state_of(StationState(last_seen=T0, silent_since=T0), RULES)
    assert State.NOT_SET is state_of(heard, unset)
    assert State.NORMAL is state_of(heard, RULES)
    air = StationRules(station="udara", version=1, quantity="pm25_ugm3", level=None, air=AirRule())
    unknown, known = AirView(index=None, computed_at=T0), AirView(index=40, computed_at=T0)
    assert [State.NOT_SET, State.NOT_SET, State.NORMAL] == [
        state_of(heard, air, view) for view in (None, unknown, known)
    ]
    bad = StationState(last_seen=T0, air=Episode(level=2))
    assert State.SIAGA is state_of(bad, air, unknown)
