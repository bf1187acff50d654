"""Which thresholds count at a moment."""

from alerting.episodes import StationState
from alerting.rules import StationRules


def limits_in_force(state: StationState, rules: StationRules, time: int) -> tuple[float, float, float] | None:
    """Thresholds at ``time``: those of high tide inside its window; None when there are none."""
    if rules.level is None:
        return None
    limits = rules.level.thresholds
    high = rules.level.high_tide
    if high is not None and state.tide is not None and state.tide[0] <= time <= state.tide[1]:
        limits = high
    return limits.waspada, limits.siaga, limits.awas
