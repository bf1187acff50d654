"""The past of one station's level for a report; a report without it says so and stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from alerting.web.api.problem import Refused
from alerting.web.frame import Frame
from alerting.web.past import PastBucket, Tier
from alerting.web.words import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from alerting.web.api.gate import Gate

LEVEL: Final = "level_m"
BY_MINUTE_MS: Final = 2 * DAY_MS
MOST: Final = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLevels:
    """``buckets`` from ``start`` to ``end``, ms UTC; ``is_away``: history did not answer."""

    start: int
    end: int
    buckets: Sequence[PastBucket]
    is_away: bool = False


async def past_levels(request: Request, frame: Frame, station: str, *, start: int, end: int) -> PastLevels:
    """What was measured meanwhile: by the minute, of more than two days by the hour."""
    tier: Tier = "minute" if end - start <= BY_MINUTE_MS else "hour"
    gate: Gate = request.app.state.gate
    try:
        buckets = await gate.read(lambda: frame.past.aggregates(station, LEVEL, start, end, tier, MOST))
    except Refused:
        return PastLevels(start=start, end=end, buckets=(), is_away=True)
    return PastLevels(start=start, end=end, buckets=buckets)


def around(began: int, ended: int, now: int) -> tuple[int, int]:
    """From two hours before an alert to one after it, but not beyond now."""
    return began - 2 * HOUR_MS, max(min(ended + HOUR_MS, now), began + 1)
