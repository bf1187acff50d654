"""The server's clock is set wrong while everything runs, and set right again."""

import time
from typing import Final

from tests.faults.episode import CALM, EpisodeField
from tests.faults.stage import Stage
from tests.faults.stepped_clock import SteppedClock

HOUR_S: Final = 3600
STEPS_S: Final = (-HOUR_S, HOUR_S, -30 * 86_400, 120, -120)
BEAT_S: Final = 6.0  # of the node; samples without a believable time that come faster are taken for a queue
TOLD_S: Final = 240.0  # a clock ahead makes samples old: four of the same age over two minutes show whose clock it is
HIGH: Final = 5.6


def server_clock_stepped(stage: Stage) -> None:
    """Behind, ahead, by a month, by minutes: a rise is told meanwhile, nothing false is, and nothing is lost."""
    field, clock = stage.field(), SteppedClock(stage.folder())
    field.installation.kill("core")
    field.installation.start_core(wrapper=clock.wrapper)
    steps = STEPS_S if stage.share == 1 else STEPS_S[: stage.count(len(STEPS_S), least=1)]
    told = []
    try:
        for step in steps:
            clock.step(step)
            seconds = _seconds_until_told(stage, field)
            told.append(f"{step:+g} s: told after {seconds:.0f} s")
            stage.say(f"  {told[-1]}")
            field.settle()  # a message that waits while the clock is set ahead may be too old when it is right again
            clock.step(0)
            field.fall()
            field.settle()
    finally:
        clock.step(0)
        field.kill()
    silences = [name for name, *_ in field.installation.alerts() if ".data." in name]
    stage.did(f"clock of core stepped while water rose, a sample each {BEAT_S:g} s; {'; '.join(told)}; then set right")
    stage.found(f"a silence that never was: {name}" for name in silences)
    stage.found(
        fault for fault in field.faults() if not fault.startswith("episode unlike")
    )  # it rises in one step here
    stage.leave_field()


def _seconds_until_told(stage: Stage, field: EpisodeField) -> float:
    """From the first high sample, sent at the node's own pace, to the alert; a violation when there is none."""
    field.episodes += 1
    field.node.insist(field.sample(CALM))
    began, high = time.monotonic(), HIGH + 0.01 * field.episodes
    while not any(name == field.alert for name, *_ in field.installation.alerts()):
        time.sleep(BEAT_S)
        field.node.insist(field.sample(high))
        if time.monotonic() - began > TOLD_S:
            stage.found([f"water over AWAS was not told in {TOLD_S:g} s"])
            field.episodes -= 1
            break
    return time.monotonic() - began
