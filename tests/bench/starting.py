"""Where the time of a start goes: ``python -m tests.bench.starting FOLDER`` on an installation that is not running.

In a process of its own, as core starts: imports, the journal, the registry, what is remembered, the first turn. Seconds
of wall clock, and of CPU beside them, which other processes on the machine stretch less.
"""

import argparse
import cProfile
import gc
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class _Phases:
    """``found``: (phase, wall s, CPU s), in the order in which they ended; a phase is without those inside it."""

    def __init__(self) -> None:
        self.found: list[tuple[str, float, float]] = []

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        inside, wall, cpu = len(self.found), time.perf_counter(), time.process_time()
        yield
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        parts = self.found[inside:]
        self.found.append((name, wall - sum(part[1] for part in parts), cpu - sum(part[2] for part in parts)))

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """``call``, timed."""

        def timed(*args: Any, **named: Any) -> Any:
            with self.of(name):
                return call(*args, **named)

        return timed


def measure(folder: Path) -> list[tuple[str, float, float]]:
    """(phase, wall s, CPU s), in their order."""
    phases = _Phases()
    # As the core process: nothing of what is loaded is garbage.
    gc.disable()
    with phases.of("imports"):
        from broker.clock import Clock
        from deploy import assembly
        from deploy.settings import load
        from deploy.state_folder import StateFolder
        from tests.bench.inside import _Link, _Sender

        importlib.import_module("deploy.run_core")
    parts = {
        "Journal": "journal opened",
        "load": "registry loaded",
        "restore": "states, rules, nodes and tail",
    }
    for attribute, name in parts.items():
        setattr(assembly, attribute, phases.around(name, getattr(assembly, attribute)))
    settings, state = load(folder / "kentongan.toml"), StateFolder(folder / "state")
    with phases.of("core made, deadlines"):
        core = assembly.core_of(settings, state, Clock(), channels={})
    core.link, core.sender = _Link(), _Sender()
    with phases.of("first turn"):
        core.turn()
    return phases.found


def profiled(folder: Path) -> str:
    """The most expensive functions of a start after its imports, in this process; slower than it is without."""
    from broker.clock import Clock
    from deploy.assembly import core_of
    from deploy.settings import load
    from deploy.state_folder import StateFolder
    from tests.bench.inside import _Link, _Sender, hottest

    gc.disable()
    settings = load(folder / "kentongan.toml")
    with cProfile.Profile() as profiler:
        core = core_of(settings, StateFolder(folder / "state"), Clock(), channels={})
        core.link, core.sender = _Link(), _Sender()
        core.turn()
    return hottest(profiler)


def in_process(folder: Path) -> list[tuple[str, float, float]]:
    """:func:`measure` in a process of its own; raises CalledProcessError."""
    found: list[Any] = json.loads(_run(folder))
    return [(name, wall, cpu) for name, wall, cpu in found]


def profiled_in_process(folder: Path) -> str:
    """:func:`profiled` in a process of its own; raises CalledProcessError."""
    return _run(folder, "--profile").decode()


def _run(folder: Path, *options: str) -> bytes:
    argv = [sys.executable, "-m", "tests.bench.starting", str(folder), *options]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description="Where the time of a start goes.")
    parser.add_argument("folder", type=Path, help="holds kentongan.toml and the state folder")
    parser.add_argument("--profile", action="store_true", help="function by function")
    options = parser.parse_args()
    print(profiled(options.folder) if options.profile else json.dumps(measure(options.folder)))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
