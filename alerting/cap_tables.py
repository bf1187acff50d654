"""What the journal keeps of published CAP messages: all of them, so that a later one names the earlier ones exactly."""

from typing import Final

from sqlalchemy import Column, Index, Integer, String, Table, Text

from alerting.tables import metadata

cap_messages: Final = Table(
    "cap_messages",
    metadata,
    Column("identifier", String, primary_key=True),
    Column("alert", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", String, nullable=False),  # Alert | Update | Cancel
    Column("sent", Integer, nullable=False),  # ms UTC
    Column("expires", Integer, nullable=False),  # ms UTC
    Column("reference", Text, nullable=False),  # as later messages name it
    Column("facts", Text),  # alerting.public_clauses.PublicText, JSON; null: not written yet
    Column("document", Text),  # the XML as published; null: not written yet
    Index("cap_messages_by_alert", "alert", "sent"),
)
