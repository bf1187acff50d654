"""Flags as an officer reads them: stretches of time, not single readings. Pure."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from broker.quality_flags import Flag
from deploy.replay.run import Track

# Good readings between two bad ones that do not yet end a stretch.
GOOD_BETWEEN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Readings that are not good, close together. ``reason`` is the commonest of the worst flag."""

    start: int  # ms UTC, of the first and the last of them
    end: int
    flag: int
    count: int
    reason: str


def stretches(track: Track) -> list[Stretch]:
    """The stretches of a track, by time of arrival."""
    found: list[Stretch] = []
    positions: list[int] = []
    for at, flag in enumerate(track.flags):
        if flag == Flag.GOOD:
            continue
        if positions and at - positions[-1] > GOOD_BETWEEN:
            found.append(_stretch(track, positions))
            positions = []
        positions.append(at)
    if positions:
        found.append(_stretch(track, positions))
    return found


def _stretch(track: Track, positions: list[int]) -> Stretch:
    flags = [track.flags[at] for at in positions]
    flag = next((worst for worst in (Flag.FAIL, Flag.SUSPECT, Flag.MISSING) if worst in flags), Flag.NOT_EVALUATED)
    reasons = Counter(track.reasons.get(at, "").partition(":")[0] for at in positions if track.flags[at] == flag)
    commonest = reasons.most_common(1)[0][0]
    first = next(at for at in positions if track.reasons.get(at, "").startswith(commonest))
    return Stretch(
        start=track.times[positions[0]],
        end=track.times[positions[-1]],
        flag=int(flag),
        count=len(positions),
        reason=track.reasons.get(first, "") or "tanpa keterangan",
    )
