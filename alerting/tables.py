"""What alerting keeps in the journal: decisions, messages, rules, states, and the audit log."""

from typing import Final

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata: Final = MetaData()

alerts: Final = Table(
    "alerts",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id
    Column("alert", String, nullable=False),  # <station>.<hazard>.<episode>
    Column("version", Integer, nullable=False),
    Column("station", String, nullable=False),
    Column("hazard", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("level", Integer, nullable=False),
    Column("decided_at", Integer, nullable=False),  # core's clock
    Column("cause", Text, nullable=False),  # the engine's decision, JSON
    Column("why", Text, nullable=False),  # the cause as one Indonesian sentence
    Index("alerts_by_name", "alert", "version", unique=True),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id at creation
    Column("rev", Integer, nullable=False),  # journal id of the last change
    Column("key", String, nullable=False, unique=True),  # alert/version/recipient/channel
    Column("alert", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("recipient", String, nullable=False),
    Column("address", String, nullable=False),  # masked
    Column("channel", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("priority", Integer, nullable=False),  # lower goes first
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("observed_at", Integer),  # of the reading that caused it
    Column("valid_until", Integer, nullable=False),
    Column("next_at", Integer, nullable=False),
    Column("attempted_at", Integer),
    Column("settled_at", Integer),
    Column("latency_ms", Float),  # sensor to acceptance, real milliseconds
    Column("reference", String),
    Column("reason", String),
    Column("changed_at", Integer),  # when it came into its state
    Column("doubtful", Integer, nullable=False, server_default="0"),  # sent so often with an unknown fate
    Column("moved_to", String),  # the channel that sends it instead
    Column("public", Boolean, nullable=False, server_default="0"),  # not an officer's
    Column("doubtful_before", Integer, nullable=False, server_default="0"),  # by the channels that had it before
)
Index("outbox_by_reference", outbox.c.channel, outbox.c.reference, sqlite_where=outbox.c.reference.is_not(None))
Index("outbox_open", outbox.c.state, sqlite_where=outbox.c.state.in_(("queued", "sending", "unknown")))

rules: Final = Table(
    "rules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("station", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("effective_from", Integer, nullable=False),
    Column("author", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("rules", Text, nullable=False),
    Index("rules_by_station", "station", "version", unique=True),
)

station_states: Final = Table(
    "station_states",
    metadata,
    Column("station", String, primary_key=True),
    Column("rev", Integer, nullable=False),  # readings after this id are not in it
    Column("state", LargeBinary, nullable=False),
    Column("rain", LargeBinary),  # the last day at its gauge; null where there is none
)

scope_states: Final = Table(
    "scope_states",
    metadata,
    Column("name", String, primary_key=True),  # an area's code, or a group of stations
    Column("state", LargeBinary, nullable=False),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Integer, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),  # of the previous hash and this row
    # A row's id stands in every index: what is filtered comes out newest first without being sorted.
    Index("audit_by_actor", "actor"),
    Index("audit_by_action", "action"),
    Index("audit_by_subject", "subject"),
)
