"""Stations, areas and staff gauges in the journal; nodes say what they are; what quality control and rain remember."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, key in (("stations", "id"), ("areas", "code")):
        op.create_table(
            name,
            sa.Column(key, sa.String, primary_key=True),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("document", sa.Text, nullable=False),
        )
    op.create_table(
        "registry_versions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.Integer, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("registry_versions_by_name", "registry_versions", ["kind", "name", "version"], unique=True)
    op.create_table(
        "staff_gauge",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("station", sa.String, nullable=False),
        sa.Column("time", sa.Integer, nullable=False),
        sa.Column("level_m", sa.Float, nullable=False),
        sa.Column("sensor_m", sa.Float),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("read_by", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
    )
    op.create_index("staff_gauge_by_station", "staff_gauge", ["station", "time"])
    for name in ("hardware", "firmware", "note"):
        op.add_column("nodes", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.add_column("nodes", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("node_states", sa.Column("series", sa.LargeBinary))
    op.add_column("station_states", sa.Column("rain", sa.LargeBinary))
    op.create_table(
        "scope_states",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
