"""What readings mean: quality control, rain and the engine, in this order. No I/O, no clock of its own.

Live, after a restart, in replay and in simulation it is this code that judges. What it finds is handed out: rows for
the journal's log are returned, states and decisions go to ``decided``.
"""

from collections.abc import Callable

from alerting.engine import Decision, Event, ReadingTaken, StationState, Ticked, step
from broker.wire import Observation
from deploy.memory import Memory
from deploy.registry import Registry
from ingest.qualify import filing_time, is_live, qualify, value_flag
from ingest.readings import Reading
from ingest.stations import Node

Decided = Callable[[str, StationState, tuple[Decision, ...], int], None]


class Judgement:
    """``ids(n)`` gives the first of ``n`` new journal ids, ``recall(id)`` an earlier row of the log while it is there.

    ``decided(station, state, decisions, now)`` must put the new state into memory, or raise and leave it as it was.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        memory: Memory,
        ids: Callable[[int], int],
        recall: Callable[[int], Reading | None],
        decided: Decided,
    ) -> None:
        self.registry, self.memory = registry, memory
        self._ids, self._recall, self._decided = ids, recall, decided

    def take(
        self, observation: Observation, *, node: Node, received_at: int, is_retained: bool = False
    ) -> list[Reading]:
        """Judge a new observation of ``node``; the rows that it adds to the log, revisions of earlier ones included."""
        time_filed = filing_time(observation, received_at, node.last_filed)
        has_own_time = time_filed[1] is None
        live = has_own_time or (
            not is_retained and is_live(has_own_time=False, received_at=received_at, last_arrival=node.last_arrival)
        )
        readings = qualify(
            observation,
            node=node.id,
            station=self.registry.ingest[node.station],
            time=time_filed,
            received_at=received_at,
            first_id=self._ids(len(observation.s)),
        )
        for reading in readings:
            self.evaluate(reading, live=live)
        node.last_arrival, node.last_filed = received_at, max(node.last_filed, time_filed[0])
        return readings

    def evaluate(self, reading: Reading, *, live: bool) -> None:
        self.memory.remember(reading)
        rules = self.memory.rules[reading.station]
        if reading.quantity == rules.quantity:
            event = ReadingTaken(reading.time, reading.received_at, reading.value, value_flag(reading), live)
            self.step(reading.station, event, reading.received_at)

    def tick(self, station: str, now: int, listening_since: int) -> None:
        """Time has passed for ``station``."""
        self.step(station, Ticked(now, listening_since), now)

    def step(self, station: str, event: Event, now: int) -> None:
        before = self.memory.states[station]
        after, decisions = step(before, self.memory.rules[station], event)
        if after is not before:
            self._decided(station, after, decisions, now)
