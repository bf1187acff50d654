"""What the engine's tests share: one station, a short way to write its readings, and a way to play them."""

from collections.abc import Iterable

import msgspec

from alerting.engine import Decision, StationState, step
from alerting.events import Event, ReadingTaken
from alerting.rules import LevelRule, StationRules, Thresholds
from broker.quality_flags import Flag

T0 = 1_764_000_000_000
MINUTE = 60_000
THRESHOLDS = Thresholds(waspada=3.5, siaga=4.5, awas=5.5)
RULES = StationRules(station="welang", version=3, quantity="level_m", level=LevelRule(thresholds=THRESHOLDS))
PLAIN = msgspec.structs.replace(
    RULES, level=LevelRule(thresholds=THRESHOLDS, early_siaga_ms=0, hold_up=2, hold_down_ms=15 * MINUTE)
)


def at(minute: float) -> int:
    return T0 + int(minute * MINUTE)


def reading(minute: float, value: float | None, *, flag: int = Flag.GOOD, live: bool = True) -> ReadingTaken:
    return ReadingTaken(at(minute), at(minute) + 200, value, flag, live)


def series(values: Iterable[float], *, start: float = 0, flag: int = Flag.GOOD) -> list[ReadingTaken]:
    """One reading a minute."""
    return [reading(start + minute, value, flag=flag) for minute, value in enumerate(values)]


def rise(low: float, rate_m_per_h: float, minutes: int, *, start: float = 0) -> list[ReadingTaken]:
    return series((low + rate_m_per_h * minute / 60 for minute in range(minutes)), start=start)


def play(
    events: Iterable[Event], rules: StationRules = PLAIN, state: StationState | None = None
) -> tuple[StationState, list[Decision]]:
    state = state or StationState()
    decisions: list[Decision] = []
    for event in events:
        state, made = step(state, rules, event)
        decisions += made
    return state, decisions


def told(decisions: Iterable[Decision]) -> list[tuple[str, str, int]]:
    return [(decision.kind, decision.why, decision.level) for decision in decisions]
