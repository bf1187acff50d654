"""Whether a channel is worth trying. Pure: times are core's, in ms."""

from typing import Final

FAILURES: Final = 3  # in a row
PATIENCE_MS: Final = 8_000  # two failures so far apart are enough
FIRST_REST_MS: Final = 5_000
LAST_REST_MS: Final = 60_000


class Breaker:
    """Closed while a channel works; open after three failures in a row, or two that are eight seconds apart.

    An open one rests, at first five seconds, then twice as long each time, up to a minute; then one message is the
    trial. What works at any time closes it.
    """

    __slots__ = ("_failures", "_first_at", "_is_on_trial", "_rest_ms", "_rests_until", "opened_at")

    def __init__(self) -> None:
        self.opened_at: int | None = None  # None: closed
        self._failures = 0
        self._first_at = 0
        self._rest_ms = 0
        self._rests_until = 0
        self._is_on_trial = False

    @property
    def is_closed(self) -> bool:
        return self.opened_at is None

    def may_try(self, now: int) -> bool:
        """Whether it is open, has rested, and no trial is under way."""
        if self.is_closed or self._is_on_trial:
            return False
        # The second half is for a clock that was set back.
        return now >= self._rests_until or self._rests_until - now > LAST_REST_MS

    def tried(self) -> None:
        """The trial is on its way."""
        self._is_on_trial = True

    def rested(self, now: int) -> None:
        """Something else than a message says that the channel works: the trial may come now."""
        self._rests_until = min(self._rests_until, now)

    def failed(self, now: int, *, asked_to_wait: bool = False) -> None:
        """A message was not taken, or nobody knows; when asked to wait, only time opens the breaker."""
        if not self.is_closed:
            if self._is_on_trial:
                self._rest(now)
            return
        if not self._failures:
            self._first_at = now
        self._failures += 1
        has_lasted = self._failures > 1 and now - self._first_at >= PATIENCE_MS
        if has_lasted or (self._failures >= FAILURES and not asked_to_wait):
            self.opened_at = now
            self._rest(now)

    def worked(self) -> bool:
        """A message was taken; whether that closes an open breaker."""
        was_open = not self.is_closed
        self.opened_at = None
        self._failures = self._rest_ms = 0
        self._is_on_trial = False
        return was_open

    def _rest(self, now: int) -> None:
        self._is_on_trial = False
        self._rest_ms = min(LAST_REST_MS, self._rest_ms * 2 or FIRST_REST_MS)
        self._rests_until = now + self._rest_ms
