"""Everything at once: all stations breach in a second and everybody is to be told; a start over years of readings."""

import sqlite3
import time
from contextlib import closing
from typing import Final

from tests.bench.audit import AuditFailed
from tests.bench.burst import burst
from tests.faults.stage import Stage

STATIONS: Final = 1000
PEOPLE: Final = 10_000
STORED: Final = 2_000_000
SLICE: Final = 50_000
READY_S: Final = 120.0
HOUR_MS: Final = 3_600_000


def all_at_once(stage: Stage) -> None:
    """The audit of the burst is the oracle: the officer once of each station, everybody once of his kelurahan."""
    stations, people = stage.count(STATIONS, least=25), stage.count(PEOPLE, least=100)
    try:
        rows = burst(stations, people)
    except AuditFailed as error:
        stage.found([str(error)])
        return
    for row in rows:
        stage.did(f"{row.section}: {row.what}: {row.figure} ({row.note})")


def restart_over_millions(stage: Stage) -> None:
    """Readings above AWAS lie in the journal without having been told: a start tells nobody of what is long past."""
    field, count = stage.field(), stage.count(STORED, least=20_000)
    installation = field.installation
    posts, alerts = len(field.provider.posts()), installation.alerts()
    installation.kill("core")
    _store(stage, count)
    began = time.monotonic()
    installation.start_core()
    ready_s = time.monotonic() - began
    time.sleep(stage.seconds(20, least=1))
    stage.expect(installation.alerts() == alerts, "an alert from stored readings")
    stage.expect(len(field.provider.posts()) == posts, "a message from stored readings")
    stage.expect(ready_s < READY_S, f"core was ready after {ready_s:.0f} s")
    field.play()
    stage.did(f"core started over {count} stored readings in {ready_s:.1f} s and sent nothing; then a rise was told")
    stage.found(field.faults())


def _store(stage: Stage, count: int) -> None:
    """A year of readings of another node of the station, over AWAS, under ids that come next.

    They end an hour ago. What is younger than the horizon and was never decided upon is rightly told by a start.
    """
    journal = stage.field().installation.state.journal
    ended = time.time_ns() // 1_000_000 - HOUR_MS
    step = max(1, 365 * 86_400_000 // count)
    with closing(sqlite3.connect(journal)) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(readings)")]
        (last,) = connection.execute("SELECT * FROM readings ORDER BY id DESC LIMIT 1").fetchall()
        like = dict(zip(names, last, strict=True))
        first = _greatest_id(connection) + 1
        statement = f"INSERT INTO readings VALUES ({', '.join('?' * len(names))})"
        for start in range(0, count, SLICE):
            rows = []
            for n in range(start, min(count, start + SLICE)):
                at = ended - (count - n) * step
                changes = {"id": first + n, "node": "node-old", "boot": 1, "seq": n, "time": at, "received_at": at}
                rows.append(tuple((like | changes | {"value": 5.9, "revision": 0, "raw": 600.0}).values()))
            connection.executemany(statement, rows)
            connection.commit()


def _greatest_id(connection: sqlite3.Connection) -> int:
    """The journal's one count goes over all tables."""
    tables = ("readings", "dead_letters", "alerts", "outbox", "audit", "rules")
    counts = [connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0] for table in tables]
    return int(max(counts))
