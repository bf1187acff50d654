"""A demonstration's scenario as a case: its rivers straight, without the firmware between."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from deploy.replay.case import Case, CaseThresholds, Fault, FaultKind, Place, Truth
from deploy.replay.water import Water
from firmware_sim.field import NodePlan, Scenario

DEMO_STATIONS: Final = Path(__file__).parents[1] / "demo-stations.toml"
START: Final = datetime.fromisoformat("2025-11-24T13:00:00+07:00")
# What core sees of each fault of the simulated field: the case's kind, and what its value becomes. Distances that grow
# by millimetres are levels that fall by metres.
_KINDS: Final[dict[str, tuple[FaultKind, float]]] = {
    "no_return": ("no_return", 0), "checksum": ("no_return", 0), "silent": ("no_return", 0), "stuck": ("stuck", 0),
    "spike": ("raw", 1), "no_wifi": ("late", 0), "foam": ("outliers", 0.001), "drift": ("drift", -0.001),
    "moved": ("step", -0.001), "torn_away": ("silent", 0),
}  # fmt: skip
_OBSTRUCTED_MM: Final = 300.0


def demo_thresholds() -> dict[str, CaseThresholds]:
    """Those of the demonstration's stations, which are examples."""
    document = tomllib.loads(DEMO_STATIONS.read_text("utf-8"))
    return {
        station["id"]: _thresholds(station["thresholds"]) for station in document["stations"] if "thresholds" in station
    }


def _thresholds(table: dict[str, Any]) -> CaseThresholds:
    fields = CaseThresholds.__struct_fields__
    return msgspec.convert({key: value for key, value in table.items() if key in fields}, CaseThresholds)


def story(scenario: Scenario, thresholds: Mapping[str, CaseThresholds]) -> Case:
    """The level stations of ``scenario``, each with the thresholds given for it, or none."""
    places = tuple(_place(scenario, node, thresholds.get(node.station)) for node in scenario.nodes if node.datum_m)
    flood = any(
        place.thresholds is not None and max(height for _, height in place.water.points) >= place.thresholds.awas
        for place in places
        if place.water is not None
    )
    return Case(
        name=scenario.name,
        title=scenario.title,
        kind="flash" if flood else "calm",
        start=START,
        minutes=scenario.minutes,
        stations=places,
        truth=Truth(flood=flood),
    )


def _place(scenario: Scenario, node: NodePlan, thresholds: CaseThresholds | None) -> Place:
    level = scenario.level_m(node.station)[: scenario.minutes + 1]
    return Place(
        id=node.station,
        name=node.place,
        river=node.place,
        datum_m=node.datum_m or 0.0,
        thresholds=thresholds,
        water=Water(points=tuple((float(at), float(np.round(height, 4))) for at, height in enumerate(level))),
        rain=scenario.rain.get(node.rain, ()) if node.rain else None,
        faults=tuple(_faults(scenario, node)),
    )


def _faults(scenario: Scenario, node: NodePlan) -> Iterator[Fault]:
    """Those that a level station feels."""
    for fault in scenario.faults:
        if fault.node != node.id or fault.series not in ("distance_mm", "wifi"):
            continue
        for_min = scenario.minutes - fault.from_min if fault.kind in ("moved", "torn_away") else fault.for_min
        if fault.kind == "obstructed":
            yield Fault(kind="raw", from_min=fault.from_min, for_min=for_min, value=_OBSTRUCTED_MM)
        elif fault.kind in _KINDS:
            kind, factor = _KINDS[fault.kind]
            yield Fault(kind=kind, from_min=fault.from_min, for_min=for_min, value=fault.value * factor)
