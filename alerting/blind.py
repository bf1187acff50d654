"""Many stations that fall silent together: one alert for the gateway, one BUTA for everything, instead of one each.

``group_step(state, rules, event) -> (state, decisions)`` is pure. While a group is silent, its name is given to the
ticks of its stations as ``cut_by``; they then count as silent without an alarm of their own.
"""

from typing import Final

import msgspec

from alerting.episodes import Decision, Kind, Why
from alerting.events import GroupEvent, GroupHeard, GroupLeft, GroupTicked
from alerting.group_state import GroupState
from alerting.rules import GroupRules

EVERYTHING: Final = "semua"  # the group of all stations
GATEWAY: Final = "gateway:"  # before the name of a gateway, the group of the stations that are heard through it

_replace: Final = msgspec.structs.replace


GroupDecided = tuple[GroupState, tuple[Decision, ...]]


def group_step(state: GroupState, rules: GroupRules, event: GroupEvent) -> GroupDecided:
    """What ``event`` makes of a group. Its level is always NORMAL: not to see is not to see a flood."""
    if isinstance(event, GroupHeard):
        return _on_heard(state, rules, event)
    if isinstance(event, GroupLeft):
        return _on_left(state, rules, event)
    return _on_tick(state, rules, event)


def group_deadline(state: GroupState, rules: GroupRules, since: int) -> int | None:
    """When the group's silence becomes an alarm; None while it is one, or before anything was heard."""
    if state.heard_at is None or state.silent_since is not None:
        return None
    return max(state.heard_at, since) + rules.silence_after_ms


def _on_tick(state: GroupState, rules: GroupRules, tick: GroupTicked) -> GroupDecided:
    deadline = group_deadline(state, rules, tick.since)
    if deadline is None or tick.now <= deadline:
        return state, ()
    state = _replace(state, silent_since=tick.now, episode=state.episode + 1, version=1)
    return state, (_decision(state, rules, "raised", "all_silent", at=tick.now),)


def _on_heard(state: GroupState, rules: GroupRules, heard: GroupHeard) -> GroupDecided:
    if state.silent_since is None:
        return (state if state.heard_at == heard.at else _replace(state, heard_at=heard.at)), ()
    state = _replace(state, silent_since=None, version=state.version + 1)
    decision = _decision(state, rules, "ended", "all_heard", at=heard.at)
    return _replace(state, heard_at=heard.at), (decision,)


def _on_left(state: GroupState, rules: GroupRules, left: GroupLeft) -> GroupDecided:
    """Nothing can be heard through it any more: its alert would stand for ever."""
    if state.silent_since is None:
        return _replace(state, heard_at=None), ()
    state = _replace(state, heard_at=None, silent_since=None, version=state.version + 1)
    decision = _decision(state, rules, "cancelled", "retired", at=left.at)
    return state, (_replace(decision, by=left.by),)


def is_group(scope: str) -> bool:
    """Whether a scope is a group: everything, or a gateway."""
    return scope == EVERYTHING or scope.startswith(GATEWAY)


def _decision(state: GroupState, rules: GroupRules, kind: Kind, why: Why, *, at: int) -> Decision:
    return Decision(
        station=rules.group,
        hazard="data",
        episode=state.episode,
        version=state.version,
        kind=kind,
        level=0,
        why=why,
        rules_version=rules.version,
        at=at,
        received_at=at,
        value=None,
        value_at=None,
        silent_for_ms=at - (state.heard_at or at),
    )
