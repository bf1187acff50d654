"""The other end of sd_notify(3): what a child says to the process that keeps it running."""

import contextlib
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Final, Self

WORD_BYTES: Final = 4096
MOST_WORDS: Final = 1000  # taken at one look


class Hearing:
    """A socket for each child, in a folder that is ours alone; a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kentongan-", ignore_cleanup_errors=True)
        self._ears: list[Ear] = []

    def ear(self, name: str, *, patience_s: float) -> "Ear":
        """For a new child of this name."""
        ear = Ear(Path(self._folder.name) / name, patience_s=patience_s)
        self._ears.append(ear)
        return ear

    def close(self) -> None:
        for ear in self._ears:
            ear.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Ear:
    """What one child says. It is waited for from its READY on, ``patience_s`` for each word of life."""

    def __init__(self, path: Path, *, patience_s: float) -> None:
        self._path, self._patience_s = path, patience_s
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        path.unlink(missing_ok=True)
        self._socket.bind(str(path))
        self.forget()

    def forget(self) -> None:
        """The child was started anew: nothing that an earlier one said counts."""
        self._take()
        self._looked_at = time.monotonic()
        self._due_at: float | None = None
        self._is_hung = False
        self.status = ""

    @property
    def environment(self) -> dict[str, str]:
        """For the child."""
        return {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": str(int(self._patience_s * 1e6))}

    def problem(self) -> str | None:
        """Why the child must be started anew; None while all is well, and before it was ready."""
        now = time.monotonic()
        words = self._take()
        # Who was away himself, with the whole machine, has no ground to complain.
        was_away, self._looked_at = now - self._looked_at > self._patience_s / 3, now
        for word in words:
            self._hear(word, now)
        if self._is_hung:
            return self.status or "it says that a part of it hangs"
        if self._due_at is not None and was_away:
            self._due_at = now + self._patience_s
        if self._due_at is not None and now > self._due_at:
            return f"no word of life for {self._patience_s:g} s"
        return None

    def close(self) -> None:
        self._socket.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)  # noqa: PTH108 - a socket's name

    def _take(self) -> list[str]:
        words: list[str] = []
        with contextlib.suppress(BlockingIOError):
            while len(words) < MOST_WORDS:
                words.append(self._socket.recv(WORD_BYTES).decode(errors="replace"))
        return words

    def _hear(self, word: str, now: float) -> None:
        for line in word.splitlines():
            key, _, value = line.partition("=")
            match key, value:
                case "STATUS", _:
                    self.status = value
                case ("READY", "1") | ("WATCHDOG", "1"):
                    self._due_at = now + self._patience_s
                case "WATCHDOG", "trigger":
                    self._is_hung = True
                case "STOPPING", "1":
                    self._due_at = None
