"""What people said counts: a level that is held stays, one that was denied stays away, maintenance warns nobody (I5).

Kept from what operators were told that core has taken; shares no code with the engine.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from deploy.soak.clock import MINUTE

DENIED_MS: Final = 30 * MINUTE  # a level that somebody lowered is not raised again for so long
FOREVER: Final = 2**62
SLACK_MS: Final = 5 * MINUTE  # core's clock may be set while something runs out


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A person's decision. ``until`` None: raised for good, lowered for half an hour."""

    by: str
    level: int
    at: int
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What people have said of a scope: ``least`` until then, and nothing up to ``most`` until then.

    ``is_left``: the water was below everything since; what was denied may come again.
    """

    least: int = 0
    least_until: int = 0
    most: int = 0
    most_at: int = 0
    most_until: int = 0
    is_left: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """Somebody is at a station; its level then was ``floor``."""

    since: int
    until: int
    floor: int


class PeopleOracle:
    """Time is core's clock. A word counts from the commit of its decision, or from core's answer."""

    def __init__(self) -> None:
        self.standing: dict[str, Standing] = {}
        self.works: dict[str, Work] = {}
        self._said: dict[str, Word] = {}

    def says(self, scope: str, word: Word) -> None:
        """Somebody is about to tell core so."""
        self._said[scope] = word

    def stands(self, scope: str, before: int) -> None:
        """Core has taken the word about a scope that stood at ``before``."""
        word, known = self._said[scope], self.standing.get(scope, Standing())
        if word.level >= before:
            until = FOREVER if word.until is None else word.until
            known = Standing(least=word.level, least_until=until)
        else:
            until = word.at + DENIED_MS if word.until is None else word.until
            known = Standing(most=before, most_at=word.at, most_until=until)
        self.standing[scope] = known

    def decided(self, name: str, before: int, level: int, at: int, cause: dict[str, Any]) -> str | None:
        """What is wrong with a level's change; None when nothing is."""
        known = self.standing.get(name, Standing())
        if cause["why"] == "operator":
            word = self._said.get(name)
            if word is None or (word.by, word.level) != (cause.get("by"), level):
                return "and nobody said so"
            self.stands(name, before)
        elif level < before and level < known.least and at < known.least_until - SLACK_MS:
            return f"and somebody holds level {known.least}"
        elif level > before and cause["why"] != "silent_rising" and self._denies(known, level, at):
            return f"and somebody denied level {known.most} {(at - known.most_at) // MINUTE} min before"
        return self._under_work(name, before, level, at, cause)

    def _under_work(self, name: str, before: int, level: int, at: int, cause: dict[str, Any]) -> str | None:
        work = self.works.get(name)
        if work is None or not work.since <= at < work.until or cause["why"] == "operator":
            return None
        if level < before and level < work.floor:
            return f"while somebody works there; it stood at {work.floor} before"
        return "in public, while somebody works there" if level > before and cause.get("public_ok") else None

    def _denies(self, known: Standing, level: int, at: int) -> bool:
        return level <= known.most and not known.is_left and at < known.most_until - SLACK_MS

    def may_deny(self, scope: str, level: int, at: int) -> bool:
        """Whether ``level`` may be missing because somebody decided lately that it is not so."""
        known = self.standing.get(scope)
        return known is not None and level <= known.most and at < known.most_until + SLACK_MS

    def left(self, station: str) -> None:
        """The water is below every level."""
        known = self.standing.get(station)
        if known is not None and known.most and not known.is_left:
            self.standing[station] = replace(known, is_left=True)

    def begins_work(self, station: str, *, now: int, until: int, floor: int) -> None:
        """Maintenance, or another end of it; ``floor``: the level where it stands."""
        known = self.works.get(station)
        is_on = known is not None and now < known.until
        self.works[station] = replace(known, until=until) if known is not None and is_on else Work(now, until, floor)

    def ends_work(self, station: str, now: int) -> None:
        known = self.works.get(station)
        if known is not None and now < known.until:
            self.works[station] = replace(known, until=now)

    def is_worked_on(self, station: str, now: int) -> bool:
        work = self.works.get(station)
        return work is not None and now < work.until

    def worked_until(self, station: str, now: int) -> int:
        """When the last maintenance was over; 0 when there was none, or while it goes on."""
        work = self.works.get(station)
        return 0 if work is None or now < work.until else work.until
