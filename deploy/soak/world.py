"""One simulated day: events in the order of their time, around the real core."""

import heapq
import itertools
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from alerting.channels.port import Outcome
from alerting.outbox import Attempt
from broker.control import CommandFailed
from broker.wire import decode_ack
from deploy.arrival import Arrival
from deploy.soak.broker import Broker
from deploy.soak.clock import MINUTE, SECOND, Moment
from deploy.soak.field import FieldNode, Message
from deploy.soak.installation import Installation
from deploy.soak.oracle import Oracle
from deploy.soak.plan import DayPlan
from deploy.soak.provider import Provider
from deploy.soak.stations import PLACES, thresholds
from deploy.soak.trace import Trace

if TYPE_CHECKING:
    from deploy.core import Core
    from deploy.journal import Group

TICK_MS: Final = MINUTE + 5 * SECOND  # the longest time without a turn; nodes bring one each minute
MOST_A_TURN: Final = 500
GATHERED_MS: Final = 120  # what comes within so long is one turn's, as on a busy machine
KILL_PATIENCE_MS: Final = 40 * MINUTE  # a kill at a decision or a message waits so long for one


class Killed(BaseException):
    """Core's process ends here, between two instructions."""


class World:
    """``run`` plays a plan from its beginning to its end; what is wrong is in ``oracle.breaches``.

    ``shuffles``: the messages of each turn come in another order, and some twice.
    """

    def __init__(
        self, installation: Installation, plan: DayPlan, *, keeps_trace: bool = False, shuffles: bool = False
    ) -> None:
        self.installation, self.plan = installation, plan
        self.moment = Moment(plan.begins)
        self.chance = random.Random(f"world/{plan.seed}/{plan.begins}")  # noqa: S311  repeatable, not secret
        self.trace = Trace(keeps=keeps_trace)
        self.oracle = Oracle()
        self.broker, self.provider = Broker(self.chance), Provider(self.chance)
        self.nodes = {p.node: FieldNode(p, plan.flood, self.chance) for p in PLACES}
        self.core: Core | None = None
        self.is_connected = False
        self.kill_at, self.down_ms = "", SECOND
        self.disk_fails = False
        self.disorder = 0.0
        self.shuffles, self._shuffle = shuffles, random.Random(plan.seed)  # noqa: S311  repeatable, not secret
        self.readings = 0
        self._run = 0  # of core, counted
        self._events: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = itertools.count()
        self._turn_due, self._turned_at = False, plan.begins
        self._snapshot_at = plan.begins
        self._down_since = plan.begins

    # -- time ----------------------------------------------------------------------------------------------------

    def at(self, when: int, act: Callable[..., None], *args: object) -> None:
        """Let ``act`` happen at ``when``."""
        heapq.heappush(self._events, (when, next(self._order), act, args))

    def run(self, until: int) -> None:
        """Let time pass, until the end or the first broken promise."""
        events, moment, found = self._events, self.moment, self.oracle.breaches.found
        while events and events[0][0] <= until and not found:
            when, _, act, args = heapq.heappop(events)
            moment.true = self.oracle.breaches.now = when
            act(*args)

    def note(self, text: str) -> None:
        self.trace.add(self.moment.true, text)

    # -- core's life ---------------------------------------------------------------------------------------------

    def start_core(self) -> None:
        """As after a crash or a stop; the link comes a moment later."""
        if self.core is not None:
            return
        self._run += 1
        self.oracle.messages.outages.append((self._down_since, self.moment.true))
        self.oracle.started(self.moment.core)
        self.note("core starts")
        self.core = core = self.installation.open(self.moment, link=self, sender=self)
        write = core.write
        # It is where the disk fails and where a process may die.
        core.write = lambda group: self._write(write, group)
        self.guarded(core.turn)
        self.at(self.moment.true + 500, self.connect)

    def stop_core(self) -> None:
        """A clean stop."""
        if self.core is not None:
            self.note("core stops")
            self.guarded(self.core.stop)
            self._gone()

    def kill_core(self) -> None:
        """What is in memory is gone; only the journal stays. A supervisor starts core again."""
        if self.core is not None:
            self.note("core is killed")
            self.core.journal.close()
            self._gone()
            self.at(self.moment.true + self.down_ms, self.start_core)

    def _gone(self) -> None:
        self.core, self.kill_at = None, ""
        self._down_since = self.moment.true
        self._unlink()
        self.oracle.crashed()

    def guarded(self, act: Callable[[], object]) -> bool:
        """Let core do something; False when it was killed at it. What it raises is a broken promise."""
        try:
            act()
        except Killed:
            self.kill_core()
            return False
        except Exception as error:  # noqa: BLE001  whatever it is, it is what this simulation looks for
            self.oracle.breaches.add("I10" if self._is_bad_turn else "core", f"core failed: {error!r}")
            return False
        return True

    def kill_here(self, place: str) -> None:
        if self.kill_at == place:
            raise Killed

    def _write(self, write: "Callable[[Group], None]", group: "Group") -> None:
        if self.disk_fails:
            raise sqlite3.OperationalError("database or disk is full")
        if group.alerts:
            self.kill_here("before the commit")
        write(group)
        self.oracle.committed(group)
        for row in group.alerts:
            self.note(f"{row[1]} v{row[2]} {row[5]} level {row[6]}: {row[9]}")
        if group.alerts:
            self.kill_here("after the commit")

    # -- what core sees of the world: link and sender ------------------------------------------------------------

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        self.broker.acknowledge(arrivals)

    def publish(self, topic: str, payload: bytes) -> None:
        """An application ACK on its way to a node."""
        self.kill_here("at an acknowledgement")
        node = topic.split("/")[2]
        ranges = decode_ack(payload).acked
        for boot, first, last in ranges:
            self.oracle.readings.told(node, boot, first, last)
        field = self.nodes[node]
        if field.is_cut or not self.broker.is_through or not self.is_connected or self.chance.random() < 0.01:
            return
        for boot, first, last in ranges:
            field.acknowledged(boot, first, last)

    def carry(self, attempt: Attempt) -> None:
        """A message leaves core for the provider."""
        core = self.core
        is_durable = core is None or core.failed_write is None
        self.oracle.carried(attempt, is_durable=is_durable)
        key = attempt.entry.key
        outcome, wait = self.provider.take(attempt)
        self.note(f"{'look-up' if attempt.is_lookup else 'send'} {key}: {type(outcome).__name__}")
        self.at(self.moment.true + wait, self._answer, self._run, key, outcome)
        self.kill_here("at the provider")

    def _answer(self, run: int, key: str, outcome: Outcome | None) -> None:
        if self.core is not None and run == self._run:
            self.core.sending.outcome(key, outcome)
            self._turn_soon(50)

    # -- turns ---------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Core's link to the broker comes up, if both are there."""
        if self.core is None or not self.broker.is_up or self.is_connected:
            return
        self.oracle.silence.listens(self.moment.core)
        self.broker.link()
        self.is_connected = True
        self.turn()

    def _unlink(self) -> None:
        self.is_connected = False
        self.broker.unlink()

    def disconnect(self) -> None:
        """The link is lost, and core notices."""
        self._unlink()
        if self.core is not None:
            self.turn()

    def _turn_soon(self, wait: int) -> None:
        if not self._turn_due:
            self._turn_due = True
            self.at(self.moment.true + wait, self._turn_now)

    def _turn_now(self) -> None:
        self._turn_due = False
        self.turn()

    def turn(self) -> None:
        """One turn of core with what has come."""
        core = self.core
        if core is None:
            return
        self._turned_at, now = self.moment.true, self.moment.core
        batch = self.broker.inbox[:MOST_A_TURN]
        del self.broker.inbox[:MOST_A_TURN]
        if self.shuffles:
            self._shuffle.shuffle(batch)
            batch += [arrival for arrival in batch if self._shuffle.random() < 0.1]
        messages = [self.broker.waiting[arrival.mid] for arrival in batch]
        self._is_bad_turn = any(message.kind == "garbage" for message in messages)
        if not self.is_connected:
            self.oracle.silence.listens(now)
        if self.moment.true >= self._snapshot_at:
            self._snapshot_at = self.moment.true + self.plan.snapshot_ms
            core.snapshots.tick()
        self.oracle.turn_begins(messages, now)
        if batch:
            self.trace.add(self.moment.true, f"turn of {len(batch)}", is_usual=True)
        if not self.guarded(lambda: core.turn(batch)):
            return
        if core.failed_write is not None:
            self.oracle.undurable(core.group.alerts)
            self.oracle.not_taken()
        self.oracle.turn_ended(now, core.counters.get("dead_letters", 0))
        if self.broker.inbox:
            self._turn_soon(5)

    _is_bad_turn = False

    def tick(self) -> None:
        """Time passes also when nothing comes."""
        due = self._turned_at + TICK_MS
        if self.moment.true >= due:
            self.turn()
            due = self.moment.true + TICK_MS
        self.at(due, self.tick)

    def watch(self, deadline_of: Callable[[], int | None]) -> None:
        """At a deadline of silence, look whether it is told."""
        deadline, now = deadline_of(), self.moment.core
        if self.core is None or deadline is None:
            self.at(self.moment.true + MINUTE, self.watch, deadline_of)
        elif now <= deadline:
            self.at(self.moment.true + deadline - now + 990, self.watch, deadline_of)
        else:
            self.turn()
            if self.is_connected:
                self.oracle.silence.looked(now)
            self.at(self.moment.true + MINUTE, self.watch, deadline_of)

    # -- the field -----------------------------------------------------------------------------------------------

    def measure(self, node: FieldNode) -> None:
        """A node's minute."""
        now = self.moment.true
        self.at(now + MINUTE, self.measure, node)
        sample = node.measure(now)
        self.readings += 1
        self.oracle.readings.made[sample.key] = sample
        if node.is_cut or not self.broker.is_up:
            return
        for number, message in enumerate(node.messages(now)):
            self.send(message, wait=number * SECOND)

    def send(self, message: Message, *, wait: int = 0) -> None:
        """A message on its way to the broker."""
        chance = self.chance.random()
        delay = wait + 40 + int(100 * chance) if chance < 0.95 else wait + int(3 * SECOND * chance)
        if self.disorder:
            if self.chance.random() < self.disorder:
                delay += self.chance.randint(1, 180) * SECOND
            if self.chance.random() < self.disorder:
                self.at(self.moment.true + delay + self.chance.randint(0, 90) * SECOND, self._arrive, message)
        self.at(self.moment.true + delay, self._arrive, message)

    def _arrive(self, message: Message) -> None:
        if self.broker.take(message):
            self._turn_soon(GATHERED_MS)

    # -- operators -----------------------------------------------------------------------------------------------

    @property
    def can_be_told(self) -> bool:
        """Whether core is there and can store what somebody says."""
        return self.core is not None and not self.disk_fails and self.core.failed_write is None

    def change_rules(self, node: FieldNode, by: float) -> None:
        """Somebody moves all thresholds of a station."""
        core, place = self.core, node.place
        if core is None or place.limits is None or not self.can_be_told:
            return
        known = self.oracle.story.gauges[place.station].limits
        limits = (round(known[0] + by, 2), round(known[1] + by, 2), round(known[2] + by, 2))
        said = {"id": place.station, "thresholds": thresholds(limits, place)}
        self.note(f"{place.station}: thresholds {limits}")
        self.oracle.story.rules_changed(place.station, limits, self.moment.core)
        with suppress(CommandFailed):
            self.guarded(lambda: self.installation.change_rules(core, said))
