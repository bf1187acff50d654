"""The spine's first schema."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal_values",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "commands",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
    )
    _ingest()
    _alerting()


def _ingest() -> None:
    op.create_table(
        "readings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("node", sa.String, nullable=False),
        sa.Column("boot", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("series", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("station", sa.String, nullable=False),
        sa.Column("quantity", sa.String, nullable=False),
        sa.Column("time", sa.Integer, nullable=False),
        sa.Column("observed_at", sa.Integer),
        sa.Column("received_at", sa.Integer, nullable=False),
        sa.Column("raw", sa.Float),
        sa.Column("value", sa.Float),
        sa.Column("flag", sa.Integer, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("epoch", sa.Integer, nullable=False),
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("received_at", sa.Integer, nullable=False),
        sa.Column("topic", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "nodes",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("station", sa.String, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("revoked_at", sa.Integer),
    )
    op.create_table(
        "node_states",
        sa.Column("node", sa.String, primary_key=True),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("last_arrival", sa.Integer, nullable=False),
        sa.Column("last_filed", sa.Integer, nullable=False),
        sa.Column("received", sa.LargeBinary, nullable=False),
    )


def _alerting() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("alert", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("station", sa.String, nullable=False),
        sa.Column("hazard", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("decided_at", sa.Integer, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("alerts_by_name", "alerts", ["alert", "version"], unique=True)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("alert", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("recipient", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
        sa.Column("observed_at", sa.Integer),
        sa.Column("valid_until", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Integer, nullable=False),
        sa.Column("attempted_at", sa.Integer),
        sa.Column("settled_at", sa.Integer),
        sa.Column("latency_ms", sa.Float),
        sa.Column("reference", sa.String),
        sa.Column("reason", sa.String),
    )
    op.create_index(
        "outbox_open", "outbox", ["state"], sqlite_where=sa.text("state IN ('queued', 'sending', 'unknown')")
    )
    op.create_table(
        "rules",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("station", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("effective_from", sa.Integer, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
    )
    op.create_index("rules_by_station", "rules", ["station", "version"], unique=True)
    op.create_table(
        "station_states",
        sa.Column("station", sa.String, primary_key=True),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
