"""The word of life: what is said to whoever keeps a process running, by whom it is heard, and when it is not said."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerting.channels.port import Accepted, Message, Outcome
from alerting.contacts import ContactKind
from alerting.messages import Attempt
from alerting.sender import Sender
from deploy.service.hearing import Hearing
from deploy.service.notify import Notifier, Vigil
from deploy.service.progress import Progress, keep_saying
from deploy.supervisor import Program, Supervisor
from tests.outbox_world import T0, entry

WAIT_S = 60.0
SPEAKS = """
import time
from deploy.service.notify import Notifier
notifier = Notifier()
notifier.ready("works")
open("ready", "w").close()
while True:
    notifier.alive()
    time.sleep(0.05)
"""


class Manager:
    """A socket as systemd has it, for one process."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "300000"}

    def word(self, within_s: float = WAIT_S) -> list[str]:
        """The next datagram's lines; none in time: []."""
        self._socket.settimeout(within_s)
        try:
            return self._socket.recv(4096).decode().splitlines()
        except TimeoutError:
            return []

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "n")
    yield made
    made.close()


def test_ready_alive_hung_and_stopping_are_said_as_systemd_reads_them(manager: Manager) -> None:
    """One datagram each; a word of life only when a third of the patience has passed."""
    environment = dict(manager.environment)
    notifier = Notifier(environment)
    assert {} == environment
    assert 0.3 == notifier.patience_s
    notifier.ready("12\nstations")
    assert ["READY=1", "STATUS=12 stations", "WATCHDOG=1"] == manager.word()
    notifier.alive()
    assert [] == manager.word(0.01)
    time.sleep(notifier.every_s)
    notifier.alive()
    assert ["WATCHDOG=1"] == manager.word()
    notifier.hung("the sender")
    assert ["STATUS=the sender", "WATCHDOG=trigger"] == manager.word()
    notifier.stopping()
    assert ["STOPPING=1"] == manager.word()


def test_nothing_is_said_where_nobody_listens(manager: Manager, tmp_path: Path) -> None:
    """By hand, to a socket that is gone, or with a watchdog that waits for another process."""
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1000000"}):
        notifier = Notifier(environment)
        notifier.ready("")
        notifier.hung("x")
    notifier = Notifier({**manager.environment, "WATCHDOG_PID": str(os.getpid() + 1)})
    assert 0.0 == notifier.every_s
    notifier.alive()
    assert [] == manager.word(0.01)


def test_an_abstract_socket_is_reached() -> None:
    """Of a container's manager: the name begins with @."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0kentongan-test-{os.getpid()}")
        Notifier({"NOTIFY_SOCKET": f"@kentongan-test-{os.getpid()}"}).stopping()
        heard.settimeout(WAIT_S)
        assert b"STOPPING=1" == heard.recv(100)


def test_a_vigil_speaks_for_a_thread_until_that_hangs(manager: Manager) -> None:
    """While it moved lately, and while it rests; then a restart is asked for."""
    vigil = Vigil(Notifier(dict(manager.environment)), limit_s=0.2)
    try:
        vigil.rest()
        assert ["WATCHDOG=1"] == manager.word()
        time.sleep(0.3)
        assert not vigil.is_hung
        vigil.moved()
        while (word := manager.word()) == ["WATCHDOG=1"]:
            continue
        assert ["STATUS=nothing has moved for 0.2 s", "WATCHDOG=trigger"] == word
    finally:
        vigil.end()


# -- core's progress -------------------------------------------------------------------------------------------------


class Held:
    """A channel whose calls wait until they are let go."""

    name = "sms"
    max_parallel = 1
    takes: ContactKind = "phone"
    rate_per_s: float | None = None

    def __init__(self) -> None:
        self.is_in, self.may_go = threading.Event(), threading.Event()

    def send(self, message: Message) -> Outcome:
        self.is_in.set()
        self.may_go.wait(WAIT_S)
        return Accepted(reference=message.key)

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:
        raise NotImplementedError

    def probe(self) -> str | None:
        return None

    def close(self) -> None:
        """Nothing is open."""


class Core:
    turns = 0


class Link:
    looked_at = 0.0


@pytest.fixture
def channel() -> Held:
    return Held()


@pytest.fixture
def sender(channel: Held) -> Iterator[Sender]:
    made = Sender({"sms": channel}, lambda *_: None, lease_s=0.5)
    yield made
    channel.may_go.set()
    made.close()


def test_a_sender_that_comes_for_its_messages_is_not_stuck(sender: Sender, channel: Held) -> None:
    """Also while its only thread waits for a provider that does not answer."""
    for _ in range(3):
        assert [] == sender.stuck(0.1)
        time.sleep(0.15)
    sender.carry(Attempt(replace(entry(1, state="sending"), attempted_at=T0), False, "+62812"))
    assert channel.is_in.wait(WAIT_S)
    sender.stuck(0.1)
    time.sleep(0.15)
    assert [] == sender.stuck(0.1)


def test_a_sender_whose_threads_cannot_move_is_stuck(sender: Sender) -> None:
    """Something holds what they all need: the messages lie there, and nobody comes."""
    with sender._lock:
        sender.stuck(0.1)
        deadline = time.monotonic() + WAIT_S
        while sender.stuck(0.1) != ["sms"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    while sender.stuck(0.1):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("what", ["nothing", "engine", "ingest", "sender"])
def test_core_is_alive_only_while_ingest_engine_and_sender_move(what: str, manager: Manager, sender: Sender) -> None:
    """Any one of them starves the watchdog, and is named; a loop that runs proves nothing."""
    core, link = Core(), Link()

    class Slow:
        def stuck(self) -> list[str]:
            return sender.stuck(0.1)

    async def live() -> None:
        saying = asyncio.create_task(keep_saying(Progress(core, link, Slow()), Notifier(dict(manager.environment))))
        try:
            for _ in range(60):
                core.turns += what != "engine"
                link.looked_at = time.monotonic() - (30.0 if what == "ingest" else 0.0)
                await asyncio.sleep(0.01)
        finally:
            saying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await saying

    with sender._lock if what == "sender" else contextlib.nullcontext():
        asyncio.run(live())
    words = []
    while word := manager.word(0.01):
        words.append(word)
    hung = [word[0] for word in words if "WATCHDOG=trigger" in word]
    if what == "nothing":
        assert [] == hung
        assert len(words) >= 3
    else:
        named = {"engine": "engine", "ingest": "connection to the broker", "sender": "sender of sms"}[what]
        assert hung
        assert named in hung[-1]


# -- kentongan up ----------------------------------------------------------------------------------------------------


def test_an_ear_waits_from_ready_on_and_forgets_an_earlier_process(tmp_path: Path) -> None:
    """Silence before it was ready is none; what hangs says so by itself."""
    with Hearing() as hearing:
        ear = hearing.ear("core", patience_s=0.2)
        time.sleep(0.25)
        assert ear.problem() is None
        notifier = Notifier(dict(ear.environment))
        notifier.ready("works")
        assert ear.problem() is None
        assert "works" == ear.status
        deadline = time.monotonic() + WAIT_S
        while (problem := ear.problem()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert "no word of life for 0.2 s" == problem
        ear.forget()
        assert ear.problem() is None
        notifier.hung("the sender of sms")
        assert "the sender of sms" == ear.problem()


def test_a_stopped_process_is_started_anew(tmp_path: Path) -> None:
    """SIGSTOP: it is there, and says nothing; another one works in its place."""
    said: list[str] = []
    pid_file = tmp_path / "pid"
    supervisor = Supervisor(tmp_path, said.append, patience_s=2.0)
    stop = threading.Event()
    keeper = threading.Thread(target=supervisor.watch, args=(stop,))
    try:
        argv = [sys.executable, "-c", SPEAKS]
        path = {"PYTHONPATH": str(Path(__file__).parents[2])}
        supervisor.add(Program(name="x", argv=argv, env=path, cwd=tmp_path, pid_file=pid_file, speaks=True))
        first = int(pid_file.read_text())
        keeper.start()
        deadline = time.monotonic() + WAIT_S
        while not (tmp_path / "ready").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(first, signal.SIGSTOP)
        while int(pid_file.read_text() or first) == first:
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        assert "x hangs (no word of life for 2 s) and is killed" in said[0]
    finally:
        stop.set()
        if keeper.is_alive():
            keeper.join(WAIT_S)
        supervisor.stop()


def test_a_child_of_a_process_does_not_speak_for_it(manager: Manager) -> None:
    """The variables are gone from the environment that it hands on."""
    script = (
        "import subprocess, sys\nfrom deploy.service.notify import Notifier\nNotifier()\n"
        "print(subprocess.check_output([sys.executable, '-c', 'import os; print(os.environ.get(\"NOTIFY_SOCKET\"))']))"
    )
    environment = {**os.environ, **manager.environment}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert "b'None\\n'" == said.stdout.strip()
