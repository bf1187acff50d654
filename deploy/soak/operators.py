"""Simulated operators: they raise, lower and cancel alerts, and work on stations. What core refuses is looked at."""

from datetime import UTC, datetime
from typing import Any, Final

from broker.control import CommandFailed, Request
from deploy.soak.clock import MINUTE, SECOND
from deploy.soak.field import FieldNode
from deploy.soak.oracle_people import Word
from deploy.soak.plan import Fault
from deploy.soak.stations import AUTHOR, STREET
from deploy.soak.world import World

LEVELS: Final = ("NORMAL", "WASPADA", "SIAGA", "AWAS")
AGAIN_MS: Final = MINUTE  # somebody whose word was not stored says it again
LATE_MS: Final = 5 * SECOND  # for the turn that ends what was held
NAMES: Final = ("Petugas Tiga", "Petugas Empat")


def raises(world: World, fault: Fault) -> None:
    """A level at a station, in its area, or in streets without any station: for a time, or until it is cancelled."""
    scope, level = _scope(world.nodes[fault.node], fault.detail), 1 + int(fault.size * 10) % 3
    until = fault.ends if fault.size > 0 else None
    _decide(world, fault, scope, level, until)
    if until is None:
        world.at(fault.ends, _decide, world, fault, scope, 0, None)
    elif scope == STREET:
        world.at(fault.ends + LATE_MS, _is_over, world, scope)


def lowers(world: World, fault: Fault) -> None:
    """To a level below the one that stands, if that is one."""
    scope = _scope(world.nodes[fault.node], fault.detail)
    level = world.oracle.story.scope(scope).level
    if level > 1:
        _decide(world, fault, scope, level - 1, None)


def cancels(world: World, fault: Fault) -> None:
    """Whatever stands there, if something does."""
    scope = _scope(world.nodes[fault.node], fault.detail)
    _decide(world, fault, scope, 0, None)


def maintains(world: World, fault: Fault) -> None:
    """Maintenance until its end; half of the time somebody says that he is done before."""
    station, length = world.nodes[fault.node].place.station, fault.ends - fault.begins
    _work(world, station, fault.ends)
    if fault.size < 0:
        world.at(fault.begins + length // 2, _done, world, station)


def _scope(node: FieldNode, detail: str) -> str:
    if detail == "street":
        return STREET
    return node.place.area or node.place.station if detail == "area" else node.place.station


def _decide(world: World, fault: Fault, scope: str, level: int, until: int | None) -> None:
    """Say it, as often as it takes; the oracle hears it first, because the answer may be lost in a crash."""
    if not world.can_be_told:
        world.at(world.moment.true + AGAIN_MS, _decide, world, fault, scope, level, until)
        return
    people, story, now = world.oracle.people, world.oracle.story, world.moment.core
    before = story.scope(scope).level
    verb = "raise" if level >= max(before, 1) else "lower" if level else "cancel"
    if (verb == "raise" and until is not None and until <= now) or before == level == 0:
        return
    word = Word(by=NAMES[level % 2], level=level, at=now, until=until if verb == "raise" else None)
    people.says(scope, word)
    said = {"scope": scope, "level": LEVELS[level], "by": word.by, "note": AUTHOR, "until": _moment(word.until)}
    world.note(f"{word.by}: {verb} {scope} {LEVELS[level]}")
    if _told(world, f"alert-{verb}", said):
        people.stands(scope, before)
        story.told_by_a_person(scope, level)


def _is_over(world: World, scope: str) -> None:
    """A level that was held until now has no station that could keep it."""
    if not world.can_be_told:
        world.at(world.moment.true + AGAIN_MS, _is_over, world, scope)
        return
    world.turn()
    if world.can_be_told:
        world.oracle.story.is_over(scope, world.moment.core)


def _work(world: World, station: str, until: int) -> None:
    now = world.moment.core
    minutes = (until - now) / MINUTE
    if minutes < 1:
        return
    if not world.can_be_told:
        world.at(world.moment.true + AGAIN_MS, _work, world, station, until)
        return
    floor = world.oracle.story.scope(station).level
    said = {"id": station, "minutes": minutes, "reason": AUTHOR, "by": NAMES[0]}
    world.note(f"{NAMES[0]}: maintain {station}")
    world.oracle.people.begins_work(station, now=now, until=until, floor=floor)
    if not _told(world, "station-maintain", said):
        world.oracle.people.ends_work(station, now)
        world.at(world.moment.true + AGAIN_MS, _work, world, station, until)


def _done(world: World, station: str) -> None:
    if not world.can_be_told:
        world.at(world.moment.true + AGAIN_MS, _done, world, station)
        return
    if not world.oracle.people.is_worked_on(station, world.moment.core):
        return
    world.note(f"{NAMES[0]}: done at {station}")
    if _told(world, "station-maintain", {"id": station, "end": True, "by": NAMES[0]}):
        world.oracle.people.ends_work(station, world.moment.core)
    else:
        world.at(world.moment.true + AGAIN_MS, _done, world, station)


def _told(world: World, name: str, said: dict[str, Any]) -> bool:
    """Whether core answered that it is so; what it refuses although the oracle sees no reason is a breach."""
    core, refused = world.core, ""
    assert core is not None  # noqa: S101 - asked of a core that can be told only

    def ask() -> None:
        nonlocal refused
        try:
            world.installation.command(core, Request(name=name, args=said, actor=AUTHOR))
        except CommandFailed as error:
            refused = str(error)

    if not world.guarded(ask):
        return False
    if refused and not refused.startswith("not stored"):
        world.oracle.breaches.add("I9", f"{name} {said} was refused: {refused}")
    return not refused


def _moment(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat()
