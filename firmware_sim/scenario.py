"""Stories of the simulated field: which rain falls, how rivers answer, what fails. Files in ``scenarios/``."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from firmware_sim import river
from firmware_sim.rain import Series, intensity
from firmware_sim.timetable import Entry, timetable

_FOLDER: Final = Path(__file__).parent
# A story goes on calmly after its end: whoever lets a demonstration run must not see a frozen river.
WORLD_MINUTES: Final = 24 * 60


class ScenarioError(ValueError):
    """No such scenario, or its file is wrong; the text says which there are, or where the fault is."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class NodePlan(_Table, frozen=True, kw_only=True):
    """One simulated node. ``sensors`` is what stands under that key in its node.json."""

    id: str
    station: str
    place: str  # for sentences
    sensors: tuple[dict[str, Any], ...]
    datum_m: float | None = None  # of a level sensor, above the gauge's zero
    rain: str | None = None  # the catchment whose rain falls on it


class River(_Table, frozen=True, kw_only=True):
    low_m: float
    peak_m: float | None = None
    rain: str | None = None
    to_peak_min: float = 30
    recession_min: float = 30


class Air(_Table, frozen=True, kw_only=True):
    """Means over the day."""

    pm25_ugm3: float
    pm10_ugm3: float
    temperature_c: float
    humidity_pct: float
    pressure_hpa: float


FaultKind = Literal["no_return", "checksum", "silent", "stuck", "spike", "no_wifi"]


class Fault(_Table, frozen=True, kw_only=True):
    """What fails at a node's sensor. ``value`` is what a spike shows, in the series' unit."""

    node: str
    series: str  # "wifi" for no_wifi
    kind: FaultKind
    from_min: float
    for_min: float
    value: float = 0.0


class _Nodes(_Table, frozen=True, kw_only=True):
    nodes: tuple[NodePlan, ...]


class Scenario(_Table, frozen=True, kw_only=True):
    """One story, in minutes from its start."""

    name: str
    title: str  # Indonesian
    minutes: int
    nodes: tuple[NodePlan, ...]
    rain: dict[str, tuple[tuple[float, float, float], ...]] = {}
    river: dict[str, River]
    air: Air
    faults: tuple[Fault, ...] = ()

    def node(self, node_id: str) -> NodePlan:
        """The node of that id; raises :class:`ScenarioError` naming the known ones."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        known = ", ".join(node.id for node in self.nodes)
        raise ScenarioError(f"there is no node {node_id!r} in the simulated field; there are {known}")

    def rain_mm_per_h(self, catchment: str | None) -> Series:
        """Each minute of a whole day from the start; no rain without a catchment."""
        bursts = self.rain.get(catchment, ()) if catchment else ()
        return intensity(bursts, WORLD_MINUTES)

    def level_m(self, station: str) -> Series:
        """The true level, each minute of a whole day from the start, in metres above the gauge's zero."""
        plan = self.river[station]
        return river.stage(
            self.rain_mm_per_h(plan.rain),
            low_m=plan.low_m,
            peak_m=plan.low_m if plan.peak_m is None else plan.peak_m,
            to_peak_min=plan.to_peak_min,
            recession_min=plan.recession_min,
        )

    def timetable(self, thresholds: Mapping[str, Mapping[str, float]]) -> list[Entry]:
        """What will happen and when; see :func:`firmware_sim.timetable.timetable`."""
        return timetable(self, thresholds)


def scenario_names() -> list[str]:
    """The scenarios there are, sorted."""
    return sorted(path.stem for path in (_FOLDER / "scenarios").glob("*.toml"))


@cache
def load(name: str) -> Scenario:
    """Read a scenario; raises :class:`ScenarioError` on an unknown name (naming the known ones) or a wrong file."""
    document = {"name": name, "nodes": _nodes(), **_document(name)}
    try:
        scenario = msgspec.convert(document, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(f"scenario {name}: {error}") from None
    _check(scenario)
    return scenario


def _document(name: str) -> dict[str, Any]:
    if name not in scenario_names():
        raise ScenarioError(f"there is no scenario {name!r}; there are {', '.join(scenario_names())}")
    path = _FOLDER / "scenarios" / f"{name}.toml"
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: {error}") from None
    base = document.pop("extends", None)
    return document if base is None else _document(base) | document


def _nodes() -> tuple[NodePlan, ...]:
    document = tomllib.loads((_FOLDER / "nodes.toml").read_text("utf-8"))
    return msgspec.convert(document, _Nodes).nodes


def _check(scenario: Scenario) -> None:
    for fault in scenario.faults:
        scenario.node(fault.node)
    for node in scenario.nodes:
        if node.datum_m is not None and node.station not in scenario.river:
            raise ScenarioError(f"scenario {scenario.name}: river.{node.station} is missing, {node.id} measures it")
    for station, plan in scenario.river.items():
        if plan.rain is not None and plan.rain not in scenario.rain:
            raise ScenarioError(f"scenario {scenario.name}: river.{station}.rain: there is no rain.{plan.rain}")
