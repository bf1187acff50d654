"""What arrives wrongly: wrong clocks, twice, in another order, hours late from everybody at once, or garbage."""

import json
import time
from typing import Any, Final

from firmware_sim.fleet_plan import Load
from tests.bench.audit import AuditFailed, audit
from tests.bench.field import BenchField
from tests.bench.run import GeneratorFailed, publish
from tests.faults.stage import Stage
from tests.installation import eventually

HOUR_MS: Final = 3_600_000
LIKE_NAN: Final = (b"NaN", b"Infinity", b'"2026"', b"true", b"1e400", b"-1")
BACKLOG_NODES: Final = 500
BACKLOG_MINUTES: Final = 360
GARBAGE_A_S: Final = 5000
ROUNDS: Final = 20


def wrong_node_clocks(stage: Stage) -> None:
    """High water by clocks of 1970, 2000, and an hour ahead warns nobody; a time that is none is a dead letter."""
    field = stage.field()
    installation = field.installation
    posts, alerts = len(field.provider.posts()), installation.alerts()
    now = time.time_ns() // 1_000_000
    wrong = [field.node.observation(900.0, t=t) for t in (0, 1, 946_684_800_000, 946_684_801_000, now + HOUR_MS)]
    for observation in wrong:
        field.node.publish(observation)
    for observation in wrong:
        field.node.wait((observation["boot"], observation["seq"]))
    letters = len(installation.ask("deadletters"))
    for text in LIKE_NAN:
        field.node.publish(_with_time(field.node.observation(900.0), text))
    eventually(lambda: len(installation.ask("deadletters")) >= letters + len(LIKE_NAN) - 1, "dead letters")
    time.sleep(0.5)
    stage.expect(
        installation.alerts() == alerts, f"an alert from a wrong clock: {installation.alerts()[len(alerts) :]}"
    )
    stage.expect(len(field.provider.posts()) == posts, "a message from a wrong clock")
    field.play()  # and a right clock is heard at once
    stage.did(
        f"{len(wrong)} times of 1970, 2000 and an hour ahead stored and told to nobody; {len(LIKE_NAN)} that are none"
    )
    stage.found(field.faults())


def _with_time(observation: dict[str, Any], text: bytes) -> bytes:
    return json.dumps(observation | {"t": 424242}).encode().replace(b"424242", text)


def shuffled_and_repeated(stage: Stage) -> None:
    """Each rise in one message in any order, then every observation of it again: the story is the same."""
    field = stage.field()
    rounds = stage.count(ROUNDS, least=2)
    before = field.installation.status()["counters"].get("duplicates", 0)
    for _ in range(rounds):
        rise = field.rise()
        field.in_any_steps.add(field.episodes)
        batch = [*rise, *stage.chance.sample(rise, 2)]
        stage.chance.shuffle(batch)
        field.node.publish(batch)
        for observation in rise:
            field.node.wait((observation["boot"], observation["seq"]))
        for observation in stage.chance.sample(rise, len(rise)):
            field.node.publish(observation)
        field.fall()
        field.settle()
    repeated = field.installation.status()["counters"].get("duplicates", 0) - before
    stage.did(f"{rounds} rises shuffled and repeated; {repeated} duplicates counted and not stored")
    stage.expect(repeated >= rounds * 5, f"{repeated} duplicates counted of at least {rounds * 5}")
    stage.found(field.faults())


def backlog_of_everybody(stage: Stage) -> None:
    """Six hours that 500 nodes kept while they were cut off, at once; beside them stations breach, and are told."""
    nodes, minutes = stage.count(BACKLOG_NODES, least=25), stage.count(BACKLOG_MINUTES, least=30)
    load = Load(rate=50, seconds=max(6.0, 4 * nodes / 50), shape="breaches", breaches=5, backlog_minutes=minutes)
    _audited(stage, nodes, load, f"{minutes} min of backlog from {nodes} nodes at once")


def garbage(stage: Stage) -> None:
    """Bad JSON, bad UTF-8, wrong kinds and sizes, faster than anybody could read them."""
    rate = stage.count(GARBAGE_A_S, least=500)
    load = Load(rate=100, seconds=stage.seconds(30, least=3), shape="breaches", breaches=20, garbage=rate)
    _audited(stage, 50, load, f"{rate} garbage messages a second")


def reconnecting_field(stage: Stage) -> None:
    """Every connection dropped and opened again at once, with duplicates and nodes without a clock."""
    load = Load(
        rate=200,
        seconds=stage.seconds(60, least=5),
        shape="breaches",
        breaches=20,
        duplicates=0.1,
        wrong_clocks=0.1,
        reconnects=stage.count(10, least=1),
    )
    _audited(stage, 100, load, f"{load.reconnects} reconnects of everybody at once")


def _audited(stage: Stage, nodes: int, load: Load, what: str) -> None:
    """The audit of the benchmark is the oracle: every observation once, every breach told once, nothing else."""
    with BenchField(nodes) as field:
        field.start()
        before = field.core_memory_mib()
        try:
            record = publish(field, load)
            audit(field, record)
        except AuditFailed as error:
            stage.found(str(error).splitlines())
            return
        except GeneratorFailed as error:
            raise AssertionError(str(error)) from None
        grown = field.core_memory_mib() - before
    stage.did(
        f"{what} beside {load.total} live observations; {load.breaches} breaches told once each; "
        f"{record.garbage} dead letters, {record.duplicates} duplicates; core grew by {grown:.0f} MiB"
    )
    stage.expect(grown < 50, f"core grew by {grown:.0f} MiB, 50 at most (G18)")
