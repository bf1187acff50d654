"""Areas: what the stations of a place say together. Public messages rest on this.

``area_step(state, rules, event) -> (state, decisions)`` is pure and fed with what ``engine.moved`` and
``engine.standing`` say of the area's stations, with upstream and expected rain, what people decide, and ticks.
"""

from typing import Final

import msgspec

from alerting.area_state import AreaState, Member
from alerting.engine_versions import kind_of
from alerting.episodes import Decision, Kind, PublicWhy, Support, Why
from alerting.events import (
    DISMISSED_MS,
    AreaEvent,
    Observed,
    RainExpected,
    RainSummed,
    RulesChanged,
    StationMoved,
    Ticked,
)
from alerting.rules import AreaRules
from broker.levels import Level

RAIN_FRESH_MS: Final = 30 * 60_000  # a rain sum older than this keeps nothing armed
EXPECTED_MS: Final = 30 * 60_000  # rain that is expected keeps an area armed from so long before it on
WITHOUT_END: Final = 2**53 - 1

_replace: Final = msgspec.structs.replace


AreaDecided = tuple[AreaState, tuple[Decision, ...]]


def area_step(state: AreaState, rules: AreaRules, event: AreaEvent) -> AreaDecided:
    """What ``event`` makes of an area, and what is decided."""
    at = event.now if isinstance(event, Ticked) else event.at
    if isinstance(event, Observed):
        return _on_decided(state, rules, event)
    if isinstance(event, StationMoved):
        state = _with_member(state, rules, event)
    elif isinstance(event, RainSummed) and event.upstream is not None:
        state = _replace(state, rain_at=event.at, rain_mm=event.upstream.mm_1h)
    elif isinstance(event, RainExpected):
        state = _replace(state, expected_from=event.start, expected_until=event.end)
    elif isinstance(event, RulesChanged):
        members = tuple(member for member in state.members if member.station in rules.stations)
        state = _replace(state, members=members, rules_version=rules.version)
    return _judge(state, rules, at)


def area_deadline(state: AreaState, rules: AreaRules) -> int | None:
    """When a tick may decide something: the end of a hold, of rain that is no longer reported, of a person's level."""
    if state.dismissed_level:
        return state.dismissed_until
    ends = [state.manual_until] if state.manual_level and state.manual_until != WITHOUT_END else []
    if state.below_since is not None:
        is_armed = state.rain_mm >= rules.rain_mm > 0
        end = max(state.below_since + rules.hold_down_ms, state.rain_at + RAIN_FRESH_MS if is_armed else 0)
        ends.append(state.expected_until if _is_rain_expected(state, rules, end) else end)
    return min(ends, default=None)


def _with_member(state: AreaState, rules: AreaRules, moved: StationMoved) -> AreaState:
    if moved.station not in rules.stations:
        return state
    known = next((member for member in state.members if member.station == moved.station), Member(moved.station))
    member = Member(
        moved.station,
        moved.level,
        moved.public_level,
        moved.verified_level,
        moved.is_fresh,
        known.took_part or moved.level > Level.NORMAL,
        moved.at_least,
        moved.value,
        moved.value_at,
    )
    if not moved.is_fresh:
        member = _replace(member, public_level=max(member.public_level, min(known.public_level, moved.level)))
    others = tuple(each for each in state.members if each.station != moved.station)
    return _replace(state, members=(*others, member))


def _judge(state: AreaState, rules: AreaRules, at: int) -> AreaDecided:
    if state.dismissed_level and at >= state.dismissed_until:
        state = _replace(state, dismissed_level=0, dismissed_until=0)
    if state.manual_level and at >= state.manual_until:
        state = _replace(state, manual_level=0, manual_until=0)
    reached, support = _reached(state, rules)
    if reached > state.level:
        if reached <= state.dismissed_level:
            return state, ()
        return _move(state, rules, at, level=reached, why="stations", support=support)
    floor = max(reached, state.manual_level)
    if floor >= state.level or not _may_go_down(state, floor):
        return (state if state.below_since is None else _replace(state, below_since=None)), ()
    since = at if state.below_since is None else state.below_since
    if at - since < rules.hold_down_ms or _is_armed(state, rules, at):
        return (state if since == state.below_since else _replace(state, below_since=since)), ()
    if not state.manual_by:
        return _move(state, rules, at, level=floor, why="stations", support=())
    by = state.manual_by
    state, (decision,) = _move(state, rules, at, level=floor, why="over", support=())
    return state, (_replace(decision, by=by),)


def _reached(state: AreaState, rules: AreaRules) -> tuple[int, tuple[Support, ...]]:
    """The highest level that one station may tell the public, or that several verified ones stand at together."""
    alone = max((member.public_level for member in state.members), default=0)
    verified = sorted((min(m.level, m.verified_level) for m in state.members if m.is_fresh), reverse=True)
    together = verified[rules.agree - 1] if len(verified) >= rules.agree else 0
    return (together, ("stations",)) if together > alone else (alone, ())


def _may_go_down(state: AreaState, floor: int) -> bool:
    """Whether every station that took part gives fresh data, and says so itself."""
    return all(m.is_fresh and m.level <= max(floor, m.public_level) for m in state.members if m.took_part)


def _is_armed(state: AreaState, rules: AreaRules, at: int) -> bool:
    """Whether rain upstream, or rain that is expected here, keeps the area from going down."""
    is_wet = 0 < rules.rain_mm <= state.rain_mm and at - state.rain_at < RAIN_FRESH_MS
    return is_wet or _is_rain_expected(state, rules, at)


def _is_rain_expected(state: AreaState, rules: AreaRules, at: int) -> bool:
    return rules.rain_mm > 0 and state.expected_from - EXPECTED_MS <= at < state.expected_until


def _on_decided(state: AreaState, rules: AreaRules, event: Observed) -> AreaDecided:
    """A person decides the area's level; an observation without a level belongs to a station."""
    level = event.level
    if level is None:
        return state, ()
    if level >= state.level:
        state = _replace(state, manual_level=level, manual_until=event.until or WITHOUT_END)
    else:
        until = event.until or event.at + DISMISSED_MS
        state = _replace(state, manual_level=0, manual_until=0, dismissed_level=state.level, dismissed_until=until)
    if level == state.level:
        return state, ()
    kind: Kind | None = "cancelled" if level == Level.NORMAL and not event.is_over else None
    state, (decision,) = _move(state, rules, event.at, level=level, why="operator", support=("operator",))
    state = _replace(state, manual_by=event.by if state.manual_level else "")
    return state, (_replace(decision, kind=kind or decision.kind, by=event.by, note=event.note),)


def _move(
    state: AreaState, rules: AreaRules, at: int, *, level: int, why: Why, support: tuple[Support, ...]
) -> AreaDecided:
    before, begins, up = state.level, state.level == Level.NORMAL, level > state.level
    members = state.members if level else tuple(_replace(member, took_part=False) for member in state.members)
    state = _replace(
        state,
        level=level,
        level_since=at,
        episode=state.episode + begins,
        version=1 if begins else state.version + 1,
        below_since=None,
        members=members,
        manual_by="",
    )
    causes = sorted((m for m in members if m.level >= level > 0), key=lambda m: m.level, reverse=True)
    reason: PublicWhy = "goes_down" if not up else "supported" if level == Level.AWAS else "below_awas"
    decision = Decision(
        station=rules.area,
        hazard="area",
        episode=state.episode,
        version=state.version,
        kind=kind_of(before, level),
        level=level,
        level_before=before,
        why=why,
        rules_version=rules.version,
        at=at,
        received_at=at,
        value=causes[0].value if causes else None,
        value_at=causes[0].value_at if causes else None,
        at_least=up and any(member.at_least for member in causes),
        support=support if up else (),
        public_ok=True,
        public_why=reason,
        stations=tuple(member.station for member in causes),
    )
    return state, (decision,)
