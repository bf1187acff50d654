"""How long an upgrade stands in the way of warnings: ``python -m tests.bench.upgrading [--readings N]``.

A journal with so many readings, of the first schema and of the last, is kept aside as ``deploy/upgrade.sh`` does it,
then a real core brings it to the newest schema and says that it is ready. Seconds of wall clock; building the program
is done before, while the old version runs, and is not in them. Ends with 1 when one takes more than two minutes, or a
reading is missing.
"""

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import sqlalchemy
from alembic import command
from alembic.config import Config

import deploy.migrations
from broker import control
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy.journal import SCHEMA
from deploy.upgrade import kept_journal
from tests.installation import free_ports

ALLOWED_S: Final = 120.0
PATIENCE_S: Final = 400.0
BEGAN: Final = 1_780_000_000_000
READING: Final = (
    "INSERT INTO readings (id, node, boot, seq, series, revision, station, quantity, time, observed_at, received_at, "
    "raw, value, flag, epoch) VALUES (?, ?, 7, ?, 'distance_mm', 0, ?, 'level_m', ?, ?, ?, 2500.0, 4.0, 1, 1)"
)


def journal_of(path: Path, schema: str, readings: int) -> None:
    """A journal of ``schema`` with ``readings`` of a hundred stations, a minute apart each."""
    engine = sqlalchemy.create_engine(f"sqlite+pysqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(Path(deploy.migrations.__file__).parent))
    config.attributes["engine"] = engine
    command.upgrade(config, schema)
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = (
            (number, f"n{number % 100}", number // 100 + 1, f"s{number % 100}", *[BEGAN + number * 600] * 3)
            for number in range(1, readings + 1)
        )
        connection.executemany(READING, rows)


def measured(schema: str, readings: int) -> tuple[float, float, int]:
    """Seconds to keep the journal aside, seconds until core is ready on it, and how many readings are in it then."""
    with tempfile.TemporaryDirectory(prefix="kentongan-upgrade-") as folder:
        base = Path(folder)
        tls, loopback = free_ports(2)
        ports = f"tls_port = {tls}\nloopback_port = {loopback}"
        settings, state = base / "k.toml", base / "s"
        settings.write_text(f'[site]\nname = "Uji"\nstate_dir = "s"\n[broker]\n{ports}\n[channels]\ndemo = true\n')
        state.mkdir()
        prepare = [sys.executable, "-m", "deploy.cli", "broker", "prepare", "--settings", str(settings)]
        subprocess.run(prepare, check=True, capture_output=True)
        journal_of(state / "journal.db", schema, readings)
        began = time.monotonic()
        kept_journal.keep(state / "journal.db", state / "before-upgrade", now=time.time_ns() // 1_000_000)
        kept_s = time.monotonic() - began
        ready_s = _until_ready(settings, state)
        with closing(sqlite3.connect(f"file:{state / 'journal.db'}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM readings").fetchone()
        return kept_s, ready_s, int(count)


def _until_ready(settings: Path, state: Path) -> float:
    began = time.monotonic()
    core = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "core", "--settings", str(settings)], stderr=subprocess.DEVNULL
    )
    try:
        while time.monotonic() - began < PATIENCE_S and core.poll() is None:
            try:
                control.command(state / "core.sock", Request(name="status", actor="bench"), timeout_s=PATIENCE_S)
            except (CoreUnreachable, CommandFailed):
                time.sleep(0.1)
            else:
                return time.monotonic() - began
        raise SystemExit(f"core was not ready in {PATIENCE_S:g} s, or ended")
    finally:
        core.terminate()
        core.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.upgrading", description=__doc__)
    parser.add_argument("--readings", type=int, default=1_000_000)
    parser.add_argument("--schema", nargs="+", default=["1", str(int(SCHEMA) - 1)], help="the first and the last one")
    args = parser.parse_args()
    is_good = True
    for schema in args.schema:
        kept_s, ready_s, count = measured(schema, args.readings)
        is_good &= kept_s + ready_s <= ALLOWED_S and count == args.readings
        print(
            f"schema {schema} -> {SCHEMA}, {args.readings} readings: kept aside in {kept_s:.1f} s, core ready after "
            f"{ready_s:.1f} s, together {kept_s + ready_s:.1f} s (allowed {ALLOWED_S:g}); {count} readings there",
            flush=True,
        )
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
