"""The demonstration's channel: messages become lines of a file, and nobody's phone rings."""

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from alerting.channels.port import Accepted, Message, Outcome, RetryLater, Unknown
from alerting.contacts import ContactKind

NOTE: Final = "CONTOH: ditulis ke berkas, tidak dikirim ke telepon siapa pun"


class DemoChannel:
    """The channel ``demo``: one JSON line per message, on disk before the outcome is returned.

    It never says Delivered. Every ``send`` is written, also one whose key is already there, so that the file shows what
    a provider would have been asked to do. The recipients are examples, therefore their numbers stand in full.
    """

    name = "demo"
    max_parallel = 1
    takes: ContactKind = "phone"
    rate_per_s: float | None = None

    def __init__(self, path: Path) -> None:
        """Open or continue the file; raises OSError when it cannot be written."""
        self._lock = threading.Lock()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self._references: dict[str, str] = {}
        self._lines = 0
        for line in path.read_bytes().splitlines():
            self._remember(_key_of(line))

    def send(self, message: Message) -> Outcome:
        line = json.dumps(
            {
                "catatan": NOTE,
                "key": message.key,
                "address": message.address,
                "body": message.body,
                "created_at": message.created_at,
            },
            ensure_ascii=False,
        )
        with self._lock:
            size = os.fstat(self._file.fileno()).st_size
            try:
                self._append(line.encode(), size)
            except OSError as error:
                with suppress(OSError):  # what stays is closed with a line break by the next message
                    self._file.truncate(size)
                return RetryLater(reason=f"Berkas contoh tidak dapat ditulis: {os.strerror(error.errno or 0)}.")
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                return Unknown(
                    reason=f"Berkas contoh tidak dapat dipastikan tersimpan: {os.strerror(error.errno or 0)}."
                )
            return Accepted(reference=self._remember(message.key))

    def find(self, message: Message, *, attempted_at: int) -> Outcome | None:  # noqa: ARG002  # keys need no time
        with self._lock:
            reference = self._references.get(message.key)
        return None if reference is None else Accepted(reference=reference)

    def probe(self) -> str | None:
        """The file can be written as long as the disk is not full, which ``send`` says itself."""
        return None

    def close(self) -> None:
        self._file.close()

    def _append(self, line: bytes, size: int) -> None:
        """Write one whole line; a line torn by a power cut before it is closed first, never continued."""
        if size and os.pread(self._file.fileno(), 1, size - 1) != b"\n":
            line = b"\n" + line
        rest = memoryview(line + b"\n")
        while rest:
            rest = rest[self._file.write(rest) :]

    def _remember(self, key: str | None) -> str:
        self._lines += 1
        reference = f"contoh-{self._lines}"
        if key is not None:
            self._references.setdefault(key, reference)
        return reference


def _key_of(line: bytes) -> str | None:
    """The key of a line, None for one that a power cut left half written."""
    try:
        return str(json.loads(line)["key"])
    except (ValueError, KeyError, TypeError):
        return None
