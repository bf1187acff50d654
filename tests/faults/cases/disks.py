"""The journal's disk: really full, failing, slow."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.faults import disk_faults
from tests.faults.episode import EpisodeField
from tests.faults.outcome import CannotRun
from tests.faults.stage import Stage
from tests.installation import eventually

SMALL_MIB: Final = 64
ROUNDS: Final = 5
FILLED: Final = 6  # times that the small disk is full while an alert is raised


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own in memory; installations made meanwhile lie on it. Raises CannotRun."""
    argv = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_MIB}m", "tmpfs", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"a small disk cannot be mounted ({done.stderr.strip()}): run it as root")
    folder.chmod(0o755)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        subprocess.run(["umount", "-l", str(folder)], check=True)


def full_disk(stage: Stage) -> None:
    """Not a byte is left while water rises: warned from memory, acknowledged when there is room again."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kt64-")))
        disk = stack.enter_context(small_disk(folder))
        field = stack.enter_context(EpisodeField(stage.folder()))
        field.play()
        slowest = 0.0
        for _ in range(stage.count(FILLED, least=1)):
            slowest = max(slowest, _rise_on_a_full_disk(field, disk / "ballast"))
        stage.did(
            f"{SMALL_MIB} MiB filled to the last byte {stage.count(FILLED, least=1)} times while water rose to AWAS; "
            f"warned within {slowest * 1000:.0f} ms, everything stored once afterwards"
        )
        stage.expect(slowest < disk_faults.WARNED_S, f"the warning took {slowest:.0f} s")
        stage.found(field.faults())
        stage.expect(field.restarts == 0, "core ended by itself on a full disk")


def _rise_on_a_full_disk(field: EpisodeField, ballast: Path) -> float:
    """Seconds from the last sample to the last message."""
    rise, posts = field.rise(), len(field.provider.posts())
    acked = field.node.numbers()
    fill(ballast)
    for observation in rise:
        time.sleep(0.05)  # a turn each
        published = time.time_ns()
        field.node.publish(observation)
    two_versions_told = posts + 2 * len(field.installation.settings.officers)
    last = field.provider.wait_for_posts(two_versions_told)[two_versions_told - 1]
    log = field.installation.core_log
    is_full = "the journal cannot be written" in log.read_text(errors="replace")
    kept = {("node-a", each["boot"], each["seq"]) for each in rise} & (field.node.numbers() - acked)
    ballast.unlink()
    if is_full and len(kept) == len(rise):
        raise AssertionError("everything was acknowledged on a full disk: it was not full")
    field.node.insist(*rise, mend=field.mend)
    field.fall()
    field.settle()
    return max(0.0, (last.time_ns - published) / 1e9)


def fill(ballast: Path) -> None:
    """Write until there is no room; ``ballast`` then has all that was left."""
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
        os.fsync(file.fileno())
    eventually(lambda: shutil.disk_usage(ballast.parent).free == 0, "the disk to be full", 10)


def failing_disk(stage: Stage) -> None:
    """ENOSPC and EIO on writes and syncs, for a few calls, until mended, and until core dies of something else."""
    field, done = stage.field(), disk_faults.Sweep()
    faults = disk_faults.plan(stage.chance, stage.count(ROUNDS, least=1))
    if stage.share < 1:
        faults = stage.chance.sample(faults, stage.count(len(faults), least=2))
    for fault in faults:
        disk_faults.take(field, fault, done)
        stage.say(f"  {fault}")
    slowest = max(after for _, after in done.warned_s)
    stage.did(
        f"{len(faults)} faults of the disk, {done.missed} of them when nothing was written; warned within "
        f"{slowest * 1000:.0f} ms; {done.repeated} messages repeated by a core that died before it could record them"
    )
    stage.found(done.faults)


def slow_disk(stage: Stage) -> None:
    """Every sync 20 ms slower."""
    field, done = stage.field(), disk_faults.Sweep()
    for _ in range(stage.count(10, least=1)):
        disk_faults.take_slowly(field, done)
    slowest = max(after for _, after in done.warned_s)
    stage.did(
        f"{len(done.warned_s)} alerts, every fdatasync {disk_faults.SLOW_MS} ms slower: told in {slowest * 1000:.0f} ms"
    )
    stage.found(done.faults)
