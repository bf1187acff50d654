"""Where one installation keeps what it knows."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOCKET_PATH_BYTES: Final = 107  # what the kernel takes


class StateFolderUnusable(Exception):
    """The folder cannot be used; the text says why and what to do."""


class CoreRuns(Exception):
    """Another process holds core's lock."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """``root`` belongs to us alone; ``broker`` below it to the broker."""

    root: Path

    def prepare(self) -> None:
        """Make the folder; raises StateFolderUnusable."""
        if len(os.fsencode(self.socket)) > SOCKET_PATH_BYTES:
            raise StateFolderUnusable(f"{self.root}: too long a path for a socket; choose a shorter one with --state")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.log.mkdir(exist_ok=True)
            probe = self.root / ".writable"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise StateFolderUnusable(
                f"{self.root}: cannot be written ({error.strerror}); choose another folder with --state"
            ) from None

    @property
    def journal(self) -> Path:
        return self.root / "journal.db"

    @property
    def history(self) -> Path:
        return self.root / "history.db"

    @property
    def history_cursor(self) -> Path:
        return self.root / "history-cursor.db"

    @property
    def people_key(self) -> Path:
        return self.root / "people.key"

    @property
    def sessions(self) -> Path:
        """Who is logged in to the pages."""
        return self.root / "sessions.db"

    @property
    def socket(self) -> Path:
        return self.root / "core.sock"

    @property
    def broker(self) -> Path:
        return self.root / "broker"

    @property
    def broker_pid(self) -> Path:
        return self.root / "broker.pid"

    @property
    def authority(self) -> Path:
        return self.root / "authority"

    @property
    def services(self) -> Path:
        return self.root / "services.json"

    @property
    def demo_messages(self) -> Path:
        return self.root / "pesan-contoh.jsonl"

    @property
    def cap(self) -> Path:
        return self.root / "cap"

    @property
    def modems(self) -> Path:
        """A folder for each GSM modem, shared with its SMSD."""
        return self.root / "modems"

    @property
    def channel_records(self) -> Path:
        """What was sent by ways out that cannot be asked later."""
        return self.root / "sent"

    @property
    def releases(self) -> Path:
        """Firmware that nodes are updated with, a folder for each version."""
        return self.root / "releases"

    @property
    def cap_key(self) -> Path:
        return self.root / "cap-key.pem"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def nodes(self) -> Path:
        return self.root / "nodes"

    @contextmanager
    def core_lock(self) -> Iterator[None]:
        """Be the only core on this folder; raises CoreRuns. The kernel lets go when the process dies."""
        descriptor = os.open(self.root / "core.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CoreRuns(f"core runs already on {self.root}") from None
            yield
        finally:
            os.close(descriptor)
