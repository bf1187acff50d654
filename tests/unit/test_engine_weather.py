"""Rain and air at a station, and areas."""

from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerting.area import area_deadline, area_step
from alerting.area_state import AreaState
from alerting.episodes import Decision
from alerting.events import AirIndexed, AreaEvent, Event, Observed, RainSummed, RulesChanged, StationMoved, Sums, Ticked
from alerting.explain import why
from alerting.rules import AirRule, AreaRules, BadRules, RainLimit, RainRule
from tests.engine_timetable import PLAIN, at, play, series, told

WIB = ZoneInfo("Asia/Jakarta")
RAIN = msgspec.structs.replace(
    PLAIN,
    rain=RainRule(
        limits=(
            RainLimit(window="1h", mm=20, level=1),
            RainLimit(window="3h", mm=60, level=2),
            RainLimit(window="3h", mm=40, level=2, where="upstream"),
            RainLimit(window="3h", mm=90, level=3),
        )
    ),
)


def sums(mm_1h: float, mm_3h: float, complete: float = 1.0) -> Sums:
    return Sums(
        mm_10min=mm_1h / 6,
        mm_1h=mm_1h,
        mm_3h=mm_3h,
        mm_6h=mm_3h,
        mm_24h=mm_3h,
        complete_1h=complete,
        complete_3h=complete,
    )


def rained(
    minute: float, mm_1h: float, mm_3h: float, *, upstream: float | None = None, complete: float = 1
) -> RainSummed:
    return RainSummed(
        at(minute), sums(mm_1h, mm_3h, complete), None if upstream is None else sums(upstream / 2, upstream)
    )


def test_rain_raises_at_once_and_ends_after_its_hold() -> None:
    """Rain that no river shows: WASPADA by the hour, SIAGA by what fell upstream, down one hold after it is over."""
    storm: list[Event] = [rained(0, 5, 5), rained(10, 22, 25), rained(20, 25, 30, upstream=42)]
    state, decisions = play(storm, RAIN)
    assert [("raised", "rain", 1), ("raised_higher", "rain", 2)] == told(decisions)
    assert {"rain"} == {decision.hazard for decision in decisions}
    assert "Pukul 23:20 hujan di hulu 42 mm dalam 3 jam (batas 40 mm) mencapai batas SIAGA (aturan v3)." == why(
        decisions[1], WIB
    )
    over: list[Event] = [rained(30 + 10 * n, 3, 10, upstream=10) for n in range(5)]
    state, decisions = play(over, RAIN, state)
    assert [("ended", "rain_fell", 0)] == told(decisions)
    assert 30 == (decisions[0].at - at(30)) / 60_000
    _, decisions = play([rained(100, 22, 25)], RAIN, state)
    assert 2 == decisions[0].episode


def test_rain_dithering_at_its_limit_is_one_message() -> None:
    """19 and 21 mm in turn for two hours."""
    _, decisions = play([rained(5 * n, 19 if n % 2 else 21, 25) for n in range(24)], RAIN)
    assert [("raised", "rain", 1)] == told(decisions)


@pytest.mark.parametrize(
    "blind", [RainSummed(at(60), None), rained(60, 1, 1, complete=0.3)], ids=["no gauge", "half the window missing"]
)
def test_missing_rain_data_end_nothing(blind: RainSummed) -> None:
    """A silent gauge is no data, not 0 mm."""
    events: list[Event] = [rained(0, 22, 25), *(msgspec.structs.replace(blind, at=at(10 * n)) for n in range(1, 20))]
    state, decisions = play(events, RAIN)
    assert [("raised", "rain", 1)] == told(decisions)
    assert state.rain is not None


def test_rain_awas_of_one_gauge_waits_for_a_witness() -> None:
    """A stuck reed tips without end."""
    _, decisions = play([rained(0, 80, 95)], RAIN)
    assert (3, False, "no_support") == (decisions[0].level, decisions[0].public_ok, decisions[0].public_why)
    _, decisions = play([*series([3.6] * 3), rained(3, 80, 95)], RAIN)
    assert (3, True) == (decisions[-1].level, decisions[-1].public_ok)


def test_rain_rules_that_say_nothing_are_refused() -> None:
    """An empty list, and a limit without rain."""
    with pytest.raises(BadRules, match="rain limits is empty"):
        RainRule(limits=())
    with pytest.raises(BadRules, match="above 0 mm, level 1 to 3"):
        RainLimit(window="1h", mm=0, level=1)


AIR = msgspec.structs.replace(PLAIN, level=None, air=AirRule(worsening_ugm3=60))


def test_air_follows_the_index() -> None:
    """Tidak Sehat is WASPADA, Sangat Tidak Sehat SIAGA; two better hours bring it down."""
    hours = [(84, 1), (142, 2), (233, 3), (142, 2), (142, 2), (84, 1), (84, 1)]
    events = [
        AirIndexed(at(60 * n), index=i, category=c, critical="PM2.5", complete=0.9) for n, (i, c) in enumerate(hours)
    ]
    _, decisions = play(events, AIR)
    assert [("raised", 1), ("raised_higher", 2), ("lowered", 1), ("ended", 0)] == [(d.kind, d.level) for d in decisions]
    assert "Pukul 00:00 ISPU 142 Tidak Sehat, parameter kritis PM2.5, data 90 %, maka WASPADA (aturan v3)." == why(
        decisions[0], WIB
    )


def test_an_indicative_hour_is_waspada_and_never_called_an_index() -> None:
    """One very bad hour warns, as what it is."""
    events = [AirIndexed(at(0), hour_ugm3=20, hour_category=1), AirIndexed(at(60), hour_ugm3=300, hour_category=4)]
    _, decisions = play(events, AIR)
    assert [("raised", "air_hour", 1)] == told(decisions)
    assert "nilai satu jam 300 ug/m3 setara Berbahaya, indikatif dan bukan ISPU" in why(decisions[0], WIB)


def test_air_that_worsens_fast_is_waspada() -> None:
    """From 20 to 90 within an hour."""
    events = [AirIndexed(at(0), hour_ugm3=20, hour_category=1), AirIndexed(at(60), hour_ugm3=90, hour_category=2)]
    _, decisions = play(events, AIR)
    assert [("raised", "air_worse", 1)] == told(decisions)
    assert "udara memburuk cepat, dari 20 ug/m3 ke 90 ug/m3 dalam satu jam" in why(decisions[0], WIB)


def test_air_without_data_changes_nothing() -> None:
    """Under 75 % of the hours there is no index, and no good news."""
    events = [AirIndexed(at(0), index=142, category=2, complete=0.9), *(AirIndexed(at(60 * n)) for n in range(1, 9))]
    assert [("raised", "air", 1)] == told(play(events, AIR)[1])


AREA = AreaRules(area="welang-hilir", version=2, stations=("kraton", "dhompo"), hold_down_ms=10 * 60_000)


def moved(minute: float, station: str, level: int, public: int | None = None, *, fresh: bool = True) -> StationMoved:
    public = level if public is None else public
    return StationMoved(
        at=at(minute), station=station, level=level, public_level=public, verified_level=level, is_fresh=fresh
    )


def upstream(minute: float, mm_1h: float) -> RainSummed:
    return RainSummed(at(minute), None, sums(mm_1h, mm_1h))


def tick(minute: float) -> Ticked:
    return Ticked(at(minute), at(-60))


def play_area(events: list[AreaEvent], state: AreaState | None = None) -> tuple[AreaState, list[Decision]]:
    state = state or AreaState()
    decisions: list[Decision] = []
    for event in events:
        state, made = area_step(state, AREA, event)
        decisions += made
    assert state == msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=AreaState)
    return state, decisions


def test_an_area_takes_what_a_station_may_tell_the_public() -> None:
    """An unsupported AWAS is SIAGA for the area until a second station stands there too."""
    state, decisions = play_area([moved(0, "kraton", 2), moved(5, "kraton", 3, 2)])
    assert [("raised", "stations", 2)] == told(decisions)
    state, decisions = play_area([moved(6, "dhompo", 3, 2)], state)
    assert [("raised_higher", "stations", 3)] == told(decisions)
    assert (("stations",), {"kraton", "dhompo"}) == (decisions[0].support, set(decisions[0].stations))
    assert (
        "Pukul 23:06 wilayah welang-hilir menjadi AWAS menurut kraton, dhompo (aturan v2); didukung stasiun lain."
        == why(decisions[0], WIB)
    )


def test_a_falling_level_does_not_disarm_an_area_while_it_rains_upstream() -> None:
    """Valencia: the river fell between two waves, and the rain went on."""
    fell: list[AreaEvent] = [moved(0, "kraton", 2), upstream(1, 20), moved(10, "kraton", 0)]
    state, decisions = play_area(fell)
    assert [("raised", "stations", 2)] == told(decisions)
    raining: list[AreaEvent] = [upstream(10 + 5 * n, 12) for n in range(20)]
    state, decisions = play_area([*raining, tick(111)], state)
    assert (2, []) == (state.level, decisions)
    state, decisions = play_area([upstream(115, 1)], state)
    assert [("ended", "stations", 0)] == told(decisions)


def test_rain_that_nobody_reports_any_more_keeps_an_area_for_half_an_hour() -> None:
    """The deadline names the moment, and the tick after it ends the alert."""
    state, _ = play_area([moved(0, "kraton", 2), upstream(9, 20), moved(10, "kraton", 0)])
    deadline = area_deadline(state, AREA)
    assert at(39) == deadline
    assert [("ended", "stations", 0)] == told(play_area([tick(39.1)], state)[1])


@pytest.mark.parametrize("level", [0, 2])
def test_a_blind_station_that_took_part_keeps_the_area(level: int) -> None:
    """No all-clear without fresh good data from where the alert came."""
    events: list[AreaEvent] = [moved(0, "kraton", 2), moved(5, "kraton", level, 0, fresh=False), tick(60), tick(600)]
    state, decisions = play_area(events)
    assert [("raised", "stations", 2)] == told(decisions)
    assert 2 == state.level
    state, decisions = play_area([moved(601, "kraton", 0), tick(612)], state)
    assert [("ended", "stations", 0)] == told(decisions)


def test_the_hold_of_an_area_begins_anew_with_each_rise() -> None:
    """Down, up again within the hold: no message at all."""
    events: list[AreaEvent] = [moved(0, "kraton", 2), moved(5, "kraton", 0), moved(9, "kraton", 2), tick(30)]
    assert [("raised", "stations", 2)] == told(play_area(events)[1])


def test_an_operator_decides_for_an_area() -> None:
    """A manual alert, its cancel, and half an hour in which the stations do not bring it back."""
    manual = Observed(at=at(0), by="Rini", level=2, note="banjir jalan")
    state, decisions = play_area([manual, tick(100)])
    assert [("raised", "operator", 2)] == told(decisions)
    cancel = Observed(at=at(101), by="Rini", level=0)
    state, decisions = play_area([moved(100, "kraton", 2), cancel, moved(102, "dhompo", 1)], state)
    assert [("cancelled", "operator", 0)] == told(decisions)
    assert at(131) == area_deadline(state, AREA)
    state, decisions = play_area([tick(131)], state)
    assert [("raised", "stations", 2)] == told(decisions)
    assert None is area_deadline(state, AREA)


def test_an_area_whose_stations_change_forgets_those_that_left() -> None:
    """A station that is taken out no longer holds the area."""
    state, _ = play_area([moved(0, "kraton", 2)])
    fewer = msgspec.structs.replace(AREA, version=3, stations=("dhompo",), hold_down_ms=0)
    state, decisions = area_step(state, fewer, RulesChanged(at=at(5), author="Rini"))
    assert [("ended", "stations", 0)] == told(decisions)


def cancel(minute: float, hazard: Literal["rain", "air"], **said: Any) -> Observed:
    return Observed(at=at(minute), by="Rini", note="alat disiram", level=0, hazard=hazard, **said)


def test_a_person_cancels_rain_that_never_fell() -> None:
    """A bucket that was rinsed: it is not raised again while its millimetres are in the sum, more rain is."""
    state, decisions = play([rained(0, 25, 65), cancel(5, "rain"), rained(10, 25, 65), rained(100, 2, 65)], RAIN)
    assert [("raised", "rain", 2), ("cancelled", "operator", 0)] == told(decisions)
    assert ("Rini", 1) == (decisions[1].by, decisions[1].episode)
    assert 'Pukul 23:05 Rini membatalkan peringatan: "alat disiram".' == why(decisions[1], WIB)
    _, higher = play([rained(110, 40, 95)], RAIN, state)
    assert [("raised", "rain", 3)] == told(higher)
    assert 2 == higher[0].episode
    _, later = play([rained(186, 2, 65)], RAIN, state)
    assert [("raised", "rain", 2)] == told(later)
    over, _ = play([rained(110, 1, 1)], RAIN, state)
    _, again = play([rained(120, 22, 25)], RAIN, over)
    assert [("raised", "rain", 1)] == told(again)


def test_a_person_cancels_air_until_the_index_is_better_or_worse() -> None:
    """Smoke beside the sensor stays in the mean of a day; a higher category is told, and the day after it all."""
    state, decisions = play([aired(0, 3), cancel(10, "air"), aired(60, 3), aired(120, 2)], AIR)
    assert [("raised", "air", 2), ("cancelled", "operator", 0)] == told(decisions)
    _, worse = play([aired(180, 4)], AIR, state)
    assert [("raised", "air", 3)] == told(worse)
    _, next_day = play([aired(24 * 60 + 20, 3)], AIR, state)
    assert [("raised", "air", 2)] == told(next_day)
    clean, _ = play([aired(180, 0)], AIR, state)
    _, again = play([aired(240, 3)], AIR, clean)
    assert [("raised", "air", 2)] == told(again)


def test_a_person_says_until_when_a_cancelled_alert_stays_cancelled() -> None:
    """Ten minutes are ten minutes; and there must be something to cancel."""
    state, _ = play([rained(0, 25, 65), cancel(5, "rain", until=at(15))], RAIN)
    assert [("raised", "rain", 2)] == told(play([rained(16, 25, 65)], RAIN, state)[1])
    for hazard in ("rain", "air"):
        assert [] == play([cancel(5, hazard)], RAIN)[1]


def aired(minute: float, category: int) -> AirIndexed:
    return AirIndexed(at(minute), 100 * category, category, "PM2,5", 1.0)


def test_an_area_without_a_station_stands_where_people_say() -> None:
    """Water in the streets: raised by hand, held until the time that was said, and nobody is asked for data."""
    streets = AreaRules(area="35.75.01.1001", version=1, stations=())
    state, (raised,) = area_step(AreaState(), streets, Observed(at=at(0), by="Rini", level=2, until=at(60)))
    assert ("raised", 2, True, "Rini") == (raised.kind, raised.level, raised.public_ok, raised.by)
    deadline = area_deadline(state, streets)
    assert at(60) == deadline
    assert (state, ()) == area_step(state, streets, tick(59))
    state, (ended,) = area_step(state, streets, tick(60.1))
    assert ("ended", "over", 0, "Rini") == (ended.kind, ended.why, ended.level, ended.by)
    assert "Pukul 00:00 wilayah 35.75.01.1001 turun menjadi NORMAL: waktu yang ditetapkan Rini sudah lewat." == why(
        ended, WIB
    )
    assert None is area_deadline(state, streets)


def test_an_area_that_people_hold_goes_down_with_its_stations_when_their_time_is_over() -> None:
    """WASPADA by hand until minute 60, SIAGA by a station in between: each is told once, in its own words."""
    held = Observed(at=at(0), by="Rini", level=1, until=at(60))
    state, decisions = play_area([held, moved(10, "kraton", 2), moved(20, "kraton", 0), tick(30.1)])
    assert [("raised", "operator", 1), ("raised_higher", "stations", 2), ("lowered", "stations", 1)] == told(decisions)
    assert at(60) == area_deadline(state, AREA)
    _, decisions = play_area([tick(60.1), tick(70.2)], state)
    assert [("ended", "stations", 0)] == told(decisions)
