"""What holds for every series, whatever it does."""

from itertools import accumulate

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.quality_flags import REASON_LENGTH, Flag
from ingest.quality_limits import SeriesLimits, default_limits
from ingest.quality_series import Sample, SeriesState, assess
from ingest.quality_state import decode, encode

# A busy machine is no fault of the code.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

T0 = 1_795_000_000_000
MINUTE = 60_000
LEVEL = default_limits("level_m", "a02yyuw")
LIMITS = st.sampled_from(
    [LEVEL, *(default_limits(name) for name in ("pm25_ugm3", "rain_mm", "temperature_c", "humidity_pct", "batt_mv"))]
)
VALUES = st.one_of(
    st.floats(0, 7).map(lambda value: round(value, 3)),
    st.sampled_from([0.0, 1.0, 1.01, 1.02, 3.0, 100.0, 1000.0, 300.0]),
)
RESULTS = st.sampled_from(
    [
        (int(Flag.GOOD), None),
        (int(Flag.GOOD), None),
        (int(Flag.GOOD), None),
        (int(Flag.SUSPECT), "gross_range: 7 outside site 0..6"),
        (int(Flag.FAIL), "hardware_code: raw 0 = failed"),
        (int(Flag.MISSING), "missing: no_return"),
    ]
)
STEPS = st.sampled_from([10_000, MINUTE, MINUTE, MINUTE, 15 * MINUTE, 200 * MINUTE, -5 * MINUTE, -90 * MINUTE, 0])


@st.composite
def series(draw: st.DrawFn) -> list[Sample]:
    """Samples in order of arrival: gaps, duplicates, backlog and faults included."""
    parts = draw(st.lists(st.tuples(STEPS, VALUES, RESULTS), min_size=1, max_size=60))
    times = accumulate((part[0] for part in parts), initial=T0)
    return [
        Sample(number, time, None if result[0] == Flag.MISSING else value, value, *result)
        for number, (time, (_, value, result)) in enumerate(zip(times, parts, strict=False), 1)
    ]


class Around:
    """The same for every sample."""

    def __init__(self, known: float | None = None) -> None:
        self.known = known

    def rain_mm(self, minutes: int) -> float | None:
        return self.known

    def neighbours_rise_m_per_h(self) -> float | None:
        return self.known

    def neighbours_rain_mm(self, minutes: int) -> float | None:
        return self.known


Verdicts = dict[int, tuple[int, str | None]]


def run(
    samples: list[Sample], limits: SeriesLimits = LEVEL, *, known: float | None = None, restarts: bool = False
) -> tuple[SeriesState, Verdicts]:
    state, verdicts = SeriesState(), {}
    for sample in samples:
        found = assess(state, sample, limits, Around(known))
        state = decode(encode(found.state)) if restarts else found.state
        verdicts[sample.id] = (found.flag, found.reason)
        verdicts |= {revision.id: (revision.flag, revision.reason) for revision in found.revisions}
    return state, verdicts


@patient
@given(series(), LIMITS, st.sampled_from([None, 0.0, 40.0]))
def test_every_flag_has_a_short_reason(samples: list[Sample], limits: SeriesLimits, known: float | None) -> None:
    """No flag but GOOD without one, none over the length; only samples that were given are ever flagged."""
    _, verdicts = run(samples, limits, known=known)
    assert {sample.id for sample in samples} == verdicts.keys()
    assert [] == [flag for flag, reason in verdicts.values() if flag != Flag.GOOD and not reason]
    assert [] == [reason for _, reason in verdicts.values() if reason and len(reason) > REASON_LENGTH]
    assert {flag for flag, _ in verdicts.values()} <= {1, 3, 4, 9}


@patient
@given(series(), LIMITS)
def test_a_restart_at_any_point_changes_nothing(samples: list[Sample], limits: SeriesLimits) -> None:
    """The encoded state is all that is needed."""
    assert run(samples, limits) == run(samples, limits, restarts=True)


@patient
@given(series(), LIMITS)
def test_what_was_not_measured_never_becomes_good(samples: list[Sample], limits: SeriesLimits) -> None:
    """Failed and missing samples stay so; an obstructed sensor may at best be suspect."""
    _, verdicts = run(samples, limits)
    missing = [verdicts[sample.id][0] for sample in samples if sample.flag == Flag.MISSING]
    failed = [verdicts[sample.id][0] for sample in samples if sample.flag == Flag.FAIL]
    assert [Flag.MISSING] * len(missing) == missing
    assert set(failed) <= {Flag.FAIL, Flag.SUSPECT}


@patient
@given(st.lists(VALUES, min_size=2, max_size=40), st.data())
def test_duplicates_change_nothing_wherever_they_come(values: list[float], data: st.DataObject) -> None:
    """A copy of any earlier sample, at any moment after it, leaves all other flags as they are."""
    samples = [Sample(at + 1, T0 + at * MINUTE, value, value, 1, None) for at, value in enumerate(values)]
    original = data.draw(st.integers(0, len(samples) - 1))
    after = data.draw(st.integers(original, len(samples) - 1))
    copy = Sample(1000, samples[original].time, samples[original].value, samples[original].raw, 1, None)
    _, alone = run(samples)
    _, together = run([*samples[: after + 1], copy, *samples[after + 1 :]])
    del together[1000]
    assert alone == together


@patient
@given(
    st.floats(0.2, 2),
    st.lists(st.floats(0, 0.6), min_size=4, max_size=40),
    st.lists(st.floats(-0.01, 0.01), min_size=50, max_size=50),
)
def test_a_rising_flood_never_ends_failed(base: float, rises: list[float], noise: list[float]) -> None:
    """Whatever its speed, up to 36 m/h: suspect at worst, while it is not confirmed."""
    calm = [base] * 5
    levels = [*calm, *accumulate(rises, initial=base)]
    samples = [
        Sample(at + 1, T0 + at * MINUTE, round(level + noise[at], 3), 0.0, 1, None) for at, level in enumerate(levels)
    ]
    _, verdicts = run(samples)
    assert {flag for flag, _ in verdicts.values()} <= {1, 3}


@patient
@given(st.floats(0.2, 2), st.floats(0.16, 0.6), st.integers(3, 20))
def test_a_steady_flash_flood_is_good_by_its_third_sample(base: float, rise: float, length: int) -> None:
    """At 10 to 36 m/h: the first two samples may be doubted, and are made good by the third."""
    levels = [base] * 5 + [base + rise * at for at in range(1, length + 1)]
    samples = [Sample(at + 1, T0 + at * MINUTE, round(level, 3), 0.0, 1, None) for at, level in enumerate(levels)]
    _, verdicts = run(samples)
    assert {Flag.GOOD} == {flag for flag, _ in verdicts.values()}


@patient
@given(st.floats(0.3, 3), st.lists(st.floats(-0.02, 0.02), min_size=10, max_size=200))
def test_a_box_never_becomes_good(height: float, noise: list[float]) -> None:
    """A plateau under noise of 2 cm, however long and high."""
    levels = [1.0] * 5 + [1 + height + each for each in noise]
    samples = [Sample(at + 1, T0 + at * MINUTE, round(level, 3), 0.0, 1, None) for at, level in enumerate(levels)]
    _, verdicts = run(samples, known=0.0)
    assert {Flag.SUSPECT} == {verdicts[sample.id][0] for sample in samples[5:]}
