"""What every message of a run says: a pure function of its number and of when the run began."""

from typing import Final

from firmware_sim.fleet_plan import WRONG_CLOCKS, Load, distance_mm, story, wrong_clock_nodes

BACKLOG_ARRAY: Final = 20  # stored observations a message
MINUTE_MS: Final = 60_000
GARBAGE: Final = (
    b"garbage",
    b"\xff\xfe\x00{",
    b'{"v":1,"boot":1,"seq":1,"t":null,"s":{"distance_mm":NaN}}',
    b'{"v":1,"boot":1,"seq":1,"t":null,"s":{"distance_mm":"12"}}',
    b"[]",
    b'{"v":9,"boot":1,"seq":1,"t":null,"s":{"distance_mm":1.0}}',
)


class Script:
    """Stored observations of a node have the first sequence numbers, those of the run itself follow."""

    def __init__(self, load: Load, nodes: int) -> None:
        """Raises LoadRefused when ``load`` has no room for its story."""
        self._load, self._nodes = load, nodes
        self._breaches = story(load, nodes)
        self._wrong_from = nodes - wrong_clock_nodes(load, nodes)
        self.stored_each = load.backlog_minutes
        self.start_ms = 0

    def observation(self, number: int) -> bytes:
        """The ``number``-th observation of the run; the same bytes whenever it is sent again."""
        seq, node = divmod(number, self._nodes)
        breach = self._breaches.get(node)
        distance = distance_mm(node, seq, breach_seq=None if breach is None else breach // self._nodes)
        return self._payload(seq + self.stored_each, self._clock(node, number), distance)

    def stored(self, node: int, first: int) -> tuple[bytes, int]:
        """An array of a node's stored observations from ``first`` on, and the number after its last; empty: no more."""
        last = min(first + BACKLOG_ARRAY, self.stored_each)
        items = [
            self._payload(
                seq, self.start_ms - (self.stored_each - seq) * MINUTE_MS, distance_mm(node, seq, breach_seq=None)
            )
            for seq in range(first, last)
        ]
        return (b"[%b]" % b",".join(items) if items else b""), last

    def number(self, node: int, seq: int) -> int:
        """Which observation of the run a node's sequence number stands for."""
        return (seq - self.stored_each) * self._nodes + node

    def _clock(self, node: int, number: int) -> int | None:
        if node >= self._wrong_from:
            return WRONG_CLOCKS[node % len(WRONG_CLOCKS)]
        return self.start_ms + self._load.due_ns(number) // 1_000_000

    def _payload(self, seq: int, time_ms: int | None, distance: int) -> bytes:
        boot = self._load.boot
        if time_ms is None:
            return b'{"v":1,"boot":%d,"seq":%d,"t":null,"s":{"distance_mm":%d.0}}' % (boot, seq, distance)
        return b'{"v":1,"boot":%d,"seq":%d,"t":%d,"s":{"distance_mm":%d.0}}' % (boot, seq, time_ms, distance)
