"""From ten stations to a province: what each weighs, what a reading costs among them, and how long a restart takes."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from firmware_sim.fleet_mqtt import FleetConnection, topic_field
from firmware_sim.fleet_plan import BREACH_MM, Fleet
from tests.bench import starting
from tests.bench.field import BenchField
from tests.bench.inside import in_process
from tests.bench.table import Row, load_average
from tests.bench.weighing import lines
from tests.installation import eventually

COUNTS = (10, 1000, 100_000)
SAMPLES = 24  # fills the window of the trend, which is most of what core remembers of a station
LEAST_READINGS = 24_000
PATIENCE_S = 300.0


def rows(counts: Sequence[int] = COUNTS, *, restarts: bool = True) -> Iterator[Row]:
    """``restarts``: the largest is started again too. Raises AssertionError when core does not come back."""
    smallest: dict[str, Any] = {}
    for count in sorted({COUNTS[0], *counts}):
        print(f"-- {count} stations", file=sys.stderr, flush=True)
        with BenchField(count) as field:
            rounds = max(SAMPLES, LEAST_READINGS // count)
            found = in_process(field.installation.root, rounds=rounds, weighs=True)
            smallest = smallest or found
            yield from _weight(count, found, smallest)
            if count > COUNTS[0]:
                print("\n".join([f"what {count} stations hold:", *lines(found["weights"], count), ""]))
            if restarts and count == max(counts) > COUNTS[0]:
                yield from _restart(field)


def _weight(count: int, found: dict[str, Any], smallest: dict[str, Any]) -> Iterator[Row]:
    section = f"{count} stations"
    each_kib = (found["mib"] - smallest["mib"]) * 1024 / max(1, count - COUNTS[0])
    if count > COUNTS[0]:
        yield Row(
            section=section,
            what="memory a station",
            figure=f"{each_kib:.1f} KiB",
            goal="G6: 8 KiB, 1 GiB in all",
            note=f"core has {found['mib']:.0f} MiB, of which {found['bare_mib']:.0f} with its settings read; "
            f"{smallest['mib']:.0f} MiB with {COUNTS[0]}",
        )
    yield Row(
        section=section,
        what="CPU a reading, no broker",
        figure=f"{found['us_per_reading']:.1f} us",
        goal="G6: <= 1.3x" if count > COUNTS[0] else "",
        note=f"{found['us_per_reading'] / smallest['us_per_reading']:.2f}x that of {COUNTS[0]} stations; "
        f"load {load_average()}",
    )


def _restart(field: BenchField) -> Iterator[Row]:
    """After a kill: the journal is as the process that filled it left it, with the tail of its last minute."""
    section = f"restart, {field.stations} stations"
    root = field.installation.root
    phases = starting.in_process(root)
    yield Row(
        section=section,
        what="where a start goes, CPU",
        figure=f"{sum(cpu for _, _, cpu in phases):.1f} s",
        note=", ".join(f"{name} {cpu:.2f} s" for name, _, cpu in phases),
    )
    print("\n".join([f"what a start with {field.stations} stations costs:", starting.profiled_in_process(root)]))
    field.installation.start_broker()
    began = time.time_ns()
    field.installation.start_core(wait=False)
    eventually(lambda: field.installation.status().get("broker_connected"), "core", PATIENCE_S)
    ready_s = (time.time_ns() - began) / 1e9
    readings = field.installation.rows("SELECT count(*) FROM readings")[0][0]
    yield Row(
        section=section,
        what="until ready",
        figure=f"{ready_s:.1f} s",
        goal="G10: 5 / 2 s",
        note=f"{readings} readings in the journal; load {load_average()}",
    )
    _breach_until_told(field)
    first_s = (field.provider.posts()[0].time_ns - began) / 1e9
    yield Row(section=section, what="until the first alert", figure=f"{first_s:.1f} s", note="from the start of core")


def _breach_until_told(field: BenchField) -> None:
    """One station over AWAS, a sample each tenth of a second."""
    fleet = msgspec.json.decode(field.fleet_file.read_bytes(), type=Fleet)
    client = fleet.clients[0]
    connection = FleetConnection(
        (fleet.host, fleet.port), user=client.user, password=client.password, acks="", tls=None
    )
    connection.open()
    try:
        for seq in range(int(PATIENCE_S * 10)):
            now = time.time_ns() // 1_000_000
            payload = b'{"v":1,"boot":8,"seq":%d,"t":%d,"s":{"distance_mm":%d.0}}' % (seq, now, BREACH_MM)
            connection.publish(topic_field(f"ews/v1/{fleet.nodes[0]}/obs"), payload, seq)
            connection.flush()
            time.sleep(0.1)
            if field.provider.posts():
                return
    finally:
        connection.close()
    raise AssertionError(f"no message within {PATIENCE_S:g} s of a breach")
