"""Ingest's tables of nodes: which exist, what they are, which station each serves, and what was taken from each."""

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
    Column("revoked_at", Integer),  # its credential is gone and its id is never used again
    Column("hardware", String, nullable=False),
    Column("firmware", String, nullable=False),
    Column("note", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("gateway", String, nullable=False, server_default=""),  # through which it is heard; "": on its own
)

node_states: Final = Table(
    "node_states",
    metadata,
    Column("node", String, primary_key=True),
    Column("rev", Integer, nullable=False),  # observations in readings after this id are not in it
    Column("last_arrival", Integer, nullable=False),
    Column("last_filed", Integer, nullable=False),
    Column("received", LargeBinary, nullable=False),
    Column("series", LargeBinary),  # what quality control remembers of each series
)
