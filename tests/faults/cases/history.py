"""History's database away for an hour and killed in mid-write: no warning waits, nothing is missing after."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

from tests.faults.random_kills import SPEED, RandomField, Sweep
from tests.faults.stage import Stage

AWAY_S: Final = 3600.0  # on the field's clock
KILLS: Final = 10


def history_away(stage: Stage) -> None:
    """InfluxDB is killed, stays away, comes back, and is killed again and again while it is caught up with."""
    done, stop = Sweep(seed=stage.seed), threading.Event()
    away_s, kills = stage.seconds(AWAY_S / SPEED, least=4), stage.count(KILLS, least=2)
    with ExitStack() as stack:
        field = RandomField(done, stack, has_influx=True)
        story = stack.enter_context(ThreadPoolExecutor(1)).submit(field.play, stop)
        stack.callback(stop.set)
        assert field.influxd is not None
        time.sleep(2)
        field.influxd.kill()
        before = done.episodes
        time.sleep(away_s)
        told = done.episodes - before
        field.influxd.start()
        for _ in range(kills):
            time.sleep(stage.chance.uniform(0.2, 1.0))
            field.kill("influxd")
        stop.set()
        story.result()
        field.recover()
        field.judge()
    stage.did(
        f"InfluxDB away for {away_s * SPEED / 60:.0f} min of the field's clock, {told} alerts told meanwhile; "
        f"then killed {kills} times; {done.stored} rows, the same in the journal and in InfluxDB"
    )
    stage.expect(told > 0, "no alert while history was away: nothing proved")
    stage.found(done.faults)
