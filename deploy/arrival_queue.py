"""In which order core takes what has arrived: readings of now before the backlog of nodes that were cut off.

After an outage hundreds of nodes send hours of stored readings in long messages, and a reading of now would wait behind
all of them. Long messages are taken a slice a turn; short ones overtake them. PUBACKs still leave in the order in which
the messages came (MQTT 3.1.1, 4.6).
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from deploy.arrival import Arrival

SHORT: Final = 600  # bytes: one observation, also of a node with many sensors
SLICE: Final = 24 * 1024  # bytes of long messages in a turn: some 400 observations, a few dozen milliseconds


class ArrivalQueue:
    """Holds long messages back; nothing else, and nothing at all while there are few."""

    def __init__(self) -> None:
        self._held: deque[Arrival] = deque()
        self._unanswered: deque[Arrival] = deque()  # in the order in which they came, since the first was held
        self._done: set[int] = set()  # message ids of them that core has taken

    def __bool__(self) -> bool:
        return bool(self._held)

    def take(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """What core takes now: every short one of ``arrivals``, and a slice of the long ones, the oldest first."""
        long = [each for each in arrivals if len(each.payload) > SHORT]
        if not self._unanswered and not self._held and sum([len(each.payload) for each in long]) <= SLICE:
            return list(arrivals)
        self._unanswered += [each for each in arrivals if each.qos]
        self._held += long
        taken = [each for each in arrivals if len(each.payload) <= SHORT]
        size = 0
        while self._held and size <= SLICE:
            size += len(self._held[0].payload)
            taken.append(self._held.popleft())
        return taken

    def answer(self, taken: Sequence[Arrival]) -> Sequence[Arrival]:
        """Which PUBACKs may leave, in order, now that core has ``taken`` these."""
        if not self._unanswered:
            return taken
        self._done.update([each.mid for each in taken if each.qos])
        due = []
        while self._unanswered and self._unanswered[0].mid in self._done:
            each = self._unanswered.popleft()
            self._done.discard(each.mid)
            due.append(each)
        return due

    def clear(self) -> None:
        """The connection is gone: the broker sends all of it again."""
        self._held.clear()
        self._unanswered.clear()
        self._done.clear()
