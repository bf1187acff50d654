"""Every node in service, those that are ill first, and of those first the one whose loss blinds us most. Pure.

The order of a visit list, each rule deciding among those that the one before it leaves equal:

1. what somebody works on already comes last;
2. an area whose only station for a hazard is blind, before one that another station still sees;
3. a node of which thieves may still be near;
4. water that was rising when it was last seen;
5. level before rain, rain before air;
6. a station without any other node that measures;
7. more areas left blind, then more areas that depend on the station;
8. the worse fault; then the name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerting.web.station_card import HEADLINES
from alerting.web.technician.faults import BATTERY as BATTERY_SERIES
from alerting.web.technician.faults import ORDER, Fault, faults_of, heard_at, series_of, value_of
from broker.live import MaintenanceView, SeriesView, StationView

HAZARDS: Final = {"level": 0, "tide": 0, "rain": 1, "air": 2}
RISING_M_PER_H: Final = 0.1

Sight = Mapping[tuple[str, str], int]  # by area and hazard: how many stations still see it


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """``is_blind``: no other node measures at this station. ``depends``: how many kelurahan it warns, ``unseen``: how
    many of those no station sees any more.
    """

    node: str
    station: StationView
    faults: tuple[Fault, ...]
    heard: int | None
    battery: SeriesView | None
    depends: int
    is_blind: bool
    unseen: int = 0

    @property
    def maintenance(self) -> MaintenanceView | None:
        return self.station.maintenance


def roll(stations: Iterable[StationView], now: int) -> tuple[tuple[NodeRow, ...], tuple[NodeRow, ...]]:
    """Those with faults, and the others."""
    known = list(stations)
    sight = sight_of(known, now)
    rows = [row_of(station, node, now, sight) for station in known for node in station.nodes]
    ill = sorted((row for row in rows if row.faults), key=_urgency)
    well = sorted((row for row in rows if not row.faults), key=lambda row: (row.maintenance is None, row.station.name))
    return tuple(ill), tuple(well)


def row_of(station: StationView, node: str, now: int, sight: Sight | None = None) -> NodeRow:
    """``sight`` is None where only this station is asked about: then no area counts as unseen."""
    faults = faults_of(station, node, now)
    is_blind = bool(faults) and not _sees(station, now)
    unseen = [area for area in station.areas if sight is not None and not sight.get((area, station.hazard), 0)]
    return NodeRow(
        node=node,
        station=station,
        faults=faults,
        heard=heard_at(station, node),
        battery=value_of(series_of(station, node), *BATTERY_SERIES),
        depends=len(station.areas),
        is_blind=is_blind,
        unseen=len(unseen) if is_blind else 0,
    )


def sight_of(stations: Iterable[StationView], now: int) -> Sight:
    """How many stations that still measure each area has, for each hazard."""
    found: dict[tuple[str, str], int] = {}
    for station in stations:
        if _sees(station, now):
            for area in station.areas:
                found[area, station.hazard] = found.get((area, station.hazard), 0) + 1
    return found


def unserved(stations: Iterable[StationView]) -> tuple[StationView, ...]:
    """Stations that no node serves."""
    return tuple(sorted((each for each in stations if not each.nodes), key=lambda each: each.name))


def _sees(station: StationView, now: int) -> bool:
    """Whether any node of the station still measures what it is there for."""
    return any(not any(_blinds(fault, station) for fault in faults_of(station, node, now)) for node in station.nodes)


def _blinds(fault: Fault, station: StationView) -> bool:
    """Silent, or without what the station is there to measure."""
    measured = HEADLINES.get(station.hazard, ())
    return fault.kind == "silent" or (fault.kind == "sensor" and fault.quantity in measured)


def _is_rising(station: StationView) -> bool:
    """By its trend, or by what it stood at when it fell silent."""
    rate = None if station.trend is None else station.trend.rate_m_per_h
    return station.at_least or (rate is not None and rate >= RISING_M_PER_H)


def _urgency(row: NodeRow) -> tuple[bool, bool, bool, bool, int, bool, int, int, int, str]:
    """As the list above says."""
    station = row.station
    return (
        row.maintenance is not None,
        not row.unseen,
        not any(fault.kind == "theft" for fault in row.faults),
        not _is_rising(station),
        HAZARDS.get(station.hazard, len(HAZARDS)),
        not row.is_blind,
        -row.unseen,
        -row.depends,
        ORDER.index(row.faults[0].kind),
        station.name,
    )
