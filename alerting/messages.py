"""A message: one text for one recipient by one channel, a row of the outbox."""

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

State = Literal["queued", "sending", "accepted", "delivered", "undelivered", "expired", "unknown", "dead"]
OPEN: Final = ("queued", "sending", "unknown")
# These begin the alert's name of a message that belongs to a watch, and to no alert; none of these has a slash there.
OF_BEAT: Final = "beat/"
OF_DAILY: Final = "daily/"

NO_CHANNEL: Final = "none"
NO_WAY: Final = "Tidak ada saluran pesan."

VALID_MS: Final = 30 * 60_000
FIRST_RETRY_MS: Final = 2_000
LAST_RETRY_MS: Final = 60_000


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A row of ``outbox``, in the table's order.

    ``address`` is masked: where it really goes is looked up when it leaves. ``settled_at`` of an accepted message
    stays when it is delivered later; ``changed_at`` is the time of the state it has. A message that nobody could say
    anything about for an hour stays ``unknown``, settled.
    """

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
    changed_at: int | None = None
    doubtful: int = 0  # how often it was sent and nobody knows what became of it
    moved_to: str | None = None  # the channel that sends it instead
    public: bool = False  # not an officer's
    doubtful_before: int = 0  # the same of the channels that had it before


class Attempt(msgspec.Struct, frozen=True):
    """What the sender is to do with an entry: send it, or find out what became of it.

    ``address`` is in clear and nowhere else; ``entry.attempts`` tells this attempt from others at the same message.
    """

    entry: Entry
    is_lookup: bool
    address: str = ""


def is_beat(entry: Entry) -> bool:
    """Whether it is a watch's beat: it takes a message's way to its channel, and is a probe of that instead of a text.

    It says nothing about how messages fare there: no pace, no breaker and no other channel.
    """
    return entry.alert.startswith(OF_BEAT)


def backoff_ms(attempts: int, entry_id: int) -> int:
    """The wait before the next try: doubling from 2 s to 60 s, spread by up to a quarter by the entry's id."""
    wait = min(LAST_RETRY_MS, FIRST_RETRY_MS << min(attempts, 10))
    return wait - (wait // 4) * (entry_id % 64) // 64


def key_of(alert: str, version: int, recipient: str, channel: str) -> str:
    """What makes a message one of its kind; the same over all its attempts."""
    return f"{alert}/{version}/{recipient}/{channel}"


def moved(entry: Entry, ahead_ms: int, rev: int) -> Entry:
    """An open message after the clock was set ``ahead_ms`` ahead: as old and as valid as before."""
    is_in_doubt = entry.doubtful > 0 and ahead_ms > 0
    return replace(
        entry,
        rev=rev,
        created_at=entry.created_at if is_in_doubt else entry.created_at + ahead_ms,
        observed_at=None if entry.observed_at is None else entry.observed_at + ahead_ms,
        valid_until=entry.valid_until + ahead_ms,
        next_at=entry.next_at + ahead_ms,
        attempted_at=None if entry.attempted_at is None else entry.attempted_at + ahead_ms,
        changed_at=None if entry.changed_at is None else entry.changed_at + ahead_ms,
    )


def message(
    *,
    entry_id: int,
    alert: str,
    version: int,
    recipient: str,
    address: str,
    channel: str,
    body: str,
    priority: int,
    now: int,
    valid_until: int,
    observed_at: int | None = None,
    reason: str | None = None,
    public: bool = False,
) -> Entry:
    """A new row; with a ``reason`` why it cannot be sent, or without a channel, it is dead from the start and seen."""
    if channel == NO_CHANNEL:
        reason = NO_WAY
    return Entry(
        id=entry_id,
        rev=entry_id,
        key=key_of(alert, version, recipient, channel),
        alert=alert,
        version=version,
        recipient=recipient,
        address=address,
        channel=channel,
        body=body,
        priority=priority,
        state="queued" if reason is None else "dead",
        attempts=0,
        created_at=now,
        observed_at=observed_at,
        valid_until=valid_until,
        next_at=now,
        settled_at=None if reason is None else now,
        reason=reason,
        changed_at=now,
        public=public,
    )


def follower_of(entry: Entry, *, channel: str, address: str, now: int, new_id: int) -> Entry:
    """The message that goes by ``channel`` instead of ``entry``: new, but of the same validity and the same doubts."""
    made = message(
        entry_id=new_id,
        alert=entry.alert,
        version=entry.version,
        recipient=entry.recipient,
        address=address,
        channel=channel,
        body=entry.body,
        priority=entry.priority,
        now=now,
        valid_until=entry.valid_until,
        observed_at=entry.observed_at,
        public=entry.public,
    )
    doubts = entry.doubtful_before + entry.doubtful
    return replace(made, created_at=entry.created_at, reason=f"Dialihkan dari {entry.channel}.", doubtful_before=doubts)
