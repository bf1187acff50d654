"""What will happen in a story and when, in sentences: for whoever watches a demonstration, before it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from firmware_sim.fault_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from firmware_sim.rain import Series
    from firmware_sim.scenario import Fault, NodePlan, Scenario

Entry = tuple[float, str]  # minutes from the start, one Indonesian sentence

_SHORTEST_CREST_M: Final = 0.1


def timetable(scenario: Scenario, thresholds: Mapping[str, Mapping[str, float]]) -> list[Entry]:
    """Sorted by time. ``thresholds`` maps a station to its levels in metres (``{"SIAGA": 4.5}``).

    Crossings are those of the true water; what is reported comes later, as sampling and rules take their time.
    """
    entries = [*_rains(scenario), *_tide(scenario), *_smoke(scenario)]
    for node in scenario.nodes:
        if node.datum_m is not None:
            level = scenario.level_m(node.station)[: scenario.minutes]
            entries += _crossings(node, level, thresholds.get(node.station, {}))
            entries += _crest(node, level)
    for fault in scenario.faults:
        entries += _fault(scenario, fault)
    return sorted(entry for entry in entries if entry[0] <= scenario.minutes)


def _rains(scenario: Scenario) -> Iterator[Entry]:
    for catchment, bursts in scenario.rain.items():
        if not bursts:
            continue
        name = catchment.capitalize()
        yield min(burst[0] for burst in bursts), f"Hujan mulai di daerah aliran {name}"
        heaviest = max(bursts, key=lambda burst: burst[2])
        if len(bursts) > 1:
            yield heaviest[0], f"Hujan paling lebat di daerah aliran {name}: {heaviest[2]:.0f} mm/jam"
        yield max(burst[0] + burst[1] for burst in bursts), f"Hujan reda di daerah aliran {name}"


def _tide(scenario: Scenario) -> Iterator[Entry]:
    if scenario.tide is not None:
        yield scenario.tide.high_at_min, "Pasang tertinggi di laut"


def _smoke(scenario: Scenario) -> Iterator[Entry]:
    for start, length, ugm3 in scenario.air.smoke:
        yield start, f"Asap datang: sekitar {ugm3:.0f} ug/m3 lebih"
        yield start + length, "Asap pergi"


def _crossings(node: NodePlan, level: Series, thresholds: Mapping[str, float]) -> Iterator[Entry]:
    for name, metres in thresholds.items():
        is_over = level >= metres
        for minute in np.flatnonzero(is_over[1:] != is_over[:-1]) + 1:
            share = (metres - level[minute - 1]) / (level[minute] - level[minute - 1])
            verb = "naik melewati" if is_over[minute] else "turun di bawah"
            yield round(float(minute - 1 + share), 1), f"Air {node.place} {verb} {_metres(metres)} ({name})"


def _crest(node: NodePlan, level: Series) -> Iterator[Entry]:
    if level.max() - level.min() >= _SHORTEST_CREST_M:
        yield float(level.argmax()), f"Puncak air {node.place}: {_metres(level.max())}"


def _fault(scenario: Scenario, fault: Fault) -> Iterator[Entry]:
    place = scenario.node(fault.node).place
    yield (
        fault.from_min,
        KINDS[fault.kind].sentence.format(series=fault.series, place=place, value=fault.value),
    )
    # A fault of a minute or two has no end worth a line, and some have none.
    if fault.for_min > 5 and not KINDS[fault.kind].lasts:
        what = "Jaringan" if fault.series == "wifi" else f"Sensor {fault.series} di"
        yield fault.from_min + fault.for_min, f"{what} {place} pulih"


def _metres(value: float) -> str:
    return f"{value:.2f}".replace(".", ",") + " m"
