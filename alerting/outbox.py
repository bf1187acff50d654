"""The outbox: every message from the decision to its last word, and what may be sent next.

Pure bookkeeping over the rows of one table: nothing here sends, waits or commits. A message is ``sending`` in the
journal before its first byte leaves, so that after a crash it is known to be in doubt, is looked up, and is sent again
only when the provider does not have it or cannot say.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from alerting.channels.port import Accepted, Delivered, Outcome, Rejected, Report, RetryLater, Unknown
from alerting.lane import LONG_WAIT_S, URGENT, Lane
from alerting.lanes import Directions, Lanes
from alerting.messages import (
    LAST_RETRY_MS,
    OPEN,
    VALID_MS,
    Attempt,
    Entry,
    State,
    backoff_ms,
    follower_of,
    is_beat,
    key_of,
    moved,
)

__all__ = ["OPEN", "URGENT", "VALID_MS", "Attempt", "Entry", "Outbox", "State", "backoff_ms", "key_of"]

SETTLE_AFTER_MS: Final = 3_000  # a provider is given this long to show a message that it may have taken
LOOKUPS: Final = 2  # look-ups without an answer before a message in doubt is sent again, once
MOST_DOUBTFUL: Final = 2  # copies that a recipient may get
GIVE_UP_MS: Final = 60 * 60_000  # after its validity, for a message in doubt
TROUBLED: Final = 3  # attempts after which another channel takes over
CLOSE_MOST: Final = 200  # a claim; ten thousand at once would hold a turn up

EXPIRED: Final = "Sudah lewat masa berlakunya."
REPLACED: Final = "Digantikan versi baru."
IN_DOUBT: Final = " Nasib kiriman pertama belum diketahui."
ERASED: Final = "Penerima sudah dihapus atau tidak punya alamat untuk saluran ini."
LOST: Final = "Tidak ada pada penyedia; dikirim lagi."
NEVER_KNOWN: Final = "Penyedia tidak pernah dapat mengatakan nasib pesan ini."

Ids = Callable[[], int]


class Outbox:
    """The open entries, in memory; the caller writes every entry returned to the journal, then acts on it.

    The most urgent goes first, then the oldest, each channel at its own pace. What waits for a channel that does not
    work moves to the recipient's next one, where there is one: then its row ends and a new one begins.
    """

    def __init__(self, entries: Iterable[Entry], *, now: int, horizon_ms: int) -> None:
        """Take over after a start: what was being sent is in doubt; officers' messages older than the horizon expire
        at the next claim, the public's at the end of their validity. One of a time to come is as if it were new.
        """
        self.open: dict[str, Entry] = {}
        self.waiting: Counter[str] = Counter()  # open messages by channel
        self.lanes = Lanes(self.open)
        self._ends: list[tuple[int, str]] = []  # valid_until, key
        self._lookups: dict[str, int] = {}  # since the message was last sent
        self._asking: set[str] = set()
        self._superseded: dict[str, int] = {}
        for found in entries:
            entry = found
            if entry.created_at > now:  # the clock was set back meanwhile; nobody knows how old it is
                entry = moved(entry, now - entry.created_at, entry.rev)
            entry = replace(entry, next_at=min(entry.next_at, now + LAST_RETRY_MS))
            if not entry.public:
                entry = replace(entry, valid_until=min(entry.valid_until, entry.created_at + horizon_ms))
            if is_beat(entry):  # of the last run
                entry = replace(entry, state="queued", doubtful=0, valid_until=0)
            if entry.state == "sending":
                entry = replace(entry, state="unknown", next_at=now + SETTLE_AFTER_MS)
            self._put(entry)

    def open_lanes(self, lanes: Mapping[str, Lane], directions: Directions) -> None:
        """Say by which channels messages leave, in the order of preference; before the first claim."""
        self.lanes.update(lanes)
        self.lanes.directions = directions

    def enqueue(self, entry: Entry) -> None:
        """Take a new entry; its key must be new."""
        if entry.key in self.open:
            raise ValueError(f"message {entry.key} is in the outbox already")
        if entry.state in OPEN:
            self._put(entry)

    def supersede(self, versions: Mapping[str, int]) -> None:
        """By alert: no public message about an earlier version leaves from now on; what waits expires at a claim.

        Also what comes back to the queue later. A restart forgets it. Looks at every open entry once.
        """
        for alert, version in versions.items():
            self._superseded[alert] = max(version, self._superseded.get(alert, 0))
        for entry in self.open.values():
            if entry.alert in versions and entry.state == "queued" and self._is_superseded(entry):
                heapq.heappush(self._ends, (0, entry.key))

    def clock_stepped(self, ahead_ms: int, ids: Ids) -> list[Entry]:
        """The clock was set ``ahead_ms`` ahead (negative: back); every open entry, as old and as valid as it was.

        All times move with the clock, but when one in doubt was made: it is looked for from then on, and must not be
        looked for later than it was sent.
        """
        self._ends.clear()
        self.lanes.clock_stepped()
        for entry in list(self.open.values()):
            after = self.open[entry.key] = moved(entry, ahead_ms, ids())
            if entry.state != "sending":
                self._put(after)
        return list(self.open.values())

    def expire_all(self, now: int, ids: Ids, *, reason: str) -> list[Entry]:
        """Let no open message leave any more, also what is in doubt; every entry with its last state."""
        return [self._close(entry, "expired", now, ids(), reason=reason) for entry in list(self.open.values())]

    def may_have_left(self, key: str) -> bool:
        """Whether an open message may be with its recipient already."""
        entry = self.open.get(key)
        return entry is not None and (entry.state != "queued" or entry.doubtful + entry.doubtful_before > 0)

    def next_claim(self, now: int) -> int | None:
        """When a claim is worth while again, ms; None when only an outcome or a new message can make it so."""
        if not self.open:
            return None
        next_at = self.lanes.next_at(now)
        waits = [at for at in (next_at, *(end + 1 for end, _ in self._ends[:1])) if at is not None]
        return max(now + 1, int(min(waits) + 0.999)) if waits else None

    # -- claim ---------------------------------------------------------------------------------------------------

    def claim(self, now: int, ids: Ids) -> tuple[list[Attempt], list[Entry]]:
        """Entries to act on now, and all entries changed by it, with their new state; ``ids`` gives journal ids.

        An entry past its validity expires instead, and one whose recipient is gone is dead.
        """
        attempts: list[Attempt] = []
        changed: list[Entry] = []
        if not self.open:
            self._ends.clear()
            return attempts, changed
        self.lanes.rouse(now)
        for lane in self.lanes.values():
            while len(changed) < CLOSE_MOST and (picked := lane.pick(now)) is not None:
                (_, _, key), is_lookup = picked
                entry = self.open.get(key)
                if entry is None or entry.next_at > now or entry.state != ("unknown" if is_lookup else "queued"):
                    continue
                changed += self._leave(lane, entry, now, ids, attempts)
        while self._ends and self._ends[0][0] < now and len(changed) < CLOSE_MOST:
            ended = self.open.get(heapq.heappop(self._ends)[1])
            if ended is not None and ended.state == "queued":
                changed.append(self._expire(ended, now, ids()))
        return attempts, changed

    def _leave(self, lane: Lane, entry: Entry, now: int, ids: Ids, attempts: list[Attempt]) -> list[Entry]:
        """Let a message, or a question about it, leave by ``lane``, or find that it must not."""
        is_lookup = entry.state == "unknown"
        if not is_lookup and self._is_over(entry, now):
            return [self._expire(entry, now, ids())]
        changed: list[Entry] = []
        if entry.channel != lane.name:
            if self.lanes.directions.other_channel(entry, (lane.name,)) is None:
                self.lanes.bring_home(entry)
                return []
            changed.append(self._moved(entry, lane.name, now, ids()))
            entry = self._follower(entry, lane.name, now, ids())
        address = self.lanes.directions.address(entry)
        if address is None:
            return [*changed, self._close(entry, "dead", now, ids(), reason=ERASED)]
        attempts.append(Attempt(self._claim(lane, entry, now, ids()), is_lookup, address))
        return [*changed, attempts[-1].entry]

    def _claim(self, lane: Lane, entry: Entry, now: int, rev: int) -> Entry:
        is_lookup = entry.state == "unknown"
        self._lookups[entry.key] = self._lookups.get(entry.key, 0) + 1 if is_lookup else 0
        if is_lookup:
            self._asking.add(entry.key)
        lane.left(now, is_lookup=is_lookup, is_beat=is_beat(entry))
        claimed = self.open[entry.key] = replace(
            entry,
            rev=rev,
            state="sending",
            attempts=entry.attempts + 1,
            attempted_at=entry.attempted_at if is_lookup and entry.attempted_at else now,
            changed_at=now,
            doubtful=entry.doubtful + (not is_lookup),
        )
        return claimed

    # -- settle --------------------------------------------------------------------------------------------------

    def settle(
        self,
        key: str,
        outcome: Outcome | None,
        *,
        now: int,
        ids: Ids,
        speed: float = 1.0,
        attempt: int | None = None,
    ) -> list[Entry]:
        """What an attempt's outcome makes of its entry; ``None`` from a look-up means that nobody has the message.

        ``attempt`` is the entry's count of attempts when it was claimed, None for the last one. The word of an attempt
        that was given up counts only when it says that the message was taken. Nothing changes for an entry that is
        not open. A message that moves to another channel changes two entries.
        """
        entry = self.open.get(key)
        if entry is None:
            return []
        is_late = entry.state != "sending" or attempt not in (None, entry.attempts)
        if is_late and not isinstance(outcome, Accepted | Delivered):
            return []
        is_lookup = key in self._asking
        lane = self.lanes[entry.channel]
        if entry.state == "sending":
            self._asking.discard(key)
            lane.came_back(is_lookup=is_lookup)
        if not is_beat(entry) and lane.heard(outcome, now, is_lookup=is_lookup or is_late):
            self.lanes.reopen(lane)
        if isinstance(outcome, Accepted | Delivered):
            return self._taken(entry, outcome, now, ids, speed)
        return self._not_taken(entry, outcome, now, ids, is_lookup=is_lookup)

    def _not_taken(
        self, entry: Entry, outcome: Rejected | RetryLater | Unknown | None, now: int, ids: Ids, *, is_lookup: bool
    ) -> list[Entry]:
        certain = replace(entry, doubtful=0 if is_lookup else entry.doubtful - 1)
        if is_beat(entry):
            reason = outcome.reason if outcome is not None else LOST
            return [self._close(certain, "dead", now, ids(), reason=reason)]
        match outcome:
            case Unknown():
                return self._in_doubt(entry, now, ids, outcome.reason)
            case Rejected():
                reason = f"{outcome.reason} ({outcome.code})" if outcome.code else outcome.reason
                return [self._close(certain, "undelivered" if is_lookup else "dead", now, ids(), reason=reason)]
            case RetryLater():
                wait = outcome.after_s
                wait_ms = backoff_ms(entry.attempts, entry.id) if wait is None else min(int(wait * 1000), LAST_RETRY_MS)
                return self._later(certain, now, now + wait_ms, ids, outcome.reason)
            case None:
                return self._later(certain, now, now, ids, LOST)

    def _taken(self, entry: Entry, outcome: Accepted | Delivered, now: int, ids: Ids, speed: float) -> list[Entry]:
        """It was accepted; if another channel was to send it instead, and has not yet, it need not."""
        taken = self._close(
            entry,
            "delivered" if isinstance(outcome, Delivered) else "accepted",
            now,
            ids(),
            reason=None,
            reference=outcome.reference,
            latency_ms=None if entry.observed_at is None else (now - entry.observed_at) / speed,
            doubtful=max(0, entry.doubtful - 1),
        )
        follower = self.open.get(key_of(entry.alert, entry.version, entry.recipient, entry.moved_to or ""))
        if follower is None or follower.state != "queued" or follower.doubtful:
            return [taken]
        reason = f"Ternyata sudah diterima lewat {entry.channel}."
        return [taken, self._close(follower, "dead", now, ids(), reason=reason)]

    def _later(self, entry: Entry, now: int, next_at: int, ids: Ids, reason: str) -> list[Entry]:
        """Try again, or, after some trouble, by another channel."""
        if entry.moved_to is not None and not entry.doubtful:
            return [self._close(entry, "dead", now, ids(), reason=f"Dialihkan ke {entry.moved_to}.")]
        is_troubled = entry.attempts >= TROUBLED or next_at - now >= LONG_WAIT_S * 1000
        if is_troubled and not entry.doubtful and (other := self.lanes.other_channel(entry)):
            return [self._moved(entry, other, now, ids()), self._follower(entry, other, now, ids())]
        return [self._again(entry, "queued", now, ids(), next_at=next_at, reason=reason)]

    def _in_doubt(self, entry: Entry, now: int, ids: Ids, reason: str) -> list[Entry]:
        """Look it up; when nobody can say, send it once more, or by another channel if this one does not work; then go
        on asking, because two are enough.
        """
        lookups = self._lookups.get(entry.key, 0)
        copies = entry.doubtful + entry.doubtful_before
        is_spent = copies >= MOST_DOUBTFUL or entry.moved_to is not None or self._is_over(entry, now)
        if lookups and not is_spent and self.lanes[entry.channel].is_stalled:
            other = self.lanes.other_channel(entry)
            if other is not None:
                asked = replace(entry, moved_to=other)
                wait = backoff_ms(lookups, entry.id)
                moved = self._again(
                    asked, "unknown", now, ids(), next_at=now + wait, reason=f"{reason} Dialihkan ke {other}."
                )
                return [moved, self._follower(entry, other, now, ids())]
        if lookups < LOOKUPS:
            return [self._again(entry, "unknown", now, ids(), next_at=now + SETTLE_AFTER_MS, reason=reason)]
        if not is_spent:
            again = f"Tetap tidak diketahui ({reason}); dikirim lagi."
            return [self._again(entry, "queued", now, ids(), next_at=now, reason=again)]
        if now > entry.valid_until + GIVE_UP_MS:
            return [self._close(entry, "unknown", now, ids(), reason=NEVER_KNOWN)]
        wait = backoff_ms(lookups, entry.id)
        return [self._again(entry, "unknown", now, ids(), next_at=now + wait, reason=reason)]

    def reported(self, entry: Entry, report: Report, now: int, ids: Ids) -> list[Entry]:
        """What a provider's later word makes of an accepted entry; an officer's message goes another way at last."""
        if entry.state != "accepted":
            return []
        if isinstance(report, Delivered):
            return [replace(entry, rev=ids(), state="delivered", changed_at=now)]
        reason = f"{report.reason} ({report.code})" if report.code else report.reason
        failed = replace(entry, rev=ids(), state="undelivered", changed_at=now, reason=reason)
        other = None if entry.public or self._is_over(entry, now) else self.lanes.other_channel(entry)
        return [failed] if other is None else [failed, self._follower(failed, other, now, ids())]

    # -- entries -------------------------------------------------------------------------------------------------

    def _is_superseded(self, entry: Entry) -> bool:
        return entry.public and entry.version < self._superseded.get(entry.alert, 0)

    def _is_over(self, entry: Entry, now: int) -> bool:
        return now > entry.valid_until or self._is_superseded(entry)

    def _expire(self, entry: Entry, now: int, rev: int) -> Entry:
        reason = REPLACED if self._is_superseded(entry) else EXPIRED
        if entry.doubtful:
            return self._again(entry, "unknown", now, rev, next_at=now + SETTLE_AFTER_MS, reason=reason + IN_DOUBT)
        return self._close(entry, "expired", now, rev, reason=reason)

    def _moved(self, entry: Entry, channel: str, now: int, rev: int) -> Entry:
        return self._close(entry, "dead", now, rev, reason=f"Dialihkan ke {channel}.", moved_to=channel)

    def _follower(self, entry: Entry, channel: str, now: int, new_id: int) -> Entry:
        """Take up the message that goes by ``channel`` instead of ``entry``."""
        address = self.lanes.directions.masked(entry, channel)
        follower = follower_of(entry, channel=channel, address=address, now=now, new_id=new_id)
        self._put(follower)
        return follower

    def _again(self, entry: Entry, state: State, now: int, rev: int, *, next_at: int, reason: str) -> Entry:
        changed = replace(entry, rev=rev, state=state, next_at=next_at, reason=reason, changed_at=now)
        self._put(changed)
        return changed

    def _close(self, entry: Entry, state: State, now: int, rev: int, **fields: Any) -> Entry:
        del self.open[entry.key]
        self.waiting[entry.channel] -= not is_beat(entry)
        self._lookups.pop(entry.key, None)
        self._asking.discard(entry.key)
        return replace(entry, rev=rev, state=state, settled_at=now, changed_at=now, **fields)

    def _put(self, entry: Entry) -> None:
        if entry.key not in self.open:
            self.waiting[entry.channel] += not is_beat(entry)
        self.open[entry.key] = entry
        self.lanes.put(entry)
        if entry.state == "queued":
            heapq.heappush(self._ends, (0 if self._is_superseded(entry) else entry.valid_until, entry.key))
