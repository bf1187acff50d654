"""How fast readings arrive in InfluxDB: from a standing queue, under a steady load, and beside Telegraf."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.fleet_plan import Load
from tests.bench.audit import AuditFailed
from tests.bench.field import BenchField, cpu_s
from tests.bench.inside import in_process
from tests.bench.run import publish, publish_command, spread
from tests.bench.table import Row, load_average
from tests.bench.telegraf import IN_FLIGHT, Telegraf, TelegrafMissing, find_telegraf
from tests.influxd import Influxd
from tests.installation import eventually

DATABASE, PEER_DATABASE = "bench", "peer"
STATIONS = 1000
QUEUE = 300_000
PEER_QUEUE, PEER_RATE = 100_000, 5000.0  # published while core takes them too
STEADY_RATE, STEADY_S = 1000.0, 20.0
PATIENCE_S = 300.0


def rows() -> Iterator[Row]:
    """Raises AuditFailed unless every reading of the journal is a point there."""
    try:
        with _server() as server:
            yield from _against(server)
    except pytest.fail.Exception as error:
        yield Row(section="InfluxDB", what="not measured", figure="-", note=str(error))


@contextlib.contextmanager
def _server() -> Iterator[Influxd]:
    with tempfile.TemporaryDirectory(prefix="kti-") as folder:
        made = Influxd.prepare(Path(folder) / "influx")
        try:
            made.start()
            made.database(DATABASE)
            yield made
        finally:
            made.kill()


def _against(server: Influxd) -> Iterator[Row]:
    more = f'[history]\nkind = "influxdb"\nurl = "{server.url}"\nbucket = "{DATABASE}/autogen"\n'
    with BenchField(STATIONS, more=more) as field:
        peer = _peer(field, server)
        print(f"-- InfluxDB: a queue of {QUEUE}", file=sys.stderr, flush=True)
        in_process(field.installation.root, rounds=QUEUE // STATIONS)
        field.start()
        yield _drain(server, field)
        print("-- InfluxDB: a steady load", file=sys.stderr, flush=True)
        yield _lag(server, field)
        _audit(server, field)
        yield _beside(server, field, peer)


def _peer(field: BenchField, server: Influxd) -> Telegraf | TelegrafMissing:
    try:
        program = find_telegraf()
    except TelegrafMissing as error:
        return error
    server.database(PEER_DATABASE)
    return Telegraf(program, field, server, PEER_DATABASE)


def _drain(server: Influxd, field: BenchField) -> Row:
    pid = field.start_command("history")
    eventually(lambda: _count(server), "the first points", PATIENCE_S)
    first, began, used = _count(server), time.perf_counter(), cpu_s(pid)
    eventually(lambda: _count(server, pause_s=0.2) >= QUEUE, "all points", PATIENCE_S)
    seconds, used = time.perf_counter() - began, cpu_s(pid) - used
    drained = QUEUE - first
    return Row(
        section="InfluxDB",
        what="readings drained by history",
        figure=f"{drained / seconds:.0f}/s, {used * 1e6 / drained:.0f} us",
        goal="G22: 10000 / 30000",
        note=f"CPU a reading beside; {QUEUE} readings waiting in the journal; load {load_average()}",
    )


def _beside(server: Influxd, field: BenchField, peer: Telegraf | TelegrafMissing) -> Row:
    """Telegraf drains what the broker has kept for it: messages of as many nodes."""
    what = "messages drained by Telegraf"
    if isinstance(peer, TelegrafMissing):
        return Row(section="InfluxDB", what=what, figure="-", note=str(peer))
    print(f"-- InfluxDB: Telegraf drains a queue of {PEER_QUEUE}", file=sys.stderr, flush=True)
    peer.subscribe()
    publish(field, Load(rate=PEER_RATE, seconds=PEER_QUEUE / PEER_RATE))
    _audit(server, field)  # history has its copies too, and is at rest
    rate, microseconds = peer.drain(lambda: _count(server, PEER_DATABASE, "seq", pause_s=0.05), PEER_QUEUE)
    how = f"{PEER_QUEUE} waiting in the broker, {IN_FLIGHT} in flight; kept in memory only"
    note = f"CPU a message beside; {how}; load {load_average()}"
    return Row(section="InfluxDB", what=what, figure=f"{rate:.0f}/s, {microseconds:.0f} us", note=note)


def _lag(server: Influxd, field: BenchField) -> Row:
    """How old the newest point is, asked while observations come in."""
    load = Load(rate=STEADY_RATE, seconds=STEADY_S)
    ages: list[float] = []
    with subprocess.Popen(publish_command(field, load), stdout=subprocess.DEVNULL) as generator:
        eventually(lambda: _count(server) > QUEUE, "points of the steady load", PATIENCE_S)
        while generator.poll() is None and len(ages) < STEADY_S * 2:
            ages.append(time.time_ns() / 1e6 - _newest(server))
            time.sleep(0.4)
    lag = spread(ages[: int(STEADY_S / 0.4) - 5])
    return Row(section="InfluxDB", what=f"lag at {STEADY_RATE:.0f}/s", figure=f"{lag} ms", plot=lag)


def _audit(server: Influxd, field: BenchField) -> None:
    stored = field.installation.rows("SELECT count(*) FROM readings")[0][0]
    try:
        eventually(lambda: _count(server, pause_s=0.2) == stored, "the last points", 30)
    except AssertionError:
        raise AuditFailed(f"{stored} readings in the journal, {_count(server)} points in InfluxDB") from None


def _count(server: Influxd, database: str = DATABASE, field: str = "flag", *, pause_s: float = 0.0) -> int:
    time.sleep(pause_s)
    return int(_value(server, f'SELECT count("{field}")', database))


def _newest(server: Influxd) -> float:
    return _value(server, 'SELECT max("received_at")')


def _value(server: Influxd, select: str, database: str = DATABASE) -> float:
    answer = json.loads(server.query(f'{select} FROM "{database}"."autogen"."reading"'))
    series = answer["results"][0].get("series")
    return float(series[0]["values"][0][1]) if series else 0.0
