"""The server's clock is set wrong while everything runs, and set right again."""

import time
from typing import Any, Final

from tests.faults.episode import CALM, EpisodeField
from tests.faults.stage import Stage
from tests.faults.stepped_clock import SteppedClock

HOUR_S: Final = 3600
# By how much core's clock is off, and seconds between two samples: by a clock behind, their pace is what tells that
# they are no queue.
STEPS: Final = ((-HOUR_S, 1.0), (HOUR_S, 6.0), (-30 * 86_400, 3.0), (120, 6.0), (-120, 1.0))
KEPT: Final = 120  # samples of a queue, a second apart, half an hour old
TURN_S: Final = 0.25  # core looks at its clock so often
TOLD_S: Final = 240.0  # a clock ahead makes samples old: four of the same age over two minutes show whose clock it is
HIGH: Final = 5.6
REFUSING: Final[dict[str, Any]] = {"kind": "error", "status": 500}


def server_clock_stepped(stage: Stage) -> None:
    """Behind, ahead, by a month, by minutes: a rise is told meanwhile, nothing false is, and nothing is lost.

    The provider refuses until the clock is right again: what waited over both steps is sent once all the same.
    """
    field, clock = stage.field(), SteppedClock(stage.folder())
    field.installation.kill("core")
    field.installation.start_core(wrapper=clock.wrapper)
    steps = STEPS if stage.share == 1 else STEPS[: stage.count(len(STEPS), least=1)]
    told = []
    try:
        _queue_behind(stage, field, clock)
        for step, beat_s in steps:
            clock.step(step)
            field.provider.fail(**REFUSING)
            seconds = _seconds_until_told(stage, field, beat_s)
            told.append(f"{step:+g} s, a sample each {beat_s:g} s: decided after {seconds:.0f} s")
            stage.say(f"  {told[-1]}")
            clock.step(0)
            time.sleep(2 * TURN_S)
            field.provider.behave(step_s=None)
            field.settle()
            field.fall()
            field.settle()
    finally:
        clock.step(0)
        field.kill()
    silences = [name for name, *_ in field.installation.alerts() if ".data." in name]
    stage.did(f"clock of core stepped while water rose, {'; '.join(told)}; set right while messages waited")
    stage.found(f"a silence that never was: {name}" for name in silences)
    stage.found(
        fault for fault in field.faults() if not fault.startswith("episode unlike")
    )  # it rises in one step here
    stage.leave_field()


def _queue_behind(stage: Stage, field: EpisodeField, clock: SteppedClock) -> None:
    """High water of half an hour ago comes by a clock an hour behind, between samples of now: nobody is told of it."""
    clock.step(-HOUR_S)
    for _ in range(4):
        time.sleep(1.0)
        field.node.insist(field.sample(CALM))
    before, began = field.installation.alerts(), time.time_ns() // 1_000_000 - HOUR_S * 500
    field.node.insist(*[field.node.observation((6.5 - HIGH) * 1000, t=began + n * 1000) for n in range(KEPT)])
    field.node.insist(field.sample(CALM))
    if field.installation.alerts() != before:
        stage.found([f"a queue was told of as if it were of now: {field.installation.alerts()[len(before) :]}"])
    stage.did(f"{KEPT} samples of half an hour ago at once, by a clock an hour behind: nobody was told")
    clock.step(0)
    field.fall()


def _seconds_until_told(stage: Stage, field: EpisodeField, beat_s: float) -> float:
    """From the first high sample, sent at the node's own pace, to the alert; a violation when there is none."""
    field.episodes += 1
    for _ in range(2):
        field.node.insist(field.sample(CALM))
        time.sleep(beat_s)
    began, high = time.monotonic(), HIGH + 0.01 * field.episodes
    while not any(name == field.alert for name, *_ in field.installation.alerts()):
        time.sleep(beat_s)
        field.node.insist(field.sample(high))
        if time.monotonic() - began > TOLD_S:
            stage.found([f"water over AWAS was not told in {TOLD_S:g} s"])
            field.episodes -= 1
            break
    return time.monotonic() - began
