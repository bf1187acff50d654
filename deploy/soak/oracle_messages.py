"""Messages: officers get every version, once, by itself or in a digest, and nothing old (I3, I4)."""

from typing import TYPE_CHECKING, Any, Final

from alerting.messages import Attempt, Entry
from deploy.nodes.calling import ALERT as CALL
from deploy.soak.breach import Breaches
from deploy.soak.clock import MINUTE
from deploy.soak.oracle_digests import DIGEST, DigestsOracle
from deploy.soak.stations import OFFICERS

if TYPE_CHECKING:
    from deploy.journal import Group

Row = tuple[Any, ...]

FOR_OFFICERS: Final = ("level", "data", "rain", "air")
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
        self.digests = DigestsOracle(breaches)
        self._digested: set[str] = set()

    def committed(self, group: "Group") -> None:
        """Decisions for officers are on disk, and with them the messages that tell of them."""
        told = [row for row in group.alerts if _is_for_officers(row)]
        besides = (f"{DIGEST}/", f"{CALL}/")
        keys = [key for key in group.messages if key.startswith(besides) and key not in self._digested]
        # In the order of their journal ids, because a journal that failed for a while has several turns in one commit.
        for row in told:
            while keys and group.messages[keys[0]].id < row[0]:
                self._digest(group.messages[keys.pop(0)])
            self._decided(row, group)
        for key in keys:
            self._digest(group.messages[key])

    def _digest(self, entry: Entry) -> None:
        self._digested.add(entry.key)
        self.owed[entry.key] = self._breaches.now
        if entry.alert == DIGEST:
            self.digests.digest(entry)
        else:
            self.digests.called(entry)

    def _decided(self, row: Row, group: "Group") -> None:
        for officer in OFFICERS:
            key = f"{row[1]}/{row[2]}/{officer}/demo"
            if key in group.messages:
                self.digests.told(officer, row)
                self.owed[key] = self._breaches.now
            else:
                self.digests.kept_back(officer, row)

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
        self.digests.checked()
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


def _is_for_officers(row: Row) -> bool:
    """Of stations whatever is not inhibited; of areas only what somebody decided."""
    hazard, cause = row[4], row[8]
    if hazard == "area":
        return any(f'"why":"{word}"' in cause for word in ("operator", "over"))
    return hazard in FOR_OFFICERS and '"inhibited_by":"' not in cause
