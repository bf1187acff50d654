"""One load against one field: publish, wait, audit, and only then figures."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.commands.simulate import GENERATOR_WAS_THE_LIMIT
from firmware_sim import fleet_record
from firmware_sim.fleet_plan import Load, story
from firmware_sim.fleet_record import Record, percentile
from tests.bench.audit import STATION_IN_TEXT, AuditFailed, audit
from tests.bench.field import BenchField
from tests.bench.tampering import tamper_with


class GeneratorFailed(Exception):
    """The load could not be made; the text is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Of latencies in milliseconds."""

    count: int
    p50: float
    p99: float
    max: float

    def __str__(self) -> str:
        return f"{self.p50:.2f} / {self.p99:.2f} / {self.max:.1f}"


def spread(values: list[float]) -> Spread:
    values = sorted(values)
    return Spread(
        count=len(values), p50=percentile(values, 0.5), p99=percentile(values, 0.99), max=percentile(values, 1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run whose audit passed. Latencies are from when an observation was due."""

    record: Record
    late: Spread
    broker: Spread
    stored: Spread
    posted: Spread
    core_us: float  # of CPU an observation
    broker_us: float
    core_mib: float
    redelivered: int  # copies beyond those that the generator sent: core's connection was lost and came back
    core_waited: float  # share of the run in which core wanted a CPU and had none


def remarks(done: Run) -> str:
    """What a reader must know before believing a figure."""
    found = []
    if limits := done.record.limits():
        found.append(f"THE GENERATOR WAS THE LIMIT: {'; '.join(limits)}")
    if done.redelivered:
        found.append(f"CORE LOST ITS BROKER IN BETWEEN: {done.redelivered} redelivered")
    if done.record.lost_connections:
        found.append(f"the broker dropped {done.record.lost_connections} connections of the generator")
    return "; ".join(found)


def run(field: BenchField, load: Load, *, tamper: str | None = None) -> Run:
    """Publish ``load`` and audit it; raises AuditFailed and GeneratorFailed. ``tamper``: see there."""
    core, broker, waited_s = field.core_cpu_s(), field.broker_cpu_s(), field.core_waited_s()
    record = publish(field, load)
    core, broker, waited_s = field.core_cpu_s() - core, field.broker_cpu_s() - broker, field.core_waited_s() - waited_s
    mib = field.core_memory_mib()
    if tamper is not None:
        print(f"-- tampered: {tamper_with(field, tamper)}", file=sys.stderr, flush=True)
    try:
        audit(field, record)
    except AuditFailed as error:
        raise AuditFailed("\n".join([str(error), "logs of broker and core:", *field.complaints()])) from None
    total = max(1, record.scheduled + record.backlog)
    return Run(
        record=record,
        late=spread(record.latencies_ms("sent")),
        broker=spread(record.latencies_ms("broker")),
        stored=spread(record.latencies_ms("acked")),
        posted=spread(_posted_ms(field, record)),
        core_us=core * 1e6 / total,
        broker_us=broker * 1e6 / total,
        core_mib=mib,
        redelivered=max(0, _copies(field) - record.duplicates - record.resent),
        core_waited=waited_s / record.wall_s,
    )


def publish(field: BenchField, load: Load) -> Record:
    """Let the generator run, in a process of its own; raises GeneratorFailed."""
    done = subprocess.run(publish_command(field, load), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, GENERATOR_WAS_THE_LIMIT):
        raise GeneratorFailed(f"the generator ended with {done.returncode}: {done.stdout}")
    return fleet_record.load(_record_file(field))


def publish_command(field: BenchField, load: Load) -> list[str]:
    """What starts the generator."""
    options = [
        *("--rate", load.rate, "--seconds", load.seconds, "--shape", load.shape, "--breaches", load.breaches),
        *("--duplicates", load.duplicates, "--garbage", load.garbage, "--wrong-clocks", load.wrong_clocks),
        *("--reconnects", load.reconnects, "--backlog-minutes", load.backlog_minutes),
    ]
    argv = [sys.executable, "-m", "deploy.cli", "simulate", "fleet", "--fleet", field.fleet_file]
    return [*map(str, argv), "--record", str(_record_file(field)), *map(str, options)]


def _copies(field: BenchField) -> int:
    return int(field.installation.status()["counters"].get("duplicates", 0))


def _record_file(field: BenchField) -> Path:
    return field.fleet_file.with_name("record")


def _posted_ms(field: BenchField, record: Record) -> list[float]:
    """From when the observation that completes a breach was due to the provider's receipt of its message."""
    due = {node: record.start_ns + record.load.due_ns(n) for node, n in story(record.load, field.stations).items()}
    found = []
    for post in field.provider.posts():
        named = STATION_IN_TEXT.search(post.body)
        assert named is not None
        found.append((post.time_ns - due[int(named[1])]) / 1e6)
    return found
