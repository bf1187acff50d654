"""Quality control held against ioos_qc, the reference implementation of QARTOD, on random series.

ioos_qc sees a whole series, ours one sample at a time; each test is compared alone, the others switched off. Where the
two differ, the difference is the point of a test.
"""

import numpy as np
import pytest
from ioos_qc import qartod
from numpy.typing import NDArray

from broker.quality_flags import Flag
from ingest.quality import gross_range
from ingest.quality_limits import HOUR_MS, SeriesLimits, Span
from ingest.quality_series import Sample, SeriesState, assess

START = np.datetime64("2026-11-22T00:00:00", "ms")
SEEDS = range(20)
UNKNOWN = 2  # ioos_qc's mark for the ends of a series, where a test is not defined
Floats = NDArray[np.float64]


class Nowhere:
    """Nobody around."""

    def rain_mm(self, minutes: int) -> float | None:
        return None

    def neighbours_rise_m_per_h(self) -> float | None:
        return None

    def neighbours_rain_mm(self, minutes: int) -> float | None:
        return None


def walk(seed: int, count: int = 300) -> Floats:
    """A random walk with outliers, rounded to what a sensor resolves."""
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(0, 0.05, count)) + 3
    values[rng.integers(0, count, 15)] += rng.normal(0, 1, 15)
    return np.round(values, 3)


def times(count: int, step_ms: int = 60_000) -> NDArray[np.datetime64]:
    return START + np.arange(count) * np.timedelta64(step_ms, "ms")


def flags(values: Floats, at: NDArray[np.datetime64], limits: SeriesLimits) -> list[int]:
    """The last flag of every sample."""
    state, found = SeriesState(), {}
    for number, (time, value) in enumerate(zip(at.astype(np.int64), values, strict=True), 1):
        sample = Sample(number, int(time), float(value), float(value), int(Flag.GOOD), None)
        assessment = assess(state, sample, limits, Nowhere())
        state, found[number] = assessment.state, assessment.flag
        for revision in assessment.revisions:
            found[revision.id] = revision.flag
    return list(found.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_gross_range_is_the_oracle_s(seed: int) -> None:
    """Sensor's span fails, site's span is suspect, both ends belong to the span."""
    values = walk(seed)
    low, high = float(values[7]), float(values[11])
    sensor, site = Span(2.0, 4.0), Span(min(low, high), max(low, high))
    narrow = Span(max(sensor.low, site.low), min(sensor.high, site.high))
    if narrow.low > narrow.high:
        narrow = sensor
    wanted = qartod.gross_range_test(values, (sensor.low, sensor.high), (narrow.low, narrow.high))
    limits = SeriesLimits(sensor=sensor, site=narrow)
    assert wanted.tolist() == [int(gross_range(value, value, limits)[0]) for value in values.tolist()]


@pytest.mark.parametrize("seed", SEEDS)
def test_spike_is_the_oracle_s_differential_method(seed: int) -> None:
    """Single spikes, settled by the sample after them."""
    rng = np.random.default_rng(seed)
    values = np.round(3 + rng.normal(0, 0.05, 300), 3)
    values[rng.choice(np.arange(5, 295, 5), 20, replace=False)] += rng.choice([-1, 1], 20) * rng.uniform(0.2, 3, 20)
    wanted = qartod.spike_test(values, suspect_threshold=0.4, fail_threshold=1.2, method="differential")
    wanted[wanted == UNKNOWN] = Flag.GOOD
    assert wanted.tolist() == flags(values, times(300), SeriesLimits(spike_suspect=0.4, spike_fail=1.2))


def test_the_oracle_flags_the_shoulders_of_a_spike_and_of_a_flood() -> None:
    """Its average method, the standard's formula, calls the foot of a true step a spike, and a spike's neighbours too.

    Its differential method does not, and it is the one that is followed here.
    """
    step = np.array([1.0, 1.0, 1.0, 2.0, 2.1, 2.2])
    average = qartod.spike_test(step, suspect_threshold=0.4, fail_threshold=2, method="average")
    assert Flag.SUSPECT in average.tolist()
    assert [Flag.GOOD] * 6 == flags(step, times(6), SeriesLimits(spike_suspect=0.4, spike_fail=2))


@pytest.mark.parametrize("seed", range(40))
def test_a_rate_over_the_limit_is_found_where_the_oracle_finds_it(seed: int) -> None:
    """One step up or down, from half the limit to one and a half: flagged there and here, or nowhere.

    The oracle calls the sample after the step good; here it stays suspect until something settles it.
    """
    rng = np.random.default_rng(seed)
    limit_per_h, at = 12.0, int(rng.integers(10, 90))
    values = np.round(3 + rng.normal(0, 0.005, 100), 3)
    values[at:] += rng.choice([-1, 1]) * limit_per_h / 60 * rng.choice([rng.uniform(0.5, 0.9), rng.uniform(1.15, 1.5)])
    wanted = qartod.rate_of_change_test(values, times(100), threshold=limit_per_h / 3600).tolist()
    limits = SeriesLimits(
        max_rise_per_h=limit_per_h, max_fall_per_h=limit_per_h, box_tolerance=0.05, box_drift=0.1, spike_suspect=0.05
    )
    assert wanted[: at + 1] == flags(values, times(100), limits)[: at + 1]


def test_the_oracle_truncates_time_to_whole_seconds() -> None:
    """1.9 s count as 1 s there, and 0.9 s as nothing: 5 units in 1.9 s pass no limit of 3 a second, here they do."""
    at = times(4, 1900)
    values = np.array([0.0, 0.0, 0.0, 5.0])
    wanted = qartod.rate_of_change_test(values, at, threshold=3)
    assert Flag.SUSPECT == wanted[3]  # 5 / 1, not 5 / 1.9
    limits = SeriesLimits(max_rise_per_h=3 * 3600, max_fall_per_h=3 * 3600)
    assert Flag.GOOD == flags(values, at, limits)[3]
    assert Flag.SUSPECT == flags(values * 2, at, limits)[3]


@pytest.mark.parametrize("seed", SEEDS)
def test_flat_line_is_the_oracle_s_where_a_sensor_repeats_itself(seed: int) -> None:
    """Runs of exactly equal values, in a series that is otherwise further apart than the tolerance."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.uniform(1, 4, 400), 2)
    for begin in rng.integers(0, 380, 6):
        values[begin : begin + int(rng.integers(2, 40))] = values[begin]
    minutes = (6, 15)
    wanted = qartod.flat_line_test(values, times(400), minutes[0] * 60, minutes[1] * 60, tolerance=0.005)
    limits = SeriesLimits(flat_tolerance=0.005, flat_suspect_ms=minutes[0] * 60_000, flat_fail_ms=minutes[1] * 60_000)
    assert np.asarray(wanted).tolist() == flags(values, times(400), limits)


@pytest.mark.parametrize("seed", SEEDS)
def test_flat_line_is_never_stricter_than_the_oracle(seed: int) -> None:
    """A creeping run is anchored at its first value: found later than by a rolling window, never without one."""
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(0, 0.01, 400))
    wanted = np.asarray(qartod.flat_line_test(values, times(400), 600, 1200, tolerance=0.08))
    limits = SeriesLimits(flat_tolerance=0.08, flat_suspect_ms=600_000, flat_fail_ms=1_200_000)
    assert [] == [at for at, flag in enumerate(flags(values, times(400), limits)) if flag > wanted[at]]


@pytest.mark.parametrize("seed", SEEDS)
def test_attenuated_signal_judges_each_window_as_the_oracle_does(seed: int) -> None:
    """The oracle is given one window after the other; the verdict on each holds here for the next one."""
    rng = np.random.default_rng(seed)
    window, count = 50, 8
    scale = np.repeat(rng.uniform(0.01, 0.4, count), window)
    values = np.round(3 + scale * rng.normal(0, 1, window * count), 4)
    at = times(window * count)
    wanted = [
        int(qartod.attenuated_signal_test(values[b : b + window], at[b : b + window], 0.6, 0.2, check_type="range")[0])
        for b in range(0, window * count, window)
    ]
    limits = SeriesLimits(attenuated_ms=window * 60_000, attenuated_suspect=0.6, attenuated_fail=0.2)
    found = flags(values, at, limits)
    assert wanted[:-1] == [found[begin] for begin in range(window, window * count, window)]


def test_hour_means_the_same_to_both() -> None:
    """The oracle's limits are per second, ours per hour."""
    assert 3600 * 1000 == HOUR_MS
