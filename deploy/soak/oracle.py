"""The oracle: what must hold whatever happens, kept from the true water, the messages' ways and the commits."""

from collections.abc import Iterable
from typing import Any

from alerting.outbox import Attempt
from deploy.journal import Group
from deploy.soak.breach import Breaches
from deploy.soak.field import Key, Message, Sample
from deploy.soak.oracle_messages import MessagesOracle
from deploy.soak.oracle_people import PeopleOracle
from deploy.soak.oracle_readings import ReadingsOracle
from deploy.soak.oracle_silence import SilenceOracle
from deploy.soak.oracle_story import StoryOracle

Row = tuple[Any, ...]


class Oracle:
    """One object hears of everything; each part judges its own invariants."""

    def __init__(self) -> None:
        self.breaches = Breaches()
        self.readings = ReadingsOracle(self.breaches)
        self.people = PeopleOracle()
        self.story = StoryOracle(self.breaches, self.people)
        self.silence = SilenceOracle(self.breaches, self.story, self.people)
        self.messages = MessagesOracle(self.breaches)
        self._touched: set[str] = set()
        self._new: set[Key] = set()  # taken by this core, though perhaps not stored yet

    def turn_begins(self, messages: Iterable[Message], now: int) -> None:
        """The messages that core's next turn takes, ``now`` by its clock."""
        self._touched.clear()
        for message in messages:
            if message.kind == "garbage":
                self.readings.garbage += 1
            for key in message.keys:
                if key not in self.readings.stored and key not in self._new:
                    self._take(self.readings.made[key], now)

    def _take(self, sample: Sample, now: int) -> None:
        self.silence.anything = now
        self._new.add(sample.key)
        if self.story.took(sample, now):
            self.silence.heard[sample.station] = now
            self._touched.add(sample.station)

    def committed(self, group: Group) -> None:
        """A commit is on disk."""
        self.readings.committed(group.readings)
        flags = {(row.node, row.boot, row.seq): row.flag for row in group.readings if not row.revision}
        self._new.difference_update(flags)
        if flags or group.alerts:
            self.story.stored(flags)
            self._alarms(group.alerts)
            self.story.committed(group.alerts, {entry.subject for entry in group.audit})
        if group.alerts or group.messages:
            self.messages.committed(group)

    def undurable(self, alerts: list[Row]) -> None:
        """Decided in memory while the journal cannot be written."""
        self._alarms(alerts)
        for row in alerts:
            self.story.decided(row)

    def _alarms(self, alerts: list[Row]) -> None:
        for row in alerts:
            if self.story.is_told(row):
                continue  # it has been waiting for a disk
            if row[4] == "data" and row[5] == "raised" and not self.story.scope(row[3]).is_silent:
                self.silence.raised(row[3], row[7])
            if row[4] == "data" and row[5] == "ended":
                self.silence.ended(row[3], row[7])

    def not_taken(self) -> None:
        """While the journal fails, what comes is judged and not kept: it will be new again."""
        self._new.clear()

    def turn_ended(self, now: int, dead_letters: int) -> None:
        for station in self._touched:
            if station in self.story.gauges:
                self.story.turned(station, now)
        self.readings.counted(dead_letters)

    def crashed(self) -> None:
        self._new.clear()
        self.story.crashed()

    def started(self, now: int) -> None:
        """A core has begun."""
        self.readings.started()
        self.silence.listening = now
        self.messages.starts.append(self.breaches.now)

    def carried(self, attempt: Attempt, *, is_durable: bool) -> None:
        self.messages.carried(attempt, is_durable=is_durable)
