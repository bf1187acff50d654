"""What a reading costs core: by function without a broker, and as a flame graph of the real process under load."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from firmware_sim.fleet_plan import Load
from tests.bench import flame
from tests.bench.field import BenchField
from tests.bench.inside import in_process
from tests.bench.run import GeneratorFailed, remarks, run
from tests.bench.table import Row, load_average

STATIONS = 1000
FLAME_S = 10.0  # at most: what is sampled is steady
WORK = ("BrokerLink.", "Core.turn")  # what core does once it has started begins in one of these


def rows(*, flame_file: Path | None, rate: float, seconds: float) -> Iterator[Row]:
    """With ``flame_file``, the picture is written there; raises AuditFailed."""
    yield _functions()
    if flame_file is not None:
        yield _flame(flame_file, rate=rate, seconds=min(seconds, FLAME_S))


def _functions() -> Row:
    with BenchField(STATIONS) as field:
        found = in_process(field.installation.root, rounds=24, profile=True)
    print(found["profile"])
    figure = f"{found['us_per_reading']:.1f} us"
    return Row(section="profile", what="CPU a reading, profiled", figure=figure, note="the profile is printed above")


def _flame(file: Path, *, rate: float, seconds: float) -> Row:
    print(f"-- a flame graph at {rate:.0f}/s", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="ktp-") as folder, BenchField(STATIONS) as field:
        stacks_file = Path(folder) / "stacks"
        field.start(wrapper=(sys.executable, "-m", "tests.bench.sampled", str(stacks_file)))
        done = run(field, Load(rate=rate, seconds=seconds))
        field.installation.kill("core", signal.SIGTERM)
        stacks = flame.read(stacks_file, below=WORK)
    if not stacks:
        raise GeneratorFailed(f"core left no sample of its work: {field.complaints()}")
    file.write_text(flame.svg(stacks, f"Kentongan core at {rate:.0f} readings/s: CPU of its main thread"))
    print(
        "\n".join(
            [
                "the main thread's CPU by line, to the nearest call or jump, calls into C included:",
                *flame.hottest_lines(stacks),
                "",
            ]
        )
    )
    note = (
        f"all threads {done.core_us:.0f} us; {file} was written; {remarks(done) or 'none lost'}; load {load_average()}"
    )
    sampled_us = stacks.total() / max(1, done.record.scheduled)
    return Row(section="profile", what=f"main thread at {rate:.0f}/s", figure=f"{sampled_us:.0f} us", note=note)
