"""What the journal keeps of joining and leaving, and of what residents report."""

from typing import Any, Final

import msgspec
from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table

from alerting.field_reports import FieldReport
from alerting.subscription import Asking
from alerting.tables import metadata

# The last days' requests: numbers and addresses as keyed digests, codes hashed. Rows go after two days.
askings: Final = Table(
    "subscription_askings",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id
    Column("at", Integer, nullable=False),
    Column("purpose", String, nullable=False),
    Column("number", LargeBinary, nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("ticket", LargeBinary, nullable=False),
    Column("code", LargeBinary, nullable=False),
    Column("recipient", String, nullable=False),
    Column("area", String, nullable=False),
    Column("language", String, nullable=False),
    Column("sent", Boolean, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("word", String, nullable=False),
)

field_reports: Final = Table(
    "field_reports",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id
    Column("at", Integer, nullable=False),
    Column("received_at", Integer, nullable=False),
    Column("recipient", String, nullable=False),
    Column("area", String, nullable=False),
    Column("alert", String, nullable=False),
    Column("answer", String, nullable=False),
    Column("note", LargeBinary, nullable=False),  # sealed, or empty
)
Index("field_reports_recipient", field_reports.c.recipient)


def row_of(entry: Asking | FieldReport) -> tuple[Any, ...]:
    """A row of its table, in the table's order."""
    return msgspec.structs.astuple(entry)


def asking_of(row: tuple[Any, ...]) -> Asking:
    names = Asking.__struct_fields__
    return Asking(**{**dict(zip(names, row, strict=True)), "sent": bool(row[names.index("sent")])})


def report_of(row: tuple[Any, ...]) -> FieldReport:
    return FieldReport(**dict(zip(FieldReport.__struct_fields__, row, strict=True)))
