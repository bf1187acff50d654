"""Departures that are too fast to be believed at once, and how the samples that follow settle them."""

from math import inf
from typing import Final

from msgspec.structs import replace

from broker.quality_flags import Flag
from ingest import quality_evidence as evidence
from ingest.quality_limits import HOUR_MS, SeriesLimits
from ingest.quality_state import (
    PENDING,
    SUPPORT,
    Assessment,
    Doubt,
    Pending,
    Revision,
    Sampled,
    SeriesState,
    Surroundings,
)

GOOD: Final = int(Flag.GOOD)
SUSPECT: Final = int(Flag.SUSPECT)
FAIL: Final = int(Flag.FAIL)


def begin(state: SeriesState, sample: Sampled, limits: SeriesLimits, surroundings: Surroundings) -> Assessment:
    """``sample`` departs from good ones faster than the limit: believed at once only with rain or a neighbour."""
    value = _value(sample)
    step, hours = value - state.value, (sample.time - state.time) / HOUR_MS
    rate = limits.max_rise_per_h if step > 0 else limits.max_fall_per_h
    allowed = limits.noise + rate * hours
    over = f"rate_of_change: {step:+.3g} in {hours * 3600:.0f} s, limit {allowed:.3g} ({rate:g}/h)"
    if sample.flag == GOOD and 0 < step <= allowed + limits.spike_fail:
        support = evidence.support_of(limits, surroundings)
        if support is not None:
            agreeing = min(SUPPORT, state.support + 1)
            rate = evidence.TRUST * step / hours
            after = replace(_taken(state, sample, None), trusted=rate, support=agreeing, former=state.value)
            return Assessment(after, GOOD, f"{over}; {support}")
    first = Pending(sample.id, sample.time, value, sample.flag, sample.reason)
    doubt = Doubt(state.id, state.time, state.value, sample.time, 1, value, value, 0.0, (first,))
    mixed = evidence.unit_mix_up(value, state.value)
    return Assessment(_taken(state, sample, doubt), SUSPECT, mixed or over)


def settle(state: SeriesState, sample: Sampled, limits: SeriesLimits, surroundings: Surroundings) -> Assessment:
    """What the next sample says of a departure: over, going on, staying, or nothing that could be believed."""
    doubt, value = state.doubt, _value(sample)
    assert doubt is not None  # noqa: S101 - only a doubted series comes here
    step = value - state.value
    if evidence.is_back(doubt, state.value, value, limits):
        return _returned(state, doubt, sample, limits)
    newest = Pending(sample.id, sample.time, value, sample.flag, sample.reason)
    if not evidence.continues(state, sample.time, step, limits):
        anew = Doubt(doubt.base_id, doubt.base_time, doubt.base_value, sample.time, 1, value, value, 0.0, (newest,))
        seconds = (sample.time - state.time) / 1000
        reason = f"rate_of_change: {step:+.3g} in {seconds:.0f} s, last good {doubt.base_value:g}"
        return Assessment(_taken(state, sample, anew), SUSPECT, evidence.unit_mix_up(value, doubt.base_value) or reason)
    grown = Doubt(
        doubt.base_id,
        doubt.base_time,
        doubt.base_value,
        doubt.since,
        doubt.count + 1,
        min(doubt.low, value),
        max(doubt.high, value),
        max(doubt.roughest, abs(step)) if doubt.count else 0.0,
        (*doubt.pending, newest)[-PENDING:],
    )
    return _confirm_or_keep(_taken(state, sample, grown), grown, sample, limits, surroundings)


def interrupted(doubt: Doubt) -> Doubt:
    """A failed sample in between: consistent samples are counted anew."""
    return replace(doubt, count=0, low=inf, high=-inf, roughest=0.0, pending=())


def _confirm_or_keep(
    state: SeriesState, doubt: Doubt, sample: Sampled, limits: SeriesLimits, surroundings: Surroundings
) -> Assessment:
    is_rise = doubt.pending[-1].value > doubt.base_value
    mixed = evidence.unit_mix_up(doubt.pending[-1].value, doubt.base_value)
    former = evidence.former(state, doubt, limits)
    support = former
    if former is None and is_rise and mixed is None:
        explains = evidence.neighbour_of if evidence.stays_put(doubt, limits) else evidence.support_of
        support = explains(limits, surroundings)
    if mixed is None:
        if support is not None and doubt.count >= limits.confirm_supported:
            found = _confirmed(state, doubt, sample, limits, support)
            return replace(found, state=replace(found.state, former=None)) if former else found
        if doubt.count >= limits.confirm and (
            evidence.settles(doubt, limits) or evidence.moves(doubt, limits) or evidence.drifts(doubt, limits)
        ):
            return _confirmed(state, doubt, sample, limits, f"{doubt.count} consistent samples")
    if doubt.count > state.support < SUPPORT and doubt.count <= SUPPORT:
        return _base_was_wrong(state, doubt, sample, limits)
    return Assessment(state, SUSPECT, mixed or _kept(doubt, limits))


def _kept(doubt: Doubt, limits: SeriesLimits) -> str:
    minutes = (doubt.pending[-1].time - doubt.since) / 60_000
    off = doubt.pending[-1].value - doubt.base_value
    if doubt.high - doubt.low <= max(limits.box_tolerance, limits.noise):
        held = f"within {doubt.high - doubt.low:.2g} for {minutes:.3g} min"
        return f"box: {off:+.3g} off {doubt.base_value:g}, {held}, limit {limits.box_tolerance:g}; nothing supports it"
    departure = f"{off:+.3g} off {doubt.base_value:g} for {minutes:.3g} min"
    return f"rate_of_change: {departure}, {doubt.count} samples; not confirmed"


def _confirmed(state: SeriesState, doubt: Doubt, sample: Sampled, limits: SeriesLimits, why: str) -> Assessment:
    """Water after all: the samples of the departure are made good, unless they were doubted for another reason."""
    off = doubt.pending[-1].value - doubt.base_value
    reason = f"rate_of_change: {off:+.3g} off {doubt.base_value:g} confirmed by {why}"
    revisions = tuple(Revision(each.id, GOOD, reason) for each in doubt.pending[:-1] if each.flag == GOOD)
    first, last = doubt.pending[0], doubt.pending[-1]
    rate = (last.value - first.value) * HOUR_MS / max(1, last.time - first.time)
    limit = limits.max_rise_per_h if rate > 0 else limits.max_fall_per_h
    trusted = evidence.TRUST * rate if abs(rate) * evidence.TRUST > limit else 0.0
    after = replace(state, doubt=None, support=SUPPORT, trusted=trusted, former=doubt.base_value)
    if sample.flag != GOOD:
        return Assessment(after, sample.flag, sample.reason, revisions)
    return Assessment(after, GOOD, reason, revisions)


def _base_was_wrong(state: SeriesState, doubt: Doubt, sample: Sampled, limits: SeriesLimits) -> Assessment:
    """More samples agree after the step than before it: what came first after a gap was the outlier."""
    found = _confirmed(state, doubt, sample, limits, f"{doubt.count} samples against {state.support}")
    if doubt.base_id == 0 or evidence.moves(doubt, limits):
        return found
    height = abs(doubt.pending[-1].value - doubt.base_value)
    reason = f"spike: {doubt.base_value:g} by {height:.3g} off what follows, limit {limits.spike_suspect:g}"
    return replace(found, revisions=(Revision(doubt.base_id, SUSPECT, reason), *found.revisions))


def _returned(state: SeriesState, doubt: Doubt, sample: Sampled, limits: SeriesLimits) -> Assessment:
    """Back where it came from: one sample away was a spike, several were a box and stay suspect."""
    value = _value(sample)
    after = replace(
        state,
        id=sample.id,
        time=sample.time,
        value=value,
        time_before=doubt.base_time,
        value_before=doubt.base_value,
        doubt=None,
        support=min(SUPPORT, state.support + 1),
    )
    revisions: tuple[Revision, ...] = ()
    if doubt.count == 1:
        (only,) = doubt.pending
        height = min(abs(only.value - doubt.base_value), abs(only.value - value))
        flag = FAIL if height > limits.spike_fail else SUSPECT
        rate = limits.max_rise_per_h if only.value > doubt.base_value else limits.max_fall_per_h
        limit = min(limits.spike_suspect, limits.noise + rate * (only.time - doubt.base_time) / HOUR_MS)
        reason = f"spike: {only.value:g} by {height:.3g} off both sides, limit {limit:.3g}"
        revisions = (Revision(only.id, flag, reason),)
    return Assessment(after, sample.flag, sample.reason, revisions)


def _taken(state: SeriesState, sample: Sampled, doubt: Doubt | None) -> SeriesState:
    """The state with ``sample`` as the newest."""
    return replace(
        state,
        id=sample.id,
        time=sample.time,
        value=sample.value,
        time_before=state.time,
        value_before=state.value,
        doubt=doubt,
    )


def _value(sample: Sampled) -> float:
    assert sample.value is not None  # noqa: S101 - a sample without a value takes no part
    return sample.value
