"""Silence: by deadline, while the water rises, of a gateway, of everything."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerting.blind import EVERYTHING, group_deadline, group_step
from alerting.engine import StationState, moment, silence_deadline, step, trend_of
from alerting.events import Event, GroupHeard, GroupTicked, Maintained, Observed, RainSummed, Sums, Ticked
from alerting.explain import why
from alerting.group_state import GroupState
from alerting.rules import GroupRules, StationRules
from broker.quality_flags import Flag
from tests.engine_timetable import MINUTE, PLAIN, at, play, reading, rise, series, told

WIB = ZoneInfo("Asia/Jakarta")


def ticks(first: float, last: float, *, cut_by: str | None = None) -> list[Event]:
    """Four a minute."""
    return [Ticked(at(quarter / 4), at(-60), cut_by) for quarter in range(int(first * 4), int(last * 4))]


@pytest.mark.parametrize(("level", "low", "rate"), [(1, 3.0, 1.0), (2, 4.0, 1.0), (3, 5.0, 1.0)])
def test_silence_while_rising_is_one_level_more(level: int, low: float, rate: float) -> None:
    """A gauge that dies while the water rises says "at least" within two of its intervals, and once."""
    state, _ = play(rise(low, rate, 24))
    assert level - 1 == state.level
    died = state.last_seen or 0
    state, decisions = play(ticks(23, 33), state=state)
    assert [("raised" if level == 1 else "raised_higher", "silent_rising", level)] == told(decisions)
    assert state.at_least
    assert 2 * MINUTE < decisions[0].at - died <= 2 * MINUTE + 15_000


def test_silence_at_awas_while_rising_is_told_early() -> None:
    """Nothing is above AWAS: that nobody sees the water any more is said within two intervals."""
    state, _ = play(rise(5.3, 1.0, 24))
    state, decisions = play(ticks(23, 60), state=state)
    assert [("raised", "silence", 3)] == told(decisions)
    assert decisions[0].at_least
    assert decisions[0].at - (state.last_seen or 0) <= 2 * MINUTE + 15_000


def test_a_rise_before_somebody_cancelled_is_no_reason_to_raise_again() -> None:
    """Whoever cancels a silent station knows what it saw; it raises again by new data, not by the silence going on."""
    state, _ = play(rise(4.0, 1.0, 24))
    assert 1 == state.level
    state, cancelled = play([Observed(at=at(24), by="Sari", note="papan duga kering", level=0)], state=state)
    assert [("cancelled", "operator", 0)] == told(cancelled)
    state, decisions = play(ticks(24, 60), state=state)
    assert [("raised", "silence", 0)] == told(decisions)
    state, decisions = play(rise(4.0, 1.0, 24, start=61), state=state)
    assert 1 == state.level


@pytest.mark.parametrize(
    ("away_min", "expected"),
    [(30, [("raised_higher", "silent_rising", 2)]), (600, [("raised", "silence", 1)])],
    ids=["half an hour", "ten hours"],
)
def test_what_rose_before_core_was_away_is_soon_no_news(away_min: int, expected: list[tuple[str, str, int]]) -> None:
    """Started or restored long afterwards, core knows the level that stood and says that nothing comes, no more."""
    state, _ = play(rise(4.0, 1.0, 24))
    began = 24 + away_min
    later: list[Event] = [Ticked(at(began + quarter / 4), at(began)) for quarter in range(200)]
    state, decisions = play(later, state=state)
    assert expected == told(decisions)[:1]
    assert expected[0][2] == state.level


@pytest.mark.parametrize(
    "values",
    [
        [4.0] * 24,
        [4.0 - 0.01 * minute for minute in range(24)],
        [4.0 + 0.01 * (minute % 3) for minute in range(24)],
        [4.0, 4.1, 4.2],
        [1.0 + 0.002 * minute for minute in range(24)],
    ],
    ids=["steady", "falling", "dithering", "too few", "rising far below"],
)
def test_silence_without_a_sure_rise_raises_nothing(values: list[float]) -> None:
    """Only a rise that surely was one counts; the rest is silence, at its own deadline."""
    state, _ = play(series(values))
    after, decisions = play(ticks(len(values), len(values) + 20), state=state)
    assert [("raised", "silence", state.level)] == told(decisions)
    assert not after.at_least


def test_a_deadline_is_always_later_after_its_tick() -> None:
    """Whoever waits for deadlines never waits for the same one twice."""
    for events in (rise(3.2, 1.0, 24), series([4.0] * 24), rise(5.3, 1.0, 24)):
        state, _ = play(events)
        deadline = silence_deadline(state, PLAIN, at(-60))
        while deadline is not None:
            state, _ = step(state, PLAIN, Ticked(deadline + 1, at(-60)))
            later = silence_deadline(state, PLAIN, at(-60))
            assert later is None or later > deadline
            deadline = later
        assert state.silent_since is not None


def test_silence_raises_when_the_rise_could_be_there() -> None:
    """A metre to go at 0.45 m/h: within two intervals. At 0.25 m/h: when the water may be three hours away; at 0.15:
    not at all.
    """
    soon, decisions = play(ticks(23, 26), state=play(rise(3.4, 0.45, 24))[0])
    assert [("raised_higher", "silent_rising", 2)] == told(decisions)
    assert soon.at_least
    state, _ = play(rise(3.45, 0.25, 24))
    assert 1 == state.level
    after, decisions = play(ticks(23, 83), state=state)
    assert [("raised", "silence", 1), ("raised_higher", "silent_rising", 2)] == told(decisions)
    assert 10 * MINUTE < decisions[1].at - at(23) < 50 * MINUTE
    assert (True, 1) == (after.at_least, after.public_level)
    far, decisions = play(ticks(23, 300), state=play(rise(3.5, 0.15, 24))[0])
    assert [("raised", "silence", 1)] == told(decisions)
    assert not far.at_least


def test_a_link_that_often_loses_reports_is_given_the_time_that_it_needs() -> None:
    """Two reports of five are lost: gaps that are usual raise nothing, one that is not does."""
    kept = (0, 1, 4, 5, 6, 9, 12, 13, 14, 18, 19, 21, 24, 25, 26, 29, 32, 33, 36, 39, 40, 41, 45, 46)
    values = [reading(minute, 3.6 + 0.01 * minute) for minute in kept]
    events = sorted([*values, *ticks(0, 46)], key=moment)
    state, decisions = play(events)
    assert [("raised", "threshold", 1)] == told(decisions)
    assert 2 * MINUTE < state.interval_ms < 4 * MINUTE
    _, decisions = play(ticks(46, 56), state=state)
    assert [("raised_higher", "silent_rising", 2)] == told(decisions)


@pytest.mark.parametrize("low", [5.43, 4.6])
def test_awas_by_silence_alone_is_public_only_with_support_and_when_the_water_is_nearly_there(low: float) -> None:
    """Rain upstream and AWAS minutes away: public. AWAS half an hour away: not before the half hour is over."""
    state, _ = play([wet(-5), *rise(low - 0.46, 1.2, 24)])
    assert 2 == state.level
    state, _ = play(ticks(23, 26), state=state)
    assert (3, True, low > 5) == (state.level, state.at_least, state.public_level == 3)
    state, _ = play([wet(40)], state=state)
    assert (3, low > 5) == (state.level, state.public_level == 3)
    state, _ = play([wet(70)], state=state)
    assert (3, 3) == (state.level, state.public_level)
    dry, _ = play([*rise(low - 0.46, 1.2, 24), *ticks(23, 120)])
    assert (3, 2) == (dry.level, dry.public_level)


def wet(minute: float) -> RainSummed:
    return RainSummed(at(minute), Sums(mm_10min=5, mm_1h=15, mm_3h=30, mm_6h=30, mm_24h=30))


def flapping(times: int, *, away: int = 15, back: int = 30) -> list[Event]:
    """A station that is heard for ``back`` minutes and silent for ``away``, time and again."""
    heard = [reading(n * (away + back) + minute, 3.0) for n in range(times) for minute in range(back)]
    return sorted([*heard, *ticks(0, times * (away + back))], key=moment)


def test_a_station_that_comes_and_goes_is_told_a_few_times_a_day() -> None:
    """Thirty-two silences in a day: two alarms and one end, then one alert that stands until data have lasted."""
    state, decisions = play(flapping(32))
    assert [("raised", "silence", 0), ("ended", "heard", 0), ("raised", "silence", 0)] == told(decisions)
    assert None is not state.heard_since or None is not state.silent_since
    assert "stasiun ini sering putus, maka dicabut setelah data masuk 60 menit tanpa putus (aturan v3)." in why(
        decisions[2], WIB
    )
    lasting = series([3.0] * (13 * 60), start=32 * 45)
    state, decisions = play(lasting, state=state)
    assert [("ended", "heard", 0)] == told(decisions)
    assert "data sudah masuk 720 menit tanpa putus; muka air 3,00 m." in why(decisions[0], WIB)
    assert None is state.heard_since


def test_a_sensor_that_vanishes_in_a_flood_is_told_however_often_it_came_and_went() -> None:
    """Its alert of silence still stands when it is heard at SIAGA and falls silent: the officer is told again."""
    state, _ = play(flapping(6))
    begin = 6 * 45
    events = sorted([*series([4.7] * 30, start=begin), *ticks(begin, begin + 60)], key=moment)
    _, decisions = play(events, state=state)
    assert [("raised", "threshold", 2), ("raised", "silence", 2)] == told(decisions)


def test_one_silence_a_day_ends_with_the_first_good_reading() -> None:
    """Only silences that follow each other closely wait for data that last."""
    _, decisions = play(flapping(3, away=15, back=8 * 60))
    assert [("raised", "silence", 0), ("ended", "heard", 0)] * 2 == told(decisions)[:4]


def test_doubtful_data_that_stop_are_a_silence_of_another_kind() -> None:
    """First the data are doubtful, then there are none: the second is told too, once."""
    doubtful = series([3.2] * 20, start=5, flag=Flag.SUSPECT)
    events = sorted([*doubtful, *ticks(5, 60)], key=moment)
    state, decisions = play([*series([3.0] * 5), *events])
    assert [("raised", "doubtful", 0), ("raised", "silence", 0)] == told(decisions)
    assert [1, 2] == [decision.version for decision in decisions]
    assert not state.is_doubtful
    _, decisions = play([reading(61, 3.0)], state=state)
    assert [("ended", "heard", 0)] == told(decisions)


def test_doubtful_data_that_stop_with_everything_are_not_told_again_unless_they_stay_away() -> None:
    """While everything is cut off that alarm says it; afterwards the station's own silence is told, once."""
    doubtful = series([3.2] * 20, start=5, flag=Flag.SUSPECT)
    state, decisions = play([*series([3.0] * 5), *sorted([*doubtful, *ticks(5, 25)], key=moment)])
    assert [("raised", "doubtful", 0)] == told(decisions)
    state, decisions = play(ticks(25, 90, cut_by=EVERYTHING), state=state)
    assert ([], True) == (decisions, state.is_doubtful)
    _, heard = play([reading(91, 3.0)], state=state)
    assert [("ended", "heard", 0)] == told(heard)
    _, alone = play(ticks(90, 120), state=state)
    assert [("raised", "silence", 0, 2)] == [(*each, alone[0].version) for each in told(alone)]


def test_at_least_stays_until_good_data_come_and_the_level_until_they_have_lasted() -> None:
    """The latch opens with the first good sample; the level comes down after the hold only."""
    state, _ = play([*rise(3.0, 1.0, 24), *ticks(23, 30)])
    assert (1, True) == (state.level, state.at_least)
    state, decisions = play(series([3.0] * 10, start=30), state=state)
    assert (1, False, []) == (state.level, state.at_least, decisions)
    _, decisions = play(series([3.0] * 10, start=40), state=state)
    assert [("ended", "fell", 0)] == told(decisions)


def test_a_node_that_reports_every_ten_seconds_is_not_called_dead_after_twenty() -> None:
    """Two intervals are a minute at least: a lost connection takes half of that to come back."""
    events = [reading(tenth / 6, 3.0 + 0.01 * tenth) for tenth in range(60)]
    state, _ = play(events)
    seen = state.last_seen or 0
    assert seen + MINUTE == silence_deadline(state, PLAIN, at(-60))


def test_a_gauge_of_half_an_hour_has_an_hour() -> None:
    """The interval is learned, so that a slow gauge is not called silent between two reports."""
    rules = msgspec.structs.replace(PLAIN, silence_after_ms=120 * MINUTE)
    state, _ = play([reading(30 * n, 3.6 + 0.1 * n) for n in range(9)], rules)
    assert 30 * MINUTE == state.interval_ms
    _, decisions = play(ticks(241, 299), rules, state)
    assert [] == decisions
    _, decisions = play(ticks(299, 302), rules, state)
    assert [("raised_higher", "silent_rising", 2)] == told(decisions)


def test_the_timer_and_new_data_in_the_same_second() -> None:
    """Data first: no alarm. The timer first: an alarm, and its end with the data; never a level."""
    state, _ = play(series([3.0] * 5))
    due = (silence_deadline(msgspec.structs.replace(state, looked=True), PLAIN, at(-60)) or 0) + 1
    data = reading((due - at(0)) / MINUTE, 3.0)
    tick = Ticked(due, at(-60))
    assert [] == play([data, tick], state=state)[1]
    assert [("raised", "silence", 0), ("ended", "heard", 0)] == told(play([tick, data], state=state)[1])


def test_a_lost_gateway_inhibits_the_alarms_of_its_nodes() -> None:
    """Each station is blind and says why it raised no alarm; one that stays silent afterwards is told."""
    state, _ = play(series([3.0] * 5))
    state, decisions = play(ticks(5, 40, cut_by="gw-barat"), state=state)
    assert [("raised", "silence", 0)] == told(decisions)
    assert "gw-barat" == decisions[0].inhibited_by
    assert "tidak diberitakan sendiri karena Gateway gw-barat putus" in why(decisions[0], WIB)
    heard, back = play([reading(40, 3.0)], state=state)
    assert [("ended", "gw-barat")] == [(d.kind, d.inhibited_by) for d in back]
    assert None is heard.inhibited_by
    _, alone = play(ticks(40, 60), state=state)
    assert [("raised", 2, None)] == [(d.kind, d.version, d.inhibited_by) for d in alone]


def test_a_cut_station_is_looked_at_rarely() -> None:
    """While the gateway is away a deadline comes once per silence, not with every tick."""
    state, _ = play(series([3.0] * 5))
    looked = 0
    now = at(5)
    while now < at(125):
        deadline = silence_deadline(state, PLAIN, at(-60))
        assert deadline is not None
        now = deadline + 1
        state, _ = step(state, PLAIN, Ticked(now, at(-60), "gw-barat"))
        looked += 1
    assert looked <= 14


GROUP = GroupRules(group=EVERYTHING, version=1, silence_after_ms=5 * MINUTE)


def test_everything_silent_is_one_alert_before_any_station_has_its_own() -> None:
    """Ten stations die in one second: one BUTA, ten inhibited silences, one end."""
    group = GroupState()
    states = {name: play(series([3.0] * 5))[0] for name in range(10)}
    group, none = group_step(group, GROUP, GroupHeard(at(4)))
    assert () == none
    alarms: list[tuple[str, str, int]] = []
    sentences: list[str] = []
    for event in ticks(5, 30):
        assert isinstance(event, Ticked)
        group, made = group_step(group, GROUP, GroupTicked(event.now, at(-60)))
        alarms += told(made)
        sentences += [why(decision, WIB) for decision in made]
        cut_by = EVERYTHING if group.silent_since is not None else None
        for name, state in states.items():
            states[name], own = step(state, PLAIN, Ticked(event.now, event.listening_since, cut_by))
            alarms += told(decision for decision in own if decision.inhibited_by is None)
    assert [("raised", "all_silent", 0)] == alarms
    assert all(state.silent_since is not None for state in states.values())
    assert "BUTA: tidak ada data dari satu stasiun pun selama 5 menit" in sentences[0]
    group, ended = group_step(group, GROUP, GroupHeard(at(31)))
    assert [("ended", "all_heard", 0)] == told(ended)
    assert at(31) + 5 * MINUTE == group_deadline(group, GROUP, at(-60))


def test_nobody_is_blind_before_he_could_hear() -> None:
    """After a restart, and while the broker has only just come back, the group's silence counts from then."""
    group, _ = group_step(GroupState(), GROUP, GroupHeard(at(0)))
    assert at(60) + 5 * MINUTE == group_deadline(group, GROUP, at(60))
    assert () == group_step(group, GROUP, GroupTicked(at(64), at(60)))[1]
    assert None is group_deadline(GroupState(), GROUP, at(60))


def test_why_says_how_long_it_was_silent_and_what_it_saw_last() -> None:
    """One sentence with the interval, the rate, the last value and its time."""
    state, _ = play([*rise(4.0, 1.2, 24)])
    _, (decision,) = play(ticks(23, 30), state=state)
    assert (
        "Pukul 23:25 stasiun diam 2 menit (biasanya paling lama 1 menit) saat air naik 120 cm/jam; terakhir 4,46 m "
        "pukul 23:23, maka sedikitnya SIAGA, naik (aturan v3); belum ke publik: stasiun diam, perlu dukungan dan air "
        "yang sudah hampir sampai."
    ) == why(decision, WIB)


def test_without_thresholds_silence_raises_no_level() -> None:
    """BELUM DITETAPKAN: there is no level to go up to."""
    rules: StationRules = msgspec.structs.replace(PLAIN, level=None)
    state, _ = play(rise(3.2, 1.0, 24), rules)
    state, decisions = play(ticks(23, 60), rules, state)
    assert [("raised", "silence", 0)] == told(decisions)
    assert isinstance(state, StationState)
    assert None is not trend_of(state)


@pytest.mark.parametrize("low", [1.0, 4.0])
def test_maintenance_closes_the_alert_of_a_silence(low: float) -> None:
    """Somebody is at the sensor: the silence is his; the level stays, and silence counts anew when he is done."""
    state, _ = play([*series([low] * 5), *ticks(5, 20)])
    work = Maintained(at=at(30), by="Budi", reason="ganti baterai", until=at(90))
    state, decisions = play([work, *ticks(31, 90)], state=state)
    assert [("cancelled", "worked", int(low > 3.5))] == told(decisions)
    assert ("Budi", 1, 2) == (decisions[0].by, decisions[0].episode, decisions[0].version)
    assert 'Budi mulai bekerja di stasiun yang diam: "ganti baterai"' in why(decisions[0], WIB)
    state, decisions = play(ticks(90, 100), state=state)
    assert [] == decisions
    _, decisions = play(ticks(100, 102), state=state)
    assert [("raised", "silence", int(low > 3.5))] == told(decisions)
    assert 2 == decisions[0].episode
