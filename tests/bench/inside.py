"""Core by itself, without a broker: what a reading costs it, stage by stage, and what a station weighs.

``python -m tests.bench.inside FOLDER`` runs in a process of its own, because memory is measured as the process's.
Core is the real one with a real journal; its arrivals are handed to it in groups as the broker's connection would.
"""

import argparse
import contextlib
import cProfile
import gc
import io
import json
import os
import pstats
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerting.outbox import Attempt
from broker.clock import Clock
from deploy.arrival import Arrival
from deploy.assembly import core_of
from deploy.core import Core
from deploy.settings import load
from deploy.state_folder import StateFolder
from firmware_sim.fleet_plan import distance_mm
from tests.bench.weighing import weigh

GROUP = 100  # arrivals a turn: about what comes in 10 ms at 10 000/s
MINUTE_MS = 60_000
TICKS = 240  # of core, a minute
PROFILED = 25


class _Link:
    """Takes what core hands to its broker."""

    is_connected = True

    def __init__(self) -> None:
        self.bytes = 0

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        self.bytes += 4 * len(arrivals)

    def publish(self, topic: str, payload: bytes) -> None:
        self.bytes += len(topic) + len(payload)


class _Sender:
    def carry(self, attempt: Attempt) -> None:
        raise AssertionError(f"the river is calm, yet {attempt.entry.key} was claimed")


class _Times(Clock):
    """A clock that stands where it is put."""

    at = 0

    def now(self) -> int:
        return _Times.at


def measure(folder: Path, *, rounds: int, profile: bool, weighs: bool = False) -> dict[str, Any]:
    """Feed every station ``rounds`` samples, a minute apart; microseconds are of CPU, MiB are resident.

    ``weighs``: what holds the memory is found too, see :mod:`tests.bench.weighing`.
    """
    settings = load(folder / "kentongan.toml")
    _Times.at = time.time_ns() // 1_000_000 - rounds * MINUTE_MS
    bare_mib = resident_mib()
    began = time.perf_counter()
    core = core_of(settings, StateFolder(folder / "state"), _Times(), channels={})
    core.link, core.sender = _Link(), _Sender()
    core.turn()
    opened_s = time.perf_counter() - began
    loaded_mib = resident_mib()
    # As the core process does once it is ready.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    profiler = cProfile.Profile() if profile else None
    cpu = time.process_time()
    with profiler or contextlib.nullcontext():
        _feed(core, rounds)
    cpu = time.process_time() - cpu
    count = rounds * len(core.registry.stations)
    mib = resident_mib()
    # Core is not closed: the process ends as if it had been killed, for whoever starts a core on this folder next.
    return {
        "stations": len(core.registry.stations),
        "readings": count,
        "us_per_reading": cpu * 1e6 / count,
        "open_s": opened_s,
        "bare_mib": bare_mib,
        "loaded_mib": loaded_mib,
        "mib": mib,
        "weights": weigh(core) if weighs else {},
        "profile": hottest(profiler) if profiler else "",
    }


def _feed(core: Core, rounds: int) -> None:
    topics = [f"ews/v1/{station}/obs".encode() for station in core.registry.stations]
    total, began_ms = rounds * len(topics), _Times.at
    turns_a_tick = max(1, len(topics) // GROUP // TICKS)
    for turn, first in enumerate(range(0, total, GROUP)):
        numbers = range(first, min(first + GROUP, total))
        _Times.at = began_ms + (numbers[-1] // len(topics) + 1) * MINUTE_MS
        if turn % turns_a_tick == 0:
            core.snapshots.tick()
        core.turn([_arrival(topics, number, began_ms) for number in numbers])


def _arrival(topics: list[bytes], number: int, began_ms: int) -> Arrival:
    seq, node = divmod(number, len(topics))
    distance, at = distance_mm(node, seq, breach_seq=None), began_ms + (seq + 1) * MINUTE_MS
    payload = b'{"v":1,"boot":7,"seq":%d,"t":%d,"s":{"distance_mm":%d.0}}' % (seq, at, distance)
    return Arrival(topics[node], payload, 1, 1, False, 0)


def hottest(profiler: cProfile.Profile) -> str:
    """The functions that cost most, by their own time."""
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(PROFILED)
    return text.getvalue()


def resident_mib() -> float:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def in_process(folder: Path, *, rounds: int, profile: bool = False, weighs: bool = False) -> dict[str, Any]:
    """:func:`measure` in a process of its own; raises CalledProcessError."""
    argv = [sys.executable, "-m", "tests.bench.inside", str(folder), "--rounds", str(rounds)]
    argv += ["--profile"] if profile else []
    argv += ["--weigh"] if weighs else []
    found: dict[str, Any] = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Feeds a core without a broker and measures it.")
    parser.add_argument("folder", type=Path, help="holds kentongan.toml and the state folder")
    parser.add_argument("--rounds", type=int, default=24, help="samples of each station (24)")
    parser.add_argument("--profile", action="store_true", help="with the most expensive functions")
    parser.add_argument("--weigh", action="store_true", help="with what holds the memory")
    options = parser.parse_args()
    found = measure(options.folder, rounds=options.rounds, profile=options.profile, weighs=options.weigh)
    print(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
