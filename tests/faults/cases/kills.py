"""Processes killed: broker, core at each of its writes and around a POST, and everything at random moments."""

from typing import Final

from tests.faults import random_kills, write_kills
from tests.faults.episode import EpisodeField
from tests.faults.injection import Thread
from tests.faults.stage import Stage
from tests.faults.write_kills import Point

BROKER_KILLS: Final = 40
RANDOM_KILLS: Final = 200
AROUND_A_POST: Final = 20
BEFORE: Final[tuple[tuple[Thread, str], ...]] = (("sender", "connect"), ("sender", "sendto"))
AFTER: Final[tuple[tuple[Thread, str], ...]] = (("sender", "recvfrom"),)


def broker_killed(stage: Stage) -> None:
    """While samples are on their way and while they are acknowledged."""
    field, kills = stage.field(), stage.count(BROKER_KILLS, least=2)
    done = 0
    while done < kills:
        for observation in field.rise():
            if done < kills and stage.chance.random() < 0.5:
                field.node.publish(observation)
                field.installation.kill("broker")
                field.installation.start_broker()
                done += 1
            field.node.insist(observation, mend=field.mend)
        field.fall()
        field.settle()
    stage.did(
        f"broker killed {done} times; {len(field.node.acked)} observations acknowledged, {len(field.sent())} messages"
    )
    _judge(stage, field)


def core_killed_at_writes(stage: Stage) -> None:
    """Every write of one alert, thread by thread, and of the start after it."""
    every = max(1, round(1 / stage.share))
    done = write_kills.sweep(stage.folder(), stage.say, every=every)
    stage.did(f"every {every}. point: {done.lines()[0]}")
    stage.found(done.faults)
    stage.expect(done.killed.total() > 5, "core was hardly ever killed: nothing proved")


def killed_before_post(stage: Stage) -> None:
    _around(stage, BEFORE)


def killed_after_post(stage: Stage) -> None:
    _around(stage, AFTER)


def _around(stage: Stage, calls: tuple[tuple[Thread, str], ...]) -> None:
    field, done = stage.field(), write_kills.Sweep()
    times = stage.count(AROUND_A_POST, least=1)
    for thread, call in calls:
        for number in range(times):
            point = Point(thread=thread, call=call, n=1 if call == "connect" else 1 + number % 4)
            write_kills.take(field, point, done)
    stage.did(f"core killed {', '.join(f'{count} times at {point}' for point, count in done.killed.items())}")
    stage.found(done.faults)
    stage.expect(done.killed.total() >= len(calls), f"core was killed {done.killed.total()} times: nothing proved")


def everything_killed(stage: Stage) -> None:
    """Broker, core, history, its InfluxDB and real firmware, at random moments, on a clock 20 times as fast."""
    kills = stage.count(RANDOM_KILLS, least=5)
    for done in random_kills.sweep_in_rounds(kills, stage.seed, parallel=1, has_influx=True):
        stage.did("; ".join(done.lines()[:3]))
        stage.found(done.faults)


def _judge(stage: Stage, field: EpisodeField) -> None:
    stage.found(field.faults())
