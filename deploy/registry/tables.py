"""The registry's tables: each document as it is now, every version of it, and what people read and saw."""

from typing import Final

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

metadata: Final = MetaData()

stations: Final = Table(
    "stations",
    metadata,
    Column("id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),  # broker.station.Station, JSON
)

areas: Final = Table(
    "areas",
    metadata,
    Column("code", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),  # deploy.registry.areas.Area, JSON
)

# The journal id keeps versions of stations, nodes and areas in the order in which they were made.
versions: Final = Table(
    "registry_versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),  # station | node | area
    Column("name", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Integer, nullable=False),
    Column("actor", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("document", Text, nullable=False),
    Index("registry_versions_by_name", "kind", "name", "version", unique=True),
)

staff_gauge: Final = Table(
    "staff_gauge",
    metadata,
    Column("id", Integer, primary_key=True),  # of the reading in the log
    Column("station", String, nullable=False),
    Column("time", Integer, nullable=False),
    Column("level_m", Float, nullable=False),  # what a person read
    Column("sensor_m", Float),  # what the sensor said then, when it said something
    Column("epoch", Integer, nullable=False),  # the sensor's calibration then
    Column("read_by", String, nullable=False),
    Column("note", String, nullable=False),
    Index("staff_gauge_by_station", "station", "time"),
)

# What a person saw at a station; one that was taken back keeps its row and says who did it and why.
sightings: Final = Table(
    "sightings",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id
    Column("station", String, nullable=False),
    Column("time", Integer, nullable=False),  # when it was seen, ms UTC
    Column("written_at", Integer, nullable=False),
    Column("seen_by", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("photo", String, nullable=False),  # SHA-256 of the picture's file; "": words alone
    Column("removed_at", Integer),
    Column("removed_by", String),
    Column("removed_why", String),
    Index("sightings_by_station", "station", "time"),
)
