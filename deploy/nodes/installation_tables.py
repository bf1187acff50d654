"""The table of installations: how each node was put up, step by step, from the scan of its label to its record."""

from typing import Final

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

metadata: Final = MetaData()

installations: Final = Table(
    "installations",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id
    Column("node", String, nullable=False),
    Column("state", String, nullable=False),  # open | done | dropped
    Column("begun_at", Integer, nullable=False),  # ms UTC
    Column("ended_at", Integer),
    Column("document", Text, nullable=False),  # deploy.nodes.installation.Installation, JSON
    Index("installations_by_node", "node", "state"),
)
