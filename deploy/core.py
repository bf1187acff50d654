"""The life of one reading, top to bottom.

A turn gathers what arrived (at most 500 messages, or what came while the last turn ran), decides, commits everything
in one transaction, and only then acknowledges, sends and shows:

    arrival -> decode -> new? -> file and qualify -> engine -> policy -> ONE COMMIT
        -> sender -> PUBACK -> application ACK -> live events

While the journal cannot be written, warnings are still decided and sent from memory; nothing is acknowledged to a
node, so that every reading comes again.
"""

import heapq
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from alerting import explain, policy
from alerting.channels.port import Outcome
from alerting.engine import Decision, Event, ReadingTaken, StationState, Ticked, silence_deadline, step
from alerting.outbox import Attempt, Entry
from alerting.texts import sms
from broker import topics, wire
from broker.clock import Clock
from deploy.alert_text import alert_text
from deploy.broker_link import Arrival
from deploy.dead_letters import DeadLetters
from deploy.journal import Group, Journal
from deploy.live_hub import LiveHub
from deploy.registry import Registry
from deploy.restore import Memory, apply_rules
from deploy.settings import Settings
from deploy.snapshots import Snapshots
from ingest.qualify import filing_time, is_live, qualify, value_flag
from ingest.readings import Reading
from ingest.stations import Node

log: Final = logging.getLogger(__name__)

RETRY_WRITE_S: Final = 1.0


class Link(Protocol):
    """What core needs of its connection to the broker."""

    is_connected: bool

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None: ...

    def publish(self, topic: str, payload: bytes) -> None: ...


class Carrier(Protocol):
    """What core needs of the sender."""

    def carry(self, attempt: Attempt) -> None: ...


class Core:
    """Everything that one installation knows and decides. Runs on one thread; ``turn`` is the only way in."""

    def __init__(
        self,
        *,
        settings: Settings,
        registry: Registry,
        journal: Journal,
        memory: Memory,
        clock: Clock,
        hub: LiveHub,
        parallel: dict[str, int],
    ) -> None:
        self.settings, self.registry, self.journal, self.memory = settings, registry, journal, memory
        self.clock, self.hub = clock, hub
        self.link: Link
        self.sender: Carrier
        self.zone = ZoneInfo(settings.site.timezone)
        self.counters: Counter[str] = Counter()
        self.turns = 0
        self.group = Group()
        self.snapshots = Snapshots(journal)
        self.dead_letters = DeadLetters(journal, self.counters)
        self.listening_since = clock.now()
        self.history_cursor = int(journal.value("history_cursor") or 0)
        self.history_problem: str | None = None
        self.failed_write: str | None = None
        self._next_write = 0.0
        self._by_topic: dict[bytes, Node] = {}
        self._outcomes: list[tuple[str, Outcome | None]] = []
        self._parallel = parallel
        self._deadlines: list[tuple[int, str]] = []
        self._watched: set[str] = set()
        self.station_revs: dict[str, int] = {}  # journal id of the last change that was not a reading

    def start(self) -> None:
        """Take over what the last run left: rules that changed, states to be kept, decisions that were never told."""
        now = self.clock.now()
        for name in apply_rules(self.journal, self.memory, self.registry, self.group, now):
            self.snapshots.mark_station(name)
        for name in self.memory.replayed_stations:
            self.snapshots.mark_station(name)
        for name in self.memory.replayed_nodes:
            self.snapshots.mark_node(name)
        for state, decision in self.memory.untold:
            log.error("a decision of the last run was never told: %s", decision)
            self._record(decision, self._plan(decision, now), state, now)
        for station in self.memory.states:
            self._watch(station)

    def stop(self) -> None:
        """A last turn with a snapshot of everything, then close the journal."""
        self.snapshots.add_all(self.group, self.memory)
        self.turn()
        self.journal.close()

    def turn(self, arrivals: Sequence[Arrival] = ()) -> None:
        """Take ``arrivals``, the clock and the sender's outcomes; decide, commit, act."""
        self.turns += 1
        now = self.clock.now()
        taken: dict[str, list[tuple[int, int]]] = {}
        for arrival in arrivals:
            self._take(arrival, now, taken)
        self._tick(now)
        self._settle(now)
        attempts = self._claim(now)
        is_durable = self._commit()
        for attempt in attempts:
            self.sender.carry(attempt)
        self.link.acknowledge(arrivals)
        if is_durable:
            self._acknowledge_to_nodes(taken, now)
        self.hub.flush()

    # -- take: one message in ------------------------------------------------------------------------------------

    def _take(self, arrival: Arrival, now: int, taken: dict[str, list[tuple[int, int]]]) -> None:
        try:
            node = self._node(arrival)
            for observation in wire.decode_observations(arrival.payload):
                if self._take_observation(node, observation, now, is_retained=arrival.retain):
                    taken.setdefault(node.id, []).append((observation.boot, observation.seq))
        except (topics.BadTopic, wire.BadPayload) as error:
            self.dead_letters.add(self.group, arrival, str(error), now)
        except Exception as error:
            # One message that breaks the program must not stop the others, nor fill the broker's window.
            log.exception("taking a message on %r failed", arrival.topic[:80])
            self.dead_letters.add(self.group, arrival, f"internal: {error!r}", now)

    def _node(self, arrival: Arrival) -> Node:
        known = self._by_topic.get(arrival.topic)
        if known is not None:
            return known
        topic = topics.parse(arrival.topic)
        node = self.memory.nodes.get(topic.node)
        if node is None:
            raise topics.BadTopic(f"node {topic.node} is not known here; make it with: kentongan node new {topic.node}")
        self._by_topic[arrival.topic] = node
        return node

    def _take_observation(self, node: Node, observation: wire.Observation, now: int, *, is_retained: bool) -> bool:
        """Whether the observation is, or will be with this turn's commit, in the journal."""
        if not node.received.is_new(observation.boot, observation.seq):
            self.counters["duplicates"] += 1
            return True
        time_filed = filing_time(observation, now, node.last_filed)
        has_own_time = time_filed[1] is None
        live = has_own_time or (
            not is_retained and is_live(has_own_time=False, received_at=now, last_arrival=node.last_arrival)
        )
        readings = qualify(
            observation,
            node=node.id,
            station=self.registry.ingest[node.station],
            time=time_filed,
            received_at=now,
            first_id=self.journal.take_ids(len(observation.s)),
        )
        for reading in readings:
            self._evaluate(reading, is_live=live)
        self.counters["readings"] += len(readings)
        node.last_arrival, node.last_filed = now, max(node.last_filed, time_filed[0])
        if self.failed_write is not None:
            return False
        node.received.take(observation.boot, observation.seq)
        self.group.readings += readings
        self.snapshots.mark_node(node.id)
        return True

    # -- decide --------------------------------------------------------------------------------------------------

    def _evaluate(self, reading: Reading, *, is_live: bool) -> None:
        self.memory.remember(reading)
        self.hub.mark_station(reading.station)
        rules = self.memory.rules[reading.station]
        if reading.quantity == rules.quantity:
            event = ReadingTaken(reading.time, reading.received_at, reading.value, value_flag(reading), is_live)
            self._step(reading.station, event, reading.received_at)

    def _step(self, station: str, event: Event, now: int) -> None:
        before = self.memory.states[station]
        after, decisions = step(before, self.memory.rules[station], event)
        if after is before:
            return
        planned = [self._plan(decision, now) for decision in decisions] if decisions else ()
        self.memory.states[station] = after
        self.snapshots.mark_station(station)
        for decision, entries in zip(decisions, planned, strict=True):
            self._record(decision, entries, after, now)
        if station not in self._watched:
            self._watch(station)

    def _plan(self, decision: Decision, now: int) -> tuple[str, list[Entry]]:
        """The decision in words, and the messages that tell it."""
        station = self.registry.stations[decision.station]
        why = explain.why(decision, self.zone)
        body = sms(alert_text(decision, station=station, settings=self.settings))
        officers = self.registry.officers
        count = sum(max(1, len(officer.channels)) for officer in officers)
        first_id = self.journal.take_ids(count + 1) + 1
        return why, policy.messages(decision, officers=officers, body=body, now=now, first_id=first_id)

    def _record(self, decision: Decision, planned: tuple[str, list[Entry]], state: StationState, now: int) -> None:
        why, entries = planned
        name = policy.alert_id(decision)
        cause = msgspec.json.encode(decision).decode()
        row_id = self.journal.take_ids()
        told = (name, decision.version, decision.station, decision.hazard, decision.kind, decision.level)
        self.group.alerts.append((row_id, *told, now, cause, why))
        self.group.station_states[decision.station] = self.snapshots.station_row(decision.station, state)
        self.journal.add_audit(
            self.group,
            at=now,
            actor="engine",
            action=f"alert {decision.kind}",
            subject=f"{name} v{decision.version}",
            detail=decision,
        )
        for entry in entries:
            self.memory.outbox.enqueue(entry)
            self._changed(entry)
        self.station_revs[decision.station] = row_id
        self.hub.mark_station(decision.station)
        self.hub.add_alert(decision, row_id, why, now)
        log.warning("%s v%d %s: %s", name, decision.version, decision.kind, why)

    def _tick(self, now: int) -> None:
        if not self.link.is_connected:
            self.listening_since = now
            return
        while self._deadlines and self._deadlines[0][0] < now:
            _, station = heapq.heappop(self._deadlines)
            self._watched.discard(station)
            self._step(station, Ticked(now, self.listening_since), now)
            self._watch(station)

    def _watch(self, station: str) -> None:
        """Keep one deadline for a station in the heap; it is looked at again when it comes, not at each reading."""
        deadline = silence_deadline(self.memory.states[station], self.memory.rules[station], self.listening_since)
        if deadline is not None and station not in self._watched:
            self._watched.add(station)
            heapq.heappush(self._deadlines, (deadline, station))

    # -- messages ------------------------------------------------------------------------------------------------

    def outcome(self, key: str, outcome: Outcome | None) -> None:
        """What became of an attempt; taken into account by the next turn."""
        self._outcomes.append((key, outcome))

    @property
    def has_outcomes(self) -> bool:
        """Whether outcomes wait for a turn."""
        return bool(self._outcomes)

    def _settle(self, now: int) -> None:
        outcomes, self._outcomes = self._outcomes, []
        for key, outcome in outcomes:
            entry = self.memory.outbox.settle(
                key, outcome, now=now, rev=self.journal.take_ids(), speed=self.clock.speed
            )
            if entry is not None:
                self._changed(entry)

    def _claim(self, now: int) -> list[Attempt]:
        in_flight = self.memory.outbox.in_flight
        free = {channel: most - in_flight.get(channel, 0) for channel, most in self._parallel.items()}
        attempts, changed = self.memory.outbox.claim(now, free, self.journal.take_ids())
        for entry in changed:
            self._changed(entry)
        return attempts

    def _changed(self, entry: Entry) -> None:
        self.group.messages[entry.key] = entry
        self.hub.add_message(entry)

    # -- commit and acknowledge ----------------------------------------------------------------------------------

    def _commit(self) -> bool:
        """Write the turn's group; True when everything in it is on disk."""
        group = self.group
        self.snapshots.add_slice(group, self.memory)
        if group.is_empty:
            return self.failed_write is None
        if self.failed_write is not None and time.monotonic() < self._next_write:
            return False
        try:
            self.journal.write(group)
        except (sqlite3.Error, OverflowError) as error:  # the latter for a number that SQLite cannot hold
            self._write_failed(str(error))
            return False
        if self.failed_write is not None:
            log.warning("the journal can be written again")
            self.failed_write = None
        self.snapshots.written(group)
        self.group = Group()
        return True

    def _write_failed(self, error: str) -> None:
        if self.failed_write is None:
            log.error("the journal cannot be written: %s; warnings go on from memory, nodes keep their readings", error)
        self.failed_write = error
        self._next_write = time.monotonic() + RETRY_WRITE_S
        for reading in self.group.readings:
            self.memory.nodes[reading.node].received.forget(reading.boot, reading.seq)
        self.group.readings.clear()
        self.group.dead_letters.clear()
        self.group.commands.clear()  # who gave them was told that they are not stored, and may say them again
        self.snapshots.take_back(self.group)

    def _acknowledge_to_nodes(self, taken: dict[str, list[tuple[int, int]]], now: int) -> None:
        realm = self.settings.site.realm
        for node, numbers in taken.items():
            acked = ranges(numbers)
            for first in range(0, len(acked), wire.MAX_RANGES):
                ack = wire.Ack(now=now, acked=acked[first : first + wire.MAX_RANGES])
                self.link.publish(topics.topic(realm, node, "ack"), wire.encode(ack))


def ranges(numbers: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(boot, seq) pairs as closed ranges ``[boot, from, to]``."""
    if len(numbers) == 1:
        ((boot, seq),) = numbers
        return [(boot, seq, seq)]
    found: list[tuple[int, int, int]] = []
    for boot, seq in sorted(set(numbers)):
        if found and found[-1][0] == boot and found[-1][2] == seq - 1:
            found[-1] = (boot, found[-1][1], seq)
        else:
            found.append((boot, seq, seq))
    return found
