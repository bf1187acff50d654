"""Stories of the simulated field: which rain falls, how rivers answer, what fails. Files in ``scenarios/``."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from firmware_sim import hydrograph, river, tide
from firmware_sim.fault_kinds import FaultKind
from firmware_sim.hydrograph import Catchment
from firmware_sim.rain import Series, intensity
from firmware_sim.river import Rating
from firmware_sim.tide import Mouth, Tide
from firmware_sim.timetable import Entry, timetable

_FOLDER: Final = Path(__file__).parent
# A story goes on calmly after its end: whoever lets a demonstration run must not see a frozen river.
WORLD_MINUTES: Final = 24 * 60
_MINUTES: Final = np.arange(WORLD_MINUTES, dtype=float)


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
    """How a station's river answers rain: from ``low_m`` to a crest at ``peak_m``, or by the water's own way.

    With ``catchment`` (a name of catchments.toml) effective rain becomes discharge over ``base_m3s``, and discharge the
    stage by the station's rating; ``mouth`` lets the sea into it.
    """

    low_m: float | None = None
    peak_m: float | None = None
    rain: str | None = None
    to_peak_min: float = 30
    recession_min: float = 30
    catchment: str | None = None
    base_m3s: float = 0.0
    initial_mm: float = 0.0
    runoff: float = 0.35
    mouth: Mouth | None = None


class Air(_Table, frozen=True, kw_only=True):
    """Means over the day, and smoke: (from minute, for minutes, ug/m3 of PM2.5 that it adds)."""

    pm25_ugm3: float
    pm10_ugm3: float
    temperature_c: float
    humidity_pct: float
    pressure_hpa: float
    smoke: tuple[tuple[float, float, float], ...] = ()


class Fault(_Table, frozen=True, kw_only=True):
    """What fails at a node's sensor: see :mod:`firmware_sim.fault_kinds`. ``value`` is in the series' unit."""

    node: str
    series: str  # "wifi" for no_wifi and weak_signal
    kind: FaultKind
    from_min: float
    for_min: float
    value: float = 0.0


class _Waters(_Table, frozen=True, kw_only=True):
    catchment: dict[str, Catchment]
    rating: dict[str, Rating]


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
    tide: Tide | None = None
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
        stage, sea, plan = self.river_m(station), self.sea_m(station), self.river[station]
        if sea is None:
            return stage
        rating = waters().rating.get(station)
        return river.backwater(stage, sea, (plan.low_m or 0.0) - 0.5 if rating is None else rating.zero_m)

    def river_m(self, station: str) -> Series:
        """What the level would be without the sea."""
        plan = self.river[station]
        if plan.catchment is None:
            low = plan.low_m or 0.0
            return river.stage(
                self.rain_mm_per_h(plan.rain),
                low_m=low,
                peak_m=low if plan.peak_m is None else plan.peak_m,
                to_peak_min=plan.to_peak_min,
                recession_min=plan.recession_min,
            )
        return np.asarray(waters().rating[station].stage_m(self.discharge_m3s(station)) + river.sway(WORLD_MINUTES))

    def discharge_m3s(self, station: str) -> Series:
        """The flow past a station that has a catchment, each minute of a whole day; zeros for any other."""
        plan = self.river[station]
        if plan.catchment is None:
            return np.zeros(WORLD_MINUTES)
        effective = hydrograph.effective_mm_per_h(
            self.rain_mm_per_h(plan.rain), initial_mm=plan.initial_mm, runoff=plan.runoff
        )
        return hydrograph.discharge_m3s(effective, waters().catchment[plan.catchment], plan.base_m3s)

    def sea_m(self, station: str) -> Series | None:
        """The sea on a station's gauge, each minute of a whole day; None where it does not reach."""
        mouth = self.river[station].mouth
        return None if mouth is None or self.tide is None else tide.at_gauge_m(self.tide, mouth, _MINUTES)

    def timetable(self, thresholds: Mapping[str, Mapping[str, float]]) -> list[Entry]:
        """What will happen and when; see :func:`firmware_sim.timetable.timetable`."""
        return timetable(self, thresholds)


def scenario_names() -> list[str]:
    """The scenarios there are, sorted."""
    return sorted(path.stem for path in (_FOLDER / "scenarios").glob("*.toml"))


@cache
def load(name: str) -> Scenario:
    """Read a scenario; raises :class:`ScenarioError` on an unknown name (naming the known ones) or a wrong file."""
    return load_file(_path(name))


def load_file(path: Path) -> Scenario:
    """Read a scenario of one's own, which may extend one of those there are; raises :class:`ScenarioError`."""
    document = {"name": path.stem, "nodes": _nodes(), **_document(path)}
    try:
        scenario = msgspec.convert(document, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{path}: {error}") from None
    for fault in _faults(scenario):
        raise ScenarioError(f"{path}: {fault}")
    return scenario


@cache
def waters() -> _Waters:
    """The catchments and ratings of catchments.toml."""
    return msgspec.toml.decode((_FOLDER / "catchments.toml").read_bytes(), type=_Waters)


def _path(name: str) -> Path:
    if name not in scenario_names():
        raise ScenarioError(f"there is no scenario {name!r}; there are {', '.join(scenario_names())}")
    return _FOLDER / "scenarios" / f"{name}.toml"


def _document(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: {error}") from None
    base = document.pop("extends", None)
    return document if base is None else _document(_path(str(base))) | document


def _nodes() -> tuple[NodePlan, ...]:
    document = tomllib.loads((_FOLDER / "nodes.toml").read_text("utf-8"))
    return msgspec.convert(document, _Nodes).nodes


def _faults(scenario: Scenario) -> Iterator[str]:
    """What the parts of a scenario ask of each other and do not get, each with its key and the remedy."""
    for fault in scenario.faults:
        try:
            scenario.node(fault.node)
        except ScenarioError as error:
            yield f"faults: {error}"
        if fault.for_min <= 0:
            yield f"faults: {fault.kind} at {fault.node}: for_min must be over 0"
    if not 0 < scenario.minutes <= WORLD_MINUTES:
        yield f"minutes: {scenario.minutes} is not 1 to {WORLD_MINUTES}"
    for node in scenario.nodes:
        if node.datum_m is not None and node.station not in scenario.river:
            yield f"river.{node.station} is missing, {node.id} measures it"
    for station, plan in scenario.river.items():
        yield from (f"river.{station}.{fault}" for fault in _faults_of_river(scenario, station, plan))


def _faults_of_river(scenario: Scenario, station: str, plan: River) -> Iterator[str]:
    known = waters()
    if plan.rain is not None and plan.rain not in scenario.rain:
        yield f"rain: there is no rain.{plan.rain}"
    if (plan.low_m is None) == (plan.catchment is None):
        yield "low_m: give low_m, or catchment, and not both"
    if plan.catchment is not None and plan.catchment not in known.catchment:
        yield f"catchment: {plan.catchment!r} is not known; there is {', '.join(known.catchment)}"
    if plan.catchment is not None and station not in known.rating:
        yield f"catchment: {station} has no rating; there is one for {', '.join(known.rating)}"
    if plan.mouth is not None and scenario.tide is None:
        yield "mouth: there is no [tide] to come in; add it, or take mouth out"
