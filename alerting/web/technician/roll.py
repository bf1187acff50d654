"""Every node in service, those that are ill first, and of those first the ones that most depends on. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from alerting.web.station_card import HEADLINES
from alerting.web.technician.faults import BATTERY as BATTERY_SERIES
from alerting.web.technician.faults import ORDER, Fault, faults_of, heard_at, series_of, value_of
from broker.live import MaintenanceView, SeriesView, StationView


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """``is_blind``: no other node measures at this station. ``depends``: how many kelurahan it warns."""

    node: str
    station: StationView
    faults: tuple[Fault, ...]
    heard: int | None
    battery: SeriesView | None
    depends: int
    is_blind: bool

    @property
    def maintenance(self) -> MaintenanceView | None:
        return self.station.maintenance


def roll(stations: Iterable[StationView], now: int) -> tuple[tuple[NodeRow, ...], tuple[NodeRow, ...]]:
    """Those with faults, and the others."""
    rows = [row_of(station, node, now) for station in stations for node in station.nodes]
    ill = sorted((row for row in rows if row.faults), key=_urgency)
    well = sorted((row for row in rows if not row.faults), key=lambda row: (row.maintenance is None, row.station.name))
    return tuple(ill), tuple(well)


def row_of(station: StationView, node: str, now: int) -> NodeRow:
    faults = faults_of(station, node, now)
    return NodeRow(
        node=node,
        station=station,
        faults=faults,
        heard=heard_at(station, node),
        battery=value_of(series_of(station, node), *BATTERY_SERIES),
        depends=len(station.areas),
        is_blind=len(station.nodes) == 1 and any(_blinds(fault, station) for fault in faults),
    )


def _blinds(fault: Fault, station: StationView) -> bool:
    """Silent, or without what the station is there to measure."""
    measured = HEADLINES.get(station.hazard, ())
    return fault.kind == "silent" or (fault.kind == "sensor" and fault.quantity in measured)


def unserved(stations: Iterable[StationView]) -> tuple[StationView, ...]:
    """Stations that no node serves."""
    return tuple(sorted((each for each in stations if not each.nodes), key=lambda each: each.name))


def _urgency(row: NodeRow) -> tuple[bool, bool, int, int, str]:
    """Blind and not already being worked on, then how many depend on it, then how bad it is."""
    worst = ORDER.index(row.faults[0].kind)
    return (row.maintenance is not None, not row.is_blind, -row.depends, worst, row.station.name)
