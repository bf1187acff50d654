"""strace's fault injection on a running process.

strace counts system calls thread by thread. Core writes its journal and speaks to the broker on its main thread, and
to the provider on the sender's: with one sender thread, attaching to one thread at a time makes ``when=n`` mean the
n-th call of that thread, and each n is hit.
"""

import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

Thread = Literal["main", "sender"]
EVERY_THREAD: Final = ("-f",)


@contextmanager
def injected(process: subprocess.Popen[bytes] | None, *options: str) -> Iterator[None]:
    """strace with ``options`` on all threads of ``process``, until the block ends."""
    assert process is not None
    with _attached([*EVERY_THREAD, "-p", str(process.pid)], options):
        yield


@contextmanager
def killed_at(process: subprocess.Popen[bytes] | None, thread: Thread, call: str, n: int) -> Iterator[None]:
    """SIGKILL instead of the n-th ``call`` of that thread of core from now on, as long as the block lasts."""
    assert process is not None
    with _attached(_targets(process.pid, thread), [f"-etrace={call}", f"-einject={call}:signal=KILL:when={n}"]):
        yield


def _targets(pid: int, thread: Thread) -> list[str]:
    if thread == "main":
        return ["-p", str(pid)]
    others = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir() if int(task.name) != pid]
    return [word for tid in others for word in ("-p", str(tid))]


@contextmanager
def _attached(targets: Sequence[str], options: Sequence[str]) -> Iterator[None]:
    if shutil.which("strace") is None:
        raise AssertionError("strace is not installed, and faults are injected with it: apt-get install strace")
    strace = subprocess.Popen(["strace", *targets, "-o", "/dev/null", *options], stderr=subprocess.PIPE)
    assert strace.stderr is not None
    for _ in range(targets.count("-p")):
        line = strace.stderr.readline()
        assert b"attached" in line, f"strace cannot attach: {line!r}"
    try:
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.communicate(timeout=90)
