"""Faults that last: flat line, attenuated signal, sensors stuck where faulty ones are known to stay, rain gauges."""

from typing import Final

from msgspec.structs import replace

from broker.quality_flags import Flag
from ingest.quality_limits import HOUR_MS, MINUTE_MS, SeriesLimits
from ingest.quality_state import Assessment, Sampled, SeriesState, Surroundings, Window

GOOD: Final = int(Flag.GOOD)
SUSPECT: Final = int(Flag.SUSPECT)
FAIL: Final = int(Flag.FAIL)
ATTENUATED_SAMPLES: Final = 12  # a window with fewer says nothing about its range
ASK_AGAIN_MS: Final = 15 * MINUTE_MS

Finding = tuple[int, str]


def judge(found: Assessment, value: float, time: int, limits: SeriesLimits) -> Assessment:
    """``found`` with the lasting tests added; the worse flag and its reason stand."""
    state = found.state
    findings = []
    flat = _flat_line(state, time, limits)
    if flat is not None:
        findings.append(flat)
    if limits.stuck is not None:
        since = (state.stuck_since or time) if limits.stuck.holds(value) else 0
        if since != state.stuck_since:
            state = replace(state, stuck_since=since)
        stuck = _stuck(since, value, time, limits)
        if stuck is not None:
            findings.append(stuck)
    if limits.attenuated_ms:
        state = _widen(state, value, time, limits)
        attenuated = _attenuated(state, limits)
        if attenuated is not None:
            findings.append(attenuated)
    flag, reason = found.flag, found.reason
    for worse, why in findings:
        if worse > flag:
            flag, reason = worse, why
    return Assessment(state, flag, reason, found.revisions)


def amount(state: SeriesState, sample: Sampled, limits: SeriesLimits, surroundings: Surroundings) -> Assessment:
    """Rain: too much for the time, the same tips for hours, or nothing while it pours near by."""
    value, time = sample.value, sample.time
    assert value is not None  # noqa: S101 - a sample without a value takes no part
    hours = (time - state.time) / HOUR_MS
    low, high, since = min(value, state.flat_low), max(value, state.flat_high), state.flat_since
    if high - low >= limits.flat_tolerance:
        since, low, high = time, value, value
    dry_since = (state.stuck_since or time) if value == 0 else 0
    standing = _clogged_by(state, dry_since, time, limits, surroundings)
    after = replace(
        state,
        id=sample.id,
        time=time,
        value=value,
        time_before=state.time,
        value_before=state.value,
        flat_since=since,
        flat_low=low,
        flat_high=high,
        stuck_since=dry_since,
        standing=standing,
    )
    finding = _amount_finding(after, value, hours, limits)
    if finding is None or finding[0] <= sample.flag:
        return Assessment(after, sample.flag, sample.reason)
    return Assessment(after, *finding)


def _amount_finding(state: SeriesState, value: float, hours: float, limits: SeriesLimits) -> Finding | None:
    most = limits.noise + limits.max_rise_per_h * hours
    if value > most:
        return (
            SUSPECT,
            f"gross_range: {value:g} in {hours * 3600:.0f} s, limit {most:.3g} ({limits.max_rise_per_h:g}/h)",
        )
    if value > 0:
        return _flat_line(state, state.time, limits)
    if state.standing is not None:
        near = f"{state.standing:.3g} near by"
        return (
            SUSPECT,
            f"neighbour: clogged, 0 here in {limits.clogged_minutes} min, {near}, limit {limits.clogged_mm:g}",
        )
    return None


def _clogged_by(
    state: SeriesState, dry_since: int, time: int, limits: SeriesLimits, surroundings: Surroundings
) -> float | None:
    """The neighbours' rain that a dry gauge contradicts; asked once in a quarter of an hour."""
    dry_ms = time - dry_since
    if not dry_since or dry_ms < limits.clogged_minutes * MINUTE_MS:
        return None
    if dry_ms // ASK_AGAIN_MS == (state.time - dry_since) // ASK_AGAIN_MS:
        return state.standing
    near = surroundings.neighbours_rain_mm(limits.clogged_minutes)
    return near if near is not None and near >= limits.clogged_mm else None


def _flat_line(state: SeriesState, time: int, limits: SeriesLimits) -> Finding | None:
    """QARTOD flat line test: the range of values stays under the tolerance for too long.

    The run is anchored at its first sample, so a sensor's exact repetition is found as by a rolling window, and a run
    that only creeps later than by one; never earlier.
    """
    lasted = time - state.flat_since
    if lasted < limits.flat_suspect_ms:
        return None
    fails = lasted >= limits.flat_fail_ms
    limit = limits.flat_fail_ms if fails else limits.flat_suspect_ms
    reason = f"flat_line: {state.value:g} for {lasted / HOUR_MS:.3g} h, limit {limit / HOUR_MS:.3g} h"
    return (FAIL if fails else SUSPECT), f"{reason}, tolerance {limits.flat_tolerance:g}"


def _stuck(since: int, value: float, time: int, limits: SeriesLimits) -> Finding | None:
    lasted = time - since
    if not since or lasted < limits.stuck_suspect_ms:
        return None
    fails = lasted >= limits.stuck_fail_ms
    limit = limits.stuck_fail_ms if fails else limits.stuck_suspect_ms
    reason = f"flat_line: {limits.stuck_fault} at {value:g} for {lasted / HOUR_MS:.3g} h, limit {limit / HOUR_MS:.3g} h"
    return (FAIL if fails else SUSPECT), reason


def _widen(state: SeriesState, value: float, time: int, limits: SeriesLimits) -> SeriesState:
    """The window of the attenuated signal test with ``value`` in it; a full one is judged and the next begins."""
    window = state.window
    if window is None:
        return replace(state, window=Window(time, value, value))
    if time - window.since < limits.attenuated_ms:
        wider = Window(window.since, min(window.low, value), max(window.high, value), window.count + 1)
        return replace(state, window=wider)
    spread = window.high - window.low
    is_narrow = window.count >= ATTENUATED_SAMPLES and spread < limits.attenuated_suspect
    return replace(state, window=Window(time, value, value), standing=spread if is_narrow else None)


def _attenuated(state: SeriesState, limits: SeriesLimits) -> Finding | None:
    """QARTOD attenuated signal test by range, over windows that follow each other; it holds for the next one."""
    if state.standing is None:
        return None
    flag = FAIL if state.standing < limits.attenuated_fail else SUSPECT
    hours = limits.attenuated_ms / HOUR_MS
    return flag, f"attenuated_signal: range {state.standing:.3g} in {hours:g} h, limit {limits.attenuated_suspect:g}"
