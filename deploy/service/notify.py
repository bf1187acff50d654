"""Speaks to whoever keeps this process running, as sd_notify(3) has it: ready, alive, hung, stopping, and how it is.

systemd listens where a unit says ``Type=notify``; ``kentongan up`` listens in the same way. Started by hand, nobody
listens, and nothing is said.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import MutableMapping
from typing import Final

log: Final = logging.getLogger(__name__)

SHARE: Final = 3  # a word of life so many times within the patience of whoever waits for it: two may be lost
ENVIRONMENT: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier:
    """Safe on every thread. What cannot be said is not said: whoever listens notices by himself.

    ``environment`` is as the process was given it; the variables are taken out, so that a child is not taken for us.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        address, patience, pid = (environment.pop(name, "") for name in ENVIRONMENT)
        self._address = "\0" + address[1:] if address.startswith("@") else address
        is_ours = pid in ("", str(os.getpid()))
        self.patience_s = int(patience) / 1e6 if address and is_ours and patience.isdecimal() else 0.0
        self._alive_at = 0.0

    @property
    def every_s(self) -> float:
        """After so long the next word of life is due; 0: nobody waits for one."""
        return self.patience_s / SHARE

    def ready(self, status: str) -> None:
        """The process does its work from now on."""
        self._alive_at = time.monotonic()
        self._say("READY=1", f"STATUS={_line(status)}", "WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for whoever asks how it is."""
        self._say(f"STATUS={_line(text)}")

    def alive(self) -> None:
        """Everything moves. Call it as often as you like: it is said when it is due."""
        now = time.monotonic()
        if self.patience_s and now - self._alive_at >= self.every_s:
            self._alive_at = now
            self._say("WATCHDOG=1")

    def hung(self, what: str) -> None:
        """A part does not move, and only a restart helps: it is asked for at once, not when patience ends."""
        if self.patience_s:
            self._say(f"STATUS={_line(what)}", "WATCHDOG=trigger")

    def stopping(self) -> None:
        """The process ends because it was told to."""
        self._say("STOPPING=1")

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as spoken:
                spoken.setblocking(False)
                spoken.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.debug("whoever keeps this process running does not hear: %s", error)


class Vigil:
    """A thread's word of life, said by another thread while ``limit_s`` have not passed since it last moved.

    For a loop whose steps take longer than the patience of whoever waits; ``rest`` is a wait that may last for ever.
    """

    def __init__(self, notifier: Notifier, *, limit_s: float) -> None:
        self._notifier, self._limit_s = notifier, limit_s
        self._moved_at: float | None = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="word-of-life", daemon=True)
        if notifier.every_s:
            self._thread.start()

    def moved(self) -> None:
        self._moved_at = time.monotonic()

    def rest(self) -> None:
        """Nothing moves from here to the next ``moved``, and nothing should."""
        self._moved_at = None

    def end(self) -> None:
        self._stop.set()

    @property
    def is_hung(self) -> bool:
        return self._moved_at is not None and time.monotonic() - self._moved_at > self._limit_s

    def _keep(self) -> None:
        while not self._stop.wait(self._notifier.every_s / 2):
            if self.is_hung:
                self._notifier.hung(f"nothing has moved for {self._limit_s:g} s")
            else:
                self._notifier.alive()


def _line(text: str) -> str:
    return " ".join(text.split())
