"""What may be told to the public on one station's word, and what is only an officer's business."""

from zoneinfo import ZoneInfo

import pytest

from alerting.engine import StationState
from alerting.episodes import Decision
from alerting.events import Event, NeighbourMoved, Observed, RainSummed, ReadingRevised, SecondTaken, Sums, Ticked
from alerting.explain import why
from broker.quality_flags import Flag
from tests.engine_timetable import MINUTE, at, play, reading, rise, series, told

WIB = ZoneInfo("Asia/Jakarta")
FLASH = [3.0, 3.4, 3.8, 4.2, 4.6, 5.0, 5.4, 5.8, 6.0, 6.1, 6.2]  # 0.4 m a minute, no step of its own


def rain(minute: float, mm_3h: float, *, upstream: bool = True) -> RainSummed:
    sums = Sums(mm_10min=0, mm_1h=mm_3h / 2, mm_3h=mm_3h, mm_6h=mm_3h, mm_24h=mm_3h)
    return RainSummed(at(minute), None, sums) if upstream else RainSummed(at(minute), sums)


def second(minute: float, value: float, flag: int = Flag.GOOD) -> SecondTaken:
    return SecondTaken(at(minute), at(minute) + 300, value, flag)


SEEN = Observed(at=at(0), by="Slamet", value=5.6)


def last(decisions: list[Decision]) -> Decision:
    return decisions[-1]


@pytest.mark.parametrize(
    ("aid", "support"),
    [
        (rain(-5, 24), ("rain",)),
        (rain(-5, 24, upstream=False), ("rain",)),
        (NeighbourMoved(at(-20), "dhompo", True), ("neighbour",)),
        (SEEN, ("operator",)),
    ],
    ids=["rain upstream", "rain here", "neighbour", "officer"],
)
def test_awas_of_one_station_is_public_with_support(aid: Event, support: tuple[str, ...]) -> None:
    """A flash flood with rain, a neighbour or a witness reaches the public at its third sample over AWAS."""
    state, decisions = play([aid, *series(FLASH[:9])])
    assert 3 == state.level
    assert (support == ("operator",)) == (3 == state.public_level)
    state, _ = play(series(FLASH[9:10], start=9), state=state)
    assert 3 == state.public_level
    assert all(support == decision.support for decision in decisions)


def test_awas_with_a_second_sensor_is_public() -> None:
    """Two sensors that agree within the tolerance are enough; a broken second one is not."""
    for other, expected in ((0.1, 3), (0.5, 2)):
        events = [each for n, v in enumerate(FLASH) for each in (second(n - 0.1, v + other), reading(n, v))]
        assert expected == play(events)[0].public_level
    events = [each for n, v in enumerate(FLASH) for each in (second(n - 0.1, v, Flag.FAIL), reading(n, v))]
    assert 2 == play(events)[0].public_level


def test_awas_of_one_station_alone_waits_for_the_operator() -> None:
    """Persistent and good, but nothing speaks for it: officers have it at once, the public has SIAGA."""
    state, decisions = play(series(FLASH))
    assert (3, 2) == (state.level, state.public_level)
    assert (False, "no_support") == (last(decisions).public_ok, last(decisions).public_why)
    assert "menunggu keputusan petugas" in why(last(decisions), WIB)
    assert [True, True, False] == [decision.public_ok for decision in decisions]


def test_support_that_comes_later_is_enough() -> None:
    """Rain is reported ten minutes after the river rose."""
    state, _ = play(series(FLASH))
    state, decisions = play([rain(12, 30)], state=state)
    assert (3, []) == (state.public_level, decisions)


def test_support_grows_old() -> None:
    """Rain that ended hours ago speaks for nothing."""
    state, _ = play([rain(-90, 30), *series(FLASH)])
    assert 2 == state.public_level


def test_a_neighbour_takes_back_only_its_own_word() -> None:
    """Dhompo went down: its support ends, that of another does not."""
    up = NeighbourMoved(at(0), "dhompo", True)
    state, _ = play([up, NeighbourMoved(at(1), "kraton", False)])
    assert state.aids is not None
    assert at(0) == state.aids.neighbour_at
    state, _ = play([NeighbourMoved(at(1), "dhompo", False), *series(FLASH, start=2)], state=state)
    assert 2 == state.public_level


def test_a_step_without_support_raises_nothing_in_public() -> None:
    """A car parks under the sensor: from 3 to 5.9 m at once, then constant. Officers see it, nobody is evacuated."""
    car = [3.0] * 5 + [5.9] * 60
    state, decisions = play(series(car))
    assert (3, 0) == (state.level, state.public_level)
    assert [("raised", "threshold", 3)] == told(decisions)
    assert "step" == decisions[0].public_why
    assert "lonjakan mendadak tanpa dukungan" in why(decisions[0], WIB)
    state, _ = play(series([3.0] * 20, start=65), state=state)
    assert (0, None) == (state.level, state.step_from)


def test_a_step_that_rain_supports_is_no_longer_suspect() -> None:
    """The same jump after 40 mm upstream is a flood wave."""
    state, _ = play([rain(-5, 40), *series([3.0] * 5 + [5.9] * 3)])
    assert (3, 3) == (state.level, state.public_level)


def test_a_slow_gauge_may_jump() -> None:
    """Half a metre in half an hour is a fast river, not a step; AWAS in public wants more than one sample."""
    state, _ = play([reading(30 * n, 3.0 + 0.7 * n) for n in range(5)])
    assert (3, 2) == (state.level, state.public_level)
    assert None is state.step_from


def test_one_unverified_spike_raises_nothing() -> None:
    """A spike at night, flagged suspect, and the next sample is back."""
    state, decisions = play([*series([3.0] * 5), reading(5, 6.0, flag=Flag.SUSPECT), *series([3.0] * 5, start=6)])
    assert (0, [], None) == (state.level, decisions, state.doubt)


def test_unverified_samples_that_agree_are_an_officers_business() -> None:
    """Unverified samples that climb over AWAS: SIAGA, not verified, not public; the flood is not hidden."""
    climb = series([5.9, 6.0, 6.1, 6.2], start=5, flag=Flag.SUSPECT)
    state, decisions = play([*series([3.0] * 5), *climb])
    assert [("raised", "threshold", 1), ("raised_higher", "threshold", 2)] == told(decisions)
    for decision in decisions:
        assert (False, False, "unverified") == (decision.verified, decision.public_ok, decision.public_why)
    assert (2, 0, 0) == (state.level, state.verified_level, state.public_level)
    assert "3 pembacaan belum terverifikasi berturut-turut" in why(decisions[0], WIB)


def test_unverified_samples_that_stay_put_are_for_somebody_to_look_at() -> None:
    """A car for hours, dry or in the rain: WASPADA, once, and the data are called doubtful, not missing."""
    for aids in ([], [rain(4, 30)]):
        car = series([5.9, 5.91, 5.9] * 40, start=5, flag=Flag.SUSPECT)
        stops = [Ticked(each.received_at + 1, at(-60)) for each in car]
        events: list[Event] = [event for pair in zip(car, stops, strict=True) for event in pair]
        state, decisions = play([*series([3.0] * 5), *aids, *events])
        assert [("raised", "threshold", 1), ("raised", "doubtful", 1)] == told(decisions)
        assert (1, 0, True) == (state.level, state.public_level, state.is_doubtful)
    assert (
        "Data meragukan: selama 10 menit sampai pukul 23:14 semua pembacaan belum terverifikasi, terakhir 5,90 m; "
        "pembacaan baik terakhir 3,00 m pukul 23:04; periksa alat (aturan v3)."
    ) == why(decisions[-1], WIB)


def test_a_witness_makes_unverified_samples_that_stay_put_awas_for_officers() -> None:
    """A neighbour stands above NORMAL: the wave may have come between two reports."""
    up = NeighbourMoved(at(4), "dhompo", True)
    state, decisions = play([*series([3.0] * 4), up, *series([5.9] * 3, start=5, flag=Flag.SUSPECT)])
    assert [("raised", "threshold", 3)] == told(decisions)
    assert 0 == state.public_level


def test_unverified_samples_with_support_may_be_awas_for_officers() -> None:
    """With rain upstream the same three samples are AWAS, still unverified and not public."""
    events: list[Event] = [rain(4, 30), *series([5.9, 6.0, 6.1], start=5, flag=Flag.SUSPECT)]
    state, decisions = play([*series([3.0] * 4), *events])
    assert [("raised", "threshold", 3)] == told(decisions)
    assert (3, 0) == (state.level, state.public_level)


def test_noise_that_does_not_agree_with_itself_is_no_evidence() -> None:
    """A storm of echoes jumps by metres: each one begins the count anew."""
    storm = [5.9, 9.0, 5.6, 8.0, 6.5, 9.9, 5.7] * 4
    state, decisions = play([*series([3.0] * 5), *series(storm, start=5, flag=Flag.SUSPECT)])
    assert (0, []) == (state.level, decisions)


def test_samples_that_failed_are_never_evidence() -> None:
    """Flag 4 in any number."""
    state, decisions = play([*series([3.0] * 5), *series([6.0] * 30, start=5, flag=Flag.FAIL)])
    assert (0, []) == (state.level, decisions)


def test_quality_control_that_settles_samples_makes_them_evidence_at_once() -> None:
    """Two provisional samples are confirmed together with the third: AWAS at the same moment, verified."""
    doubtful = series([5.9, 6.0], start=5, flag=Flag.SUSPECT)
    now = at(7) + 200
    settled: list[Event] = [ReadingRevised(each.time, now, each.value, Flag.GOOD) for each in doubtful]
    state, decisions = play([rain(4, 30), *series([3.0] * 5), *doubtful, *settled, reading(7, 6.1)])
    assert [("raised", "threshold", 3)] == told(decisions)
    assert (3, 3, True) == (state.public_level, state.verified_level, decisions[0].verified)
    assert now == decisions[0].received_at


def test_a_sample_that_was_taken_for_good_and_is_bad_takes_its_evidence_with_it() -> None:
    """The level stays, for fresh good data to lower; it is not verified and not public any more."""
    state, decisions = play([*series([3.0] * 5), *series([4.6, 4.7], start=5)])
    assert [("raised", "threshold", 2)] == told(decisions)
    now = at(7)
    state, decisions = play([ReadingRevised(at(6), now, 4.7, Flag.FAIL)], state=state)
    assert (2, 0, []) == (state.level, state.verified_level, decisions)
    assert 4.6 == state.last_value
    state, decisions = play(series([3.0] * 17, start=7), state=state)
    assert [("ended", "fell", 0)] == told(decisions)


def test_persistence_before_the_public_is_told() -> None:
    """The officer has AWAS at the second sample, the public at the third, within a minute of it."""
    state, _ = play([rain(-1, 30), *rise(4.6, 3.0, 19)])
    assert 2 == state.level
    moments: dict[str, int] = {}
    for each in rise(5.5, 3.0, 4, start=19):
        state, _ = play([each], state=state)
        if state.level == 3:
            moments.setdefault("officer", each.time)
        if state.public_level == 3:
            moments.setdefault("public", each.time)
    assert MINUTE == moments["public"] - moments["officer"]


def test_what_the_public_knows_is_not_taken_back_by_doubt() -> None:
    """Support that grows old while the water stands at AWAS does not lower what was told."""
    state, _ = play([rain(-1, 30), *series(FLASH)])
    state, _ = play(series([6.2] * 120, start=11), state=state)
    assert (3, 3) == (state.level, state.public_level)


def test_nothing_is_left_when_the_episode_ends() -> None:
    """At NORMAL nothing is verified and nothing is public."""
    state, _ = play([rain(-1, 30), *series(FLASH), *series([2.0] * 60, start=11)])
    assert (0, 0, 0) == (state.level, state.public_level, state.verified_level)
    assert isinstance(state, StationState)
