"""Escalation: which officers are told of an alert, and who is next while nobody acknowledges it. Pure.

The first rank on duty is told at once, then rank by rank, at last everybody. Nobody is told twice of one version.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from alerting.episodes import Kind
from alerting.policy_rules import OVER, UP


class Ranked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An officer's place in the order; 1 is told first."""

    id: str
    rank: int


class Escalation(msgspec.Struct, frozen=True, array_like=True):
    """Of one alert; written to the journal as it is. New fields go last.

    ``told`` are those who were told of any of its versions, ``reached`` is the highest rank among them; ``due_at`` is
    when the next are told, None while there is nothing to wait for.
    """

    alert: str
    version: int
    level: int
    reached: int
    due_at: int | None
    told: tuple[str, ...]
    acknowledged_by: str = ""
    acknowledged_at: int | None = None
    acknowledged_version: int = 0
    is_over: bool = False
    told_at: int = 0  # when anybody was last told

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody has taken the version that stands."""
        return self.acknowledged_version == self.version


Step = tuple[Escalation, tuple[str, ...]]
_replace: Final = msgspec.structs.replace


def is_concerned(own: Sequence[str], places: Sequence[str]) -> bool:
    """Whether somebody for the areas ``own`` is told of what happens in ``places``; for none: of everything.

    Both are codes; one of them may lie in the other. What has no place concerns everybody.
    """
    return not own or not places or any(_is_within(a, b) or _is_within(b, a) for a in own for b in places)


def _is_within(code: str, other: str) -> bool:
    return code == other or code.startswith((f"{other}.", f"{other}/"))


def on_version(
    known: Escalation | None,
    *,
    alert: str,
    version: int,
    kind: Kind,
    level: int,
    on_duty: Sequence[Ranked],
    everybody: Sequence[str],
    now: int,
    wait_ms: int,
) -> Step:
    """A new version of an alert, and who is told of it at once: the first rank on duty, and who knows of the alert.

    ``on_duty`` is in order of rank. What goes up asks for an acknowledgement of its own; while one is still missing,
    the deadline stays where it was.
    """
    first = on_duty[0].rank if on_duty else 0
    before = known.told if known is not None else ()
    tell = _joined(before, [each.id for each in on_duty if each.rank == first])
    if kind in OVER:
        state = _of(known, alert, version, level, reached=first, told=tell)
        return _replace(state, due_at=None, is_over=True), tell
    waits = known is not None and not known.is_over and not known.is_acknowledged
    reached = known.reached if known is not None and waits else first
    state = _replace(_of(known, alert, version, level, reached=reached, told=tell), told_at=now)
    if kind not in UP:
        # Nobody need acknowledge what goes down; who has not acknowledged what went up is still waited for.
        acknowledged = version if known is None or known.is_acknowledged else known.acknowledged_version
        due = known.due_at if known is not None and waits else None
        return _replace(state, acknowledged_version=acknowledged, due_at=due), tell
    if known is not None and waits:
        return _replace(state, due_at=known.due_at), tell
    return _replace(state, due_at=now + wait_ms if set(everybody) - set(tell) else None), tell


def on_due(known: Escalation, *, on_duty: Sequence[Ranked], everybody: Sequence[str], now: int, wait_ms: int) -> Step:
    """Nobody has acknowledged in time: the next rank that knows nothing yet, or everybody."""
    untold = [each for each in on_duty if each.id not in known.told and each.rank > known.reached]
    if untold:
        rank = untold[0].rank
        tell = tuple(each.id for each in untold if each.rank == rank)
    else:
        rank, tell = known.reached, tuple(each for each in everybody if each not in known.told)
    told = _joined(known.told, tell)
    due = now + wait_ms if set(everybody) - set(told) else None
    return _replace(known, reached=max(rank, known.reached), told=told, due_at=due, told_at=now), tell


def acknowledged(known: Escalation, *, by: str, now: int) -> Escalation:
    """Somebody deals with it: nobody else is told."""
    return _replace(known, acknowledged_by=by, acknowledged_at=now, acknowledged_version=known.version, due_at=None)


def _of(
    known: Escalation | None, alert: str, version: int, level: int, *, reached: int, told: tuple[str, ...]
) -> Escalation:
    if known is None:
        return Escalation(alert, version, level, reached, None, told)
    return _replace(known, version=version, level=level, reached=reached, told=told, is_over=False)


def _joined(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
