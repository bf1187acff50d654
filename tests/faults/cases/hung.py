"""Processes that are there and do nothing: let go on after a while, or started anew by their supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from broker import control
from broker.control import CoreUnreachable, Request
from deploy.state_folder import StateFolder
from tests.faults.stage import Stage
from tests.installation import eventually, free_ports

HUNG_S: Final = 40.0  # longer than anybody's keep-alive
RESTARTED_S: Final = 30.0  # G16
SLOW_START_S: Final = 15.0  # of a core on a busy machine, on top of that
PATIENCE_S: Final = 120.0
SETTINGS: Final = """
[site]
name = "Uji"
[broker]
tls_port = {}
loopback_port = {}
[web]
port = {}
[channels]
demo = true
"""


def hung_core(stage: Stage) -> None:
    """Stopped in the middle of a rise, then let go: what it had promised stands, everybody is told once."""
    _hung(stage, "core")


def hung_broker(stage: Stage) -> None:
    """Its listener still takes connections; nothing answers."""
    _hung(stage, "broker")


def _hung(stage: Stage, name: str) -> None:
    field, hung_s = stage.field(), stage.seconds(HUNG_S, least=2)
    rise = field.rise()
    for observation in rise[:2]:
        field.node.insist(observation, mend=field.mend)
    process = getattr(field.installation, name)
    process.send_signal(signal.SIGSTOP)
    try:
        for observation in rise[2:]:
            field.node.publish(observation)
        time.sleep(hung_s)
    finally:
        process.send_signal(signal.SIGCONT)
    began = time.monotonic()
    field.node.insist(*rise, mend=field.mend)
    recovered_s = time.monotonic() - began
    field.fall()
    field.settle()
    stage.did(f"{name} hung for {hung_s:g} s in a rise; all acknowledged {recovered_s:.1f} s after it went on")
    stage.found(field.faults())


def hung_under_its_supervisor(stage: Stage) -> None:
    """Core is stopped for good under `kentongan up`: it is killed and another one answers."""
    root = stage.folder()
    root.chmod(0o755)
    state = StateFolder(root / "s")
    took = []
    with _up(root, state) as first:
        pid = first
        for _ in range(stage.count(3, least=1)):
            time.sleep(3)  # in good health
            began, hung = time.monotonic(), pid
            os.kill(hung, signal.SIGSTOP)
            eventually(partial(_is_replaced, state, hung), "another core", PATIENCE_S)
            took.append(time.monotonic() - began)
            pid = _pid(state)
    stage.did(
        f"core stopped under its supervisor: another answered after {', '.join(f'{each:.0f} s' for each in took)}"
    )
    stage.found(f"a hung core was replaced after {each:.0f} s" for each in took if each > RESTARTED_S + SLOW_START_S)


@contextmanager
def _up(root: Path, state: StateFolder) -> Iterator[int]:
    """`kentongan up` until the block ends; the number of its core."""
    settings = root / "kentongan.toml"
    settings.write_text(SETTINGS.format(*free_ports(3)))
    argv = [sys.executable, "-m", "deploy.cli", "up", "--settings", str(settings), "--state", str(state.root)]
    with closing((root / "up.log").open("wb")) as log:
        up = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        eventually(lambda: _pid(state) or up.poll() is not None, "core under its supervisor", PATIENCE_S)
        eventually(lambda: b"Siap" in (root / "up.log").read_bytes() or up.poll() is not None, "up", PATIENCE_S)
        assert up.poll() is None, (root / "up.log").read_text()
        yield _pid(state)
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(PATIENCE_S)


def _is_replaced(state: StateFolder, hung: int) -> bool:
    return _pid(state) not in (0, hung)


def _pid(state: StateFolder) -> int:
    """Of the core that answers; 0 when none does."""
    try:
        answer: dict[str, Any] = control.command(state.socket, Request(name="status", actor="test"), timeout_s=1)
    except (CoreUnreachable, ConnectionError, EOFError, OSError):
        return 0
    return int(answer["pid"])
