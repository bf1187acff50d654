"""What the cards of alerts and of messages show."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from broker.levels import State
from broker.live import AlertView, MessageView

DEMO_CHANNEL: Final = "demo"
ONE_SMS: Final = 160
MAX_ROWS: Final = 12

KINDS: Final = {
    "raised": "peringatan dibuat",
    "raised_higher": "dinaikkan",
    "lowered": "diturunkan",
    "ended": "dinyatakan berakhir",
    "cancelled": "dibatalkan",
}
# State of a message: class of its mark, and the word. "Sampai" only when a delivery report said so.
SENT_STATES: Final = {
    "queued": ("waiting", "antri"),
    "sending": ("waiting", "sedang dikirim"),
    "accepted": ("passed", "dikirim ke penyedia"),
    "delivered": ("arrived", "sampai"),
    "undelivered": ("failed", "gagal"),
    "dead": ("failed", "gagal"),
    "unknown": ("doubtful", "tidak diketahui"),
}
WRITTEN: Final = ("passed", "ditulis ke berkas contoh")  # the demonstration reaches no phone, whatever it is told
TALLY_ORDER: Final = (
    "antri",
    "sedang dikirim",
    "dikirim ke penyedia",
    "sampai",
    "gagal",
    "tidak diketahui",
    "ditulis ke berkas contoh",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCard:
    id: str
    title: str  # a level, or what happened to the data
    mark: str
    station_name: str
    kind: str
    version: int
    active: bool
    example: bool
    raised_at: int
    changed_at: int
    why: str
    value: str | None
    latency: str | None
    sent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    id: int
    recipient: str
    address: str
    channel: str
    mark: str
    word: str
    reason: str | None
    latency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCard:
    """One text and whom it went to. ``more`` counts the rows that are not listed, in words."""

    id: str
    station_name: str
    version: int
    created_at: int
    text: str
    length: str
    is_long: bool
    example: bool
    rows: tuple[MessageRow, ...]
    more: str | None


def alert_order(alert: AlertView) -> tuple[bool, int, int]:
    """Active before ended; the worst level first, then the oldest; ended ones newest first."""
    worst = list(words.MARKS).index(alert.level) if alert.level in words.MARKS else 0
    return (not alert.active, -worst if alert.active else 0, alert.raised_at if alert.active else -alert.changed_at)


def alert_card(alert: AlertView, *, messages: Iterable[MessageView]) -> AlertCard:
    title, mark = _title(alert)
    return AlertCard(
        id=alert.id,
        title=title,
        mark=mark,
        station_name=alert.station_name,
        kind=KINDS.get(alert.kind, alert.kind),
        version=alert.version,
        active=alert.active,
        example=alert.example,
        raised_at=alert.raised_at,
        changed_at=alert.changed_at,
        why=alert.why,
        value=f"{words.number(alert.value, 2)} m" if alert.hazard == "level" and alert.value is not None else None,
        latency=None if alert.latency_ms is None else words.latency(alert.latency_ms),
        sent=tally_words(Counter((message.channel, message.state) for message in messages)),
    )


def _title(alert: AlertView) -> tuple[str, str]:
    if alert.hazard == "data":  # a station that fell silent: whatever its level, the news is the silence
        return (State.NO_DATA.value, "nodata") if alert.active else ("DATA KEMBALI", "normal")
    if not alert.active:
        return "BERAKHIR", "normal"
    return alert.level, words.mark_of(alert.level)


def state_of(channel: str, state: str) -> tuple[str, str]:
    """Mark and word of a message's state; one that this page does not know is "tidak diketahui"."""
    if channel == DEMO_CHANNEL and state in ("accepted", "delivered"):
        return WRITTEN
    return SENT_STATES.get(state, SENT_STATES["unknown"])


def tally_words(tally: Counter[tuple[str, str]]) -> str:
    """How many messages are in which state, as ``antri 2 · gagal 1``; empty without messages."""
    by_word: Counter[str] = Counter()
    for (channel, state), count in tally.items():
        by_word[state_of(channel, state)[1]] += count
    return " · ".join(f"{word} {by_word[word]}" for word in TALLY_ORDER if by_word[word] > 0)


def group_card(messages: list[MessageView], *, station_name: str) -> GroupCard:
    """``messages`` of one alert version, at least one."""
    first = messages[0]
    hidden = messages[MAX_ROWS:]
    return GroupCard(
        id=f"{first.alert}.{first.version}",
        station_name=station_name,
        version=first.version,
        created_at=first.created_at,
        text=first.text,
        length=f"{len(first.text)}/{ONE_SMS} huruf",
        is_long=len(first.text) > ONE_SMS,
        example=any(message.channel == DEMO_CHANNEL for message in messages),
        rows=tuple(_row(message) for message in messages[:MAX_ROWS]),
        more=_more(hidden) if hidden else None,
    )


def _more(hidden: list[MessageView]) -> str:
    counted = tally_words(Counter((message.channel, message.state) for message in hidden))
    return f"dan {len(hidden)} penerima lain: {counted}"


def _row(message: MessageView) -> MessageRow:
    mark, word = state_of(message.channel, message.state)
    return MessageRow(
        id=message.id,
        recipient=message.recipient,
        address=message.address,
        channel="contoh" if message.channel == DEMO_CHANNEL else message.channel,
        mark=mark,
        word=word,
        reason=message.reason,
        latency=None if message.latency_ms is None else words.latency(message.latency_ms),
    )
