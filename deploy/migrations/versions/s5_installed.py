"""Nodes as they are put up, and what an installation of a server needs besides."""

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each table as its owner declares it."""
    op.create_table(
        "installations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("node", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("begun_at", sa.Integer, nullable=False),
        sa.Column("ended_at", sa.Integer),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("installations_by_node", "installations", ["node", "state"])
