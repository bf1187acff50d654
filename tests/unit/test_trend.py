"""The rate of rise and the time to a height, held against scipy's Theil-Sen and against known rivers."""

import math
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alerting.motion import Eta, Motion, Trend
from alerting.trend import HOUR_MS, followed, time_to, trend_from

MINUTE = 60_000


def follow(samples: list[tuple[int, float]]) -> Motion | None:
    motion = None
    for time, value in samples:
        motion = followed(motion, time, value)
    return motion


def line(rate: float, *, noise: float, step: int = MINUTE, count: int = 45, seed: int = 1) -> list[tuple[int, float]]:
    rng = random.Random(seed)
    return [(n * step, 2.0 + rate * n * step / HOUR_MS + rng.gauss(0, noise)) for n in range(count)]


@pytest.mark.parametrize("rate", [-2.0, -0.3, 0.0, 0.3, 1.0, 3.0])
@pytest.mark.parametrize(("noise", "step"), [(0.003, MINUTE), (0.01, MINUTE), (0.01, 10 * MINUTE), (0.02, 10_000)])
def test_the_rate_of_a_straight_rise_is_that_of_theil_sen(rate: float, noise: float, step: int) -> None:
    """Where Theil-Sen is right - a line with noise - the filters agree with it within their own limits."""
    samples = line(rate, noise=noise, step=step, count=max(45, 45 * MINUTE // step))
    fit = stats.theilslopes([v for _, v in samples], [t / HOUR_MS for t, _ in samples])
    found = trend_from(follow(samples))
    assert found is not None
    assert found.rate == pytest.approx(fit.slope, abs=max(0.1, (found.fast - found.slow)))
    assert found.slow < found.rate < found.fast


def test_too_few_samples_say_nothing() -> None:
    """Not a guess."""
    samples = line(1.0, noise=0)
    assert None is trend_from(None)
    assert [None] * 4 == [trend_from(follow(samples[:count])) for count in range(1, 5)]
    assert None is not trend_from(follow(samples[:20]))


def test_after_a_gap_the_rate_is_not_known_at_once() -> None:
    """Six hours without data: the limits are wide or there is none."""
    before = follow(line(1.0, noise=0.005))
    assert before is not None
    known = trend_from(before)
    after = trend_from(followed(before, before.time + 6 * HOUR_MS, 5.0))
    assert known is not None
    assert after is None or after.fast - after.slow > 2 * (known.fast - known.slow)


def test_one_wild_sample_hardly_moves_the_rate() -> None:
    """Two metres too high for one minute."""
    samples = line(0.3, noise=0.005)
    calm = trend_from(follow(samples))
    samples[-5] = (samples[-5][0], samples[-5][1] + 2.0)
    shaken = trend_from(follow(samples))
    assert calm is not None
    assert shaken is None or abs(shaken.rate - calm.rate) < 0.5


def test_a_flash_flood_is_followed_within_minutes() -> None:
    """From a standing river to 0.2 m a minute: the rate is near the truth after eight samples."""
    samples = [(n * MINUTE, 2.0 if n < 60 else 2.0 + 0.2 * (n - 60)) for n in range(69)]
    found = trend_from(follow(samples))
    assert found is not None
    assert 8 < found.rate < 16


@pytest.mark.parametrize("quantum", [0.01, 0.05])
def test_steps_of_the_sensor_are_not_rises(quantum: float) -> None:
    """A steady rise read in steps is a steady rise."""
    samples = [(t, round(v / quantum) * quantum) for t, v in line(0.6, noise=0, count=90)]
    found = trend_from(follow(samples))
    assert found is not None
    assert 0.3 < found.rate < 1.0


def test_a_calm_river_does_not_seem_to_rise() -> None:
    """Three millimetres of noise for six hours: never more than 6 cm/h, and never surely."""
    motion, sure = None, 0
    for n, (time, value) in enumerate(line(0.0, noise=0.003, count=360)):
        motion = followed(motion, time, value)
        found = trend_from(motion)
        if n > 60 and found is not None:
            assert abs(found.rate) < 0.08
            sure += found.slow > 0.02
    assert sure < 10


def test_the_time_to_a_height_holds_the_truth_and_is_half_as_wide() -> None:
    """A straight rise of 0.5 m/h, 0.3 m to go."""
    samples = line(0.5, noise=0.005, count=120)
    found = trend_from(follow(samples))
    now, value = samples[-1]
    assert found is not None
    eta = time_to(value + 0.3, value=value, trend=found, now=now)
    assert eta is not None
    assert eta.latest is not None
    assert eta.earliest < now + 0.6 * HOUR_MS < eta.latest
    assert 0.36 * HOUR_MS > eta.latest - eta.earliest


@pytest.mark.parametrize(
    ("trend", "value"),
    [
        (Trend(0.01, 0.009, 0.011), 3.0),
        (Trend(-0.5, -0.6, -0.4), 3.0),
        (Trend(0.5, 0.1, 0.9), 3.0),
        (Trend(0.5, 0.4, 0.6), 4.0),
        (Trend(0.1, 0.09, 0.11), 3.0),
        (Trend(1.0, 0.9, 1.1, 3.0, 9.0), 3.0),
    ],
    ids=["steady", "falling", "not sure", "there already", "too far off", "about to crest"],
)
def test_no_time_is_better_than_a_guess(trend: Trend, value: float) -> None:
    """Nothing is forecast from a rise that is not sure, nor for tomorrow."""
    assert None is time_to(4.0, value=value, trend=trend, now=0)


def test_a_rise_that_slows_takes_longer() -> None:
    """The range moves with the deceleration; what lies beyond the crest that it points to is not forecast."""
    steady = time_to(4.0, value=3.0, trend=Trend(1.0, 0.9, 1.1, 3.0, 0.0), now=0)
    slowing = time_to(4.0, value=3.0, trend=Trend(1.0, 0.9, 1.1, 3.0, 0.1), now=0)
    assert Eta(3_060_000, 4_860_000) == steady
    assert None is slowing
    near = time_to(3.2, value=3.0, trend=Trend(1.0, 0.9, 1.1, 3.0, 0.1), now=0)
    assert Eta(673_200, 1_069_200) == near


def test_samples_far_apart_say_only_the_earliest_moment() -> None:
    """Every quarter of an hour, an hour at the present rate may be twenty minutes; every ten minutes it is a range."""
    quarter = time_to(4.0, value=3.0, trend=Trend(1.0, 0.9, 1.1, 3.0, 0.0, 15 * 60_000), now=0)
    ten = time_to(4.0, value=3.0, trend=Trend(1.0, 0.9, 1.1, 3.0, 0.0, 10 * 60_000), now=0)
    assert Eta(1_188_000, None) == quarter
    assert ten is not None
    assert ten.latest is not None


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 7_200_000), st.floats(-50, 50)), min_size=1, max_size=80))
def test_whatever_comes_the_filters_stay_finite(steps: list[tuple[int, float]]) -> None:
    """Any values at any intervals: finite numbers, a variance that is one, a state that survives encoding."""
    motion, time = None, 0
    for step, value in steps:
        time += step
        motion = followed(motion, time, value)
        for belief in (motion.calm, motion.flood):
            assert all(math.isfinite(number) for number in belief)
            assert belief[2] >= 0
            assert belief[4] >= 0
        assert 0 < motion.weight < 1
    assert motion == msgspec.msgpack.decode(msgspec.msgpack.encode(motion), type=Motion)
