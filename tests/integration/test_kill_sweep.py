"""The quick part of the kill sweep; ``python -m tests.faults.kill_sweep`` has the whole."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import disk_faults, oracle, random_kills, write_kills
from tests.faults.disk_faults import DiskFault
from tests.faults.episode import EpisodeField
from tests.faults.write_kills import Point
from tests.influxd import Influxd

pytestmark = pytest.mark.timeout(600)
SEED = 4
INFLUX_SEED = 0
SPREAD = (
    Point(thread="main", call="pwrite64", n=40),
    Point(thread="main", call="fdatasync", n=3),
    Point(thread="sender", call="connect", n=1),
    Point(thread="sender", call="recvfrom", n=2),
    Point(thread="main", call="pwrite64", n=2, at_start=True),
)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EpisodeField]:
    with EpisodeField(tmp_path_factory.mktemp("episodes")) as made:
        made.play()
        yield made


def quiet(_: str) -> None:
    """Progress is for people."""


@pytest.mark.parametrize("point", SPREAD, ids=str)
def test_core_killed_at_a_write_tells_everybody_once(field: EpisodeField, point: Point) -> None:
    """It dies there, and yet: nothing acknowledged is lost, nothing is stored or told twice."""
    done = write_kills.Sweep()
    assert write_kills.take(field, point, done), f"core was not killed at {point}"
    assert [] == done.faults


def test_a_failing_disk_holds_back_acknowledgements_and_not_warnings(field: EpisodeField) -> None:
    """EIO on every sync from a random one on: warned from memory; stored once when the disk is well again."""
    done = disk_faults.Sweep()
    disk_faults.take(field, DiskFault(call="fdatasync", error="EIO", n=random.Random(SEED).randint(1, 3)), done)
    assert [] == done.faults
    assert 0 == done.missed
    assert 0 == done.repeated


def test_ten_kills_at_random_lose_nothing_and_repeat_nothing() -> None:
    """Broker, core, history and firmware nodes; history equals the journal in the end."""
    done = random_kills.sweep(10, SEED, quiet)
    assert [] == done.faults, f"seed {SEED}"
    assert 10 == done.killed.total()
    assert {"broker", "core", "history"} < done.killed.keys()
    assert done.acked > 50
    assert done.messages > 0


def test_kills_of_the_history_database_too_lose_nothing() -> None:
    """History is an InfluxDB that is killed beside all others: in the end it holds what the journal holds."""
    done = random_kills.sweep(12, INFLUX_SEED, quiet, has_influx=True)
    assert [] == done.faults, f"seed {INFLUX_SEED}"
    assert {"influxd", "history", "core"} < done.killed.keys()
    assert done.stored > 50


def test_rounds_run_side_by_side_and_are_judged_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round is an installation of its own with a seed of its own."""
    monkeypatch.setattr(random_kills, "ROUND", 2)
    found = list(random_kills.sweep_in_rounds(4, SEED, parallel=2, has_influx=False))
    assert [] == [fault for done in found for fault in done.faults]
    assert [SEED, SEED + 1] == sorted(done.seed for done in found)
    assert [2, 2] == [done.killed.total() for done in found]


def test_the_oracle_notices_what_is_lost_and_what_is_told_twice(field: EpisodeField) -> None:
    """A proof that cannot fail proves nothing: one observation more is claimed, one message is said twice."""
    claimed = {*field.node.numbers(), ("node-a", 7, 10**6)}
    assert ["acknowledged and lost: ('node-a', 7, 1000000)"] == oracle.reading_faults(field.installation, claimed)
    sent = field.sent()
    key = min(sent)
    assert [f"told again: {key} (2 times)"] == oracle.message_faults(field.installation, sent + Counter([key]))
    untold = Counter({name: count for name, count in sent.items() if name != key})
    (fault,) = oracle.message_faults(field.installation, untold)
    assert fault.startswith(f"not told: {key}")


def test_the_oracle_notices_what_history_lacks(field: EpisodeField, tmp_path: Path) -> None:
    """An InfluxDB without a point has lost all of them, and one of its own is named too."""
    server = Influxd.prepare(tmp_path / "influx")
    try:
        server.start()
        server.database(oracle.INFLUX_DATABASE)
        missing = oracle.history_faults(field.installation, server)
        assert missing[0].startswith("not in history: ('welang', 'level_m', ")
        line = 'reading,quantity=level_m,station=kraton flag=1,nulls=0,node="x",raw=1,revision=0,value=1 1764000000000'
        server.write(oracle.INFLUX_DATABASE, line)
        found = oracle.history_faults(field.installation, server)
        assert "only in history: ('kraton', 'level_m', 1764000000000)" in found
    finally:
        server.kill()
