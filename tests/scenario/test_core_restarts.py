"""Core in process, on an injected clock: a crash after any turn changes nothing that is told or stored."""

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from alerting.audit import Entry as AuditEntry
from alerting.audit import first_broken
from alerting.channels.port import Accepted, Message, Outcome
from alerting.contacts import ContactKind
from alerting.events import Maintained
from alerting.outbox import Attempt
from broker.clock import Clock
from deploy.arrival import Arrival
from deploy.assembly import core_of
from deploy.core import Core
from deploy.journal import Journal
from deploy.settings import load
from deploy.state_folder import StateFolder
from ingest.received import ranges
from tests.installation import STATION, register

T0 = 1_795_000_000_000
MINUTE = 60_000
SETTINGS = '[site]\nname = "Uji"\n[channels]\ndemo = true\n'
OFFICER = '[[officers]]\nname = "Petugas"\nphone = "+6281200000001"\n'


class SetClock(Clock):
    """Says what it is told."""

    time = T0

    def now(self) -> int:
        return SetClock.time


class Wire:
    """The broker's and the provider's side: what was published and what was sent, kept over crashes."""

    is_connected = True

    def __init__(self) -> None:
        self.acked: list[tuple[int, int]] = []
        self.sent: list[str] = []
        self.waiting: list[Attempt] = []

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        """PUBACKs are of no interest here."""

    def publish(self, topic: str, payload: bytes) -> None:
        assert topic == "ews/v1/node-a/ack"
        for boot, first, last in json.loads(payload)["acked"]:
            self.acked += [(boot, seq) for seq in range(first, last + 1)]

    def carry(self, attempt: Attempt) -> None:
        self.waiting.append(attempt)

    def deliver(self, core: Core) -> None:
        for attempt in self.waiting:
            if attempt.is_lookup:
                was_sent = attempt.entry.key in self.sent
                core.sending.outcome(attempt.entry.key, Accepted(reference="x") if was_sent else None)
            else:
                self.sent.append(attempt.entry.key)
                core.sending.outcome(attempt.entry.key, Accepted(reference="x"))
        self.waiting.clear()


class Room:
    """A channel of which core asks only how much it carries at once; the wire stands in for the rest."""

    name = "demo"
    max_parallel = 4
    takes: ContactKind = "phone"
    rate_per_s: float | None = None

    def send(self, message: Message) -> Outcome:
        raise AssertionError(message)

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        raise AssertionError(message, attempted_at)

    def probe(self) -> str | None:
        """It always works."""
        return None

    def close(self) -> None:
        """Nothing is open."""


class World:
    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text(SETTINGS + OFFICER)
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder)
        self.state.prepare()
        register(self.settings, self.state, folder / "stations.toml", STATION.format(silence=10))
        self.wire = Wire()
        self.core = self.open()
        self.core.group.nodes.append(("node-a", "welang", T0, "test", None, "", "", "", 1, ""))
        self.core.turn()
        self.crash()

    def open(self) -> Core:
        core = core_of(self.settings, self.state, SetClock(), channels={"demo": Room()})
        core.link = core.sender = self.wire
        return core

    def crash(self) -> None:
        """What is in memory is gone; only the journal stays."""
        self.core.journal.close()
        self.wire.waiting.clear()
        self.core = self.open()

    def take(self, seq: int, minute: float, level: float) -> None:
        SetClock.time = T0 + int(minute * MINUTE)
        body = {
            "v": 1,
            "boot": 7,
            "seq": seq,
            "t": SetClock.time - 300,
            "s": {"distance_mm": round((6.5 - level) * 1e3)},
        }
        arrival = Arrival(b"ews/v1/node-a/obs", json.dumps(body).encode(), 1, 1, retain=False, generation=1)
        self.core.snapshots.tick()
        self.core.turn([arrival])
        self.wire.deliver(self.core)
        self.core.turn()

    def told(self) -> list[tuple[object, ...]]:
        rows = self.core.journal.connection.execute("SELECT alert, version, kind, level, why FROM alerts ORDER BY id")
        return list(rows)

    def stored(self) -> list[tuple[object, ...]]:
        return list(
            self.core.journal.connection.execute("SELECT boot, seq, series, value, flag FROM readings ORDER BY id")
        )


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    worlds: list[World] = []

    def make(name: str) -> World:
        (tmp_path / name).mkdir()
        worlds.append(World(tmp_path / name))
        return worlds[-1]

    yield make
    for world in worlds:
        world.core.journal.close()


def flood(seed: int) -> list[float]:
    chance = random.Random(seed)
    up = [3.0 + 0.09 * n for n in range(35)]
    down = [up[-1] - 0.12 * n for n in range(30)]
    return [round(max(2.3, min(6.3, level + chance.uniform(-0.02, 0.02))), 3) for level in (*up, *down)]


@pytest.mark.parametrize("seed", range(6))
def test_crashes_at_any_turn_change_nothing(new_world: Callable[[str], World], seed: int) -> None:
    """The same flood, once in peace and once with a crash after a third of the turns: the same story, told once."""
    chance = random.Random(seed)
    levels = flood(seed)
    calm, torn = new_world("calm"), new_world("torn")
    for world, crashes in ((calm, False), (torn, True)):
        for seq, level in enumerate(levels):
            world.take(seq, seq, level)
            if crashes and chance.random() < 0.35:
                world.crash()
            if crashes and chance.random() < 0.2:
                world.take(seq, seq, level)  # the acknowledgement was lost: it comes again
    assert calm.told() == torn.told()
    assert len(calm.told()) > 4
    assert calm.stored() == torn.stored()
    assert sorted(calm.wire.sent) == sorted(torn.wire.sent)
    assert len(torn.wire.sent) == len(set(torn.wire.sent))
    assert {(7, seq) for seq in range(len(levels))} == set(torn.wire.acked)
    audit = torn.core.journal.connection.execute("SELECT * FROM audit ORDER BY id")
    assert first_broken(AuditEntry(*row) for row in audit) is None


def test_a_crash_while_a_message_is_out_sends_it_once(new_world: Callable[[str], World]) -> None:
    """Committed as sending, taken by the provider, then the crash: looked up, not repeated."""
    world = new_world("one")
    world.take(0, 0, 5.6)
    SetClock.time = T0 + MINUTE
    body = {"v": 1, "boot": 7, "seq": 1, "t": SetClock.time - 300, "s": {"distance_mm": 900}}
    world.core.turn([Arrival(b"ews/v1/node-a/obs", json.dumps(body).encode(), 1, 1, retain=False, generation=1)])
    assert 1 == len(world.wire.waiting)
    world.wire.sent.append(world.wire.waiting[0].entry.key)
    world.crash()
    for second in range(1, 8):
        SetClock.time = T0 + MINUTE + second * 1000
        world.core.turn()
        world.wire.deliver(world.core)
    world.core.turn()
    assert 1 == len(world.wire.sent)
    states = world.core.journal.connection.execute("SELECT state FROM outbox").fetchall()
    assert [("accepted",)] == states


def test_ids_that_went_to_no_row_are_not_used_again(new_world: Callable[[str], World]) -> None:
    """States are filed under ids that no row has; readings after a crash must come after them, or be forgotten."""
    world = new_world("one")
    for seq in range(3):
        world.take(seq, seq, 3.0)
        for _ in range(20):
            SetClock.time += 250
            world.core.snapshots.tick()
            world.core.turn()  # each takes an id
    world.crash()
    world.crash()
    for _ in range(2):  # its acknowledgement was lost with core
        SetClock.time = T0 + 4 * MINUTE
        body = {"v": 1, "boot": 7, "seq": 3, "t": SetClock.time, "s": {"distance_mm": 3400}}
        world.core.turn([Arrival(b"ews/v1/node-a/obs", json.dumps(body).encode(), 1, 1, retain=False, generation=1)])
        world.crash()
    assert [0, 1, 2, 3] == [row[1] for row in world.stored()]
    assert 3.1 == world.core.memory.states["welang"].last_value


def test_a_time_beyond_all_numbers_harms_nobody_else(new_world: Callable[[str], World]) -> None:
    """More than SQLite's integers hold: a dead letter, and the turn's other readings are stored."""
    world = new_world("one")
    bodies = [{"v": 1, "boot": 7, "seq": n, "t": t, "s": {"distance_mm": 3500}} for n, t in ((0, T0), (1, 2**63))]
    bodies.append({**bodies[0], "seq": 2})
    SetClock.time = T0
    raw = [json.dumps(body).encode() for body in bodies]
    world.core.turn([Arrival(b"ews/v1/node-a/obs", body, 1, 1, retain=False, generation=1) for body in raw])
    assert [0, 2] == [row[1] for row in world.stored()]
    assert [(7, 0), (7, 2)] == world.wire.acked
    letters = world.core.journal.connection.execute("SELECT reason, payload FROM dead_letters").fetchall()
    assert [raw[1]] == [payload for _, payload in letters]
    assert "at `$.t`" in letters[0][0]


def test_silence_is_told_within_a_second_and_once(new_world: Callable[[str], World]) -> None:
    """By the clock, not by a reading; over a restart it is counted from when core could listen."""
    world = new_world("one")
    world.core.deadlines.listening_since = T0
    world.take(0, 0, 3.0)
    deadline = T0 + 10 * MINUTE
    for at in range(deadline - 2000, deadline + 3000, 250):
        SetClock.time = at
        world.core.turn()
    decided = world.core.journal.connection.execute("SELECT decided_at, alert FROM alerts").fetchall()
    assert ["welang.data.1"] == [alert for _, alert in decided]
    assert 0 < decided[0][0] - deadline <= 1000


def test_a_deadline_while_the_broker_is_away_waits_for_it(new_world: Callable[[str], World]) -> None:
    """Maintenance that ends then is over once the broker is back; meanwhile the turns go on."""
    world = new_world("one")
    world.take(0, 0, 3.0)
    work = Maintained(at=T0, by="Budi", reason="ganti sensor", until=T0 + 5 * MINUTE)
    world.core.judgement.scopes.step("welang", work, T0)
    world.wire.is_connected = False
    for minute in (6, 7):
        SetClock.time = T0 + minute * MINUTE
        world.core.turn()
    assert None is not world.core.memory.states["welang"].maintenance
    world.wire.is_connected = True
    SetClock.time += 1000
    world.core.turn()
    assert None is world.core.memory.states["welang"].maintenance


def test_a_tampered_audit_row_is_named(new_world: Callable[[str], World]) -> None:
    """Changing one word of one row breaks the chain at that row."""
    world = new_world("one")
    for seq in range(3):
        world.take(seq, seq, 5.6)
    rows = [AuditEntry(*row) for row in world.core.journal.connection.execute("SELECT * FROM audit ORDER BY id")]
    assert len(rows) > 1
    assert first_broken(rows) is None
    for index in range(len(rows)):
        forged = [*rows]
        forged[index] = _forged(rows[index])
        found = first_broken(forged)
        assert found is not None
        assert rows[index].id == found.id


def _forged(row: AuditEntry) -> AuditEntry:
    return AuditEntry(row.id, row.at, "nobody", row.action, row.subject, row.detail, row.hash)


def test_ranges_are_closed_and_sorted() -> None:
    """Acknowledged numbers, in any order and repeated, as few ranges as possible."""
    numbers = [(7, 3), (7, 1), (7, 2), (9, 5), (7, 2), (7, 9)]
    for order in itertools.islice(itertools.permutations(numbers), 50):
        assert [(7, 1, 3), (7, 9, 9), (9, 5, 5)] == ranges(order)


def test_the_migrations_make_what_the_code_expects(tmp_path: Path) -> None:
    """Alembic's schema and the tables' metadata agree, column by column."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from deploy.journal import METADATA

    journal = Journal(tmp_path / "journal.db")
    with journal._engine.connect() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), list(METADATA))  # type: ignore[arg-type]
    journal.close()
