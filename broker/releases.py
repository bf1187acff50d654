"""A release of the firmware: its files and their manifest, from which an update over the air is ordered and served.

The manifest is text: ``kentongan-firmware 0.3.0``, then a line for each file with its SHA-256, size in bytes and name.
An order names the manifest's own SHA-256, so that the seal of the order vouches for every file. A node asks for parts
(:class:`Want`) and gets them with :func:`part_payload`: a line with version, file and first byte, then the bytes.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import msgspec

MANIFEST: Final = "manifest"
HEADING: Final = "kentongan-firmware "
# One part with its head stays under what a node takes in one message, and is small for its heap.
PART_BYTES: Final = 2048
# What the node itself refuses: the second copy must fit beside the first and the ring of readings.
MOST_BYTES: Final = 200_000
MOST_FILE: Final = 65_536
_NAME: Final = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)?\.py\Z")
_VERSION: Final = re.compile(r"(0|[1-9]\d{0,4})(\.(0|[1-9]\d{0,4})){2}\Z", re.ASCII)
_CONSTANT: Final = re.compile(r'^FIRMWARE = "([^"]+)"$', re.MULTILINE)
_LOADER: Final = "boot.py"


class BadRelease(ValueError):
    """A folder that is no release; the text names the file, and what to do."""


class Want(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node asks for the part of ``file`` that begins ``at`` this byte."""

    version: str
    file: str
    at: int


_want: Final = msgspec.json.Decoder(Want)


@dataclass(frozen=True, kw_only=True)
class Release:
    """``files`` by name, in the manifest's order; ``loader`` is what stands on the chip as ``main.py``."""

    version: str
    files: dict[str, bytes]
    loader: bytes

    @classmethod
    def of_source(cls, folder: Path) -> Self:
        """The release that a folder of firmware is; raises :class:`BadRelease`."""
        try:
            found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}
            found = {name: data for name, data in found.items() if "__pycache__" not in name}
            loader = found.pop(_LOADER, b"")
        except OSError as error:
            raise BadRelease(f"{error.filename}: {error.strerror}") from None
        version = _CONSTANT.search(found.get("main.py", b"").decode(errors="replace"))
        if version is None or not loader:
            raise BadRelease(
                f"{folder} is no firmware: it needs {_LOADER} and main.py with FIRMWARE; give the folder edge/node"
            )
        release = cls(version=version[1], files=found, loader=loader)
        release.check(folder)
        return release

    @classmethod
    def read(cls, folder: Path) -> Self:
        """A release that :meth:`write` wrote; raises :class:`BadRelease` where a file is not what its manifest says."""
        try:
            manifest = (folder / MANIFEST).read_text(encoding="ascii")
            heading, *lines = manifest.splitlines()
            names = [line.split(" ")[2] for line in lines]
            if not all(_NAME.match(name) for name in names):
                raise BadRelease(f"{folder / MANIFEST}: it names files that are none: build the release again")
            files = {name: (folder / name).read_bytes() for name in names}
            release = cls(version=heading.removeprefix(HEADING), files=files, loader=(folder / _LOADER).read_bytes())
        except (OSError, ValueError, IndexError) as error:
            raise BadRelease(
                f"{folder} is no release ({error}): make one with kentongan node release --out DIR"
            ) from None
        if release.manifest.decode() != manifest:
            raise BadRelease(f"{folder}: a file is not what its manifest says: build the release again")
        release.check(folder)
        return release

    def check(self, where: Path) -> None:
        """Raises :class:`BadRelease` for what a node would refuse."""
        if not is_version(self.version):
            raise BadRelease(f"{where}: version {self.version!r} is not like 0.3.0")
        for name, data in self.files.items():
            if not _NAME.match(name):
                raise BadRelease(f"{where}/{name}: a node takes names of a-z, 0-9 and _, at most one folder deep")
            if not 0 < len(data) <= MOST_FILE:
                raise BadRelease(f"{where}/{name}: {len(data)} bytes; a node takes 1 to {MOST_FILE}")
        if self.size > MOST_BYTES:
            raise BadRelease(f"{where}: {self.size} bytes; a node takes at most {MOST_BYTES}")

    def write(self, folder: Path) -> None:
        """Lay the release down, its manifest last: a folder without one is none. Raises OSError."""
        for name, data in {_LOADER: self.loader, **self.files, MANIFEST: self.manifest}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    @property
    def size(self) -> int:
        return sum(map(len, self.files.values()))

    @cached_property
    def manifest(self) -> bytes:
        lines = [f"{hashlib.sha256(data).hexdigest()} {len(data)} {name}\n" for name, data in self.files.items()]
        return (f"{HEADING}{self.version}\n" + "".join(lines)).encode()

    def part(self, file: str, at: int) -> bytes:
        """At most :data:`PART_BYTES` from byte ``at`` on; nothing where there is no such file or byte."""
        data = self.manifest if file == MANIFEST else self.files.get(file, b"")
        return data[at : at + PART_BYTES] if at >= 0 else b""

    def fetched(self, file: str, at: int) -> int:
        """How many bytes a node has that asks for this part, when it takes the files in the manifest's order."""
        before = 0
        for name, data in self.files.items():
            if name == file:
                return before + at
            before += len(data)
        return 0


def order(release: Release, number: int, *, back: bool = False) -> dict[str, object]:
    """What is sealed for one node; ``back``: also when the node runs a later version."""
    made: dict[str, object] = {
        "v": 1,
        "n": number,
        "version": release.version,
        "size": len(release.manifest),
        "sha256": hashlib.sha256(release.manifest).hexdigest(),
    }
    return made | {"back": True} if back else made


def decode_want(payload: bytes) -> Want:
    """Raises ``msgspec.DecodeError`` or ``UnicodeDecodeError``."""
    return _want.decode(payload)


def part_payload(want: Want, data: bytes) -> bytes:
    """The answer; without bytes it says that there is no such part."""
    return f"{want.version} {want.file} {want.at}\n".encode() + data


def is_version(text: str) -> bool:
    """Whether it is major.minor.patch in plain digits."""
    return _VERSION.match(text) is not None
