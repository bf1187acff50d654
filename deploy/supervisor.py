"""Starts the processes of one machine, keeps them running, and stops them in order - those, and no others."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Final

from deploy.service.hearing import Ear, Hearing

STOP_S: Final = 10.0
# In a log that is plain, and in one of JSON (deploy.logs).
WORTH_SHOWING: Final = (" WARNING ", " ERROR ", '"level":"warning"', '"level":"error"')
BACKOFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
PATIENCE_S: Final = 25.0  # with the start itself, a program that hangs works again within half a minute
STEADY_S: Final = 30.0  # a process that ran this long begins its back-off anew
PR_SET_PDEATHSIG: Final = 1

Say = Callable[[str], None]


class StartFailed(Exception):
    """A process did not come up; the text says which, and where its log is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process: ``is_echoed`` shows its warnings on the terminal, ``pid_file`` tells others its number.

    ``owner`` (user, group) is who it runs as; a process that changes its user by itself would outlive a killed
    supervisor, because the kernel then forgets to tell it.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    is_echoed: bool = False
    pid_file: Path | None = None
    owner: tuple[int, int] | None = None
    stop_rank: int = 0  # lower stops first: sources before what they feed
    nice: int = 0
    speaks: bool = False  # it says that it lives, by deploy.service.notify


class _Child:
    """``ear`` hears what a program that speaks says."""

    def __init__(self, program: Program, log: Path, say: Say, ear: Ear | None) -> None:
        self.program, self._log, self._say = program, log, say
        self._ear = ear
        self.process: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.started_at = 0.0
        self.restart_at: float | None = None

    def start(self) -> None:
        program = self.program
        self.restart_at = None
        self.started_at = time.monotonic()
        if self._ear is not None:
            self._ear.forget()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                list(program.argv),
                env={**os.environ, **program.env, **(self._ear.environment if self._ear is not None else {})},
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.PIPE if program.is_echoed else log,
                start_new_session=True,
                user=program.owner[0] if program.owner else None,
                group=program.owner[1] if program.owner else None,
                extra_groups=[] if program.owner else None,
                preexec_fn=partial(_prepare_child, program.nice),  # noqa: PLW1509 - no thread of ours holds a lock here
            )
        if program.pid_file is not None:
            program.pid_file.write_text(f"{self.process.pid}\n")
        if self.process.stderr is not None:
            threading.Thread(target=self._echo, args=(self.process.stderr,), daemon=True).start()

    def _echo(self, lines: IO[bytes]) -> None:
        with self._log.open("ab", buffering=0) as log:
            for line in lines:
                log.write(line)
                text = line.decode(errors="replace").rstrip()
                if any(mark in text for mark in WORTH_SHOWING):
                    self._say(text)

    def check(self) -> None:
        """End what hangs; start again what ended by itself, after a wait that grows while it keeps ending."""
        if self.process is None:
            return
        if self.process.poll() is None:
            if self._ear is not None and (problem := self._ear.problem()) is not None:
                self._say(f"{self.program.name} hangs ({problem}) and is killed. Its log: {self._log}")
                self._ear.forget()
                self.process.kill()
            return
        if self.restart_at is None:
            if time.monotonic() - self.started_at > STEADY_S:
                self.failures = 0
            wait = BACKOFF_S[min(self.failures, len(BACKOFF_S) - 1)]
            self.failures += 1
            self.restart_at = time.monotonic() + wait
            self._say(
                f"{self.program.name} ended ({_ending(self.process.returncode)}); "
                f"starting it again in {wait:g} s. Its log: {self._log}"
            )
        elif time.monotonic() >= self.restart_at:
            self.start()

    def stop(self) -> None:
        process = self.process
        if process is None:
            return
        self.process = None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._say(f"{self.program.name} did not stop in {STOP_S:g} s and was killed")
            process.kill()
            process.wait()
        if self.program.pid_file is not None:
            self.program.pid_file.unlink(missing_ok=True)


class Supervisor:
    """Programs stop by their rank, and within one in the order of ``add``.

    One that speaks is started anew when it says that it hangs, or says no word of life for ``patience_s``.
    """

    def __init__(self, log_folder: Path, say: Say, *, patience_s: float = PATIENCE_S) -> None:
        self._folder, self._say, self._patience_s = log_folder, say, patience_s
        self._children: list[_Child] = []
        self._hearing = Hearing()

    def add(self, program: Program) -> None:
        """Start ``program`` and keep it running."""
        ear = self._hearing.ear(program.name, patience_s=self._patience_s) if program.speaks else None
        child = _Child(program, self._folder / f"{program.name}.log", self._say, ear)
        self._children.append(child)
        child.start()

    def wait_until(self, name: str, is_ready: Callable[[], bool], *, timeout_s: float) -> None:
        """Wait for ``name`` to be ready; raises StartFailed when it ends or takes too long."""
        child = next(child for child in self._children if child.program.name == name)
        end = time.monotonic() + timeout_s
        while not is_ready():
            ended = child.process is None or child.process.poll() is not None
            if ended or time.monotonic() > end:
                what = "ended at once" if ended else f"was not ready in {timeout_s:g} s"
                log = self._folder / f"{name}.log"
                raise StartFailed(f"{name} {what}: {_last_line(log)} (its log: {log})")
            time.sleep(0.02)

    def watch(self, stop: threading.Event) -> None:
        """Keep everything running until ``stop``."""
        while not stop.wait(0.2):
            for child in self._children:
                child.check()

    def stop(self) -> None:
        for child in sorted(self._children, key=lambda child: child.program.stop_rank):
            child.stop()
        self._children.clear()
        self._hearing.close()


def _prepare_child(nice: int) -> None:
    """Runs in the child: the kernel ends it should the supervisor be killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if nice:
        os.nice(nice)


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
