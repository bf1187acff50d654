"""What is sent next: fresh samples at once, then the backlog, oldest first, until core has acknowledged it all.

The same rules as a node's. It decides; it neither sends nor waits, and has no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edge.gateway.ring import Ring, Stored

RESEND_S: Final = 30.0
LONGEST_RESEND_S: Final = 300.0  # while core is down the broker keeps what was sent
FRESH: Final = 4  # more than these wait in the ring
LIVE_FLIGHTS: Final = 8
BACKLOG_FLIGHTS: Final = 2
BACKLOG: Final = 20  # observations a payload: with 32 series each it is under the 64 kB of the wire contract

Number = tuple[int, int]  # boot, seq


@dataclass(slots=True, kw_only=True)
class _Flight:
    sent_at: float
    is_backlog: bool
    numbers: set[Number]


class Delivery:
    """Of one connection. Times are seconds of any clock that never goes back."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._fresh: list[Stored] = []  # oldest first
        self._flights: list[_Flight] = []
        self._position = 0  # in the ring: what is before it was sent, or acknowledged
        self._resend_s = RESEND_S

    def connected(self) -> None:
        """A new connection: nothing is on its way, and the newest samples are fresh again."""
        self._flights.clear()
        self._position = 0
        self._resend_s = RESEND_S
        self._fresh = self._ring.newest(FRESH)

    def offer(self, stored: Sequence[Stored]) -> None:
        """These were just taken."""
        self._fresh = (self._fresh + list(stored))[-FRESH:]

    def next(self, now: float) -> bytes | None:
        """The next payload, or None while there is nothing to send or enough of the backlog is on its way."""
        self._expire(now)
        if self._fresh:
            self._forget_oldest()
            chosen, self._fresh = self._fresh, []
            return self._fly(chosen, now, is_backlog=False)
        if sum(flight.is_backlog for flight in self._flights) >= BACKLOG_FLIGHTS:
            return None
        while True:
            found, self._position = self._ring.oldest(self._position, BACKLOG)
            chosen = [each for each in found if not self._is_flying(each)]
            if chosen:
                return self._fly(chosen, now, is_backlog=True)
            if not found:
                return None

    def acknowledged(self, ranges: Iterable[tuple[int, int, int]]) -> int:
        """Core has these (boot, first, last). Returns how many it freed; raises RingRefused."""
        known = list(ranges)
        for flight in self._flights:
            flight.numbers = {number for number in flight.numbers if not _is_in(number, known)}
        self._flights = [flight for flight in self._flights if flight.numbers]
        freed = self._ring.acknowledge(known)
        if freed:
            self._resend_s = RESEND_S
        return freed

    def _forget_oldest(self) -> None:
        # A fresh sample never waits for an answer to others: they become backlog.
        live = [flight for flight in self._flights if not flight.is_backlog]
        if len(live) >= LIVE_FLIGHTS:
            self._flights.remove(live[0])
            self._position = 0

    def _is_flying(self, stored: Stored) -> bool:
        return any((stored.boot, stored.seq) in flight.numbers for flight in self._flights)

    def _fly(self, chosen: Sequence[Stored], now: float, *, is_backlog: bool) -> bytes:
        numbers = {(each.boot, each.seq) for each in chosen}
        self._flights.append(_Flight(sent_at=now, is_backlog=is_backlog, numbers=numbers))
        if len(chosen) == 1:
            return chosen[0].observation
        return b"[" + b",".join(each.observation for each in chosen) + b"]"

    def _expire(self, now: float) -> None:
        late = [flight for flight in self._flights if now - flight.sent_at >= self._resend_s]
        if late:
            self._resend_s = min(2 * self._resend_s, LONGEST_RESEND_S)
            self._flights = [flight for flight in self._flights if flight not in late]
            self._position = 0


def _is_in(number: Number, ranges: Sequence[tuple[int, int, int]]) -> bool:
    return any(boot == number[0] and first <= number[1] <= last for boot, first, last in ranges)
