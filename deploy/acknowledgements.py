"""Telling nodes what is on disk: at once, and a busy node at most every 30 ms, so that an ACK speaks for several."""

from collections.abc import Callable
from typing import Final

from broker import topics, wire
from broker.topics import Realm
from ingest.received import ranges

SPACING_MS: Final = 30
KEPT: Final = 10_000  # nodes acknowledged so lately that the next ACK may wait; the rest are forgotten

Numbers = list[tuple[int, int]]


class Acknowledgements:
    """``publish(topic, payload)`` sends; what waits is sent by a later :meth:`flush`."""

    def __init__(self, realm: Realm, publish: Callable[[str, bytes], None]) -> None:
        self._realm, self._publish = realm, publish
        self._waiting: dict[str, Numbers] = {}
        self._last: dict[str, int] = {}

    def add(self, taken: dict[str, Numbers]) -> None:
        """The (boot, seq) of observations, by node, that are on disk now."""
        for node, numbers in taken.items():
            known = self._waiting.get(node)
            if known is None:
                self._waiting[node] = numbers
            else:
                known += numbers

    def flush(self, now: int) -> None:
        """Send what is due at ``now`` (ms), which is also the time that nodes are told."""
        if not self._waiting:
            return
        if len(self._last) > KEPT:
            self._last = {node: at for node, at in self._last.items() if 0 <= now - at < SPACING_MS}
        held: dict[str, Numbers] = {}
        for node, numbers in self._waiting.items():
            last = self._last.get(node)
            if last is not None and 0 <= now - last < SPACING_MS:  # a clock that was set back holds nobody up
                held[node] = numbers
                continue
            self._last[node] = now
            acked = ranges(numbers)
            for first in range(0, len(acked), wire.MAX_RANGES):
                ack = wire.Ack(now=now, acked=acked[first : first + wire.MAX_RANGES])
                self._publish(topics.topic(self._realm, node, "ack"), wire.encode(ack))
        self._waiting = held
