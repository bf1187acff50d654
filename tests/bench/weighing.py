"""What holds core's memory: each part with everything below it, and the types that it is made of.

``python -m tests.bench.weighing FOLDER`` weighs a core that has just been restored from its journal; ``python -m
tests.bench stations`` weighs one that has been running. An object counts where it is found first, in the order of
``PARTS``. Sizes are Python's own; what the allocator adds is the difference to the resident memory.
"""

import argparse
import gc
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import msgspec

from deploy.core import Core

PARTS: Final = (
    "memory.states",
    "memory.nodes",
    "memory.latest",
    "memory.rain",
    "memory.rules",
    "memory.areas",
    "memory.groups",
    "registry.stations",
    "registry.ingest",
    "registry.names",
    "registry.versions",
    "registry",
    "memory.outbox",
    "memory",
    "snapshots",
    "judgement",
    "hub",
    "telling",
    "directory",
    "sending",
    "deadlines",
    "_by_topic",
    "group",
    "station_revs",
)
TYPES_SHOWN: Final = 4
_NOT_OURS: Final = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType, CodeType, gc.__class__)

Weights = dict[str, dict[str, int]]  # bytes by type, by part


def weigh(core: Core) -> Weights:
    """Bytes of each part of a core that stands still."""
    # A part may hold the core itself, or its journal: what is met there is not that part's.
    seen = {id(core), id(core.journal), id(core.settings), id(core.registry), id(core.memory)}
    found: Weights = {}
    for part in PARTS:
        root: Any = core
        for name in part.split("."):
            root = getattr(root, name)
        seen.discard(id(root))
        found[part] = dict(_below(root, seen))
    return found


def _below(root: object, seen: set[int]) -> Counter[str]:
    sizes: Counter[str] = Counter()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, _NOT_OURS):
            continue
        seen.add(id(item))
        sizes[type(item).__name__] += sys.getsizeof(item)
        waiting.extend(_inside(item))
    return sizes


def _inside(item: object) -> Iterator[object]:
    if isinstance(item, msgspec.Struct):  # the collector knows nothing of those that have gc=False
        yield from (getattr(item, name) for name in item.__struct_fields__)
    elif not isinstance(item, str | bytes | int | float | None):
        yield from gc.get_referents(item)


def lines(weights: Weights, stations: int) -> list[str]:
    """The heaviest part first, KiB a station."""
    totals = {part: sum(sizes.values()) for part, sizes in weights.items()}
    found = [f"{sum(totals.values()) / 1024 / stations:7.2f} KiB a station, found by walking through core"]
    for part in sorted(totals, key=lambda part: -totals[part]):
        if (each := totals[part] / 1024 / stations) >= 0.01:
            kinds = Counter(weights[part]).most_common(TYPES_SHOWN)
            shown = ", ".join(f"{name} {size / 1024 / stations:.2f}" for name, size in kinds)
            found.append(f"{each:7.2f} {part} ({shown})")
    return found


def restored(folder: Path) -> dict[str, Any]:
    """Weights of a core that was restored from the journal in ``folder``, and its resident MiB."""
    from broker.clock import Clock
    from deploy.assembly import core_of
    from deploy.settings import load
    from deploy.state_folder import StateFolder
    from tests.bench.inside import resident_mib

    gc.disable()
    core = core_of(load(folder / "kentongan.toml"), StateFolder(folder / "state"), Clock(), channels={})
    mib = resident_mib()
    return {"stations": len(core.registry.stations), "mib": mib, "weights": weigh(core)}


def main() -> None:
    parser = argparse.ArgumentParser(description="What a core that was just restored keeps in memory.")
    parser.add_argument("folder", type=Path, help="holds kentongan.toml and the state folder")
    parser.add_argument("--json", action="store_true", help="for another program")
    options = parser.parse_args()
    found = restored(options.folder)
    if options.json:
        print(json.dumps(found))
    else:
        print(f"{found['mib']:.0f} MiB resident, {found['stations']} stations")
        print("\n".join(lines(found["weights"], found["stations"])))
    sys.stdout.flush()
    os._exit(0)  # the journal stays as it was


if __name__ == "__main__":
    main()
