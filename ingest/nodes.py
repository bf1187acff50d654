"""Ingest's tables of nodes: which exist, which station each serves, and what was taken from each."""

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from ingest.readings import metadata

nodes: Final = Table(
    "nodes",
    metadata,
    Column("id", String, primary_key=True),
    Column("station", String, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("created_by", String, nullable=False),
    Column("revoked_at", Integer),
)

node_states: Final = Table(
    "node_states",
    metadata,
    Column("node", String, primary_key=True),
    Column("rev", Integer, nullable=False),  # observations in readings after this id are not in it
    Column("last_arrival", Integer, nullable=False),
    Column("last_filed", Integer, nullable=False),
    Column("received", LargeBinary, nullable=False),
)
