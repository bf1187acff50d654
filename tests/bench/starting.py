"""Where the time of a start goes: ``python -m tests.bench.starting FOLDER`` on an installation that is not running.

In a process of its own, as core starts: imports, the journal, the registry, what is remembered, the first turn. Seconds
of wall clock, and of CPU beside them, which other processes on the machine cannot stretch.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class _Phases:
    def __init__(self) -> None:
        self.found: list[tuple[str, float, float]] = []
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def end(self, name: str) -> None:
        """What was done since the last phase ended was ``name``."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.found.append((name, wall - self._wall, cpu - self._cpu))
        self._wall, self._cpu = wall, cpu


def measure(folder: Path) -> list[tuple[str, float, float]]:
    """(phase, wall s, CPU s), in their order; everything is loaded twice, to tell what core itself takes."""
    phases = _Phases()
    # As the core process: nothing of what is loaded is garbage.
    gc.disable()
    from broker.clock import Clock
    from deploy.assembly import core_of
    from deploy.journal import Journal
    from deploy.registry.registry import load as load_registry
    from deploy.restore import restore
    from deploy.settings import load
    from deploy.state_folder import StateFolder
    from tests.bench.inside import _Link, _Sender

    phases.end("imports")
    settings, state = load(folder / "kentongan.toml"), StateFolder(folder / "state")
    journal = Journal(state.journal)
    phases.end("journal opened")
    registry = load_registry(settings, journal.rows)
    phases.end("registry loaded")
    restore(journal, registry, Clock())
    phases.end("states, rules and nodes restored")
    journal.close()
    loaded = phases.found[1:]
    phases.end("closed again")
    core = core_of(settings, state, Clock(), channels={})
    core.link, core.sender = _Link(), _Sender()
    core.turn()
    phases.end("core")
    _, wall, cpu = phases.found.pop()
    phases.found.pop()
    rest = (wall - sum(phase[1] for phase in loaded), cpu - sum(phase[2] for phase in loaded))
    return [*phases.found, ("core made, deadlines, first turn", *rest)]


def in_process(folder: Path) -> list[tuple[str, float, float]]:
    """:func:`measure` in a process of its own; raises CalledProcessError."""
    argv = [sys.executable, "-m", "tests.bench.starting", str(folder)]
    found: list[Any] = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return [(name, wall, cpu) for name, wall, cpu in found]


def main() -> None:
    parser = argparse.ArgumentParser(description="Where the time of a start goes.")
    parser.add_argument("folder", type=Path, help="holds kentongan.toml and the state folder")
    print(json.dumps(measure(parser.parse_args().folder)))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
