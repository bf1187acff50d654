"""The world file: what is true around one node at each moment, for the fake hardware to turn into bytes and edges.

A line of JSON, padded with spaces, then rows of little-endian 32-bit floats. The fake hardware reads a row when it
needs one, so that the file may be long and the interpreter's heap small.
"""

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from firmware_sim import air, fault_kinds, rain
from firmware_sim.scenario import WORLD_MINUTES, NodePlan, Scenario

STEP_MS: Final = 10_000
_MINUTE_MS: Final = 60_000
_LOCAL_MS: Final = 7 * 3600 * 1000  # WIB
_HEADER_BYTES: Final = 4096
_FULL_MV: Final = 4020.0
_PANEL_MV: Final = 6000.0
_DRAIN_MV_PER_MIN: Final = 0.12


def write_world(scenario: Scenario, node_id: str, path: Path, start_ms: int) -> None:
    """Write the world of one node, a day from ``start_ms`` (ms UTC of the scaled clock) on.

    The file appears whole or not at all. Raises :class:`ScenarioError` for an unknown node, and OSError.
    """
    node = scenario.node(node_id)
    columns = _spoiled(scenario, node_id, _columns(scenario, node, start_ms))
    at_min = np.arange(0, WORLD_MINUTES - 1, STEP_MS / _MINUTE_MS)
    table = np.column_stack([np.interp(at_min, np.arange(len(column)), column) for column in columns.values()])
    header = {
        "first_byte": _HEADER_BYTES,
        "start_ms": start_ms,
        "step_ms": STEP_MS,
        "rows": len(table),
        "columns": list(columns),
        "sensors": node.sensors,
        "faults": _faults(scenario, node_id, start_ms),
    }
    line = msgspec.json.encode(header).ljust(_HEADER_BYTES - 1) + b"\n"
    if len(line) != _HEADER_BYTES:
        raise ValueError(f"{len(line)} bytes of sensors and faults of {node_id} do not fit into {_HEADER_BYTES}")
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(line + table.astype("<f4").tobytes())
    draft.replace(path)


def _columns(scenario: Scenario, node: NodePlan, start_ms: int) -> dict[str, rain.Series]:
    columns: dict[str, rain.Series] = {}
    for sensor in node.sensors:
        match sensor["driver"]:
            case "a02yyuw" | "maxbotix" | "jsn_sr04t" | "ads1115":
                columns[sensor["series"]] = _distance_mm(scenario, node)
            case "tipping_bucket":
                columns["rain_mm"] = rain.depth_mm(scenario.rain_mm_per_h(node.rain))
            case "pms5003" | "bme280":
                columns |= _air(scenario, node, start_ms)
            case "switch":
                columns[sensor["series"]] = np.zeros(WORLD_MINUTES)
            case "solar":
                columns[sensor["series"]] = _sun_mv(start_ms, air.wetness(scenario.rain_mm_per_h(node.rain)))
            case "battery":
                columns[sensor["series"]] = np.asarray(
                    _FULL_MV - _DRAIN_MV_PER_MIN * np.arange(WORLD_MINUTES, dtype=float)
                )
    return columns


def _spoiled(scenario: Scenario, node_id: str, columns: dict[str, rain.Series]) -> dict[str, rain.Series]:
    """What the sensors meet: the truth under the faults that change it, in the order of the scenario."""
    for fault in scenario.faults:
        if fault.node == node_id:
            for name, truth in columns.items():
                if fault.series in (name, f"{name.removesuffix('_mm')}_tips"):
                    columns[name] = fault_kinds.spoil(
                        name, truth, fault.kind, from_min=fault.from_min, for_min=fault.for_min, value=fault.value
                    )
    return columns


def _sun_mv(start_ms: int, wet: rain.Series) -> rain.Series:
    """What a panel of 6 V shows from six to six, less under rain clouds."""
    at_h = (start_ms + _LOCAL_MS) / 3_600_000 % 24 + np.arange(WORLD_MINUTES) / 60
    return np.asarray(_PANEL_MV * np.clip(4 * np.sin((at_h - 6) * np.pi / 12), 0, 1) * (1 - 0.7 * wet))


def _distance_mm(scenario: Scenario, node: NodePlan) -> rain.Series:
    if node.datum_m is None:
        raise ValueError(f"{node.id} has a level sensor and no datum_m")
    return np.asarray((node.datum_m - scenario.level_m(node.station)) * 1000)


def _air(scenario: Scenario, node: NodePlan, start_ms: int) -> dict[str, rain.Series]:
    means = scenario.air
    wet = air.wetness(scenario.rain_mm_per_h(node.rain))
    start_min = (start_ms + _LOCAL_MS) / _MINUTE_MS % (24 * 60)
    smoke = air.smoke_ugm3(means.smoke, WORLD_MINUTES)
    return {
        "pm25_ugm3": air.particles_ugm3(means.pm25_ugm3, wet, start_min) + smoke,
        "pm10_ugm3": air.particles_ugm3(means.pm10_ugm3, wet, start_min) + smoke * air.SMOKE_COARSE,
        "temperature_c": air.temperature_c(means.temperature_c, wet, start_min),
        "humidity_pct": air.humidity_pct(means.humidity_pct, wet, start_min),
        "pressure_hpa": air.pressure_hpa(means.pressure_hpa, WORLD_MINUTES, start_min),
    }


def _faults(scenario: Scenario, node_id: str, start_ms: int) -> list[dict[str, Any]]:
    """Those that the fake hardware plays itself."""
    found = []
    for fault in scenario.faults:
        kind = fault_kinds.KINDS[fault.kind]
        of_device = [(fault.kind, fault.series)] if fault_kinds.is_of_device(fault.kind) else kind.with_device
        minutes = WORLD_MINUTES if kind.lasts else fault.for_min
        found += [
            {
                "series": series,
                "kind": name,
                "value": fault.value,
                "from_ms": start_ms + int(fault.from_min * _MINUTE_MS),
                "until_ms": start_ms + int((fault.from_min + minutes) * _MINUTE_MS),
            }
            for name, series in of_device
            if fault.node == node_id
        ]
    return found
