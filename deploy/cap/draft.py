"""A CAP message on its way: its row in the journal, what it is to say, and its document. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from alerting import cap_words
from alerting.cap import MessageType, cap_xml
from alerting.cap_feed import FeedEntry
from alerting.cap_out import Issuer, Slot, cap_message, status
from alerting.public_clauses import PublicText
from deploy.cap.places import CapPlaces


class CapRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of ``cap_messages``, in the table's order."""

    identifier: str
    alert: str
    version: int
    type: MessageType
    sent: int
    expires: int
    reference: str
    facts: str | None = None
    document: str | None = None

    @property
    def public(self) -> PublicText | None:
        return None if self.facts is None else msgspec.json.decode(self.facts, type=PublicText)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a message is made of, as it was when its turn came. ``began`` is when the first of its alert was sent."""

    row: CapRow
    references: tuple[str, ...]
    public: PublicText
    area: str
    began: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A draft with its words and its outline. Made in a thread: both take long."""

    draft: Draft
    document: bytes
    entry: FeedEntry


def finished(draft: Draft, *, issuer: Issuer, places: CapPlaces, sign: Callable[[bytes], bytes]) -> Finished:
    """The document of a draft; raises BadCap."""
    row, public = draft.row, draft.public
    place = Slot(identifier=row.identifier, type=row.type, sent=row.sent, references=draft.references)
    message = cap_message(place, public, issuer=issuer, areas=(places.of(draft.area),))
    document = sign(cap_xml(message, issuer.zone))
    return Finished(draft=draft, document=document, entry=feed_entry(row, public, draft.began, issuer))


def feed_entry(row: CapRow, public: PublicText, began: int, issuer: Issuer) -> FeedEntry:
    """What the index says of a message."""
    is_test = status(public, issuer) == "Test"
    return FeedEntry(
        identifier=row.identifier,
        title=cap_words.headline(public),
        summary=cap_words.description(public, is_test=is_test),
        sent=row.sent,
        began=began,
    )
