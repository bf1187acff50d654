"""What the policy keeps in the journal: its versions, notices with their audiences, escalations, digests to come."""

from typing import Final

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from alerting.tables import metadata

policies: Final = Table(
    "policies",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("effective_from", Integer, nullable=False),
    Column("author", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("policy", Text, nullable=False),  # JSON
)

notices: Final = Table(
    "notices",
    metadata,
    Column("number", Integer, primary_key=True),  # journal id at creation
    Column("rev", Integer, nullable=False),  # journal id of the last change
    Column("is_open", Integer, nullable=False),  # 1 until it is over: sent or not, and its alerts ended
    Column("notice", Text, nullable=False),  # JSON
)
Index("notices_open", notices.c.is_open, sqlite_where=notices.c.is_open == 1)

notice_audiences: Final = Table(
    "notice_audiences",
    metadata,
    Column("number", Integer, primary_key=True),  # the notice's
    Column("audience", LargeBinary, nullable=False),  # who gets it, and for which of its areas; fixed at its approval
)

escalations: Final = Table(
    "escalations",
    metadata,
    Column("alert", String, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
)
Index("escalations_open", escalations.c.is_open, sqlite_where=escalations.c.is_open == 1)

digests: Final = Table(
    "digests",
    metadata,
    Column("recipient", String, primary_key=True),
    Column("items", LargeBinary, nullable=False),  # what an officer was not told yet
)
