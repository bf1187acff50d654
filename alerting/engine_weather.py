"""Rain and air: their own episodes at a station, and rain as a witness for high water."""

from typing import Final

import msgspec

from alerting.engine_support import is_put_up, supports, with_public
from alerting.engine_versions import kind_of, turned
from alerting.episodes import (
    Aids,
    AirCause,
    Decided,
    Decision,
    Episode,
    Hazard,
    PublicWhy,
    RainCause,
    StationState,
    Support,
    Why,
)
from alerting.events import AirIndexed, Observed, RainSummed
from alerting.rules import AirRule, RainLimit, RainRule, StationRules
from broker.levels import Level

HOUR_MS: Final = 60 * 60_000
AIR_HOLD_MS: Final = 50 * 60_000  # the index comes hourly: two of them in a row bring a level down
# For so long what was measured wrongly stays in sums and means; rain in 3 h is what most limits are of.
DISMISSED_MS: Final = {"rain": 3 * HOUR_MS, "air": 24 * HOUR_MS}

_replace: Final = msgspec.structs.replace


def on_rain(state: StationState, rules: StationRules, event: RainSummed) -> Decided:
    """Rain supports a rising river, and may be an alert of its own."""
    most = max((sums.mm_3h for sums in (event.here, event.upstream) if sums is not None), default=0.0)
    if most >= rules.support.rain_mm:
        aids = _replace(state.aids or Aids(), rain_at=event.at, rain_mm=most)
        state = with_public(_replace(state, aids=aids), rules, event.at)
    return (state, ()) if rules.rain is None else _judge_rain(state, rules, rules.rain, event)


def _judge_rain(state: StationState, rules: StationRules, rule: RainRule, event: RainSummed) -> Decided:
    causes = [(limit, _cause(limit, event)) for limit in rule.limits]
    kept = max((limit.level for limit, cause in causes if _keeps(rule, limit, cause)), default=0)
    known = _undismissed(state.rain, event.at, _measured(rule, causes))
    state = state if known is state.rain else _replace(state, rain=known)
    episode = known or Episode()
    reached, why = max(
        ((limit.level, cause) for limit, cause in causes if cause is not None and _raises(state, limit, cause)),
        key=lambda found: (found[0], found[1].mm / found[1].limit),
        default=(0, None),
    )
    if reached > max(episode.level, episode.dismissed_level) and why is not None:
        return _turn_rain(state, rules, event, level=reached, cause=why, why="rain")
    if kept >= episode.level:
        return (state, ()) if episode.below_since is None else (_below(state, episode, None), ())
    since = episode.below_since or event.at
    if event.at - since < rule.hold_down_ms:
        return _below(state, episode, since), ()
    left = max((cause for limit, cause in causes if limit.level > kept and cause is not None), key=lambda c: c.mm)
    return _turn_rain(state, rules, event, level=kept, cause=left, why="rain_fell")


def _cause(limit: RainLimit, event: RainSummed) -> RainCause | None:
    sums = event.here if limit.where == "here" else event.upstream
    if sums is None:
        return None
    mm, complete = sums.of(limit.window)
    return RainCause(mm=mm, window=limit.window, where=limit.where, limit=limit.mm, complete=complete)


def _raises(state: StationState, limit: RainLimit, cause: RainCause) -> bool:
    """Whether its level is reached; a gauge that is being put up raises nothing, those upstream go on."""
    return cause.mm >= limit.mm and (limit.where != "here" or not is_put_up(state))


def _keeps(rule: RainRule, limit: RainLimit, cause: RainCause | None) -> bool:
    """Whether a limit's level goes on: still nearly reached, or not known."""
    return cause is None or cause.complete < rule.complete or cause.mm >= rule.release * limit.mm


def _measured(rule: RainRule, causes: list[tuple[RainLimit, RainCause | None]]) -> int:
    """The level that what is known keeps."""
    return max((limit.level for limit, cause in causes if cause is not None and _keeps(rule, limit, cause)), default=0)


def _below(state: StationState, episode: Episode, since: int | None) -> StationState:
    return _replace(state, rain=_replace(episode, below_since=since))


def _turn_rain(
    state: StationState, rules: StationRules, event: RainSummed, *, level: int, cause: RainCause, why: Why
) -> Decided:
    before, episode = state.rain or Episode(), turned(state.rain, level, event.at)
    state = _replace(state, rain=episode)
    witnesses = tuple(s for s in supports(state, rules, event.at) if s in ("neighbour", "operator"))
    is_enough = level < Level.AWAS or bool(witnesses) or state.verified_level > Level.NORMAL
    reason: PublicWhy = "no_support" if not is_enough else "supported" if level == Level.AWAS else "below_awas"
    decision = _decision(state, rules, "rain", before, episode, at=event.at, why=why, support=witnesses, reason=reason)
    return state, (_replace(decision, rain=cause, value=cause.mm, limit=cause.limit),)


def on_air(state: StationState, rules: StationRules, event: AirIndexed) -> Decided:
    """The index decides the level; an indicative hour or a worsening gives WASPADA at most."""
    if rules.air is None:
        return state, ()
    episode = state.air or Episode()
    level, why, limit = _air_level(rules.air, event, episode)
    known = _undismissed(episode, event.at, level if event.category is not None else Level.AWAS) or Episode()
    if level > episode.level and (level <= known.dismissed_level or is_put_up(state)):
        level = episode.level
    if event.hour_ugm3 is not None and event.hour_ugm3 != episode.last:
        known = _replace(known, last=event.hour_ugm3)
    is_known = event.category is not None or event.hour_category is not None
    if level <= episode.level:
        if level == episode.level or not is_known or (episode.level > Level.WASPADA and event.category is None):
            return _keep_air(state, _replace(known, below_since=None)), ()
        since = episode.below_since or event.at
        if event.at - since < AIR_HOLD_MS:
            return _keep_air(state, _replace(known, below_since=since)), ()
        why = "air_fell"
    turn = turned(known, level, event.at)
    state = _replace(state, air=turn)
    decision = _decision(state, rules, "air", episode, turn, at=event.at, why=why, support=(), reason="persistent")
    cause = AirCause(
        index=event.index,
        category=event.category,
        critical=event.critical,
        complete=event.complete,
        hour_ugm3=event.hour_ugm3,
        hour_category=event.hour_category,
        before_ugm3=episode.last,
        limit=limit,
    )
    return state, (_replace(decision, air=cause, value=event.hour_ugm3),)


def _undismissed(episode: Episode | None, at: int, kept: int) -> Episode | None:
    """``episode``, open to be raised again when its time is over, or what was cancelled does not go on (``kept``)."""
    if episode is None or not episode.dismissed_level or (at < episode.dismissed_until and kept > Level.NORMAL):
        return episode
    return _replace(episode, dismissed_level=0, dismissed_until=0)


def on_cancelled(state: StationState, rules: StationRules, event: Observed) -> Decided:
    """Somebody ends an alert of rain or of air; nothing when none stands.

    A higher level is raised all the same, and the same one again after ``until`` (rain: 3 h, air: 24 h), or once what
    was measured no longer keeps any level.
    """
    hazard: Hazard = "rain" if event.hazard == "rain" else "air"
    episode = state.rain if hazard == "rain" else state.air
    if episode is None or episode.level == Level.NORMAL:
        return state, ()
    until = event.until or event.at + DISMISSED_MS[hazard]
    turn = turned(episode, Level.NORMAL, event.at)
    turn = _replace(turn, dismissed_level=episode.level, dismissed_until=until)
    state = _replace(state, rain=turn) if hazard == "rain" else _replace(state, air=turn)
    decision = _decision(
        state, rules, hazard, episode, turn, at=event.at, why="operator", support=(), reason="goes_down"
    )
    return state, (_replace(decision, kind="cancelled", by=event.by, note=event.note),)


def _keep_air(state: StationState, episode: Episode) -> StationState:
    return state if episode == state.air else _replace(state, air=episode)


def _air_level(rule: AirRule, event: AirIndexed, episode: Episode) -> tuple[int, Why, float]:
    for level, least in ((Level.AWAS, rule.awas), (Level.SIAGA, rule.siaga), (Level.WASPADA, rule.waspada)):
        if event.category is not None and event.category >= least:
            return int(level), "air", float(least)
    if rule.indicative and event.hour_category is not None and event.hour_category >= rule.indicative:
        return int(Level.WASPADA), "air_hour", float(rule.indicative)
    is_worse = rule.worsening_ugm3 and event.hour_ugm3 is not None and episode.last is not None
    if is_worse and event.hour_ugm3 - episode.last >= rule.worsening_ugm3:  # type: ignore[operator]
        return int(Level.WASPADA), "air_worse", rule.worsening_ugm3
    return 0, "air", float(rule.waspada)


def _decision(
    state: StationState,
    rules: StationRules,
    hazard: Hazard,
    before: Episode,
    after: Episode,
    *,
    at: int,
    why: Why,
    support: tuple[Support, ...],
    reason: PublicWhy,
) -> Decision:
    up = after.level > before.level
    is_public = state.maintenance is None and reason != "no_support"
    return Decision(
        station=rules.station,
        hazard=hazard,
        episode=after.number,
        version=after.version,
        kind=kind_of(before.level, after.level),
        level=after.level,
        level_before=before.level,
        why=why,
        rules_version=rules.version,
        at=at,
        received_at=at,
        value=None,
        value_at=at,
        support=support if up else (),
        public_ok=not up or is_public,
        public_why="goes_down" if not up else "maintenance" if state.maintenance else reason,
        maintenance=state.maintenance,
    )
