"""One trial message by hand: labelled so that nobody takes it for a warning, sent, and followed for some seconds."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerting import gsm7
from alerting.channels.port import Accepted, Channel, Delivered, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.phone_numbers import normalise
from deploy.settings import Settings

NAME_LENGTH: Final = 30
POLL_S: Final = 1.0


def trial_message(settings: Settings, channel: Channel, *, to: str, by: str, now: int) -> Message:
    """To ``to`` in any spelling, in the name of ``by``; ``now`` is ms UTC. Raises BadNumber."""
    address = normalise(to) if channel.takes == "phone" else to.strip()
    body = _text(settings, by, now)
    return Message(key=f"test/{channel.name}/{now}", address=address, body=body, created_at=now)


def _text(settings: Settings, by: str, now: int) -> str:
    at = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(settings.site.timezone))
    drill = "LATIHAN. " if settings.site.realm == "latihan" else ""
    who = gsm7.transliterated(by)[:NAME_LENGTH].strip()
    return gsm7.transliterated(f"{drill}UJI COBA {settings.site.sender} {at:%H:%M}: bukan peringatan, abaikan. ({who})")


def send_trial(channel: Channel, message: Message, *, wait_s: float, say: Callable[[str], None]) -> Outcome:
    """Send it, and ask what became of it until something proves delivery or ``wait_s`` is up; each step is said."""
    outcome = channel.send(message)
    say(said_of(outcome))
    deadline = time.monotonic() + wait_s
    while isinstance(outcome, Accepted | Unknown) and time.monotonic() < deadline:
        time.sleep(POLL_S)
        found = channel.find(message, attempted_at=message.created_at)
        if found is not None and found != outcome:
            outcome = found
            say(said_of(outcome))
    return outcome


def is_taken(outcome: Outcome) -> bool:
    """Whether somebody took the message: the provider, or the recipient."""
    return isinstance(outcome, Accepted | Delivered)


def said_of(outcome: Outcome) -> str:
    match outcome:
        case Delivered():
            return f"sampai (ada buktinya), tanda terima {outcome.reference}"
        case Accepted():
            return f"diterima penyedia, belum tentu sampai; tanda terima {outcome.reference}"
        case RetryLater():
            return f"belum terkirim: {outcome.reason}"
        case Rejected():
            return f"ditolak: {outcome.reason}"
        case Unknown():
            return f"tidak diketahui: {outcome.reason}"
