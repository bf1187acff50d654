"""Who may write history: one process at a time, because two writers can spoil one SQLite file.

The process that follows the journal holds the lock and lets go of it when an import asks; it takes it again after the
import. The kernel lets go for a process that dies.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final

_POLL_S: Final = 0.2


class HistoryInUse(Exception):
    """Another process writes history and does not let go; the text is one sentence."""


class WriterLock:
    """Two files of ``folder``: one is locked by the writer, the other by an import that wants to be it."""

    def __init__(self, folder: Path) -> None:
        self._writer = folder / "history.lock"
        self._wish = folder / "history.import.lock"

    @contextmanager
    def follow(self, stop: Event) -> Iterator[bool]:
        """For the process that follows the journal: wait until nobody else writes or wants to, then hold the lock.

        False when ``stop`` was set before.
        """
        with _opened(self._writer) as writer:
            while not stop.is_set():
                if not self.is_wanted() and _try(writer, fcntl.LOCK_EX):
                    yield True
                    return
                stop.wait(_POLL_S)
        yield False

    def is_wanted(self) -> bool:
        """Whether an import waits or writes."""
        with _opened(self._wish) as wish:
            return not _try(wish, fcntl.LOCK_SH)

    @contextmanager
    def claim(self, *, patience_s: float = 60.0) -> Iterator[None]:
        """For an import: have the follower pause, and write alone. Raises HistoryInUse."""
        with _opened(self._wish) as wish, _opened(self._writer) as writer:
            # A follower's look at the wish holds it for an instant.
            _take(wish, within_s=2.0, otherwise="another import is writing history; wait for its end")
            slow = f"kentongan history did not let go of history in {patience_s:g} s; see its log, or stop it"
            _take(writer, within_s=patience_s, otherwise=slow)
            yield


def _take(descriptor: int, *, within_s: float, otherwise: str) -> None:
    deadline = time.monotonic() + within_s
    while not _try(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise HistoryInUse(otherwise)
        time.sleep(_POLL_S)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # and with it the lock


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
