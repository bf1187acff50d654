"""How fast readings arrive in InfluxDB: from a standing queue, and under a steady load."""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.fleet_plan import Load
from tests.bench.audit import AuditFailed
from tests.bench.field import BenchField
from tests.bench.inside import in_process
from tests.bench.run import publish_command, spread
from tests.bench.table import Row, load_average
from tests.influxd import Influxd
from tests.installation import eventually

DATABASE = "bench"
STATIONS = 1000
QUEUE = 300_000
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
        print(f"-- InfluxDB: a queue of {QUEUE}", file=sys.stderr, flush=True)
        in_process(field.installation.root, rounds=QUEUE // STATIONS)
        field.start()
        yield _drain(server, field)
        print("-- InfluxDB: a steady load", file=sys.stderr, flush=True)
        yield _lag(server, field)
        _audit(server, field)
    yield Row(section="InfluxDB", what="Telegraf beside", figure="-", note=_telegraf())


def _drain(server: Influxd, field: BenchField) -> Row:
    field.start_command("history")
    eventually(lambda: _count(server), "the first points", PATIENCE_S)
    first, began = _count(server), time.perf_counter()
    eventually(lambda: _count(server, pause_s=0.2) >= QUEUE, "all points", PATIENCE_S)
    rate = (QUEUE - first) / (time.perf_counter() - began)
    note = f"{QUEUE} readings waiting in the journal; load {load_average()}"
    return Row(
        section="InfluxDB", what="readings drained", figure=f"{rate:.0f}/s", goal="G22: 10000 / 30000", note=note
    )


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


def _count(server: Influxd, *, pause_s: float = 0.0) -> int:
    time.sleep(pause_s)
    return int(_value(server, 'SELECT count("flag")'))


def _newest(server: Influxd) -> float:
    return _value(server, 'SELECT max("received_at")')


def _value(server: Influxd, select: str) -> float:
    answer = json.loads(server.query(f'{select} FROM "{DATABASE}"."autogen"."reading"'))
    series = answer["results"][0].get("series")
    return float(series[0]["values"][0][1]) if series else 0.0


def _telegraf() -> str:
    found = shutil.which("telegraf")
    return f"found at {found}, and not asked" if found else "not on this machine: no figure of ours beside it"
