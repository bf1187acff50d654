"""The journal's log of readings: one row a series of an observation, appended and never changed.

A reading whose flag or value changes is appended again with the next ``revision``; whoever copies the log lets the
later row win. Rows leave only at the old end, by retention.
"""

from typing import Final

import msgspec
from sqlalchemy import Column, Float, Integer, LargeBinary, MetaData, String, Table

metadata: Final = MetaData()

readings: Final = Table(
    "readings",
    metadata,
    Column("id", Integer, primary_key=True),  # journal id, rising
    Column("node", String, nullable=False),
    Column("boot", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("series", String, nullable=False),  # as the node names it: distance_mm.2
    Column("revision", Integer, nullable=False),
    Column("station", String, nullable=False),
    Column("quantity", String, nullable=False),  # what it means here: level_m
    Column("time", Integer, nullable=False),  # ms UTC under which history files it
    Column("observed_at", Integer),  # the node's clock, as sent
    Column("received_at", Integer, nullable=False),  # core's clock
    Column("raw", Float),
    Column("value", Float),
    Column("flag", Integer, nullable=False),  # QARTOD
    Column("reason", String),  # the test, its limit and the value, when the flag is not 1
    Column("epoch", Integer, nullable=False),  # calibration epoch
)

dead_letters: Final = Table(
    "dead_letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("received_at", Integer, nullable=False),
    Column("topic", LargeBinary, nullable=False),
    Column("reason", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # cut at DEAD_LETTER_BYTES
)
DEAD_LETTER_BYTES: Final = 2048


class Reading(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A row of ``readings``, in the table's order."""

    id: int
    node: str
    boot: int
    seq: int
    series: str
    revision: int
    station: str
    quantity: str
    time: int
    observed_at: int | None
    received_at: int
    raw: float | None
    value: float | None
    flag: int
    reason: str | None
    epoch: int
