"""What people do: observe, decide, maintain, edit the rules; and high tide."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerting.engine import StationState, silence_deadline, step
from alerting.events import Maintained, NeighbourMoved, Observed, RulesChanged, Ticked, TideWindow
from alerting.explain import why
from alerting.rules import BadRules, LevelRule, Thresholds
from broker.quality_flags import Flag
from tests.engine_timetable import MINUTE, PLAIN, THRESHOLDS, at, play, reading, rise, series, told

WIB = ZoneInfo("Asia/Jakarta")


def decide(minute: float, level: int, *, until: float | None = None, note: str = "") -> Observed:
    return Observed(at=at(minute), by="Rini", level=level, note=note, until=None if until is None else at(until))


def test_an_officers_observation_raises_at_once() -> None:
    """One look at the staff gauge is as good as two samples, and it may go to the public."""
    state, decisions = play([*series([3.0] * 5), Observed(at=at(5), by="Slamet", value=5.7, note="deras")])
    assert [("raised", "observed", 3)] == told(decisions)
    assert (3, True) == (state.public_level, decisions[0].public_ok)
    assert (
        'Pukul 23:05 Slamet melihat muka air 5,70 m, pada atau di atas ambang AWAS (5,50 m): "deras" (aturan v3); '
        "didukung petugas."
    ) == why(decisions[0], WIB)


def test_an_observation_of_low_water_lowers_nothing() -> None:
    """To bring a level down somebody has to say so."""
    state, _ = play(series([5.0] * 3))
    state, decisions = play([Observed(at=at(4), by="Slamet", value=1.0)], state=state)
    assert (2, []) == (state.level, decisions)


def test_a_manual_alert_stands_though_the_gauge_is_low() -> None:
    """Rain floods streets while the river is normal: the alert lasts until somebody ends it."""
    state, decisions = play([*series([1.0] * 5), decide(5, 2, note="banjir jalan"), *series([1.0] * 60, start=6)])
    assert [("raised", "operator", 2)] == told(decisions)
    assert (2, 2) == (state.level, state.public_level)
    assert 'Rini menetapkan SIAGA: "banjir jalan"' in why(decisions[0], WIB)
    state, decisions = play([decide(70, 0)], state=state)
    assert [("cancelled", "operator", 0)] == told(decisions)
    assert "Rini membatalkan peringatan." in why(decisions[0], WIB)


def test_a_manual_alert_with_an_end_falls_by_good_data_only_after_it() -> None:
    """Its end is no all-clear: the level falls when fresh good data have been low for the hold."""
    state, _ = play([decide(0, 3, until=30), *series([1.0] * 29, start=1)])
    assert 3 == state.level
    state, decisions = play(series([1.0] * 5, start=30), state=state)
    assert [("ended", "fell", 0)] == told(decisions)
    state, _ = play([decide(0, 3, until=30)])
    state, decisions = play([Ticked(at(minute), at(-60)) for minute in range(1, 90)], state=state)
    assert 3 == state.level


def test_a_cancelled_level_does_not_come_back_at_the_next_sample() -> None:
    """For half an hour only more than what was denied raises again; then the data speak."""
    state, _ = play(series([4.6] * 5))
    state, decisions = play([decide(5, 0), *series([4.6] * 29, start=6)], state=state)
    assert [("cancelled", "operator", 0)] == told(decisions)
    _, again = play(series([4.6] * 3, start=35), state=state)
    assert [("raised", "threshold", 2)] == told(again)
    _, higher = play(series([5.6] * 3, start=20), state=play([decide(5, 0)], state=play(series([4.6] * 5))[0])[0])
    assert [("raised", "threshold", 3)] == told(higher)


def test_a_cancelled_level_may_come_again_when_the_water_has_left_it() -> None:
    """The next flood is another matter."""
    state, _ = play(series([4.6] * 5))
    state, decisions = play([decide(5, 0), *series([3.0] * 3, start=6), *series([4.6] * 3, start=9)], state=state)
    assert [("cancelled", "operator", 0), ("raised", "threshold", 2)] == told(decisions)
    assert [1, 2] == [decision.episode for decision in decisions]


def test_maintenance_tells_no_public_and_ends_by_itself() -> None:
    """A rise in ten samples in a row: AWAS for officers, marked, never public, nothing left of it."""
    work = Maintained(at=at(5), by="Joko", reason="ganti sensor", until=at(65))
    state, decisions = play([*series([3.0] * 5), work, *rise(3.0, 12.0, 25, start=6)])
    assert 3 == state.level
    assert 0 == state.public_level
    assert "10 pembacaan berturut-turut" in why(decisions[-1], WIB)
    assert all("maintenance" == decision.public_why and not decision.public_ok for decision in decisions)
    assert "pemeliharaan oleh Joko sampai 00:05 (ganti sensor); tidak ke publik" in why(decisions[-1], WIB)
    deadline = silence_deadline(state, PLAIN, at(-60))
    assert at(65) == deadline
    state, decisions = play([Ticked(at(65) + 1, at(-60))], state=state)
    assert (None, (), [], 0) == (state.maintenance, state.times, decisions, state.verified_level)
    assert at(65) == state.worked_until
    later = silence_deadline(state, PLAIN, at(-60))
    assert later is not None
    assert later > at(65) + MINUTE
    state, decisions = play(series([3.0] * 20, start=66), state=state)
    assert [("ended", "fell", 0)] == told(decisions)


def test_what_hands_do_under_a_sensor_is_no_alarm() -> None:
    """A technician's arm and tools for some minutes, good samples between doubtful ones: officers are not called."""
    work = Maintained(at=at(5), by="Joko", reason="ganti sensor", until=at(65))
    tools = [reading(6 + n, 5.9 if n % 3 else 7.0, flag=Flag.GOOD if n % 3 else Flag.SUSPECT) for n in range(50)]
    state, decisions = play([*series([3.0] * 5), work, *series([5.9] * 8, start=6), *tools[8:]])
    assert (0, []) == (state.level, decisions)
    _, decisions = play([*series([3.0] * 5), work, NeighbourMoved(at(5), "dhompo", True), *series([5.9] * 3, start=6)])
    assert [("raised", "threshold", 3)] == told(decisions)


def test_an_unplugged_sensor_under_maintenance_is_no_alarm() -> None:
    """Silence counts from the end of the work."""
    state, _ = play([*series([3.0] * 5), Maintained(at=at(5), by="Joko", reason="baterai", until=at(65))])
    _, decisions = play([Ticked(at(minute), at(-60)) for minute in range(6, 75)], state=state)
    assert [] == decisions
    _, decisions = play([Ticked(at(minute), at(-60)) for minute in range(6, 90)], state=state)
    assert [("raised", "silence", 0)] == told(decisions)


def test_data_of_a_sensor_that_is_worked_on_lower_nothing_that_was_there_before() -> None:
    """An alert that stood when the work began stands when it ends."""
    work = Maintained(at=at(5), by="Joko", reason="lumpur", until=at(65))
    state, _ = play([*series([4.6] * 5), work, *series([1.0] * 40, start=6)])
    assert 2 == state.level
    over = Maintained(at=at(50), by="Joko", reason="selesai", until=None)
    state, decisions = play([over, *series([1.0] * 17, start=51)], state=state)
    assert [("ended", "fell", 0)] == told(decisions)


@pytest.mark.parametrize("shift", [-0.5, -0.2, 0.2, 0.5])
def test_thresholds_edited_during_an_event_cause_no_flap(shift: float) -> None:
    """The edit itself moves nothing; samples do, after the usual holds; the next version names the edit."""
    edited = msgspec.structs.replace(
        PLAIN,
        version=4,
        level=LevelRule(
            thresholds=Thresholds(waspada=3.5 + shift, siaga=4.5 + shift, awas=5.5 + shift), early_siaga_ms=0
        ),
    )
    state, _ = play(series([4.7] * 30))
    state, decisions = step(state, edited, RulesChanged(at=at(30), author="Rini", reason="tanggul"))
    assert (2, ()) == (state.level, decisions)
    state, later = play(series([4.7 + 0.01 * (m % 3) for m in range(90)], start=31), edited, state)
    assert len(later) <= 1
    for decision in later:
        assert 4 == decision.rules_version
        assert at(30) == decision.rules_changed_at
        assert "aturan diganti pukul 23:30 saat peringatan berjalan" in why(decision, WIB)


def test_an_edit_while_core_was_away_is_noticed() -> None:
    """Rules with another version are new, also when nobody said so."""
    state, _ = play(series([4.7] * 5))
    edited = msgspec.structs.replace(PLAIN, version=4)
    state, _ = step(state, edited, reading(5, 4.7))
    assert (4, (1, 1, 0)) == (state.rules_version, state.above)


def test_thresholds_taken_away_cancel_the_alert_by_name() -> None:
    """Without thresholds nothing could ever end it."""
    state, _ = play(series([4.7] * 5))
    without = msgspec.structs.replace(PLAIN, version=4, level=None)
    state, decisions = step(state, without, RulesChanged(at=at(6), author="Rini", reason="salah stasiun"))
    assert [("cancelled", "rules", 0)] == told(decisions)
    assert 'Rini menghapus ambang stasiun ini, maka peringatan dibatalkan: "salah stasiun"' in why(decisions[0], WIB)


TIDAL = msgspec.structs.replace(
    PLAIN,
    level=LevelRule(thresholds=THRESHOLDS, early_siaga_ms=0, high_tide=Thresholds(waspada=3.0, siaga=3.8, awas=4.6)),
)


def test_high_tide_lowers_the_trigger() -> None:
    """A middling river at spring tide is a flood: lower thresholds inside the predicted window, and only there."""
    window = TideWindow(at(-600), (at(30), at(150)))
    middling = series([4.0] * 200)
    state, decisions = play([window, *middling], TIDAL)
    assert [("raised", "threshold", 1), ("raised_higher", "threshold", 2)] == told(decisions)[:2]
    assert [1, 31] == [round((decision.at - at(0)) / MINUTE) for decision in decisions[:2]]
    assert "ambang pasang tinggi berlaku 23:30-01:30" in why(decisions[1], WIB)
    assert [("lowered", "fell", 1)] == told(decisions[2:])
    assert 1 == state.level


def test_without_a_prediction_the_usual_thresholds_hold() -> None:
    """Absent model: nothing is lowered."""
    assert [("raised", "threshold", 1)] == told(play([TideWindow(at(-600), None), *series([4.0] * 60)], TIDAL)[1])


def test_high_tide_may_only_lower() -> None:
    """A higher threshold at high tide would be a warning not given."""
    with pytest.raises(BadRules, match=r"high_tide awas 6.0 is above the usual 5.5"):
        LevelRule(thresholds=THRESHOLDS, high_tide=Thresholds(waspada=3.0, siaga=3.8, awas=6.0))


def test_every_state_survives_encoding() -> None:
    """Maintenance, doubt, aids, a manual level: all of it goes through msgpack."""
    work = Maintained(at=at(5), by="Joko", reason="ganti", until=at(65))
    state, _ = play([decide(0, 1, until=30), work, TideWindow(at(0), (at(1), at(2))), *series([4.0] * 5, start=6)])
    assert state == msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=StationState)
