"""Users, and what the rooms write down."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table as its owner declares it."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("password", sa.String, nullable=False),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("totp", sa.LargeBinary, nullable=False),
        sa.Column("totp_step", sa.Integer, nullable=False),
        sa.Column("recovery", sa.LargeBinary, nullable=False),
        sa.Column("is_disabled", sa.Boolean, nullable=False),
        sa.Column("stamp", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.Integer, nullable=False),
    )
    op.create_table(
        "sightings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("station", sa.String, nullable=False),
        sa.Column("time", sa.Integer, nullable=False),
        sa.Column("written_at", sa.Integer, nullable=False),
        sa.Column("seen_by", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("photo", sa.String, nullable=False),
        sa.Column("removed_at", sa.Integer),
        sa.Column("removed_by", sa.String),
        sa.Column("removed_why", sa.String),
    )
    op.create_index("sightings_by_station", "sightings", ["station", "time"])
    for column in ("actor", "action", "subject"):
        op.create_index(f"audit_by_{column}", "audit", [column])
