"""A province of recipients: what they weigh, how soon an audience is known, what an import costs a core that serves.

``python -m tests.bench recipients``, or alone: ``python -m tests.bench.recipients --people 100000 --import 10000``.
"""

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from broker.clock import Clock
from broker.control import Request
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.core_commands.recipients import SLICE
from deploy.recipients.loading import directory_of
from deploy.registry.kelurahan import KECAMATAN, KELURAHAN
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bench.audit import AuditFailed
from tests.bench.inside import _Link, _Sender
from tests.bench.table import Row, load_average, machine, table
from tests.installation import Installation

CODES = tuple(KELURAHAN)
SETTINGS = '[site]\nname = "Uji"\n[channels]\ndemo = true\n'
PROBE_S = 0.02
ROUNDS = 5
PAGE_BYTES = 4096
HEAD_EVERY = 50  # one in so many is the head of an RT


def rows(people: int = 100_000, imported: int = 10_000) -> Iterator[Row]:
    """Raises AuditFailed when somebody is missing."""
    yield from _held(people)
    yield from _imported(imported)


def _held(people: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "k.toml").write_text(SETTINGS)
        slices = _fill(folder, people)
        argv = [sys.executable, "-m", "tests.bench.recipients", "--weigh", str(folder)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=600)
        found: dict[str, Any] = json.loads(done.stdout)
    if (found["people"], found["city"]) != (people, people):
        raise AuditFailed(f"{people} were put, {found['people']} came back, {found['city']} are in the city's audience")
    section = f"{people} recipients"
    each = found["mib"] * 1024 / people
    at_p99 = slices[int(len(slices) * 0.99)]
    note = f"CPU of core, p50; p99 {at_p99:.1f} ms; load {load_average()}"
    yield Row(section=section, what=f"taking {SLICE}, sealed", figure=f"{slices[len(slices) // 2]:.1f} ms", note=note)
    yield Row(section=section, what="memory", figure=f"{found['mib']:.0f} MiB", note=f"{each:.2f} KiB each")
    yield Row(section=section, what="core's start with them", figure=f"{found['start_s']:.2f} s", note="CPU")
    for place, size in (("kelurahan", found["kelurahan"]), ("city", found["city"])):
        figure = f"{found[f'{place}_ms']:.2f} ms"
        yield Row(section=section, what=f"audience of a {place}", figure=figure, note=f"CPU; {size} people")
    yield Row(section=section, what="one address opened", figure=f"{found['address_us']:.1f} us", note="CPU")
    yield Row(section=section, what="one number found", figure=f"{found['find_us']:.1f} us", note="CPU")


def _fill(folder: Path, people: int) -> list[float]:
    """Put everybody by the command, in slices; the CPU of each, ms, rising."""
    core, commands = _open(folder)
    took: list[float] = []
    for first in range(0, people, SLICE):
        entries = [_entry(number) for number in range(first, min(first + SLICE, people))]
        request = Request(name="recipient-put", args={"entries": entries, "consent_how": "bench"}, actor="bench")
        before = time.process_time()
        answer = commands.run(request)
        took.append((time.process_time() - before) * 1000)
        if answer["faults"]:
            raise AuditFailed(f"a good entry was refused: {answer['faults'][0]}")
    core.stop()
    return sorted(took)


def _entry(number: int) -> dict[str, Any]:
    is_head = number % HEAD_EVERY == 0
    below = f"/RW{number // 34 % 9 + 1:02d}/RT{number // 400 % 9 + 1:02d}" if is_head else ""
    return {
        "kind": "head" if is_head else "resident",
        "name": f"Nama {number}",
        "contacts": {"phone": f"+62812{number:08d}"},
        "areas": [CODES[number % len(CODES)] + below],
    }


def _open(folder: Path) -> tuple[Any, Commands]:
    state = StateFolder(folder / "state")
    state.prepare()
    core = core_of(load(folder / "k.toml"), state, Clock(), channels={})
    core.link, core.sender = _Link(), _Sender()
    return core, Commands(core, credentials_of(state), lambda: True)


def weigh(folder: Path) -> dict[str, Any]:
    """In a process of its own: start with what is there, and ask."""
    gc.disable()
    cpu = time.process_time()
    core, _ = _open(folder)
    start_s = time.process_time() - cpu
    before = _mib()
    directory = directory_of(core.settings, core.journal, core.directory.vault, core.registry.areas)
    mib = _mib() - before  # of the directory alone, loaded once more
    kelurahan, city = [CODES[0]], list(KECAMATAN)
    some = directory.audience(kelurahan)[:1000]
    numbers = [directory.address(each, "phone") or "" for each in some]
    found = {
        "people": len(directory),
        "start_s": start_s,
        "mib": mib,
        "kelurahan": len(directory.audience(kelurahan)),
        "city": len(directory.audience(city)),
        "kelurahan_ms": _least_ms(lambda: directory.audience(kelurahan)),
        "city_ms": _least_ms(lambda: directory.audience(city)),
        "address_us": _least_ms(lambda: [directory.address(each, "phone") for each in some]) * 1000 / len(some),
        "find_us": _least_ms(lambda: [directory.find("phone", each) for each in numbers]) * 1000 / len(some),
    }
    core.journal.close()
    return found


def _least_ms(work: Any) -> float:
    took: list[float] = []
    for _ in range(ROUNDS):
        before = time.process_time()
        work()
        took.append((time.process_time() - before) * 1000)
    return min(took)


def _mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 2**20


def _imported(people: int) -> Iterator[Row]:
    names = [name for name, _, _ in KELURAHAN.values()]
    lines = (f"Nama {n};{n % 20 + 1};{n % 9 + 1};{names[n % 34]};0813{n:08d}\n" for n in range(people))
    with Installation(officers=0) as field:
        field.start()
        path = field.root / "warga.csv"
        path.write_text("nama;rt;rw;kel;nomor\n" + "".join(lines))
        quiet = _answers(field, threading.Event(), rounds=100)
        done = threading.Event()
        busy: list[float] = []
        probe = threading.Thread(target=lambda: busy.extend(_answers(field, done)))
        probe.start()
        before = time.monotonic()
        options = ["--kind", "resident", "--consent", "bench", "--settings", str(field.toml)]
        argv = [sys.executable, "-m", "deploy.cli", "recipient", "import", str(path), *options]
        said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
        took_s = time.monotonic() - before
        done.set()
        probe.join()
        stored = field.rows("SELECT count(*) FROM recipients")[0][0]
    if stored != people:
        raise AuditFailed(f"{people} lines were imported, {stored} are in the journal: {said.stderr[-300:]}")
    section = f"import of {people}"
    yield Row(section=section, what="the whole file", figure=f"{took_s:.1f} s", note=f"load {load_average()}")
    yield Row(
        section=section,
        what="core's answer meanwhile, p99",
        figure=f"{_at(busy, 0.99):.1f} ms",
        note=f"p50 {_at(busy, 0.5):.1f} ms, longest {busy[-1]:.1f} ms; before it p99 {_at(quiet, 0.99):.1f} ms",
    )


def _answers(field: Installation, done: threading.Event, rounds: int = 10**9) -> list[float]:
    """How long core takes to answer, ms, rising; until ``done``."""
    took: list[float] = []
    while len(took) < rounds and not done.wait(PROBE_S):
        before = time.perf_counter()
        field.ask("status")
        took.append((time.perf_counter() - before) * 1000)
    return sorted(took)


def _at(rising: Sequence[float], share: float) -> float:
    return rising[int(len(rising) * share)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recipients", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, metavar="N")
    parser.add_argument("--import", dest="imported", type=int, default=10_000, metavar="N")
    parser.add_argument("--weigh", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.weigh is not None:
        print(json.dumps(weigh(args.weigh)))
        return 0
    print("\n".join([*machine(), "", table(list(rows(args.people, args.imported)))]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
