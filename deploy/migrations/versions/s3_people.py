"""Recipients, roster, notices, field reports, and what the outbox needs to send to many."""

import struct

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table as its owner declares it."""
    _pack_samples(op.get_bind())
    op.create_table(
        "recipients",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("contacts", sa.LargeBinary, nullable=False),
        sa.Column("channels", sa.Text, nullable=False),
        sa.Column("areas", sa.Text, nullable=False),
        sa.Column("member_of", sa.Text, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("consent", sa.String, nullable=False),
        sa.Column("consent_at", sa.Integer, nullable=False),
        sa.Column("consent_how", sa.String, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.Integer, nullable=False),
    )
    op.create_index(
        "recipients_without_consent", "recipients", ["consent_at"], sqlite_where=sa.text("consent != 'given'")
    )
    op.create_table(
        "rosters",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("changed_at", sa.Integer, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("recipient", sa.Integer, primary_key=True),
        sa.Column("erased_at", sa.Integer, nullable=False),
        sa.Column("passes", sa.Integer, nullable=False),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("effective_from", sa.Integer, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("is_open", sa.Integer, nullable=False),
        sa.Column("notice", sa.Text, nullable=False),
    )
    op.create_index("notices_open", "notices", ["is_open"], sqlite_where=sa.text("is_open = 1"))
    op.create_table(
        "notice_audiences",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("audience", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "escalations",
        sa.Column("alert", sa.String, primary_key=True),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("is_open", sa.Integer, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    op.create_index("escalations_open", "escalations", ["is_open"], sqlite_where=sa.text("is_open = 1"))
    op.create_table(
        "digests",
        sa.Column("recipient", sa.String, primary_key=True),
        sa.Column("items", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "cap_messages",
        sa.Column("identifier", sa.String, primary_key=True),
        sa.Column("alert", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
        sa.Column("expires", sa.Integer, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("facts", sa.Text),
        sa.Column("document", sa.Text),
    )
    op.create_index("cap_messages_by_alert", "cap_messages", ["alert", "sent"])
    op.create_table(
        "subscription_askings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("number", sa.LargeBinary, nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("ticket", sa.LargeBinary, nullable=False),
        sa.Column("code", sa.LargeBinary, nullable=False),
        sa.Column("recipient", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("sent", sa.Boolean, nullable=False),
        sa.Column("tries_left", sa.Integer, nullable=False),
        sa.Column("word", sa.String, nullable=False),
    )
    op.create_table(
        "field_reports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("received_at", sa.Integer, nullable=False),
        sa.Column("recipient", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("alert", sa.String, nullable=False),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_index("field_reports_recipient", "field_reports", ["recipient"])
    op.add_column("nodes", sa.Column("gateway", sa.String, nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("changed_at", sa.Integer))
    op.add_column("outbox", sa.Column("doubtful", sa.Integer, nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("moved_to", sa.String))
    op.add_column("outbox", sa.Column("public", sa.Boolean, nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("doubtful_before", sa.Integer, nullable=False, server_default="0"))
    op.create_index(
        "outbox_by_reference", "outbox", ["channel", "reference"], sqlite_where=sa.text("reference IS NOT NULL")
    )
    # Numbers are looked up in the directory now; rows keep only what screens show.
    op.execute(
        "UPDATE outbox SET address = CASE WHEN length(address) < 11 THEN '***' "
        "ELSE substr(address, 1, 3) || substr('***************', 1, length(address) - 6) || substr(address, -3) END"
    )


def _pack_samples(connection: sa.Connection) -> None:
    """A station's last samples stand in its state as one packed value, in the place of their times and their values."""
    for station, state in connection.exec_driver_sql("SELECT station, state FROM station_states").fetchall():
        fields = msgspec.msgpack.decode(state)
        if len(fields) < 14:
            continue
        samples = list(zip(fields[12], fields[13], strict=True))[-8:]
        fields[12:14] = [b"".join(struct.pack("<qd", time, value) for time, value in samples)]
        connection.exec_driver_sql(
            "UPDATE station_states SET state = ? WHERE station = ?", (msgspec.msgpack.encode(fields), station)
        )
