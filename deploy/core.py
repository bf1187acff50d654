"""The life of one reading, top to bottom.

A turn gathers what arrived (at most 500 messages, or what came while the last turn ran), decides, commits everything
in one transaction, and only then acknowledges, sends and shows:

    arrival -> decode -> new? -> file and qualify -> engine -> policy -> ONE COMMIT
        -> sender -> PUBACK -> application ACK -> live events

While the journal cannot be written, warnings are still decided and sent from memory; nothing is acknowledged to a
node, so that every reading comes again.
"""

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from alerting.blind import EVERYTHING
from alerting.channels.port import Channel
from alerting.engine import Decision
from alerting.episodes import Maintenance
from alerting.outbox import Attempt
from alerting.recipients import Directory
from broker import payload_seal, topics, wire
from broker.clock import Clock
from deploy.arrival import Arrival
from deploy.cap.publisher import CapPublisher
from deploy.channels.ways import ways_of
from deploy.dead_letters import DeadLetters
from deploy.deadlines import Deadlines
from deploy.health.missed_time import Missed, MissedTime, since_boot
from deploy.health.turn_times import TurnTimes
from deploy.journal import Group, Journal
from deploy.judgement import Judgement
from deploy.live.hub import LiveHub
from deploy.memory import Memory, ScopeState
from deploy.messages.sending import Sending
from deploy.messages.telling import Plan, Telling
from deploy.nodes.reports import NodeReports
from deploy.nodes.seals import Seals
from deploy.nodes.watch import NodeWatch
from deploy.registry import Registry
from deploy.registry.changes import apply_rules, switch_rules
from deploy.settings import Settings
from deploy.snapshots import Snapshots
from deploy.watch.beats import Beats
from ingest.readings import Reading, readings
from ingest.received import ranges
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
        directory: Directory,
        clock: Clock,
        hub: LiveHub,
        channels: Mapping[str, Channel],
    ) -> None:
        self.settings, self.registry, self.journal, self.memory = settings, registry, journal, memory
        self.directory = directory
        self.clock, self.hub = clock, hub
        self.monotonic: Callable[[], float] = since_boot
        self.of_day: Callable[[], float] = time.time
        self.write: Callable[[Group], None] = self._write  # all that core writes goes through here
        self.link: Link
        self.sender: Carrier
        self.counters: Counter[str] = Counter()
        self.turns = 0
        self.turn_times = TurnTimes()
        self.started_at = clock.now()
        self.group = Group()
        self.snapshots = Snapshots(journal)
        ways = ways_of(settings, channels)
        self.sending = Sending(
            journal=journal, memory=memory, directory=directory, clock=clock, hub=hub, channels=channels, ways=ways
        )
        self.telling = Telling(
            settings=settings,
            registry=registry,
            journal=journal,
            memory=memory,
            clock=clock,
            hub=hub,
            snapshots=self.snapshots,
            sending=self.sending,
            directory=directory,
            ways=ways,
        )
        self.judgement = Judgement(
            registry=registry, memory=memory, ids=journal.take_ids, recall=self._recall, decided=self._decided
        )
        self.dead_letters = DeadLetters(journal, self.counters)
        self.deadlines = Deadlines(self.judgement.scopes, memory, clock.now())
        self.missed_time = MissedTime(since_boot(), time.time())
        self.reports = NodeReports()
        self.beats = Beats(self)
        self.seals = Seals(journal, self.counters)
        self.node_watch = NodeWatch(self)
        self.history_cursor = int(journal.value("history_cursor") or 0)
        self.history_problem: str | None = None
        self.tide_problem: str | None = None
        self.cap = CapPublisher(settings=settings, registry=registry, journal=journal, memory=memory, now=clock.now())
        self.telling.notices.published = self.cap.publish
        self.cap.refuge_of = self.telling.notices.refuge_of
        self.cap_problem: str | None = None
        self.certificate_problem: str | None = None
        self.nowcast_problem: str | None = None
        self.drill_line = ""
        self.drill_problem: str | None = None
        self.backup_problem: str | None = None
        self.modem_problems: list[str] = []
        self.failed_write: str | None = None
        self._next_write = 0.0
        self._by_topic: dict[bytes, Node] = {}
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
        for decision in self.memory.untold:
            log.error("a decision of the last run was never told: %s", decision)
            self._record(decision, self.telling.plan(decision, now), now)
        self.judgement.scopes.begin(now)
        self.telling.notices.begin(self.group, now)
        for name in (*self.memory.states, *self.memory.areas, EVERYTHING):
            self.deadlines.watch(name)
        self.journal.forget_pages()

    def stop(self) -> None:
        """A last turn with a snapshot of everything, then close the journal."""
        self.snapshots.add_all(self.group, self.memory)
        self.turn()
        self.journal.close()

    def turn(self, arrivals: Sequence[Arrival] = ()) -> None:
        """Take ``arrivals``, the clock and the sender's outcomes; decide, commit, act."""
        self.turns += 1
        began, now = time.perf_counter(), self.clock.now()
        if (missed := self.missed_time.look(self.monotonic(), self.of_day())) is not None:
            now = self._missed(missed)
        taken: dict[str, list[tuple[int, int]]] = {}
        for arrival in arrivals:
            self._take(arrival, now, taken)
        if self.registry.next_switch <= now:
            switch_rules(self, now)
        self.deadlines.tick(now, is_linked=self.link.is_connected)
        self.node_watch.tick(now)
        self.telling.turn(self.group, now)
        self.sending.settle(self.group, now)
        attempts = self.sending.claim(self.group, now)
        is_durable = self._commit()
        for attempt in attempts:
            self.sender.carry(attempt)
        self.link.acknowledge(arrivals)
        if is_durable:
            self._acknowledge_to_nodes(taken, now)
            self.beats.answer(self.link, now)
        self.hub.flush()
        self.telling.log_decisions()
        self.turn_times.add(time.perf_counter() - began, now)

    def _missed(self, missed: Missed) -> int:
        """Core did not live through some time, or its clock was set: silence begins anew; the time by its clock.

        What waits goes on waiting for as long as it had to, and nobody's window to decide ends early or late.
        """
        log.warning("core %s; silence is counted from now", missed.what)
        now = self.clock.now()
        self.deadlines.listen_anew(now)
        if ahead_ms := round(missed.ahead_s * 1000 * self.clock.speed):
            self.telling.clock_stepped(self.group, ahead_ms)
            self.sending.clock_stepped(self.group, ahead_ms)
        return now

    # -- take: one message in ------------------------------------------------------------------------------------

    def _take(self, arrival: Arrival, now: int, taken: dict[str, list[tuple[int, int]]]) -> None:
        try:
            node = self._by_topic.get(arrival.topic) or self._node(arrival, now)
            if node is None:
                return
            payload = arrival.payload
            if node.id in self.seals.watched or payload_seal.is_sealed(payload):
                payload = self.seals.open(topics.parse(arrival.topic), payload, now)
            for observation in wire.decode_observations(payload):
                if self._take_observation(node, observation, now, is_retained=arrival.retain):
                    taken.setdefault(node.id, []).append((observation.boot, observation.seq))
        except (topics.BadTopic, wire.BadPayload, payload_seal.NotSealed) as error:
            self.dead_letters.add(self.group, arrival, str(error), now)
        except Exception as error:
            # One message that breaks the program must not stop the others, nor fill the broker's window.
            log.exception("taking a message on %r failed", arrival.topic[:80])
            self.dead_letters.add(self.group, arrival, f"internal: {error!r}", now)

    def _recall(self, row_id: int) -> Reading | None:
        """A row of the log, written or about to be."""
        for reading in reversed(self.group.readings):
            if reading.id == row_id:
                return reading
        return next((Reading(*row) for row in self.journal.rows(readings, "WHERE id = ?", (row_id,))), None)

    def _node(self, arrival: Arrival, now: int) -> Node | None:
        """Whose observations these are; None: it was something else that a node says, and is dealt with."""
        topic = topics.parse(arrival.topic)
        if topic.realm != self.settings.site.realm or topic.kind not in topics.FROM_NODES:
            due = topics.topic(self.settings.site.realm, "<node>", "obs")
            raise topics.BadTopic(f"{topic.realm}/{topic.kind} is not taken here, only {due}")
        node = self.memory.nodes.get(topic.node)
        if topic.kind != "obs":
            self._hear_report(topic, arrival.payload, now)
            return None
        if node is None:
            if self.beats.hear(topic.node, arrival.payload, now):
                return None
            raise topics.BadTopic(f"node {topic.node} is not known here; make it with: kentongan node new {topic.node}")
        self._by_topic[arrival.topic] = node
        return node

    def _hear_report(self, topic: topics.NodeTopic, payload: bytes, now: int) -> None:
        if topic.node in self.registry.retired_nodes:
            return  # its last status is retained, and comes with every subscription
        if topic.kind == "status" and topic.node in self.memory.nodes:
            payload = self.seals.open(topic, payload, now)
        part = self.reports.take(topic, payload, now)
        if topic.kind == "status" and payload:
            self.node_watch.heard(topic.node, now)
        if part is not None:
            self.link.publish(topics.topic(topic.realm, topic.node, "part"), part)

    def _take_observation(self, node: Node, observation: wire.Observation, now: int, *, is_retained: bool) -> bool:
        """Whether the observation is, or will be with this turn's commit, in the journal."""
        if not node.received.is_new(observation.boot, observation.seq):
            self.counters["duplicates"] += 1
            return True
        rows = self.judgement.take(observation, node=node, received_at=now, is_retained=is_retained)
        self.counters["readings"] += len(rows)
        self.hub.mark_station(node.station)
        if self.failed_write is not None:
            return False
        node.received.take(observation.boot, observation.seq)
        self.node_watch.took(node, observation, rows, now)
        self.group.readings += rows
        self.snapshots.mark_node(node.id)
        return True

    def forget_node(self, node: str) -> None:
        """A node was retired: what it still sends is a dead letter."""
        self.memory.forget_node(node)
        self.reports.forget(node)
        self.seals.forget(node)
        self.node_watch.forget(node)
        self._by_topic = {topic: known for topic, known in self._by_topic.items() if known.id != node}

    # -- decide --------------------------------------------------------------------------------------------------

    def _decided(self, name: str, state: ScopeState, decisions: tuple[Decision, ...], now: int) -> None:
        """Take a scope's new state and what was decided; when the words fail, nothing has changed."""
        plans = [(decision, self.telling.plan(decision, now)) for decision in decisions]
        before = self.memory.states.get(name)
        self.memory.put(name, state)
        if before is not None and before.maintenance is not None and state is not before:
            self._maintained(name, before.maintenance, now)
        self.snapshots.mark(name, state, is_decided=bool(decisions))
        for decision, plan in plans:
            self._record(decision, plan, now)
        self.deadlines.watch_after(name, state, now)

    def _maintained(self, station: str, work: Maintenance, now: int) -> None:
        """Maintenance that has come to its end is over on disk and on every screen, and in the audit log."""
        if self.memory.states[station].maintenance is not None or now < work.until:
            return
        self.journal.add_audit(
            self.group, at=now, actor="engine", action="maintenance ended", subject=station, detail=work
        )
        self.snapshots.mark_decided(station)
        self.station_revs[station] = self.journal.take_ids()
        self.hub.mark_station(station)

    def _record(self, decision: Decision, plan: Plan, now: int) -> None:
        self.station_revs[decision.station] = self.telling.record(self.group, decision, plan, now)

    def watch(self, name: str) -> None:
        """Keep the next deadline of a scope that was changed from outside."""
        self.deadlines.watch(name)

    # -- commit and acknowledge ----------------------------------------------------------------------------------

    def _commit(self) -> bool:
        """Write the turn's group; True when everything in it is on disk."""
        group = self.group
        self.snapshots.add_slice(group, self.memory)
        if group.is_empty:
            return self.failed_write is None
        if self.failed_write is not None and self.monotonic() < self._next_write:
            return False
        try:
            self.write(group)
        except (sqlite3.Error, OverflowError) as error:  # the latter for a number that SQLite cannot hold
            self._write_failed(str(error))
            return False
        if self.failed_write is not None:
            log.warning("the journal can be written again")
            self.failed_write = None
        self.snapshots.written(group)
        self.group = Group()
        return True

    def _write(self, group: Group) -> None:
        self.journal.write(group)

    def _write_failed(self, error: str) -> None:
        if self.failed_write is None:
            log.error("the journal cannot be written: %s; warnings go on from memory, nodes keep their readings", error)
        self.failed_write = error
        self._next_write = self.monotonic() + RETRY_WRITE_S
        for reading in self.group.readings:
            if reading.revision:
                continue  # the reading itself was stored before
            if (node := self.memory.nodes.get(reading.node)) is not None:  # people's readings have no node
                node.received.forget(reading.boot, reading.seq)
        self.group.readings.clear()
        self.group.dead_letters.clear()
        self.group.commands.clear()  # who gave them was told that they are not stored, and may say them again
        self.snapshots.take_back(self.group)

    def _acknowledge_to_nodes(self, taken: dict[str, list[tuple[int, int]]], now: int) -> None:
        for node, numbers in taken.items():
            acked = ranges(numbers)
            topic = topics.topic(self.settings.site.realm, node, "ack")
            for first in range(0, len(acked), wire.MAX_RANGES):
                ack = wire.Ack(now=now, acked=acked[first : first + wire.MAX_RANGES])
                self.link.publish(topic, self.seals.close(node, topic, wire.encode(ack)))
