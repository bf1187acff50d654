"""What people do: see the water, decide a level, work on a sensor, change the rules."""

from typing import Final, Literal

import msgspec

from alerting.engine_limits import limits_in_force
from alerting.engine_move import move
from alerting.engine_silence import forgotten
from alerting.engine_support import with_public
from alerting.engine_weather import on_cancelled
from alerting.episodes import Aids, Decided, Decision, Kind, Maintenance, Manual, StationState, Why
from alerting.events import DISMISSED_MS, Maintained, Observed, ReadingTaken, Retired, RulesChanged
from alerting.rules import StationRules
from broker.levels import Level
from broker.quality_flags import Flag

WITHOUT_END: Final = 2**53 - 1
_WEATHER: Final[tuple[Literal["rain", "air"], ...]] = ("rain", "air")

_replace: Final = msgspec.structs.replace


def on_observed(state: StationState, rules: StationRules, event: Observed) -> Decided:
    """An observation supports and may raise; a decision raises, keeps or lowers, or cancels rain or air."""
    if event.hazard != "level":
        return on_cancelled(state, rules, event)
    state = _with_seen(state, event)
    if event.level is not None:
        return _decide(state, rules, event, event.level)
    limits = limits_in_force(state, rules, event.at)
    reached = 0 if limits is None or event.value is None else sum(event.value >= limit for limit in limits)
    state = _replace(state, verified_level=max(state.verified_level, min(reached, state.level)))
    if reached <= state.level:
        return with_public(state, rules, event.at), ()
    state = _replace(state, verified_level=reached)
    return move(state, rules, _as_reading(state, event), level=reached, why="observed", by=event.by, note=event.note)


def _with_seen(state: StationState, event: Observed) -> StationState:
    if event.value is None:
        return state
    aids = state.aids or Aids()
    return _replace(state, aids=_replace(aids, observed_at=event.at, observed=event.value))


def _decide(state: StationState, rules: StationRules, event: Observed, level: int) -> Decided:
    up = level >= state.level
    until = event.until or (WITHOUT_END if up else event.at + DISMISSED_MS)
    manual = Manual(event.at, until, event.by, level if up else 0, 0 if up else state.level)
    verified = max(state.verified_level, level) if up else level
    state = _replace(state, manual=manual, verified_level=verified, at_least=state.at_least and up)
    if level == state.level:
        return with_public(state, rules, event.at), ()
    if not up:  # what came before is known to whoever decided; only what comes now speaks against it, no silence
        state = _replace(state, above=(0, 0, 0), doubt=None, looked=True, look_at=0)
    kind: Kind | None = "cancelled" if level == Level.NORMAL else None
    reading = _as_reading(state, event)
    return move(state, rules, reading, level=level, why="operator", kind=kind, by=event.by, note=event.note)


def _as_reading(state: StationState, event: Observed) -> ReadingTaken:
    value = state.last_value if event.value is None else event.value
    return ReadingTaken(event.at, event.at, value, Flag.GOOD)


def on_maintained(state: StationState, rules: StationRules, event: Maintained) -> Decided:
    """Maintenance begins, goes on longer, or is over. With its beginning the alert of a silence is in good hands."""
    if event.until is None or event.until <= event.at:
        return (ended(state, event.at) if state.maintenance is not None else state), ()
    known = state.maintenance
    since, floor = (event.at, state.level) if known is None else (known.since, known.floor)
    maintenance = Maintenance(since, event.until, event.by, event.reason, floor, event.is_installation)
    state = _replace(state, maintenance=maintenance, excused_until=event.until)
    if state.silent_since is None and state.heard_since is None:
        return state, ()
    return _closed(state, rules, event, "worked")


def _closed(state: StationState, rules: StationRules, event: Maintained | Retired, why: Why) -> Decided:
    """The alert of a silence is over by somebody's word; the level stays, and silence counts anew."""
    state = _replace(
        forgotten(state),
        silent_since=None,
        heard_since=None,
        is_doubtful=False,
        looked=False,
        silence_version=state.silence_version + 1,
    )
    decision = Decision(
        station=rules.station,
        hazard="data",
        episode=state.silence_episode,
        version=state.silence_version,
        kind="cancelled",
        level=state.level,
        level_before=state.level,
        why=why,
        rules_version=rules.version,
        at=event.at,
        received_at=event.at,
        value=state.last_value,
        value_at=state.last_time,
        inhibited_by=state.inhibited_by,
        maintenance=state.maintenance,
        by=event.by,
        note=event.reason,
    )
    return _replace(state, inhibited_by=None), (decision,)


def on_retired(state: StationState, rules: StationRules, event: Retired) -> Decided:
    """Everything that stands here is cancelled in somebody's name, and nothing is waited for any more."""
    state = _replace(state, maintenance=None, manual=None, at_least=False, is_doubtful=False)
    decisions: tuple[Decision, ...] = ()
    if state.level > Level.NORMAL:
        reading = ReadingTaken(event.at, event.at, state.last_value, Flag.GOOD)
        state, decisions = move(
            state, rules, reading, level=0, why="retired", kind="cancelled", by=event.by, note=event.reason
        )
    for hazard in _WEATHER:
        cancel = Observed(at=event.at, by=event.by, note=event.reason, level=0, hazard=hazard)
        state, cancelled = on_cancelled(state, rules, cancel)
        decisions += tuple(_replace(each, why="retired") for each in cancelled)
    if state.silent_since is not None or state.heard_since is not None:
        state, closed = _closed(state, rules, event, "retired")
        decisions += closed
    return _replace(forgotten(state), last_seen=None, look_at=0), decisions


def ended(state: StationState, at: int) -> StationState:
    """Maintenance is over: what was measured during it says nothing, and silence counts from now."""
    work = state.maintenance
    floor, since = (state.level, state.worked_since) if work is None else (work.floor, work.since)
    return _replace(
        forgotten(state),
        maintenance=None,
        verified_level=min(state.verified_level, floor),
        excused_until=at,
        worked_until=at,
        worked_since=min(since, at),
        looked=False,
    )


def on_rules_changed(state: StationState, rules: StationRules, event: RulesChanged) -> Decided:
    """Without its thresholds an alert cannot end by itself: whoever took them away has ended it."""
    if rules.level is not None or state.level == Level.NORMAL:
        return state, ()
    reading = ReadingTaken(event.at, event.at, state.last_value, Flag.GOOD)
    state = _replace(state, manual=None, at_least=False)
    return move(
        state,
        rules,
        reading,
        level=Level.NORMAL,
        why="rules",
        kind="cancelled",
        by=event.author,
        note=event.reason,
    )


def under_new_rules(state: StationState, rules: StationRules, at: int) -> StationState:
    """``state`` with evidence counted anew: an edit moves nothing by itself; fresh samples do, after the holds."""
    if state.rules_version == 0:
        return _replace(state, rules_version=rules.version)
    return _replace(
        state,
        rules_version=rules.version,
        rules_changed_at=at if state.level else None,
        above=(0, 0, 0),
        below_since=(None, None, None),
        doubt=None,
    )
