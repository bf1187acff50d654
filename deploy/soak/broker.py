"""The simulated broker and network between nodes and core: keeps what core has not taken, delays, repeats, loses."""

import random
from collections.abc import Sequence

from deploy.arrival import Arrival
from deploy.soak.field import Message


class Broker:
    """``inbox`` is what core's next turn takes; ``waiting`` everything that core has not acknowledged."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.is_up = True
        self.is_through = True  # half-open when not: connected, and nothing passes
        self.is_linked = False
        self.generation = 0
        self.waiting: dict[int, Message] = {}
        self.inbox: list[Arrival] = []
        self._mid = 0

    def take(self, message: Message) -> bool:
        """A message reaches the broker; whether core's inbox has something new."""
        if not self.is_up:
            return False
        self._mid += 1
        self.waiting[self._mid] = message
        if not (self.is_linked and self.is_through):
            return False
        self._hand_over(self._mid, message)
        return True

    def link(self) -> None:
        """Core connects: everything that it has not acknowledged comes again."""
        self.is_linked = True
        self.generation += 1
        self.inbox.clear()
        for mid, message in self.waiting.items():
            self._hand_over(mid, message)

    def unlink(self) -> None:
        self.is_linked = False
        self.inbox.clear()

    def stop(self, *, forgets: bool) -> None:
        """The broker dies; ``forgets``: what it held was on no disk."""
        self.is_up = False
        self.unlink()
        if forgets:
            self.waiting.clear()

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        """Core's PUBACKs."""
        if self.is_linked and self.is_through:
            for arrival in arrivals:
                if arrival.generation == self.generation:
                    self.waiting.pop(arrival.mid, None)

    def _hand_over(self, mid: int, message: Message) -> None:
        self.inbox.append(Arrival(message.topic, message.payload, mid, 1, message.retain, self.generation))
