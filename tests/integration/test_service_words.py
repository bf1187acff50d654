"""What our real processes say to whoever keeps them running: that they are ready, and that they live."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, eventually

PATIENCE_S = 2.0


class Ear:
    """The manager's end of one process's socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(PATIENCE_S * 1e6))}
        self.heard: list[str] = []

    def words(self) -> list[str]:
        """Every datagram so far."""
        try:
            while True:
                self.heard.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return self.heard

    def await_words(self, what: str, *, count: int = 1) -> None:
        eventually(lambda: sum(what in word for word in self.words()) >= count, f"{what} in {self.words()}")


@pytest.fixture
def installation() -> Iterator[Installation]:
    with Installation() as made:
        made.start_broker()
        yield made


def test_core_history_and_web_say_that_they_live_and_a_stopped_one_does_not(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ready once, a word within each third of the patience; stopped, nothing; continued, again; told to stop, that."""
    ears = {name: Ear(installation.root / f"{name}.ear") for name in ("core", "history", "web")}
    for name, value in ears["core"].environment.items():
        monkeypatch.setenv(name, value)
    installation.start_core()
    assert installation.core is not None
    processes = [installation.core]
    for name in ("history", "web"):
        argv = [sys.executable, "-m", "deploy.cli", name, "--settings", str(installation.toml)]
        environment = {**os.environ, **ears[name].environment}
        with (installation.root / f"{name}.log").open("wb") as log:
            processes.append(subprocess.Popen(argv, env=environment, stderr=log))
    try:
        for ear in ears.values():
            ear.await_words("READY=1")
            ear.await_words("WATCHDOG=1", count=3)
        for process, ear in zip(processes, ears.values(), strict=True):
            process.send_signal(signal.SIGSTOP)
            ear.words()
            known = len(ear.heard)
            time.sleep(PATIENCE_S)
            assert ear.words()[known:] in ([], ["WATCHDOG=1"])  # one may have been on its way
            process.send_signal(signal.SIGCONT)
            ear.heard.clear()
            ear.await_words("WATCHDOG=1")
        for process in processes[:2]:
            process.send_signal(signal.SIGTERM)
        for name in ("core", "history"):
            ears[name].await_words("STOPPING=1")
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for ear in ears.values():
            ear.socket.close()
