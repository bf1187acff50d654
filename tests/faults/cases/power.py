"""Power cut in mid-write: every state that a disk may be left in, made from what core wrote."""

import shutil
import time
from typing import Final

from tests.faults import power_cut, write_log
from tests.faults.episode import CALM, EpisodeField
from tests.faults.stage import Stage

READINGS: Final = 4500  # a commit each: over a checkpoint of the write-ahead log
CUTS: Final = 1000


def power_cut_in_mid_write(stage: Stage) -> None:
    """Core writes under trace; then the disk is put together as it may be after a cut at any of its writes."""
    field, folder = stage.field(), stage.folder()
    journal = field.installation.state.journal
    field.installation.kill("core")
    before = power_cut.Disk.of(journal)
    field.installation.start_core(wrapper=write_log.command(folder / "calls"))
    main = field.installation.status()["pid"]
    field.play()
    _publish(field, stage.count(READINGS, least=30))
    field.installation.kill("core")
    time.sleep(0.2)  # its tracer writes its last lines
    steps = write_log.read(folder / f"calls.{main}", journal)
    done = power_cut.cut(before, steps, folder / "disk", times=stage.count(CUTS, least=40), chance=stage.chance)
    stage.leave_field()  # so many samples have set the node's clock far ahead, and the next case wants a believable one
    shutil.rmtree(folder)
    over = "with a checkpoint among them" if done.checkpoints else "without a checkpoint"
    stage.did(
        f"power cut {done.count} times over {len(steps)} writes, syncs and promises ({over}), {done.torn} of them "
        f"with writes not yet synced; {done.promised} observations promised"
    )
    stage.expect(done.promised >= stage.count(READINGS, least=30), "the trace has no acknowledgements: nothing proved")
    stage.expect(done.torn > done.count / 10, f"only {done.torn} cuts tore a write: nothing proved")
    stage.found(done.violations)


def _publish(field: EpisodeField, count: int) -> None:
    """Calm samples, each acknowledged before the next."""
    for _ in range(count):
        field.node.insist(field.sample(CALM))
