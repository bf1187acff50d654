"""The ways out of the outbox: which message waits where, and by which channel it leaves. Pure."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from alerting.lane import Item, Lane
from alerting.messages import Entry

DIVERT_MOST: Final = 50  # a turn; each is a look into the journal


class Directions(Protocol):
    """Where a message may go; asked when it leaves, not when it was made."""

    def address(self, entry: Entry) -> str | None:
        """The address in clear; None when the recipient is gone or cannot be reached by the entry's channel."""

    def other_channel(self, entry: Entry, among: Sequence[str]) -> str | None:
        """The recipient's next channel of ``among`` by which this message was never sent."""

    def masked(self, entry: Entry, channel: str) -> str:
        """What screens show of the address that ``channel`` uses."""


class Lanes(dict[str, Lane]):
    """Lanes by channel, in the order of preference, and the messages that wait for their time.

    ``entries`` are the outbox's open ones. A message lies in its own channel's lane, or, while that is stalled, in
    the lane of the recipient's next channel, which moves it there for good only when it has a place for it.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        super().__init__()
        self._entries = entries
        self._due: list[tuple[int, int, int, str]] = []  # next_at, priority, id, key
        self.directions: Directions

    def put(self, entry: Entry) -> None:
        """Take a message that is queued or in doubt; it waits for its ``next_at``."""
        heapq.heappush(self._due, (entry.next_at, entry.priority, entry.id, entry.key))

    @property
    def is_waiting_for_room(self) -> bool:
        """Whether a message could leave at once if its channel had room."""
        return any(lane.ready and not lane.is_stalled and not lane.has_room for lane in self.values())

    def next_at(self, now: int) -> float | None:
        """When something may leave that waits for nothing but time, ms; None when nothing does."""
        waits: list[float] = [now + wait for lane in self.values() if (wait := lane.wait_ms(now)) is not None]
        return min(waits + [at for at, *_ in self._due[:1]], default=None)

    def rouse(self, now: int) -> None:
        """Bring what is due to its lane, and what lies in a stalled one another way."""
        while self._due and self._due[0][0] <= now:
            _, priority, entry_id, key = heapq.heappop(self._due)
            entry = self._entries.get(key)
            if entry is None:
                continue
            lane = self.get(entry.channel)
            if lane is None:  # the channel was taken out of the settings
                lane = self[entry.channel] = Lane(entry.channel, room=0)
            heapq.heappush(lane.questions if entry.state == "unknown" else lane.ready, (priority, entry_id, key))
        for lane in self.values():
            if lane.is_stalled:
                self._divert(lane, now)

    def clock_stepped(self) -> None:
        """The clock was set: who waits for his time is to be put in again, with another one."""
        self._due.clear()
        for lane in self.values():
            lane.clock_stepped()

    def usable(self) -> list[str]:
        """The channels that work, as far as is known."""
        return [lane.name for lane in self.values() if not lane.is_stalled]

    def other_channel(self, entry: Entry) -> str | None:
        """Another channel that works and has never had this message; None for one that may have left by its own."""
        among = [name for name in self.usable() if name != entry.channel]
        return self.directions.other_channel(entry, among) if among else None

    def bring_home(self, entry: Entry) -> None:
        """Let a message wait for its own channel."""
        home = self[entry.channel]
        heapq.heappush(home.parked if home.is_stalled else home.ready, (entry.priority, entry.id, entry.key))

    def reopen(self, home: Lane) -> None:
        """A stalled lane works again: everything of its own comes back, and what has no way out looks for one again."""
        for lane in self.values():
            lane.ready += lane.parked
            lane.parked = []
            heapq.heapify(lane.ready)
        for lane in self.values():
            if lane is not home and any(self._is_of(home, item) for item in lane.ready):
                home.ready += [item for item in lane.ready if self._is_of(home, item)]
                lane.ready = [item for item in lane.ready if not self._is_of(home, item)]
                heapq.heapify(lane.ready)
        heapq.heapify(home.ready)

    def _divert(self, lane: Lane, now: int) -> None:
        """Keep one message for the trial; the others go where they can."""
        if lane.breaker.may_try(now) and not lane.parked and (item := next(self._of(lane), None)) is not None:
            lane.parked.append(item)  # where else it lies it is found to be under way
        for _ in range(min(DIVERT_MOST, len(lane.ready))):
            item = heapq.heappop(lane.ready)
            entry = self._entries.get(item[2])
            if entry is None or entry.state != "queued":
                continue
            other = None if entry.doubtful else self.other_channel(entry)
            if other is None:
                self.bring_home(entry)
            else:
                heapq.heappush(self[other].ready, item)

    def _of(self, home: Lane) -> Iterator[Item]:
        """The queued messages of ``home``, wherever they lie; the first of each heap comes first."""
        for lane in (home, *self.values()):
            for item in lane.ready:
                entry = self._entries.get(item[2])
                if entry is not None and entry.channel == home.name and entry.state == "queued":
                    yield item

    def _is_of(self, home: Lane, item: Item) -> bool:
        entry = self._entries.get(item[2])
        return entry is not None and entry.channel == home.name
