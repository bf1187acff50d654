"""The registry as core holds it: every document as it is now, and what is made of it."""

import heapq
import logging
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from sqlalchemy import Table

from broker.station import Station
from deploy.registry import tables
from deploy.registry.areas import Area, Areas
from deploy.registry.channels import IngestStations
from deploy.registry.drift import KEPT, Drift, GaugeRow, drifts
from ingest.nodes import nodes

log: Final = logging.getLogger(__name__)

NEVER: Final = 2**63

Rows = Callable[..., Iterator[tuple[Any, ...]]]


@dataclass(slots=True, kw_only=True)
class Registry:
    """``names`` are (name, is example) by station; ``versions`` the number of each station's document.

    ``waiting`` are (from when, station) of thresholds that are not in force yet, the earliest first.
    """

    stations: dict[str, Station]
    areas: Areas = field(default_factory=Areas)
    versions: dict[str, int] = field(default_factory=dict)
    retired: dict[str, Station] = field(default_factory=dict)  # stations that are measured no more
    retired_nodes: set[str] = field(default_factory=set)
    gauges: dict[str, list[GaugeRow]] = field(default_factory=dict)
    names: dict[str, tuple[str, bool]] = field(default_factory=dict)
    ingest: IngestStations = field(init=False)
    waiting: list[tuple[int, str]] = field(default_factory=list)
    changes: int = 0  # how often a station was put since the start

    def __post_init__(self) -> None:
        self.ingest = IngestStations(self.stations)
        self.names |= {name: (station.name, station.example) for name, station in self.stations.items()}

    def put(self, station: Station, version: int) -> None:
        """Take a station's new document."""
        self.stations[station.id] = station
        self.changes += 1
        self.versions[station.id] = version
        self.names[station.id] = (station.name, station.example)
        self.ingest.pop(station.id, None)

    def retire(self, station: Station, version: int) -> None:
        """A station is measured no more; ``station`` is its last document."""
        self.stations.pop(station.id, None)
        self.names.pop(station.id, None)
        self.ingest.pop(station.id, None)
        self.changes += 1
        self.versions[station.id] = version
        self.retired[station.id] = station

    def wait(self, station: Station, now: int) -> None:
        """Remember thresholds that begin later."""
        if station.thresholds is not None and station.thresholds.effective_from > now:
            heapq.heappush(self.waiting, (station.thresholds.effective_from, station.id))

    @property
    def next_switch(self) -> int:
        """When the next thresholds come into force; far away when none wait."""
        return self.waiting[0][0] if self.waiting else NEVER

    def due(self, now: int) -> Iterator[str]:
        """Stations whose thresholds may have come into force; each is given once."""
        while self.waiting and self.waiting[0][0] <= now:
            name = heapq.heappop(self.waiting)[1]
            if name in self.stations:
                yield name

    def is_example(self, areas: Container[str]) -> bool:
        """Whether the levels of these areas are examples: those of a station, or, without any, of all."""
        members = [station for station in self.stations.values() if any(each in areas for each in station.kelurahan)]
        if members:
            return any(station.example for station in members)
        return bool(self.stations) and all(station.example for station in self.stations.values())

    def kelurahan(self, station: str) -> tuple[str, ...]:
        """The areas that a station matters to, as messages name them."""
        return self.areas.names(self.stations[station].kelurahan)

    def add_gauge(self, row: GaugeRow) -> None:
        """Take a staff gauge's reading; in the order of their times, the last ones of a station."""
        rows = [*self.gauges.get(row.station, []), row]
        rows.sort(key=lambda each: (each.time, each.id))
        self.gauges[row.station] = rows[-KEPT:]

    def drift(self, station: str) -> Drift | None:
        """Of a station's sensor against its staff gauge; None without comparisons in the current epoch."""
        rows = self.gauges.get(station)
        return None if rows is None else drifts(rows)


def load(rows: Rows) -> Registry:
    """What the journal holds; ``rows(table, where)`` reads it (:meth:`deploy.journal.Journal.rows`)."""
    decode = msgspec.json.Decoder(Station).decode
    stations: dict[str, Station] = {}
    retired: dict[str, Station] = {}
    versions: dict[str, int] = {}
    for _, version, document in rows(tables.stations):
        station = decode(document)
        (stations if station.retired_at is None else retired)[station.id] = station
        versions[station.id] = version
    area_decoder = msgspec.json.Decoder(Area)
    return Registry(
        stations=stations,
        versions=versions,
        retired=retired,
        areas=Areas(area_decoder.decode(row[2]) for row in rows(tables.areas)),
        retired_nodes={row[0] for row in rows(nodes, "WHERE revoked_at IS NOT NULL")},
        gauges=_gauges(rows),
    )


def _gauges(rows: Callable[[Table, str], Iterator[tuple[Any, ...]]]) -> dict[str, list[GaugeRow]]:
    found: dict[str, list[GaugeRow]] = {}
    for row in rows(tables.staff_gauge, "ORDER BY time, id"):
        found.setdefault(row[1], []).append(GaugeRow(*row))
    return {station: rows[-KEPT:] for station, rows in found.items()}
