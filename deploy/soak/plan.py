"""What happens on the simulated day of a seed: one flood, three faults, and what people do, drawn before it begins."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from deploy.soak.clock import DAY, HOUR, MINUTE, SECOND, T0
from deploy.soak.stations import PLACES
from deploy.soak.water import Flood

FAULTS: Final = (
    "core killed",
    "core stopped",
    "disk fails",
    "broker gone",
    "half-open link",
    "clock of a node",
    "clock of the server",
    "duplicates and disorder",
    "backlog",
    "garbage",
    "retained replays",
    "drill on the wire",
    "sensor stuck",
    "sensor spikes",
    "sensor drifts",
    "sensor steps",
    "one silent",
    "all silent",
    "silent while rising",
    "provider refuses",
    "provider hangs",
    "provider is busy",
    "rules changed",
)
PEOPLE: Final = ("operator raises", "operator lowers", "operator cancels", "operator maintains")
KINDS: Final = FAULTS + PEOPLE
KILLS: Final = ("before the commit", "after the commit", "at the provider", "at an acknowledgement", "between turns")
CLOCKS: Final = ("none", "1970", "2000", "ahead", "behind")
OF_A_LEVEL: Final = frozenset({"sensor stuck", "sensor spikes", "sensor drifts", "sensor steps", "silent while rising"})
OF_PEOPLE: Final = frozenset(PEOPLE)
FAULTS_A_DAY: Final = 3
WORDS_A_DAY: Final = (0, 0, 1, 2)
LAST_MS: Final = 22 * HOUR  # no fault lasts longer: the rest of the day must be enough to recover
LONGEST: Final = {  # minutes, least and most
    "core killed": (0, 5),
    "core stopped": (0, 5),
    "disk fails": (1, 30),
    "broker gone": (1, 25),
    "half-open link": (2, 25),
    "clock of a node": (60, 300),
    "clock of the server": (60, 240),
    "duplicates and disorder": (60, 360),
    "backlog": (360, 360),
    "garbage": (1, 10),
    "retained replays": (10, 60),
    "drill on the wire": (10, 60),
    "sensor stuck": (60, 240),
    "sensor spikes": (60, 240),
    "sensor drifts": (60, 240),
    "sensor steps": (30, 240),
    "one silent": (12, 120),
    "all silent": (6, 60),
    "silent while rising": (12, 60),
    "provider refuses": (2, 20),
    "provider hangs": (2, 20),
    "provider is busy": (2, 20),
    "rules changed": (0, 0),
    "operator raises": (20, 180),
    "operator lowers": (0, 0),
    "operator cancels": (0, 0),
    "operator maintains": (10, 180),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Times are ms UTC. ``detail`` says which kind where there are several, ``size`` how much."""

    kind: str
    begins: int
    ends: int
    node: str
    detail: str = ""
    size: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """``phases`` are each node's ms after the full minute."""

    seed: int
    begins: int
    flood: Flood
    faults: tuple[Fault, ...]
    phases: dict[str, int]
    snapshot_ms: int


def plan_of(seed: int, number: int = 0, kinds: tuple[str, ...] = ()) -> DayPlan:
    """The day ``number`` of ``seed``; its faults are ``kinds``, or drawn from all when there are none."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311  a simulation is to be repeatable, not secret
    begins = T0 + number * DAY
    flood = Flood(
        begins=begins + chance.randint(2 * HOUR, 8 * HOUR),
        rise_ms=chance.randint(100 * MINUTE, 4 * HOUR),
        fall_ms=chance.randint(6 * HOUR, 8 * HOUR),
        height_m=chance.uniform(1.8, 4.2),
    )
    drawn = kinds or [*chance.sample(FAULTS, FAULTS_A_DAY), *chance.sample(PEOPLE, chance.choice(WORDS_A_DAY))]
    spread = chance.choice((0, 0, 0, 0, 0, SECOND, SECOND, 40 * SECOND))
    return DayPlan(
        seed=seed,
        begins=begins,
        flood=flood,
        faults=_faults(drawn, flood, begins, chance),
        phases={place.node: chance.randint(0, spread) for place in PLACES},
        snapshot_ms=chance.choice((MINUTE, 5 * MINUTE, 20 * MINUTE)),
    )


def _faults(kinds: Sequence[str], flood: Flood, day: int, chance: random.Random) -> tuple[Fault, ...]:
    """Misfortunes seldom come alone: one in three begins while the one before it lasts."""
    faults: list[Fault] = []
    for kind in kinds:
        fault = _fault(kind, flood, day, chance)
        if faults and chance.random() < 1 / 3:
            begins = min(chance.randint(faults[-1].begins, faults[-1].ends), day + LAST_MS - fault.ends + fault.begins)
            fault = replace(fault, begins=begins, ends=begins + fault.ends - fault.begins)
        faults.append(fault)
    return tuple(faults)


def _fault(kind: str, flood: Flood, day: int, chance: random.Random) -> Fault:
    least, most = LONGEST[kind]
    lasts = chance.randint(least * MINUTE, most * MINUTE)
    if kind in ("rules changed", "silent while rising"):
        begins = chance.randint(flood.begins + flood.rise_ms // 2, flood.crest)
    elif chance.random() < 0.6:
        begins = chance.randint(flood.begins, flood.crest + flood.fall_ms // 2)
    else:
        begins = chance.randint(day + HOUR, day + 20 * HOUR)
    begins = min(begins, day + LAST_MS - lasts)
    places = [place for place in PLACES if place.datum_m is not None] if kind in OF_A_LEVEL | OF_PEOPLE else PLACES
    node = "node-hulu" if kind in ("rules changed", "silent while rising") else chance.choice(places).node
    detail, size = "", chance.uniform(0.6, 2.0) * chance.choice((-1, 1))
    if kind == "core killed":
        detail = chance.choice(KILLS)
    elif kind == "clock of a node":
        detail = chance.choice(CLOCKS)
    elif kind in OF_PEOPLE:
        detail = chance.choice(("station", "station", "area", "street" if kind == "operator raises" else "area"))
    return Fault(kind=kind, begins=begins, ends=begins + lasts, node=node, detail=detail, size=size)
