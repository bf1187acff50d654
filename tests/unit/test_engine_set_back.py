"""Core's clock is set back: what lies in the future neither hides a rise nor shortens a fall."""

from alerting.engine import AHEAD_MS
from alerting.samples import SAMPLES
from tests.engine_timetable import MINUTE, at, play, reading, series, told

BACK = -60.0  # minutes


def test_a_rise_is_told_by_its_first_samples() -> None:
    """What was heard in an hour that has not come yet does not make them late."""
    state, _ = play(series([3.0] * SAMPLES))
    _, decisions = play(series([4.0, 4.6, 4.6], start=BACK), state=state)
    assert [("raised", "threshold", 1), ("raised_higher", "threshold", 2)] == told(decisions)


def test_a_fall_waits_its_whole_time_again() -> None:
    """The level stands over the step, and the minutes below it before the step do not count."""
    state, decisions = play(series([3.0, 4.6, 4.6, *[3.0] * 14]))
    assert ("raised", "threshold", 2) == told(decisions)[0]
    assert 2 == state.level
    state, decisions = play(series([3.0] * 15, start=BACK), state=state)
    assert [] == decisions
    assert 2 == state.level
    state, decisions = play(series([3.0] * 2, start=BACK + 15), state=state)
    assert ["ended"] == [decision.kind for decision in decisions]


def test_a_little_is_no_step() -> None:
    """Within what a node's clock may be ahead, the newest sample stays the newest."""
    ahead = AHEAD_MS / MINUTE
    state, _ = play([reading(0, 3.0), reading(ahead, 3.2), reading(1, 3.1)])
    assert (at(0), at(1), at(ahead)) == state.times
