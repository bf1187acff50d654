"""A clock that is behind is told from a backlog by how observations arrive."""

from collections.abc import Iterable

import pytest

from broker.wire import Observation
from ingest.clock_behind import heard
from ingest.node_clock import RIGHT, NodeClock
from ingest.qualify import clock_of, filing_time, has_own_time
from ingest.quality import is_possible_date
from ingest.readings import Reading

NOW = 1_795_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE

Arrivals = list[tuple[float, float]]  # minutes: by the node's clock, and by core's


def follow(arrivals: Iterable[tuple[float, float]], clock: NodeClock = RIGHT) -> NodeClock:
    for t, received in arrivals:
        clock = heard(clock, NOW + int(t * MINUTE), NOW + int(received * MINUTE))
    return clock


def behind(hours: float, *, first: int = 0, count: int = 10, spacing: float = 1.0) -> Arrivals:
    """One observation after the other, some tenths of a minute on their way."""
    times = [first + n * spacing for n in range(count)]
    return [(time - hours * 60, time + n % 3 * 0.05) for n, time in enumerate(times)]


@pytest.mark.parametrize("hours", [0.25, 2, 30])
@pytest.mark.parametrize("spacing", [1, 5, 30])
def test_steady_observations_of_one_age_are_of_now(hours: float, spacing: float) -> None:
    """After four of them the clock is known, to the seconds that they took."""
    arrivals = behind(hours, spacing=spacing)
    assert 0 == follow(arrivals[:3]).behind_ms
    assert hours * HOUR == pytest.approx(follow(arrivals).behind_ms, abs=10_000)
    assert 0 != follow(arrivals[:4]).behind_ms


@pytest.mark.parametrize(
    "arrivals",
    [
        [(n, 360 + n / 6000) for n in range(360)],
        [(n, 360 + n / 60) for n in range(360)],
        [(n, 360 + n / 2) for n in range(360)],
        [(10 * block + n, 200 + 10 * block) for block in range(20) for n in range(10)],
        [each for n in range(60) for each in ((300 + n, 300 + n), (n, 300 + n + 0.1))],
    ],
    ids=["at once", "one a second", "two a minute", "in blocks, each of ten minutes", "beside live ones"],
)
def test_a_backlog_is_a_backlog(arrivals: Arrivals) -> None:
    """Its age shrinks, or jumps, or it comes beside what is of now."""
    clock = RIGHT
    for t, received in arrivals:
        clock = follow([(t, received)], clock)
        assert 0 == clock.behind_ms


def test_a_clock_that_is_set_right_is_right_at_once() -> None:
    """The next observation with a young age ends it."""
    clock = follow(behind(2))
    assert RIGHT == follow([(10, 10.1)], clock)


def test_an_outage_of_a_node_with_a_wrong_clock_is_backlog_of_its_own_time() -> None:
    """Half an hour is kept and sent in a row: filed half an hour ago, and what follows is of now."""
    clock = follow(behind(2))
    for n in range(30):
        clock = follow([(10 + n - 120, 40 + n / 6000)], clock)
        filed, _ = filed_at(10 + n - 120, 40, clock)
        assert 10 + n == pytest.approx((filed - NOW) / MINUTE, abs=0.2)
    assert 2 * HOUR == pytest.approx(follow(behind(2, first=41), clock).behind_ms, abs=10_000)


def test_a_clock_that_was_set_right_while_nobody_heard_it_ends_with_the_jump_in_its_backlog() -> None:
    """40 minutes behind, cut off, put right: in its queue, what follows the jump is as old as it says."""
    known = follow(behind(2 / 3))
    before = [(minute - 40, 60 + minute / 100) for minute in range(10, 13)]
    after = [(minute, 60 + minute / 100) for minute in range(13, 20)]
    assert 0 != follow(before, known).behind_ms
    for count in range(1, len(after) + 1):
        assert 0 == follow([*before, *after[:count]], known).behind_ms


@pytest.mark.parametrize("spacing", [1, 20, 30, 60])
def test_the_backlog_of_a_clock_an_hour_behind_stays_an_hour_behind(spacing: int) -> None:
    """Also of a logger whose interval is as long as its error."""
    known = follow(behind(1, spacing=spacing))
    backlog = [(minute - 60, 1200 + minute / 1000) for minute in range(10 * spacing, 20 * spacing, spacing)]
    assert HOUR == pytest.approx(follow(backlog, known).behind_ms, abs=10_000)


def test_a_clock_that_jumps_again_is_learned_again() -> None:
    """From two hours behind to one, and to five."""
    clock = follow(behind(2))
    assert 1 * HOUR == pytest.approx(follow(behind(1, first=10), clock).behind_ms, abs=10_000)
    assert 5 * HOUR == pytest.approx(follow(behind(5, first=10), clock).behind_ms, abs=10_000)


def filed_at(t: float, received: float, clock: NodeClock) -> tuple[int, str | None]:
    observation = Observation(v=1, boot=7, seq=1, t=NOW + int(t * MINUTE), s={"distance_mm": 1.0})
    return filing_time(observation, NOW + int(received * MINUTE), 0, clock.behind_ms)


def test_it_is_filed_by_the_clock_put_right_and_says_so() -> None:
    """Time and reason; the node's own word is kept beside."""
    filed, reason = filed_at(-110, 10, NodeClock(behind_ms=2 * HOUR))
    assert (NOW + 10 * MINUTE, "clock_behind: 120 min; filed at arrival") == (filed, reason)
    assert has_own_time(NOW - 110 * MINUTE, NOW)
    assert not has_own_time(None, NOW)


def test_a_restart_knows_the_clock_from_the_newest_reading() -> None:
    """What was filed two hours after the node's time was filed by a clock put right; another node says nothing."""
    row = Reading(
        1, "node-a", 7, 1, "distance_mm", 0, "welang", "level_m", NOW, NOW - 2 * HOUR, NOW, 1.0, 1.0, 1, None, 1
    )
    assert NodeClock(behind_ms=2 * HOUR) == clock_of("node-a", [row])
    assert RIGHT == clock_of("node-b", [row])
    assert RIGHT == clock_of("node-a", [])


def test_a_core_of_an_earlier_year_takes_the_dates_of_its_time() -> None:
    """A recording of 2018 is played by a clock of 2018; 1970 and 2000 are impossible for it as for any other."""
    then = 1_520_000_000_000
    assert is_possible_date(then - HOUR, then)
    assert not is_possible_date(0, then)
    assert not is_possible_date(946_684_800_000, then)
