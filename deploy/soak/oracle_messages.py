"""Messages: everybody gets every version, once, and nothing old (I3, I4)."""

from typing import Final

from alerting.outbox import Attempt
from deploy.soak.breach import Breaches
from deploy.soak.clock import MINUTE
from deploy.soak.stations import OFFICERS

HORIZON_MS: Final = 15 * MINUTE
VALID_MS: Final = 30 * MINUTE
ENOUGH_MS: Final = 3 * MINUTE  # of a healthy provider and a running core, for a message to get out


class MessagesOracle:
    """Time is the world's. ``outages`` are stretches in which nothing could be sent or nobody was there to send."""

    def __init__(self, breaches: Breaches) -> None:
        self._breaches = breaches
        self.owed: dict[str, int] = {}  # since when, by message key
        self._paid: set[str] = set()
        self.outages: list[tuple[int, int]] = []
        self.starts: list[int] = []
        self.unsafe: set[str] = set()  # sent while the journal could not be written: a crash may repeat it
        self._created: dict[str, int] = {}

    def decided(self, alert: str, version: int) -> None:
        """A decision for officers is on disk."""
        for officer in OFFICERS:
            key = f"{alert}/{version}/{officer}/demo"
            self.owed[key] = self._breaches.now

    def carried(self, attempt: Attempt, *, is_durable: bool) -> None:
        """Core hands a message to its sender."""
        key, now = attempt.entry.key, self._breaches.now
        if not is_durable:
            self.unsafe.add(key)
        if attempt.is_lookup:
            return
        created = self._created.setdefault(key, now)
        restarted = any(created < start <= now for start in self.starts)
        most = HORIZON_MS if restarted else VALID_MS
        if now - created > most + 1000:
            self._breaches.add("I4", f"{key} is sent {(now - created) // MINUTE} min after it was decided")

    def checked(self, accepted: dict[str, int], blind_lookups: dict[str, int]) -> None:
        """Now and then, and at the end of a day: who got what, how often."""
        for key, since in list(self.owed.items()):
            if key in accepted:
                del self.owed[key]
                self._paid.add(key)
            elif self._could_be_sent(since):
                self._breaches.add("I3", f"{key} was never accepted")
        for key, count in accepted.items():
            most = 2 if blind_lookups.get(key, 0) >= 2 or key in self.unsafe else 1
            if count > most:
                self._breaches.add("I3", f"{key} was accepted {count} times")
            if key not in self._paid and key not in self.unsafe:
                self._breaches.add("I3", f"{key} was sent, and no decision stands behind it")

    def _could_be_sent(self, since: int) -> bool:
        """Whether there was time to send it before it was too old."""
        restarted = any(since < start <= since + VALID_MS for start in self.starts)
        ends = since + (HORIZON_MS if restarted else VALID_MS)
        if ends > self._breaches.now:
            return False
        at = since
        for begins, until in sorted(self.outages):
            if until <= at:
                continue
            if begins - at >= ENOUGH_MS:
                return True
            at = max(at, until)
        return ends - at >= ENOUGH_MS
