"""A steady rate for a long time: nothing lost, and as quick at the end as at the beginning."""

from collections.abc import Iterator

from firmware_sim.fleet_plan import Load
from tests.bench.field import BenchField
from tests.bench.run import Run, Spread, remarks, run, spread
from tests.bench.table import Row, load_average

MESSAGES_A_MINUTE = 60
MOST_STATIONS = 10_000


def rows(*, rate: float, minutes: float) -> Iterator[Row]:
    """One run; raises AuditFailed when one observation is missing."""
    stations = min(MOST_STATIONS, int(rate))
    breaches = min(stations // 2, int(minutes * MESSAGES_A_MINUTE))
    load = Load(rate=rate, seconds=minutes * 60, shape="breaches", breaches=breaches)
    with BenchField(stations) as field:
        field.start()
        began_mib = field.core_memory_mib()
        done = run(field, load)
        yield from _rows(done, field, began_mib)


def _rows(done: Run, field: BenchField, began_mib: float) -> Iterator[Row]:
    load = done.record.load
    section = f"{load.rate:.0f}/s for {load.seconds / 60:g} min"
    verdict = remarks(done) or "none lost"
    yield Row(
        section=section,
        what="schedule -> on disk (ACK)",
        figure=f"{done.stored} ms",
        goal="G4: p99 50",
        note=f"{verdict}; {done.record.scheduled} observations, {field.connections}; load {load_average()}",
        plot=done.stored,
    )
    last = _of_the_last_tenth(done)
    yield Row(section=section, what="the same, last tenth", figure=f"{last} ms", plot=last)
    yield Row(section=section, what="schedule -> POST", figure=f"{done.posted} ms", plot=done.posted)
    yield Row(
        section=section,
        what="CPU an observation",
        figure=f"core {done.core_us:.0f} us, broker {done.broker_us:.0f} us",
        goal="G5: core 80 / 40 us",
        note=f"core grew from {began_mib:.0f} to {done.core_mib:.0f} MiB; "
        f"it waited for a CPU {done.core_waited:.0%} of the run",
    )


def _of_the_last_tenth(done: Run) -> Spread:
    """A queue that grows shows at the end."""
    record = done.record
    acked = record.stamps("acked")
    first = len(acked) - len(acked) // 10
    found = [(acked[n] - record.start_ns - record.load.due_ns(n)) / 1e6 for n in range(first, len(acked)) if acked[n]]
    return spread(found)
