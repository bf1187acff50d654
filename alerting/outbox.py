"""The outbox: every message from the decision to its last word, and what may be sent next.

Pure bookkeeping over the rows of one table: nothing here sends, waits or commits. A message is ``sending`` in the
journal before its first byte leaves, so that after a crash it is known to be in doubt, is looked up, and is sent again
only when the provider does not have it or cannot say.
"""

import heapq
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from alerting.channels.port import Accepted, Delivered, Outcome, Rejected, RetryLater, Unknown

State = Literal["queued", "sending", "accepted", "delivered", "undelivered", "expired", "unknown", "dead"]
OPEN: Final = ("queued", "sending", "unknown")

VALID_MS: Final = 30 * 60_000
SETTLE_AFTER_MS: Final = 3_000  # a provider is given this long to show a message that it may have taken
FIRST_RETRY_MS: Final = 2_000
LAST_RETRY_MS: Final = 60_000
LOOKUPS: Final = 2  # look-ups without an answer before a message in doubt is sent again, once


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A row of ``outbox``, in the table's order."""

    id: int
    rev: int
    key: str
    alert: str
    version: int
    recipient: str
    address: str
    channel: str
    body: str
    priority: int
    state: State
    attempts: int
    created_at: int
    observed_at: int | None
    valid_until: int
    next_at: int
    attempted_at: int | None = None
    settled_at: int | None = None
    latency_ms: float | None = None
    reference: str | None = None
    reason: str | None = None


class Attempt(msgspec.Struct, frozen=True):
    """What the sender is to do with an entry: send it, or find out what became of it."""

    entry: Entry
    is_lookup: bool


def backoff_ms(attempts: int, entry_id: int) -> int:
    """The wait before the next try: doubling from 2 s to 60 s, spread by up to a quarter by the entry's id."""
    wait = min(LAST_RETRY_MS, FIRST_RETRY_MS << min(attempts, 10))
    return wait - (wait // 4) * (entry_id % 64) // 64


class Outbox:
    """The open entries, in memory; the caller writes every entry returned to the journal, then acts on it."""

    def __init__(self, entries: Iterable[Entry], *, now: int, horizon_ms: int) -> None:
        """Take over after a start: what was being sent is in doubt; what is older than the horizon expires at the
        next claim.
        """
        self.open: dict[str, Entry] = {}
        self._due: list[tuple[int, int, int, str]] = []  # next_at, priority, id, key
        self._ready: list[tuple[int, int, str]] = []  # priority, id, key
        self.in_flight: dict[str, int] = {}
        self._lookups: dict[str, int] = {}  # since the message was last sent
        self._sent_in_doubt: set[str] = set()
        for found in entries:
            entry = msgspec.structs.replace(
                found,
                state="unknown" if found.state == "sending" else found.state,
                next_at=now + SETTLE_AFTER_MS if found.state == "sending" else found.next_at,
                valid_until=min(found.valid_until, found.created_at + horizon_ms),
            )
            self._put(entry)

    def enqueue(self, entry: Entry) -> None:
        """Take a new entry; its key must be new."""
        if entry.key in self.open:
            raise ValueError(f"message {entry.key} is in the outbox already")
        if entry.state in OPEN:
            self._put(entry)

    def next_due(self) -> int | None:
        """When the next entry that waits for its time is due, ms."""
        return self._due[0][0] if self._due else None

    @property
    def is_waiting_for_room(self) -> bool:
        """Whether an entry is due and its channel was full."""
        return bool(self._ready)

    def claim(self, now: int, free: dict[str, int], rev: int) -> tuple[list[Attempt], list[Entry]]:
        """Entries to act on now, at most ``free`` per channel, and all entries changed by it, with their new state.

        Most urgent first, then oldest. An entry past its validity expires instead.
        """
        while self._due and self._due[0][0] <= now:
            _, priority, entry_id, key = heapq.heappop(self._due)
            heapq.heappush(self._ready, (priority, entry_id, key))
        attempts: list[Attempt] = []
        changed: list[Entry] = []
        blocked: list[tuple[int, int, str]] = []
        while self._ready and any(free.values()):
            item = heapq.heappop(self._ready)
            entry = self.open.get(item[2])
            if entry is None or entry.state == "sending":
                continue
            if entry.state == "queued" and now > entry.valid_until:
                changed.append(
                    self._close(entry, state="expired", now=now, rev=rev, reason="Sudah lewat masa berlakunya.")
                )
            elif not free.get(entry.channel):
                blocked.append(item)
            else:
                free[entry.channel] -= 1
                attempts.append(self._claim(entry, now, rev))
                changed.append(attempts[-1].entry)
        for item in blocked:
            heapq.heappush(self._ready, item)
        return attempts, changed

    def settle(self, key: str, outcome: Outcome | None, *, now: int, rev: int, speed: float = 1.0) -> Entry | None:
        """What an attempt's outcome makes of its entry; ``None`` from a look-up means that nobody has the message.

        None when the entry is not open: a late word about a message that is settled.
        """
        entry = self.open.get(key)
        if entry is None:
            return None
        self.in_flight[entry.channel] = max(0, self.in_flight.get(entry.channel, 0) - 1)
        match outcome:
            case Accepted() | Delivered():
                return self._close(
                    entry,
                    state="delivered" if isinstance(outcome, Delivered) else "accepted",
                    now=now,
                    rev=rev,
                    reference=outcome.reference,
                    latency_ms=None if entry.observed_at is None else (now - entry.observed_at) / speed,
                )
            case Rejected():
                reason = f"{outcome.reason} ({outcome.code})" if outcome.code else outcome.reason
                return self._close(entry, state="dead", now=now, rev=rev, reason=reason)
            case RetryLater():
                wait = backoff_ms(entry.attempts, entry.id) if outcome.after_s is None else int(outcome.after_s * 1000)
                return self._again(entry, "queued", now + wait, rev, outcome.reason)
            case Unknown():
                return self._in_doubt(entry, now, rev, outcome.reason)
            case None:
                return self._again(entry, "queued", now, rev, "Tidak ada pada penyedia; dikirim lagi.")

    def _in_doubt(self, entry: Entry, now: int, rev: int, reason: str) -> Entry:
        """Look it up; send it once more when nobody can say; then go on asking, because two are enough."""
        lookups = self._lookups.get(entry.key, 0)
        if lookups < LOOKUPS:
            return self._again(entry, "unknown", now + SETTLE_AFTER_MS, rev, reason)
        if entry.key in self._sent_in_doubt:
            return self._again(entry, "unknown", now + backoff_ms(lookups, entry.id), rev, reason)
        self._sent_in_doubt.add(entry.key)
        return self._again(entry, "queued", now, rev, f"Tetap tidak diketahui ({reason}); dikirim lagi.")

    def _claim(self, entry: Entry, now: int, rev: int) -> Attempt:
        is_lookup = entry.state == "unknown"
        self._lookups[entry.key] = self._lookups.get(entry.key, 0) + 1 if is_lookup else 0
        claimed = msgspec.structs.replace(
            entry,
            rev=rev,
            state="sending",
            attempts=entry.attempts + 1,
            attempted_at=entry.attempted_at if is_lookup and entry.attempted_at else now,
        )
        self.open[entry.key] = claimed
        self.in_flight[entry.channel] = self.in_flight.get(entry.channel, 0) + 1
        return Attempt(claimed, is_lookup)

    def _again(self, entry: Entry, state: State, next_at: int, rev: int, reason: str) -> Entry:
        changed = msgspec.structs.replace(entry, rev=rev, state=state, next_at=next_at, reason=reason)
        self._put(changed)
        return changed

    def _close(
        self,
        entry: Entry,
        *,
        state: State,
        now: int,
        rev: int,
        reason: str | None = None,
        reference: str | None = None,
        latency_ms: float | None = None,
    ) -> Entry:
        del self.open[entry.key]
        self._lookups.pop(entry.key, None)
        self._sent_in_doubt.discard(entry.key)
        return msgspec.structs.replace(
            entry, rev=rev, state=state, settled_at=now, reason=reason, reference=reference, latency_ms=latency_ms
        )

    def _put(self, entry: Entry) -> None:
        self.open[entry.key] = entry
        heapq.heappush(self._due, (entry.next_at, entry.priority, entry.id, entry.key))
