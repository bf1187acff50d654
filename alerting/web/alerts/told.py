"""Who was told of an alert: counts by channel and state, and the texts as they went out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.public_texts import length
from alerting.web import words
from alerting.web.alert_card import state_of
from alerting.web.alerts.archive import MessageRow, NoticeRow, TallyRow
from alerting.web.catalogue import tr
from alerting.web.notices.facts import CHANNELS, thousands

LIMIT: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRow:
    """Messages of one channel in one state; ``audience`` says whether officers or residents."""

    audience: str
    channel: str
    mark: str
    word: str
    count: int
    shown: str


UNSENT: Final = {
    "waiting": "belum dikirim, menunggu keputusan",
    "veto": "belum dikirim, tayang sendiri bila tidak ditahan",
    "vetoed": "tidak dikirim, ditahan",
    "replaced": "diganti",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that went out, or would; ``length`` as ``152/160, 1 SMS``. ``fate`` says so when it did not."""

    about: str
    text: str
    length: str
    notice: str = ""
    fate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message of the list."""

    version: int
    recipient: str
    address: str
    channel: str
    mark: str
    word: str
    at: int | None
    latency: str
    reason: str


def told_rows(tally: Iterable[TallyRow]) -> list[ToldRow]:
    """Officers first, then residents; each channel's states together."""
    found: dict[tuple[bool, str, str, str], int] = {}
    for row in tally:
        mark, word = state_of(row.channel, row.state)
        key = (row.public, row.channel, mark, word)
        found[key] = found.get(key, 0) + row.count
    return [
        ToldRow(
            audience=tr("warga") if public else tr("petugas"),
            channel=tr(CHANNELS.get(channel, channel)),
            mark=mark,
            word=tr(word),
            count=count,
            shown=thousands(count),
        )
        for (public, channel, mark, word), count in sorted(found.items())
    ]


def texts_sent(letters: Sequence[MessageRow], notices: Iterable[NoticeRow]) -> list[Text]:
    """The officers' text of a version, and the text of each of its notices."""
    found = [Text(about=tr("Kepada petugas"), text=each.text, length=measure(each.text)) for each in letters[:1]]
    return found + [
        Text(
            about=tr("Kepada warga: {areas}", areas=", ".join(each.areas)),
            text=each.text,
            length=measure(each.text),
            notice=each.id,
            fate=tr(word) if (word := UNSENT.get(each.state, "")) else "",
        )
        for each in notices
    ]


def measure(text: str) -> str:
    """``152/160, 1 SMS``; of a text that no GSM message can hold its letters alone."""
    try:
        measured = length(text)
    except ValueError:
        return tr("{n} huruf", n=len(text))
    return f"{measured.septets}/{LIMIT}, {measured.parts} SMS"


def letters_of(messages: Iterable[MessageRow]) -> list[Letter]:
    return [_letter(each) for each in messages]


def _letter(message: MessageRow) -> Letter:
    mark, word = state_of(message.channel, message.state)
    return Letter(
        version=message.version,
        recipient=message.recipient,
        address=message.address,
        channel=tr(CHANNELS.get(message.channel, message.channel)),
        mark=mark,
        word=tr(word),
        at=message.changed_at,
        latency="" if message.latency_ms is None else words.latency(message.latency_ms),
        reason=message.reason or "",
    )
