"""Messages on their way: queued, claimed, settled, reported on. Everything is written with the turn's group."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from alerting import tables
from alerting.channels.port import Channel, Outcome, Report
from alerting.lane import Lane
from alerting.messages import OF_BEAT, OF_DAILY
from alerting.outbox import Attempt, Entry
from alerting.recipients import Directory
from broker.clock import Clock
from deploy.channels.ways import Ways
from deploy.health.latency_counts import LatencyCounts
from deploy.journal import Group, Journal
from deploy.live.hub import LiveHub
from deploy.memory import Memory
from deploy.messages.directions import Directions

log: Final = logging.getLogger(__name__)

SOON_MS: Final = 250  # turns come at least so often by themselves
EARLY_MOST: Final = 1000

Ticket = tuple[str, str]  # channel, the provider's reference


class Sending:
    """The outbox's place in core. ``wake`` asks for a turn in so many real seconds."""

    def __init__(
        self,
        *,
        journal: Journal,
        memory: Memory,
        directory: Directory,
        clock: Clock,
        hub: LiveHub,
        channels: Mapping[str, Channel],
        ways: Ways,
    ) -> None:
        self.journal, self.clock, self.hub = journal, clock, hub
        self.outbox = memory.outbox
        self.wake: Callable[[float], None] = lambda _seconds: None
        self.watched: Callable[[Entry], None] = lambda _entry: None  # hears each message of a watch that is settled
        self._stalled: set[str] = set()
        self.latencies = LatencyCounts()
        self.is_stopping = False  # nothing more is claimed
        self.probes: dict[str, str | None] = {}  # by channel: what its last probe found wrong
        self.probed_at: dict[str, float] = {}  # on the monotonic clock
        self._directions = Directions(directory=directory, journal=journal, ways=ways)
        self.outbox.open_lanes(
            {
                name: Lane(name, room=channel.max_parallel, rate_per_s=channel.rate_per_s)
                for name, channel in channels.items()
            },
            self._directions,
        )
        self._outcomes: list[tuple[str, Outcome | None, int | None]] = []
        self._reports: list[tuple[Ticket, Report]] = []
        self._early: OrderedDict[Ticket, Report] = OrderedDict()  # came before the acceptance that they are about

    def queue(self, group: Group, entry: Entry) -> None:
        """Take a new message; it is in ``group``, its address masked, and leaves once that is on disk."""
        masked = self._directions.masked(entry, entry.channel)
        if entry.address != masked:
            entry = replace(entry, address=masked)
        self.outbox.enqueue(entry)
        self._changed(group, [entry])

    def outcome(self, key: str, outcome: Outcome | None, attempt: int | None = None) -> None:
        """What became of an attempt (None: of the last one); taken into account by the next turn."""
        self._outcomes.append((key, outcome, attempt))

    @property
    def has_outcomes(self) -> bool:
        """Whether outcomes wait for a turn."""
        return bool(self._outcomes)

    def delivery(self, channel: str, reference: str, report: Report) -> None:
        """A provider's later word about a message that it accepted; taken into account by the next turn.

        Only accepted messages change. A word about a reference that is not known yet is kept for a while.
        """
        self._reports.append(((channel, reference), report))

    def settle(self, group: Group, now: int) -> None:
        """Take the outcomes and reports that have come."""
        self._directions.group = group
        outcomes, self._outcomes = self._outcomes, []
        for key, outcome, attempt in outcomes:
            settled = self.outbox.settle(
                key, outcome, now=now, ids=self.journal.take_ids, speed=self.clock.speed, attempt=attempt
            )
            self._changed(group, settled)
            for entry in settled:
                if entry.latency_ms is not None:
                    self.latencies.add(entry.latency_ms)
            self._reports += [
                (ticket, self._early.pop(ticket))
                for entry in settled
                if (ticket := (entry.channel, entry.reference or "")) in self._early
            ]
        if outcomes:
            self._log_outages()
        reports, self._reports = self._reports, []
        for ticket, report in reports:
            self._report(group, ticket, report, now)

    def claim(self, group: Group, now: int) -> list[Attempt]:
        """What is to be sent now; it is in ``group`` as being sent, and may leave once that is on disk."""
        if self.is_stopping:
            return []
        self._directions.group = group
        attempts, changed = self.outbox.claim(now, self.journal.take_ids)
        self._changed(group, changed)
        next_at = self.outbox.next_claim(now)
        if next_at is not None:
            wait_s = self.clock.real_seconds(next_at - now)
            if wait_s * 1000 < SOON_MS:
                self.wake(wait_s)
        return attempts

    def clock_stepped(self, group: Group, ahead_ms: int) -> None:
        """Core's clock was set: what waits goes on waiting for as long as it had to, and stays as valid as it was."""
        self._directions.group = group
        self._changed(group, self.outbox.clock_stepped(ahead_ms, self.journal.take_ids))

    def pace(self) -> dict[str, float | None]:
        """Messages a second by channel: measured, else configured; None: neither paced nor measured yet."""
        return {name: lane.pace_per_s for name, lane in self.outbox.lanes.items() if lane.room}

    def duration_s(self, channel: str, more: int = 0) -> float | None:
        """Seconds until what waits for ``channel``, and ``more``, will have left; None when nobody can say."""
        lane = self.outbox.lanes[channel]
        count = self.outbox.waiting[channel] + more
        if not count:
            return 0.0
        pace = lane.pace_per_s
        return None if pace is None or lane.is_stalled else count / pace

    def probed(self, channel: str, problem: str | None) -> None:
        """What a probe found; one that finds nothing wrong lets a stalled channel be tried at once."""
        self.probes[channel] = problem
        self.probed_at[channel] = time.monotonic()
        if problem is None:
            self.outbox.lanes[channel].breaker.rested(self.clock.now())

    def is_probed(self, channel: str, within_s: float) -> bool:
        """Whether a probe came back so lately."""
        return time.monotonic() - self.probed_at.get(channel, -within_s) < within_s

    def _log_outages(self) -> None:
        """Once when a channel stops, once when it works again."""
        for name, lane in self.outbox.lanes.items():
            if lane.breaker.is_closed == (name in self._stalled):
                if lane.breaker.is_closed:
                    self._stalled.discard(name)
                    log.warning("channel %s works again", name)
                else:
                    self._stalled.add(name)
                    log.error("channel %s does not work; %d messages wait for it", name, self.outbox.waiting[name])

    def _report(self, group: Group, ticket: Ticket, report: Report, now: int) -> None:
        entry = self._entry_of(group, ticket)
        if entry is None:
            self._early[ticket] = report
            while len(self._early) > EARLY_MOST:
                self._early.popitem(last=False)
            return
        self._changed(group, self.outbox.reported(entry, report, now, self.journal.take_ids))

    def _entry_of(self, group: Group, ticket: Ticket) -> Entry | None:
        """The message that a provider knows by this reference."""
        pending = (entry for entry in group.messages.values() if (entry.channel, entry.reference) == ticket)
        if (found := next(pending, None)) is not None:
            return found
        rows = self.journal.rows(tables.outbox, "WHERE channel = ? AND reference = ? ORDER BY id DESC LIMIT 1", ticket)
        stored = next((Entry(*row) for row in rows), None)
        return None if stored is None else group.messages.get(stored.key, stored)

    def _changed(self, group: Group, entries: Iterable[Entry]) -> None:
        for entry in entries:
            group.messages[entry.key] = entry
            if entry.settled_at is not None and entry.alert.startswith((OF_BEAT, OF_DAILY)):
                self.watched(entry)
            if not entry.public:  # a notice shows how many of its messages are where
                self.hub.add_message(entry)
