"""What core's main thread wrote, synced and sent, in its order, as strace tells it.

The journal is written, and nodes are acknowledged, on that thread alone. From the log every state of the disk can be
made that a power cut may leave behind, and what had been promised to nodes by then.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TRACED: Final = "pwrite64,fdatasync,fsync,ftruncate,sendto"
# A file for each thread; strings whole and in hexadecimal, file numbers with their paths.
STRACE: Final = ("strace", "-D", "-ff", "--seccomp-bpf", "-qq", "-xx", "-y", "-s", "70000", "-e", f"trace={TRACED}")

_CALL: Final = re.compile(r"^(?P<call>\w+)\(\d+<(?P<path>[^>]*)>(?:, (?P<rest>.*))?\)\s+= (?P<result>-?\d+)")
_WRITE: Final = re.compile(r'^"(?P<data>[^"]*)", \d+, (?P<offset>\d+)$')
_SENT: Final = re.compile(r'^"(?P<data>[^"]*)"')
_ACK: Final = re.compile(rb"\w+/v1/([\w-]+)/ack(\{[^{}]*\})")

Number = tuple[str, int, int]  # node, boot, seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """``data`` at ``offset`` of file ``name``; on disk for certain only after a later sync of that file."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """Acknowledged to nodes: from here on none of these may be lost."""

    numbers: frozenset[Number]


Step = Written | Truncated | Synced | Promised


def command(log: Path) -> tuple[str, ...]:
    """To be put before the program; each thread's calls go to ``log`` with its number behind it."""
    return (*STRACE, "-o", str(log))


def read(log: Path, journal: Path) -> list[Step]:
    """The steps of one thread's ``log`` that concern ``journal``, its write-ahead log, and nodes."""
    names = {str(journal): "db", f"{journal}-wal": "wal"}
    with log.open() as lines:
        return [step for line in lines for step in _steps(line, names)]


def _steps(line: str, names: dict[str, str]) -> Iterator[Step]:
    found = _CALL.match(line)
    if found is None or int(found["result"]) < 0:
        return
    call, rest = found["call"], found["rest"] or ""
    if call == "sendto":
        sent = _SENT.match(rest)
        yield from _promises(_bytes(sent["data"])[: int(found["result"])] if sent else b"")
        return
    name = names.get(_bytes(found["path"]).decode(errors="replace"))
    if name is None:
        return
    if call in ("fdatasync", "fsync"):
        yield Synced(name=name)
    elif call == "ftruncate":
        yield Truncated(name=name, size=int(rest))
    elif (written := _WRITE.match(rest)) is not None:
        data = _bytes(written["data"])[: int(found["result"])]
        yield Written(name=name, offset=int(written["offset"]), data=data)


def _promises(sent: bytes) -> Iterator[Promised]:
    numbers = frozenset(
        (node.decode(), boot, seq)
        for node, payload in _ACK.findall(sent)
        for boot, first, last in json.loads(payload)["acked"]
        for seq in range(first, last + 1)
    )
    if numbers:
        yield Promised(numbers=numbers)


def _bytes(text: str) -> bytes:
    """What strace escapes in hexadecimal; what it does not escape stands for itself."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
