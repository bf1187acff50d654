"""What a fleet is and what it does: its connections and nodes, the rivers' story, and what goes wrong on the way.

Observations go round the nodes: the ``i``-th of the run is made by node ``i mod N``, so that every node keeps a steady
interval and the field as a whole a steady rate.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

Shape = Literal["calm", "breaches", "storm"]
SHAPES: Final[tuple[Shape, ...]] = ("calm", "breaches", "storm")

NORMAL_MM: Final = 4000
WOBBLE_MM: Final = 97  # a river is never still; below anything that a trend would notice in a run
BREACH_MM: Final = 900
SAMPLES_TO_BREACH: Final = 2  # the rules' hold_up: the second sample above a threshold completes it
_FIRST, _LAST = 0.15, 0.9  # breaches happen between these parts of a run
_STORM_AT, _STORM_S = 0.5, 1.0
WRONG_CLOCKS: Final = (0, 946_684_800_000, None)  # 1970, 2000, and no clock at all, ms UTC


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One connection: a node with its own credential, or a gateway that speaks for several."""

    user: str
    password: str
    nodes: list[int]  # numbers of the nodes that it speaks for
    acks: str  # topic filter of the application ACKs that it hears; empty: none


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is and who connects. The file holds passwords: its maker keeps it private."""

    host: str
    port: int
    authority: str | None = None  # PEM or DER file of the CA; None: no TLS
    realm: str = "ews"
    nodes: list[str]
    clients: list[Client]


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish. Rates are in messages a second over all nodes, shares between 0 and 1."""

    rate: float
    seconds: float
    shape: Shape = "calm"
    breaches: int = 0  # stations that breach, each once; of no use in the shape calm
    duplicates: float = 0.0  # share of observations that are sent twice
    garbage: float = 0.0  # messages a second beside the good ones
    wrong_clocks: float = 0.0  # share of nodes whose clock is wrong or not set
    reconnects: int = 0  # times that every connection is dropped and opened again at once
    backlog_minutes: int = 0  # each node begins with one stored observation a minute for so long
    boot: int = 1

    @property
    def total(self) -> int:
        return int(self.rate * self.seconds)

    def due_ns(self, number: int) -> int:
        """When the ``number``-th observation is due, ns after the start."""
        return int(number * 1e9 / self.rate)


class LoadRefused(Exception):
    """A load that cannot be made; the text says what to change."""


def story(load: Load, nodes: int) -> dict[int, int]:
    """Which observations complete a breach: their number by node. Raises LoadRefused when there is no room for them.

    A node breaches with that observation and the one before it, and stays there to the end.
    """
    if load.shape == "calm" or not load.breaches:
        return {}
    good = nodes - wrong_clock_nodes(load, nodes)
    if load.breaches > good:
        raise LoadRefused(f"{load.breaches} breaches need as many nodes with good clocks; there are {good}")
    if load.total < 3 * nodes:
        raise LoadRefused(f"{nodes} nodes at {load.rate:g}/s need {3 * nodes / load.rate:.0f} s for three samples each")
    found: dict[int, int] = {}
    for target in _targets(load, nodes):
        number = target
        while number % nodes in found or not _has_good_clock(load, number % nodes, nodes):
            number += 1
            if number >= load.total:
                number = nodes * (SAMPLES_TO_BREACH - 1)
        found[number % nodes] = number
    return found


def _targets(load: Load, nodes: int) -> Iterator[int]:
    earliest = nodes * SAMPLES_TO_BREACH
    for breach in range(load.breaches):
        part = breach / load.breaches
        if load.shape == "storm":
            target = load.total * _STORM_AT + part * _STORM_S * load.rate
        else:
            target = load.total * (_FIRST + (_LAST - _FIRST) * part)
        yield min(max(int(target), earliest), load.total - 1)


def wrong_clock_nodes(load: Load, nodes: int) -> int:
    """How many nodes have a wrong clock: those with the highest numbers."""
    return round(load.wrong_clocks * nodes)


def _has_good_clock(load: Load, node: int, nodes: int) -> bool:
    return node < nodes - wrong_clock_nodes(load, nodes)


def distance_mm(node: int, seq: int, *, breach_seq: int | None) -> int:
    """What a node measures: a calm river, and water over AWAS from the sample before ``breach_seq`` on."""
    if breach_seq is not None and seq > breach_seq - SAMPLES_TO_BREACH:
        return BREACH_MM
    return NORMAL_MM + (node * 31 + seq * 17) % WOBBLE_MM
