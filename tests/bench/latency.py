"""From an observation's schedule to the provider's receipt of its message, and the stages on the way."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from firmware_sim.fleet_plan import Load
from tests.bench.field import BenchField
from tests.bench.run import Run, remarks, run
from tests.bench.table import Row, load_average

SLOW_DISK = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_exit=20000")
NOBODY = '[history]\nkind = "influxdb"\nurl = "http://127.0.0.1:9"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One load under one circumstance, on an installation of its own."""

    name: str
    load: Load
    stations: int
    goal: str = ""
    wrapper: Sequence[str] = ()
    history: bool = False
    more: str = ""
    tls: bool = False
    notes: list[str] = field(default_factory=list)


def cases(seconds: float = 30) -> list[Case]:
    """All circumstances of the latency section."""
    thousand = Load(rate=1000, seconds=seconds, shape="breaches", breaches=600)
    return [
        Case(name="100/s", stations=100, load=Load(rate=100, seconds=seconds, shape="breaches", breaches=100)),
        Case(
            name="100/s over TLS",
            stations=100,
            tls=True,
            load=Load(rate=100, seconds=seconds, shape="breaches", breaches=100),
        ),
        Case(name="1000/s", stations=1000, load=thousand, goal="G1: p50 3 / 0.5, p99 20 / 5"),
        Case(
            name="10000/s",
            stations=10_000,
            load=Load(rate=10_000, seconds=seconds, shape="breaches", breaches=600),
            goal="G4: p99 50",
        ),
        Case(name="1000/s, fdatasync +20 ms", stations=1000, load=thousand, wrapper=SLOW_DISK, goal="G2: p99 100 / 65"),
        Case(name="1000/s, history in SQLite", stations=1000, load=thousand, history=True),
        Case(name="1000/s, history down", stations=1000, load=thousand, history=True, more=NOBODY),
        Case(
            name="1000/s, 1 h backlog",
            stations=1000,
            load=_with(thousand, backlog_minutes=60),
            goal="G11: p99 200",
        ),
        Case(name="1000/s, 5000 garbage/s", stations=1000, load=_with(thousand, garbage=5000), goal="G18: p99 <= 2x"),
        Case(
            name="1000/s, faulty field",
            stations=1000,
            load=_with(thousand, duplicates=0.1, wrong_clocks=0.1, reconnects=2),
        ),
        Case(
            name="1000/s, 500 breaches in 1 s",
            stations=1000,
            load=Load(rate=1000, seconds=seconds, shape="storm", breaches=500),
        ),
    ]


def short() -> list[Case]:
    """What fits into a minute: for each commit."""
    return [
        Case(name="100/s", stations=50, load=Load(rate=100, seconds=6, shape="breaches", breaches=20)),
        Case(
            name="1000/s, faulty field",
            stations=250,
            load=Load(
                rate=1000,
                seconds=6,
                shape="breaches",
                breaches=100,
                duplicates=0.05,
                garbage=100,
                wrong_clocks=0.1,
                reconnects=1,
                backlog_minutes=60,
            ),
        ),
    ]


def _with(load: Load, **changes: object) -> Load:
    return msgspec.structs.replace(load, **changes)


def rows(chosen: Sequence[Case], *, tamper: str | None = None) -> Iterator[Row]:
    """Run each case; raises AuditFailed at the first that was wrong. ``tamper`` makes each of them so."""
    for case in chosen:
        print(f"-- latency: {case.name}", file=sys.stderr, flush=True)
        with BenchField(case.stations, tls=case.tls, more=case.more) as made:
            made.start(wrapper=case.wrapper, history=case.history)
            done = run(made, case.load, tamper=tamper)
            yield from _rows(case, made, done)


def _rows(case: Case, made: BenchField, done: Run) -> Iterator[Row]:
    note = f"{done.posted.count} messages; {made.connections}; load {load_average()}"
    if warned := remarks(done):
        note = f"{warned}; {note}"
    name = case.name
    yield Row(
        section=name, what="schedule -> POST", figure=f"{done.posted} ms", goal=case.goal, note=note, plot=done.posted
    )
    yield Row(section=name, what="schedule -> on disk (ACK)", figure=f"{done.stored} ms", plot=done.stored)
    yield Row(section=name, what="schedule -> broker (PUBACK)", figure=f"{done.broker} ms", plot=done.broker)
    late = done.late
    yield Row(
        section=name,
        what="schedule -> published",
        figure=f"{late} ms",
        note=f"the generator's own lateness; it used {done.record.cpu_share:.0%} of a CPU",
    )
    yield Row(
        section=name,
        what="CPU an observation",
        figure=f"core {done.core_us:.0f} us, broker {done.broker_us:.0f} us",
        note=f"core uses {done.core_mib:.0f} MiB; it waited for a CPU {done.core_waited:.0%} of the run",
    )
    if done.record.backlog:
        pace = case.load.backlog_minutes * 60 / done.record.backlog_seconds
        yield Row(
            section=name,
            what="backlog drained",
            figure=f"{pace:.0f}x real time",
            goal="G11: 10x",
            note=f"{done.record.backlog} stored observations in {done.record.backlog_seconds:.1f} s",
        )
