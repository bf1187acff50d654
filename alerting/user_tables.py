"""What the journal keeps of users; see :class:`alerting.users.User`."""

from typing import Final

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table

from alerting.tables import metadata

users: Final = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id at creation
    Column("key", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("password", String, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("totp", LargeBinary, nullable=False),
    Column("totp_step", Integer, nullable=False),
    Column("recovery", LargeBinary, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("stamp", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("changed_at", Integer, nullable=False),
)
