"""How fast messages may leave."""

import bisect
import itertools
import math
import random

import pytest

from alerting.pacing import LONGEST_HOLD_MS, Pace

T0 = 1_764_000_000_000


def left(pace: Pace, *, turns: list[int], most: int) -> list[int]:
    """When each of ``most`` messages leaves, if core has a turn at each of ``turns``."""
    times: list[int] = []
    for now in turns:
        while len(times) < most and not pace.wait_ms(now):
            pace.take(now)
            times.append(now)
    return times


def busiest_second(times: list[int]) -> int:
    return max(bisect.bisect_left(times, at + 1000) - n for n, at in enumerate(times))


@pytest.mark.parametrize("rate", [0.1, 1, 2, 7, 13, 50, 100, 300, 1000])
def test_a_queue_leaves_at_the_rate_and_never_faster(rate: float) -> None:
    """A thousand messages, turns every 8 ms: 97 % of the rate, and never more of them in a second."""
    times = left(Pace(rate), turns=list(range(T0, T0 + int(1_200_000 / rate) + 1000, 8)), most=1000)
    assert 1000 == len(times)
    assert (len(times) - 1) * 1000 / (times[-1] - times[0]) >= 0.97 * rate
    assert busiest_second(times) <= max(1, rate)


@pytest.mark.parametrize("rate", [2, 12.82, 25, 100, 300])
def test_late_turns_are_made_up_for_without_a_burst(rate: float) -> None:
    """A busy machine: turns at random up to 40 ms apart, now and then half a second; still 95 % of the rate."""
    chance = random.Random(7)
    turns, now = [], T0
    while now < T0 + 1_300_000 / rate + 5000:
        turns.append(now)
        now += chance.randint(250, 500) if chance.random() < 0.001 else chance.randint(1, 40)
    times = left(Pace(rate), turns=turns, most=1000)
    assert 1000 == len(times)
    assert (len(times) - 1) * 1000 / (times[-1] - times[0]) >= 0.95 * rate
    assert busiest_second(times) <= math.ceil(rate)


def test_messages_leave_at_even_distances() -> None:
    """Not ten at once and a second of nothing: a provider that counts in tenths is content as well."""
    times = left(Pace(10), turns=list(range(T0, T0 + 20_000)), most=100)
    assert {102, 103} == {b - a for a, b in itertools.pairwise(times)}


def test_what_was_idle_has_saved_up_nothing() -> None:
    """After an hour without messages the first leaves at once, the second at its distance."""
    pace = Pace(10)
    pace.take(T0)
    assert 0 == pace.wait_ms(T0 + 3_600_000)
    pace.take(T0 + 3_600_000)
    assert pytest.approx(1000 / 9.8, abs=0.01) == pace.wait_ms(T0 + 3_600_000)


def test_an_urgent_message_does_not_wait_and_the_others_pay_for_it() -> None:
    """Two officers in the middle of a queue: at once; then the queue waits for two places more."""
    pace = Pace(10)
    pace.take(T0)
    assert pace.wait_ms(T0) > 0
    for _ in range(2):
        assert 0 == pace.wait_ms(T0, is_urgent=True)
        pace.take(T0)
    assert pytest.approx(3 * 1000 / 9.8, abs=0.01) == pace.wait_ms(T0)


@pytest.mark.parametrize(("rate", "most"), [(10, 10), (97, 96), (0.1, 5)])
def test_the_urgent_borrow_a_second_or_four(rate: float, most: int) -> None:
    """A thousand breaches at once do not flood the provider either."""
    pace, count = Pace(rate), 0
    while not pace.wait_ms(T0, is_urgent=True) and count < 1000:
        pace.take(T0)
        count += 1
    assert most == count


def test_a_provider_that_asks_to_wait_is_obeyed_for_a_minute_at_most() -> None:
    """Also by what is urgent."""
    pace = Pace(None)
    pace.hold(T0, 5_000)
    assert 5_000 == pace.wait_ms(T0, is_urgent=True)
    assert 0 == pace.wait_ms(T0 + 5_000)
    pace.hold(T0 + 5_000, 3_600_000)
    assert LONGEST_HOLD_MS == pace.wait_ms(T0 + 5_000)


def test_without_a_rate_nothing_waits() -> None:
    """As many as the channel carries."""
    assert 1000 == len(left(Pace(None), turns=[T0], most=1000))


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    """An hour back: the queue goes on at once."""
    pace = Pace(10)
    for _ in range(5):
        pace.take(T0)
    pace.hold(T0, 2_000)
    back = T0 - 3_600_000
    assert 0 == pace.wait_ms(back)


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_of_nothing_is_refused(rate: float) -> None:
    """It would stop the channel for ever."""
    with pytest.raises(ValueError, match="pace"):
        Pace(rate)
