"""A demonstration's scenario as a case: its rivers straight, without the firmware between."""

import tomllib
from collections.abc import Mapping
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
# What core sees of each fault of the simulated field.
_KINDS: Final[dict[str, FaultKind]] = {
    "no_return": "no_return", "checksum": "no_return", "silent": "no_return", "stuck": "stuck", "spike": "raw",
    "no_wifi": "late",
}  # fmt: skip


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
    faults = [fault for fault in scenario.faults if fault.node == node.id and fault.series in ("distance_mm", "wifi")]
    return Place(
        id=node.station,
        name=node.place,
        river=node.place,
        datum_m=node.datum_m or 0.0,
        thresholds=thresholds,
        water=Water(points=tuple((float(at), float(np.round(height, 4))) for at, height in enumerate(level))),
        rain=scenario.rain.get(node.rain, ()) if node.rain else None,
        faults=tuple(
            Fault(kind=_KINDS[fault.kind], from_min=fault.from_min, for_min=fault.for_min, value=fault.value)
            for fault in faults
        ),
    )
