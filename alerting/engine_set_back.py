"""Core's clock was set back: what a station's state remembers lies in the future, and would call all that comes old.

The level stays, with what the public was told. Samples, rates and beginnings of the future are forgotten: they are made
anew from what comes, so that a rise is seen by its first samples, and a fall waits its whole time again.
"""

from typing import Final

import msgspec

from alerting.engine_level import NONE_ABOVE
from alerting.episodes import StationState
from alerting.samples import NO_SAMPLES

NONE_BELOW: Final = (None, None, None)

_replace: Final = msgspec.structs.replace


def of_now(state: StationState, now: int) -> StationState:
    """``state`` without what it remembers from after ``now``, ms UTC by core's clock."""
    return _replace(
        state,
        last_time=0,
        last_seen=_not_after(state.last_seen, now),
        level_since=_not_after(state.level_since, now),
        rules_changed_at=_not_after(state.rules_changed_at, now),
        above=NONE_ABOVE,
        below_since=NONE_BELOW,
        samples=NO_SAMPLES,
        motion=None,
        doubt=None,
        step_from=None,
        excused_until=min(state.excused_until, now),
        worked_until=min(state.worked_until, now),
        worked_since=min(state.worked_since, now),
        heard_at=min(state.heard_at, now),
        look_at=0,
        reach_at=0,
    )


def _not_after(moment: int | None, now: int) -> int | None:
    return None if moment is None else min(moment, now)
