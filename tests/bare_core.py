"""What a core in process is given when only its decisions matter: a clock that is set, and a wire to nobody."""

from typing import Any

from broker.clock import Clock


class SetClock(Clock):
    """Says what it is told; whoever makes a core with it sets ``time`` first."""

    time = 0

    def now(self) -> int:
        return SetClock.time


class Wire:
    """The broker's and the provider's side: remembers what core publishes; no message leaves the outbox."""

    is_connected = True

    def __init__(self) -> None:
        self.said: list[tuple[str, bytes]] = []

    def acknowledge(self, arrivals: Any) -> None:
        """Nothing is redelivered."""

    def publish(self, topic: str, payload: bytes) -> None:
        self.said.append((topic, payload))

    def carry(self, attempt: Any) -> None:
        """There is no provider."""
