"""A scenario as a picture: rain, true water, sea, flow, air, and when what fails. Loaded only when one is asked for."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from firmware_sim import air
from firmware_sim.fault_kinds import BEYOND_MM, KINDS, is_of_device, spoil
from firmware_sim.rain import Series
from firmware_sim.scenario import NodePlan, Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK: Final = "#1B1F23"
_MUTED: Final = "#56606A"
_RAIN: Final = "#4A7DB0"
_SEA: Final = "#2A7F62"
_WATER: Final = "#0B5CAD"
_SMOKE: Final = "#8A6500"
_MORNING_MIN: Final = 6 * 60.0  # the story's own hour is open: drawn as if it began at six
_THRESHOLDS: Final = {"WASPADA": "#8A6500", "SIAGA": "#C25E00", "AWAS": "#B3001B"}


def draw(scenario: Scenario, path: Path, thresholds: dict[str, dict[str, float]]) -> None:
    """Write a PNG or SVG, by the name's ending; a panel a river, one for the air. Raises OSError and ValueError.

    ``thresholds`` are metres by level, by station. The picture says that all of it is invented.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  slow to import, rarely needed

    rivers = [node for node in scenario.nodes if node.datum_m is not None]
    figure = Figure(figsize=(12, 1 + 2.6 * (len(rivers) + 1)), dpi=110, layout="constrained")
    panels = list(figure.subplots(len(rivers) + 1, 1, sharex=True, squeeze=False)[:, 0])
    hours = np.arange(scenario.minutes) / 60
    for node, panel in zip(rivers, panels, strict=False):
        panel.set_title(node.place, loc="left", fontsize=10, color=_INK)
        _water(panel, scenario, node.station, hours, thresholds.get(node.station, {}))
        _sensed(panel, scenario, node, hours)
        _faults(panel, scenario, node.id)
        panel.legend(loc="upper right", fontsize=7, ncols=3)
    _air(panels[-1], scenario, hours)
    panels[-1].set_xlabel("jam sejak cerita mulai")
    panels[-1].set_xlim(0, scenario.minutes / 60)
    figure.suptitle(f"{scenario.title} (contoh, bukan angka resmi)", fontsize=11, color=_INK)
    figure.savefig(path)


def _water(panel: "Axes", scenario: Scenario, station: str, hours: Series, thresholds: dict[str, float]) -> None:
    count = len(hours)
    level = scenario.level_m(station)[:count]
    panel.plot(hours, level, color=_WATER, linewidth=1.6, label="air sebenarnya")
    sea = scenario.sea_m(station)
    if sea is not None:
        panel.plot(hours, sea[:count], color=_SEA, linewidth=1, linestyle=":", label="laut")
        panel.plot(hours, scenario.river_m(station)[:count], color=_WATER, linewidth=0.8, linestyle="--",
                   label="sungai tanpa pasang")  # fmt: skip
    low, high = float(level.min()), float(level.max())
    for name, metres in thresholds.items():
        if metres <= high + 1.0:
            panel.axhline(metres, color=_THRESHOLDS[name], linewidth=0.8, linestyle="--")
            panel.annotate(f"{name} {metres:g}", (0, metres), fontsize=7, color=_THRESHOLDS[name], va="bottom")
            high = max(high, metres)
    panel.set_ylim(low - 0.3, high + 0.5)
    panel.set_ylabel("m")
    _rain(panel, scenario.rain_mm_per_h(scenario.river[station].rain)[:count], hours)
    flow = scenario.discharge_m3s(station)[:count]
    if flow.max() > 0:
        at = int(flow.argmax())
        panel.annotate(
            f"{flow[at]:.0f} m3/s", (hours[at], level[at]), fontsize=7, color=_MUTED, ha="center", va="bottom"
        )


def _rain(panel: "Axes", mm_per_h: Series, hours: Series) -> None:
    """Hanging from the top, where rain comes from."""
    if mm_per_h.max() <= 0:
        return
    above = panel.twinx()
    above.fill_between(hours, mm_per_h, color=_RAIN, alpha=0.5, linewidth=0)
    above.set_ylim(max(60.0, float(mm_per_h.max()) * 3), 0)
    above.set_ylabel("mm/jam", color=_RAIN, fontsize=8)


def _sensed(panel: "Axes", scenario: Scenario, node: NodePlan, hours: Series) -> None:
    """What the sensor says where faults come between it and the water; nothing is drawn where it says nothing."""
    faults = [fault for fault in scenario.faults if fault.node == node.id and fault.series == "distance_mm"]
    if not faults or node.datum_m is None:
        return
    distance = (node.datum_m - scenario.level_m(node.station)) * 1000
    for fault in faults:
        distance = spoil(
            "distance_mm", distance, fault.kind, from_min=fault.from_min, for_min=fault.for_min, value=fault.value
        )
        first, last = int(fault.from_min), int(fault.from_min + max(1.0, fault.for_min))
        if is_of_device(fault.kind):
            shown = {"spike": fault.value, "stuck": distance[first]}.get(fault.kind, np.nan)
            distance = np.concatenate((distance[:first], np.full(last - first, shown), distance[last:]))
    level = node.datum_m - np.where(distance >= BEYOND_MM, np.nan, distance) / 1000
    panel.plot(hours, level[: len(hours)], color="#C25E00", linewidth=0.9, label="kata sensor")
    low, high = panel.get_ylim()
    seen = level[: len(hours)][np.isfinite(level[: len(hours)])]
    panel.set_ylim(min(low, float(seen.min()) - 0.2), max(high, float(seen.max()) + 0.4))


def _faults(panel: "Axes", scenario: Scenario, node: str) -> None:
    """Where the sensor does not say what is true, with the fault's name."""
    drawn = [fault for fault in scenario.faults if fault.node == node]
    for number, fault in enumerate(drawn):
        lasts = KINDS[fault.kind].lasts
        end = scenario.minutes if lasts else min(fault.from_min + fault.for_min, scenario.minutes)
        panel.axvspan(fault.from_min / 60, end / 60, color=_MUTED, alpha=0.13, linewidth=0)
        where = (fault.from_min / 60, 0.04 + 0.1 * (number % 3))
        panel.annotate(fault.kind, where, xycoords=("data", "axes fraction"), fontsize=7, color=_INK)


def _air(panel: "Axes", scenario: Scenario, hours: Series) -> None:
    count = len(hours)
    catchment = next((node.rain for node in scenario.nodes if node.datum_m is None), None)
    wet = air.wetness(scenario.rain_mm_per_h(catchment))
    means = scenario.air
    fine = air.particles_ugm3(means.pm25_ugm3, wet, _MORNING_MIN) + air.smoke_ugm3(means.smoke, len(wet))
    panel.set_title("Udara, bila cerita mulai pukul 06.00", loc="left", fontsize=10, color=_INK)
    panel.plot(hours, fine[:count], color=_SMOKE, linewidth=1.2, label="PM2,5 (ug/m3)")
    panel.plot(hours, air.humidity_pct(means.humidity_pct, wet, _MORNING_MIN)[:count], color=_RAIN, linewidth=1,
               label="kelembapan (%)")  # fmt: skip
    panel.plot(hours, air.temperature_c(means.temperature_c, wet, _MORNING_MIN)[:count], color="#B3001B", linewidth=1,
               label="suhu (C)")  # fmt: skip
    panel.set_ylim(bottom=0)
    for node in scenario.nodes:
        if node.datum_m is None:
            _faults(panel, scenario, node.id)
    panel.legend(loc="upper right", fontsize=7, ncols=3)
