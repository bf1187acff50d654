"""One channel as the outbox sees it: its room, its pace, its breaker, and what waits for it. Pure."""

import heapq
from collections import deque
from typing import Final

from alerting.breaker import Breaker
from alerting.channels.port import Accepted, Delivered, Outcome, Rejected, RetryLater, Unknown
from alerting.pacing import Pace

URGENT: Final = 100  # priorities below do not wait for the pace
OFFICERS: Final = 50  # priorities below do not wait for a breaker either
LONG_WAIT_S: Final = 20.0  # a provider that asks for more is as good as gone
MEASURED: Final = 64  # acceptances that the present pace is measured by
ENOUGH: Final = 16

Item = tuple[int, int, str]  # priority, id, key


class Lane:
    """``room`` is how many messages, and how many questions, the channel carries at once; 0: it left the settings."""

    __slots__ = ("_left", "asking", "breaker", "busy", "name", "pace", "parked", "questions", "ready", "room")

    def __init__(self, name: str, *, room: int, rate_per_s: float | None = None) -> None:
        self.name, self.room = name, room
        self.pace, self.breaker = Pace(rate_per_s), Breaker()
        self.ready: list[Item] = []  # a heap, as the other two
        self.parked: list[Item] = []  # of a stalled lane: what has no other way out
        self.questions: list[Item] = []  # messages in doubt
        self.busy = self.asking = 0
        self._left: deque[int] = deque(maxlen=MEASURED)  # when messages were accepted while others waited

    @property
    def is_stalled(self) -> bool:
        """Whether messages that have another way out should take it."""
        return not self.room or not self.breaker.is_closed

    @property
    def has_room(self) -> bool:
        """Whether the channel can carry the next message; a quarter of it is kept for what is urgent."""
        heap = self._heap
        is_urgent = bool(heap) and heap[0][0] < URGENT
        return self.busy < (self.room if is_urgent else self.room - self.room // 4)

    @property
    def _heap(self) -> list[Item]:
        """What leaves by this lane, if anything does."""
        return self.parked if self.is_stalled else self.ready

    def pick(self, now: int) -> tuple[Item, bool] | None:
        """Take out what is to be acted on next, and whether it is a question; None when all have to wait.

        Questions have as much room as messages, beside them: while nobody answers, neither holds the other up.
        """
        waiting = self._leaving(now) if self.has_room else None
        if waiting is not None:
            return heapq.heappop(waiting), False
        if self.questions and self.asking < self.room:
            return heapq.heappop(self.questions), True
        return None

    def _leaving(self, now: int) -> list[Item] | None:
        """The heap whose first message may leave now."""
        heap = self._heap
        if not heap:
            return None
        priority = heap[0][0]
        if self.is_stalled and priority >= OFFICERS and not self.breaker.may_try(now):
            return None
        return None if self.pace.wait_ms(now, is_urgent=priority < URGENT) else heap

    def wait_ms(self, now: int) -> float | None:
        """When what is ready may leave; None when nothing is, or something else than time is missing."""
        if self.is_stalled or not self.ready or not self.has_room:
            return None
        return self.pace.wait_ms(now, is_urgent=self.ready[0][0] < URGENT)

    def left(self, now: int, *, is_lookup: bool, is_beat: bool = False) -> None:
        """A message, a question or a watch's beat is on its way."""
        if is_lookup:
            self.asking += 1
            return
        self.busy += 1
        if is_beat:
            return
        self.pace.take(now)
        if self.breaker.may_try(now):
            self.breaker.tried()

    def came_back(self, *, is_lookup: bool) -> None:
        """It is not on its way any more."""
        if is_lookup:
            self.asking -= 1
        else:
            self.busy -= 1

    def heard(self, outcome: Outcome | None, now: int, *, is_lookup: bool) -> bool:
        """What an outcome says of the channel; True when a stalled one works again.

        An answered question only shows that questions are answered.
        """
        match outcome:
            case Unknown():
                self.breaker.failed(now)
            case RetryLater(after_s=wait_s) if not is_lookup:
                self.breaker.failed(now, asked_to_wait=wait_s is not None and wait_s < LONG_WAIT_S)
                if wait_s is not None:
                    self.pace.hold(now, wait_s * 1000)
            case Accepted() | Delivered() | Rejected() if not is_lookup:
                self._measure(now)
                return self.breaker.worked()
        return False

    def clock_stepped(self) -> None:
        """The clock was set: a pace measured across that would be none."""
        self._left.clear()

    def _measure(self, now: int) -> None:
        if self.ready:
            self._left.append(now)
        else:
            self._left.clear()  # a pace without a queue says how much there was to do

    @property
    def pace_per_s(self) -> float | None:
        """Messages a second: as measured while others waited, else as configured; None when neither is known."""
        span_ms = self._left[-1] - self._left[0] if len(self._left) >= ENOUGH else 0
        return (len(self._left) - 1) * 1000 / span_ms if span_ms > 0 else self.pace.rate_per_s
