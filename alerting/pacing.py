"""How fast messages may leave by one channel. Pure: times are core's, in ms."""

from collections import deque
from math import ceil
from typing import Final

SHARE: Final = 0.98  # of the provider's rate that is used; the rest makes up for what was late
LATE_MS: Final = 250.0  # by so much a late turn may be made up for; more of it would arrive as a burst
BORROWED_MS: Final = 1000.0
BORROWED: Final = 4  # messages
LONGEST_HOLD_MS: Final = 60_000.0
BACK_MS: Final = 1000  # a clock that is set by less is only slewed


class Pace:
    """At most ``rate_per_s`` messages in any second, at even distances, urgent ones aside; None: nothing ever waits.

    Messages have their places at 98 % of the rate. Whoever waited and was called late keeps the place that was his, so
    that the queue catches up, but of as many messages as the rate has in a second no two ends are closer than that.
    An urgent message does not wait for its place: it may overdraw by a second or by four messages, whichever is more,
    and the others wait for what it took.
    """

    __slots__ = (
        "_due",
        "_held_until",
        "_interval_ms",
        "_is_waited_for",
        "_last",
        "_seen_at",
        "_span_ms",
        "_taken_at",
        "rate_per_s",
    )

    def __init__(self, rate_per_s: float | None) -> None:
        if rate_per_s is not None and not rate_per_s > 0:
            raise ValueError(f"a pace of {rate_per_s} messages a second is none")
        self.rate_per_s = None if rate_per_s is None else rate_per_s * SHARE
        self._interval_ms = 0.0 if self.rate_per_s is None else 1000 / self.rate_per_s
        count = ceil(rate_per_s or 1)
        self._last: deque[float] = deque(maxlen=count)  # when the last messages left
        self._span_ms = 0.0 if rate_per_s is None else count * 1000 / rate_per_s
        self._due = 0.0  # the next message's place
        self._is_waited_for = False
        self._held_until = 0.0
        self._seen_at = self._taken_at = 0

    def wait_ms(self, now: int, *, is_urgent: bool = False) -> float:
        """How long the next message, which is there, has to wait; 0: it may leave."""
        self._look(now)
        if is_urgent:
            place = self._due - max(BORROWED_MS, BORROWED * self._interval_ms)
        else:
            is_full = len(self._last) == self._last.maxlen
            place = max(self._due, self._last[0] + self._span_ms) if is_full else self._due
        if now <= max(self._due, self._taken_at):
            self._is_waited_for = True
        return max(0.0, place - now, self._held_until - now)

    def take(self, now: int) -> None:
        """A message leaves."""
        self._look(now)
        begin = now - LATE_MS if self._is_waited_for else now
        self._due = max(self._due, begin) + self._interval_ms
        self._last.append(now)
        self._taken_at = now
        self._is_waited_for = False

    def hold(self, now: int, for_ms: float) -> None:
        """The provider asked to wait: nothing leaves for so long, a minute at most."""
        self._look(now)
        self._held_until = max(self._held_until, now + min(for_ms, LONGEST_HOLD_MS))

    def _look(self, now: int) -> None:
        """A clock that was set back must not stop a channel for as long as it was wrong."""
        if now < self._seen_at - BACK_MS:
            self._due = self._held_until = 0.0
            self._taken_at = 0
            self._last.clear()
        self._seen_at = now
