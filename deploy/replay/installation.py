"""An installation in memory for the stations of a recording: documents, rules, nodes; no journal, no broker."""

from typing import Final

import msgspec

from alerting.engine import StationState
from alerting.outbox import Outbox
from alerting.policy import Officer
from alerting.rules import RainLimit, RainRule, StationRules, Thresholds
from broker.station import LEVEL_SERIES, RAIN_SERIES, Epoch, Neighbour, Station
from broker.station import Thresholds as StationThresholds
from deploy.memory import Memory
from deploy.registry import Registry
from deploy.registry.areas import Areas
from deploy.registry.rules import rules_at
from deploy.replay.case import CaseThresholds, Place
from deploy.replay.recording import Recording
from deploy.settings import Settings, Site
from ingest.quality_limits import default_limits
from ingest.stations import Node

DUTY_OFFICERS: Final = (Officer(name="petugas jaga", address="", channels=("replay",)),)
ANY_DISTANCE_MM: Final = (100.0, 20_000.0)  # of a sensor whose maker gives no span
BELOW_ZERO_M: Final = -0.5  # a gauge's zero is seldom the bed itself
# Where a flood of each river is told first, so that a case has an area to warn.
KNOWN_AREAS: Final = Areas()
AREAS: Final = {"Welang": "Karangketug", "Gembong": "Petamanan", "Petung": "Blandongan"}


def node_of(station: str) -> str:
    """The id of the one node of a station."""
    return f"node-{station}"[:32]


def settings_of(recording: Recording) -> Settings:
    return Settings(site=Site(name="replay", timezone=recording.timezone))


def registry_of(recording: Recording) -> Registry:
    """The stations of a recording."""
    return Registry(stations={place.id: station_of(place) for place in recording.stations} | recording.documents)


def memory_of(recording: Recording, registry: Registry) -> Memory:
    """Nothing was heard yet: every station is new."""
    nodes = [Node(id=node_of(place.id), station=place.id) for place in recording.stations]
    return Memory(
        states={name: StationState() for name in registry.stations},
        rules={place.id: _rules(place, registry.stations[place.id], recording.start) for place in recording.stations}
        | recording.rules,
        nodes={node.id: node for node in nodes},
        outbox=Outbox([], now=recording.start, horizon_ms=0),
    )


def _rules(place: Place, station: Station, now: int) -> StationRules:
    """The registry's rules, and what a case says beyond its document: rain limits and high tide."""
    rules = rules_at(station, None, now)
    if place.rain_limits:
        limits = tuple(RainLimit(window=limit.window, mm=limit.mm, level=limit.level) for limit in place.rain_limits)
        rules = msgspec.structs.replace(rules, rain=RainRule(limits=limits))
    tide = place.high_tide
    if tide is not None and rules.level is not None:
        high = Thresholds(waspada=tide.waspada, siaga=tide.siaga, awas=tide.awas)
        rules = msgspec.structs.replace(rules, level=msgspec.structs.replace(rules.level, high_tide=high))
    return rules


def station_of(place: Place) -> Station:
    """The registry's document of a station in a case."""
    has_water = not place.unseen and (place.water is not None or place.thresholds is not None)
    area = AREAS.get(place.river or "")
    span = default_limits("level_m", place.sensor).sensor
    return Station(
        id=place.id,
        name=place.name,
        hazard="level" if has_water else "rain",
        river=place.river,
        neighbours=tuple(
            Neighbour(station=n.station, side=n.side, travel_minutes=n.travel_minutes) for n in place.neighbours
        ),
        kelurahan=() if area is None else (KNOWN_AREAS.code_of(area),),
        thresholds=thresholds_of(place.thresholds) if place.thresholds is not None and has_water else None,
        example=True,
        sensor=place.sensor,
        sensor_mm=ANY_DISTANCE_MM if span is None else (span.low, span.high),
        site_m=(BELOW_ZERO_M, place.datum_m) if has_water else None,
        silence_minutes=place.silence_minutes,
        epochs=_epochs(place, has_water=has_water),
    )


def thresholds_of(limits: CaseThresholds) -> StationThresholds:
    return StationThresholds(
        waspada=limits.waspada,
        siaga=limits.siaga,
        awas=limits.awas,
        hysteresis_m=limits.hysteresis_m,
        hold_up_samples=limits.hold_up_samples,
        hold_down_minutes=limits.hold_down_minutes,
        early_siaga_minutes=limits.early_siaga_minutes,
        effective_from=0,
        author="contoh",
        reason="contoh, belum resmi",
    )


def _epochs(place: Place, *, has_water: bool) -> tuple[Epoch, ...]:
    level = Epoch(number=1, series=LEVEL_SERIES, effective_from=0, datum_m=place.datum_m)
    rain = Epoch(number=1, series=RAIN_SERIES, effective_from=0, mm_per_tip=0.2)
    return ((level,) if has_water else ()) + ((rain,) if place.rain is not None else ())
