"""What a watch has told, and what is to be told next. Pure; a standing is what it keeps on disk over a restart.

Times are ms UTC of the watch's own clock, which may be set: a time in the future counts as now.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from deploy.watch.heard import Finding

Say = Literal["alarm", "again", "well"]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``kind`` "" : all was well as last told. ``owed`` are texts by keeper that nobody took yet."""

    kind: str = ""
    is_broken: bool = False
    since: int = 0
    told_at: int = 0
    numbered: int = 0  # how much was ever told; names each message
    owed: dict[str, tuple[int, str]] = {}
    own_told: tuple[str, ...] = ()  # own channels that were told to be out of order
    own_at: int = 0


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    repeat_ms: int
    patience_ms: int


def decide(standing: Standing, finding: Finding, now: int, *, well_ms: int, pace: Pace) -> tuple[Standing, Say | None]:
    """What to say now, and the standing after it. ``well_ms``: for how long all has been well without a break.

    A fault is told at once, again when it gets worse, and at the pace of repetition while it lasts; that it is over
    when all has been well for as long as the patience, so that a fault that comes and goes is one.
    """
    standing = replace(standing, told_at=min(standing.told_at, now), since=min(standing.since, now))
    match finding.kind:
        case "unknown":
            return standing, None
        case "well":
            if not standing.kind or well_ms < pace.patience_ms:
                return standing, None
            return replace(standing, kind="", is_broken=False, told_at=now, numbered=standing.numbered + 1), "well"
        case _:
            return _faulty(standing, finding, now, pace)


def _faulty(standing: Standing, finding: Finding, now: int, pace: Pace) -> tuple[Standing, Say | None]:
    if not standing.kind:
        begun = replace(_told(standing, finding, now), since=now - pace.patience_ms)
        return begun, "alarm"
    if finding.is_broken and not standing.is_broken:
        return _told(standing, finding, now), "alarm"
    if now - standing.told_at >= pace.repeat_ms:
        return _told(standing, finding, now), "again"
    return standing, None


def _told(standing: Standing, finding: Finding, now: int) -> Standing:
    return replace(
        standing,
        kind=finding.kind,
        is_broken=finding.is_broken,
        told_at=now,
        numbered=standing.numbered + 1,
    )


def decide_own(standing: Standing, bad: tuple[str, ...], now: int, *, pace: Pace) -> tuple[Standing, bool]:
    """Whether to tell, by those that work, that some of the watch's own channels do not, or that all do again."""
    is_soon = standing.own_at > 0 and now - min(standing.own_at, now) < pace.repeat_ms
    if bad == standing.own_told or is_soon:
        return standing, False
    return replace(standing, own_told=bad, own_at=now, numbered=standing.numbered + 1), True
