"""What the journal keeps of recipients and rosters. Names and contacts are sealed; see :mod:`alerting.vault`."""

from typing import Any, Final

import msgspec
from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from alerting.contacts import Contact
from alerting.recipients import Recipient
from alerting.tables import metadata

recipients: Final = Table(
    "recipients",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id at creation
    Column("kind", String, nullable=False),
    Column("name", LargeBinary, nullable=False),  # sealed
    Column("contacts", LargeBinary, nullable=False),  # msgpack of (kind, sealed, masked, digest)
    Column("channels", Text, nullable=False),  # these three: words with a space between
    Column("areas", Text, nullable=False),
    Column("member_of", Text, nullable=False),
    Column("language", String, nullable=False),
    Column("consent", String, nullable=False),
    Column("consent_at", Integer, nullable=False),
    Column("consent_how", String, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("changed_at", Integer, nullable=False),
)
Index("recipients_without_consent", recipients.c.consent_at, sqlite_where=recipients.c.consent != "given")

# Every roster that ever held: who was on duty is asked years later.
rosters: Final = Table(
    "rosters",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("changed_at", Integer, nullable=False),
    Column("actor", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("document", Text, nullable=False),  # alerting.roster.Roster, JSON
)

# Who was erased, by number only: their masked addresses leave the outbox in slices, twice.
erasures: Final = Table(
    "erasures",
    metadata,
    Column("recipient", Integer, primary_key=True),
    Column("erased_at", Integer, nullable=False),
    Column("passes", Integer, nullable=False),
)

_encode: Final = msgspec.msgpack.Encoder().encode
_contacts: Final = msgspec.msgpack.Decoder(tuple[Contact, ...]).decode


def row_of(recipient: Recipient) -> tuple[Any, ...]:
    """A row of ``recipients``, in the table's order."""
    return (
        recipient.number,
        recipient.kind,
        recipient.name_sealed,
        _encode(recipient.contacts),
        *(" ".join(words) for words in (recipient.channels, recipient.areas, recipient.groups)),
        recipient.language,
        recipient.consent,
        recipient.consent_at,
        recipient.consent_how,
        recipient.rank,
        recipient.created_at,
        recipient.changed_at,
    )


class Loader:
    """Makes recipients of rows; what many have in common is kept once."""

    def __init__(self) -> None:
        self._words: dict[str, tuple[str, ...]] = {}
        self._texts: dict[str, str] = {}
        self._times: dict[int, int] = {}

    def __call__(self, row: tuple[Any, ...]) -> Recipient:
        return Recipient(
            id=f"p{row[0]}",
            kind=row[1],
            name_sealed=row[2],
            contacts=_contacts(row[3]),
            channels=self._split(row[4]),
            areas=self._split(row[5]),
            groups=self._split(row[6]),
            language=row[7],
            consent=row[8],
            consent_at=self._times.setdefault(row[9], row[9]),
            consent_how=self._texts.setdefault(row[10], row[10]),
            rank=row[11],
            created_at=self._times.setdefault(row[12], row[12]),
            changed_at=self._times.setdefault(row[13], row[13]),
        )

    def _split(self, text: str) -> tuple[str, ...]:
        known = self._words.get(text)
        if known is None:
            known = self._words[text] = tuple(text.split())
        return known
