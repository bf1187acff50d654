"""Quality control of a series over time, after IOOS QARTOD: streaming and pure.

``assess(state, sample, limits, surroundings) -> Assessment``: spike, rate of change (rise and fall apart, over the real
time between samples), flat line, attenuated signal, time gap, and beside the standard's tests box, unit mix-up and the
known faults of sensors. A test of time compares samples of one side of a gap only.

- What departs too fast from good samples is suspect, and settled by what follows. Back again after one sample: a
  spike. Going on: water, and the samples before are made good. Staying put: a box, suspect until it moves like water,
  or until rain or a neighbour explains it.
- A sample that is not good by itself (missing, failed) takes no part and changes nothing.
- A sample older than the newest one never touches the state of the present: a backlog is tested as a series of its own.
"""

from math import inf
from typing import Final

from msgspec.structs import replace

from broker.quality_flags import Flag
from ingest import quality_doubt as doubts
from ingest import quality_evidence as evidence
from ingest import quality_lasting as lasting
from ingest.quality_limits import HOUR_MS, MINUTE_MS, SeriesLimits
from ingest.quality_state import SUPPORT, Assessment, Revision, Sample, Sampled, SeriesState, Surroundings, Window

__all__ = ["Assessment", "Revision", "Sample", "SeriesLimits", "SeriesState", "Surroundings", "assess"]

# Plain numbers: an IntEnum's members cost ten times a local name in the path of every reading.
GOOD: Final = int(Flag.GOOD)
SUSPECT: Final = int(Flag.SUSPECT)
FAIL: Final = int(Flag.FAIL)
# Findings of single samples after which the value still says something about the water.
MEASURED: Final = ("gross_range: ", "impossible_date")
FORGET: Final = 0.8  # what is left of a trusted rate after each sample that did not need it
FITS_MS: Final = 10 * MINUTE_MS  # after so long without a measurement nearly every code would fit the last one


def assess(  # noqa: PLR0911  the order of the tests, and no further call in the path of every reading
    state: SeriesState, sample: Sampled, limits: SeriesLimits, surroundings: Surroundings
) -> Assessment:
    """What ``sample`` makes of ``state``, its flag, and earlier samples whose flag changes with it.

    The flag is never better than the sample's own, with one exception: a value over the site's span that was reached by
    consistent samples is good. Every flag but GOOD has a reason of at most 120 characters.
    """
    value = sample.value
    if value is None or (sample.flag != GOOD and not _is_measured(sample)):
        return _not_measured(state, sample, limits)
    elapsed = sample.time - state.time
    if elapsed <= 0:
        return _late(state, sample, limits, surroundings)
    if state.support == 0 or elapsed > limits.gap_ms:
        return _after_gap(state, sample, value, limits)
    if limits.is_amount:
        return lasting.amount(state, sample, limits, surroundings)
    if state.doubt is not None:
        return _lasting(doubts.settle(state, sample, limits, surroundings), state, sample, limits)
    step = value - state.value
    before = state.value - state.value_before
    if (
        step * before < 0
        and abs(step) > limits.spike_suspect
        and evidence.is_spike(state, sample.time, step, before, limits)
    ):
        return _without_newest(state, sample, limits, surroundings, min(abs(step), abs(before)))
    rate = limits.max_rise_per_h if step > 0 else limits.max_fall_per_h
    trusted = state.trusted
    if abs(step) > limits.noise + rate * elapsed / HOUR_MS:
        is_water = evidence.goes_on(state, elapsed, step, limits) or evidence.is_return(
            state, sample.time, value, limits
        )
        if not is_water:
            return _lasting(doubts.begin(state, sample, limits, surroundings), state, sample, limits)
    elif trusted:
        trusted = 0.0 if trusted * step < 0 and abs(step) > limits.noise else trusted * FORGET
    return _calm(state, sample, value, limits, trusted)


def _calm(state: SeriesState, sample: Sampled, value: float, limits: SeriesLimits, trusted: float) -> Assessment:
    """A sample that follows from those before it; only lasting faults can still flag it."""
    time, low, high, flat_since = sample.time, state.flat_low, state.flat_high, state.flat_since
    if value < low:
        low = value
    elif value > high:
        high = value
    tolerance = limits.flat_tolerance
    if high - low >= tolerance:
        if abs(value - state.value) < tolerance:
            flat_since, low, high = state.time, min(value, state.value), max(value, state.value)
        else:
            flat_since, low, high = time, value, value
    support = state.support
    after = SeriesState(
        sample.id,
        time,
        value,
        state.time,
        state.value,
        support + 1 if support < SUPPORT else support,
        trusted,
        flat_since,
        low,
        high,
        state.stuck_since,
        state.standing,
        state.window,
        None,
        state.former,
        state.late,
    )
    flag, reason = sample.flag, sample.reason
    if flag != GOOD:
        flag, reason = _over_site(sample, value, limits, support)
    stuck = limits.stuck
    is_stuck = stuck is not None and (after.stuck_since or stuck.low <= value <= stuck.high)
    if is_stuck or time - flat_since >= limits.flat_suspect_ms or limits.attenuated_ms:
        return lasting.judge(Assessment(after, flag, reason), value, time, limits)
    return Assessment(after, flag, reason)


def _lasting(found: Assessment, before: SeriesState, sample: Sampled, limits: SeriesLimits) -> Assessment:
    """The same for a sample that did not simply follow: a box may also be a flat line."""
    value = found.state.value
    low, high, since = min(value, before.flat_low), max(value, before.flat_high), before.flat_since
    if high - low >= limits.flat_tolerance:
        since, low, high = sample.time, value, value
    state = replace(found.state, flat_since=since, flat_low=low, flat_high=high)
    found = Assessment(state, found.flag, found.reason, found.revisions)
    return lasting.judge(found, value, sample.time, limits)


def _after_gap(state: SeriesState, sample: Sampled, value: float, limits: SeriesLimits) -> Assessment:
    """The first sample, or the first after a gap: never compared with the last one before."""
    time = sample.time
    is_stuck = value == 0 if limits.is_amount else limits.stuck is not None and limits.stuck.holds(value)
    after = SeriesState(
        sample.id,
        time,
        value,
        time,
        value,
        1,
        flat_since=time,
        flat_low=value,
        flat_high=value,
        stuck_since=time if is_stuck else 0,
        window=Window(time, value, value) if limits.attenuated_ms else None,
        late=state.late,
    )
    reason = sample.reason
    if state.support and reason is None:
        gap, limit = (time - state.time) / HOUR_MS, limits.gap_ms / HOUR_MS
        reason = f"time_gap: {gap:.3g} h without a sample, limit {limit:.3g} h; not compared"
    return Assessment(after, sample.flag, reason)


def _without_newest(
    state: SeriesState, sample: Sampled, limits: SeriesLimits, surroundings: Surroundings, height: float
) -> Assessment:
    """The newest sample was a spike: ``sample`` follows the one before it."""
    flag = FAIL if height > limits.spike_fail else SUSPECT
    reason = f"spike: {state.value:g} by {height:.3g} off both sides, limit {limits.spike_suspect:g}"
    earlier = replace(
        state,
        id=0,
        time=state.time_before,
        value=state.value_before,
        time_before=state.time_before,
        support=state.support if state.support == SUPPORT else max(1, state.support - 1),
    )
    found = assess(earlier, sample, limits, surroundings)
    return replace(found, revisions=(Revision(state.id, flag, reason), *found.revisions)) if state.id else found


def _is_measured(sample: Sampled) -> bool:
    return sample.flag == SUSPECT and sample.reason is not None and sample.reason.startswith(MEASURED)


def _over_site(sample: Sampled, value: float, limits: SeriesLimits, support: int) -> tuple[int, str | None]:
    """A record flood leaves the plausible span step by step; a fault jumps out of it."""
    reason = sample.reason
    is_over = limits.site is not None and value > limits.site.high and reason is not None
    if is_over and support >= SUPPORT and limits.is_watched and str(reason).startswith("gross_range"):
        return GOOD, f"{reason}; reached by consistent samples"
    return sample.flag, reason


def _not_measured(state: SeriesState, sample: Sampled, limits: SeriesLimits) -> Assessment:
    """Nothing to compare.

    A code inside the sensor's span that fits a value shortly before may be a measurement: 300 is also water at the
    sensor. One outside the span never is.
    """
    value, reason = sample.value, sample.reason
    if sample.flag == FAIL and state.doubt is not None and sample.time > state.time:
        state = replace(state, doubt=doubts.interrupted(state.doubt))
    is_near = value is not None and reason is not None and reason.startswith("hardware_code") and state.support > 0
    elapsed = sample.time - state.time
    if is_near and 0 < elapsed <= FITS_MS and value is not None and _can_measure(sample, limits):
        reach = limits.noise + max(limits.max_rise_per_h, state.trusted) * elapsed / HOUR_MS
        if -limits.noise <= value - state.value <= reach < inf:
            return Assessment(state, SUSPECT, f"{reason}; fits the last {state.value:g}")
    return Assessment(state, sample.flag, reason)


def _can_measure(sample: Sampled, limits: SeriesLimits) -> bool:
    return limits.sensor is not None and sample.raw is not None and limits.sensor.holds(sample.raw)


def _late(state: SeriesState, sample: Sampled, limits: SeriesLimits, surroundings: Surroundings) -> Assessment:
    """A sample out of order. Between the two newest it is held against both; an older one belongs to the backlog."""
    value, time = sample.value, sample.time
    if time == state.time or value is None:
        return Assessment(state, sample.flag, sample.reason)
    if time > state.time_before and state.doubt is None and not limits.is_amount:
        allowed = max(limits.noise, limits.spike_suspect)
        off = max(min(state.value, state.value_before) - value, value - max(state.value, state.value_before))
        if off > allowed:
            reason = f"spike: {value:g} by {off:.3g} off both sides, limit {allowed:g}; came out of order"
            return Assessment(state, SUSPECT, reason)
        return Assessment(state, sample.flag, sample.reason)
    backlog = state.late or SeriesState()
    if time <= backlog.time:
        backlog = SeriesState()
    found = assess(backlog, sample, limits, surroundings)
    return replace(found, state=replace(state, late=found.state))
