"""One backup: a tar file, compressed and sealed. ``about.json`` is first, ``manifest.json`` with a hash a file last."""

import gzip
import hashlib
import io
import os
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final, cast

import msgspec

from deploy.backup.contents import Item
from deploy.backup.sealed_stream import NotReadable, SealReader, SealWriter

ABOUT: Final = "about.json"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
BLOCK: Final = 1024 * 1024
BUFFER: Final = 256 * 1024
COMPRESSION: Final = 1  # readings are mostly numbers: more takes three times as long for a tenth

Progress = Callable[[int, int], None]
"""Bytes of files that have gone through, and bytes there are."""


Count = Callable[[int], None]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is of; ``taken_at`` is ms UTC, ``files_bytes`` before compression."""

    format: int = FORMAT
    site: str
    realm: str
    version: str
    schema: str
    taken_at: int
    files_bytes: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """SHA-256 of each file by its name, in hexadecimal."""

    files: dict[str, str]


class BadBackup(Exception):
    """A backup cannot be used; the text names the file and what is wrong with it."""


def write(path: Path, key: bytes, about: About, files: Iterable[Item], progress: Progress) -> None:
    """Seal ``files`` into ``path``: all of it or nothing, on disk when this returns. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as sink:
            os.fchmod(sink.fileno(), 0o600)
            with _writing(sink, key) as tar:
                _add(tar, ABOUT, msgspec.json.encode(about))
                count = _counting(about.files_bytes, progress)
                hashes = {item.name: _add_file(tar, item, count) for item in files}
                _add(tar, MANIFEST, msgspec.json.encode(Manifest(files=hashes), order="sorted"))
            sink.flush()
            os.fsync(sink.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read(path: Path, key: bytes, into: Path, progress: Progress) -> About:
    """Put every file of a backup below ``into`` and compare it with the manifest; raises BadBackup and OSError.

    What lies there after an error is not to be used.
    """
    try:
        with path.open("rb") as source, _reading(source, key) as tar:
            about, hashes, manifest = None, dict[str, str](), None
            count = _counting(0, progress)
            for member in tar:
                found = tar.extractfile(member)
                if not member.isfile() or found is None:
                    raise BadBackup(f"{path}: {member.name} is no plain file")
                if member.name == ABOUT:
                    about = msgspec.json.decode(found.read(), type=About)
                    count = _counting(about.files_bytes, progress)
                elif member.name == MANIFEST:
                    manifest = msgspec.json.decode(found.read(), type=Manifest)
                else:
                    hashes[member.name] = _take(found, into / _below(path, member.name), count)
    except FileNotFoundError:
        raise BadBackup(f"{path}: no such file; see kentongan backup list") from None
    except (NotReadable, tarfile.TarError, EOFError, gzip.BadGzipFile, msgspec.MsgspecError) as error:
        raise BadBackup(f"{path}: cannot be read: {error}") from None
    if about is None or manifest is None:
        raise BadBackup(f"{path}: is not whole: its {ABOUT} or {MANIFEST} is missing")
    wrong = {name for name, _ in hashes.items() ^ manifest.files.items()}
    if wrong:
        raise BadBackup(f"{path}: {min(wrong)} is not what was put into it")
    return about


@contextmanager
def _writing(sink: BinaryIO, key: bytes) -> Iterator[tarfile.TarFile]:
    sealed = cast("IO[bytes]", SealWriter(sink, key))
    with (
        sealed,
        gzip.GzipFile(fileobj=sealed, mode="wb", compresslevel=COMPRESSION, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield tar


@contextmanager
def _reading(source: BinaryIO, key: bytes) -> Iterator[tarfile.TarFile]:
    opened = cast("IO[bytes]", io.BufferedReader(SealReader(source, key), BUFFER))
    with opened, gzip.GzipFile(fileobj=opened, mode="rb") as zipped, tarfile.open(fileobj=zipped, mode="r|") as tar:
        yield tar


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_member(name, len(content)), io.BytesIO(content))


def _add_file(tar: tarfile.TarFile, item: Item, count: Count) -> str:
    with item.path.open("rb") as file:
        counted = _Counted(file, count)
        tar.addfile(_member(item.name, os.fstat(file.fileno()).st_size), cast("IO[bytes]", counted))
    return counted.hash.hexdigest()


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    return member


def _take(file: IO[bytes], target: Path, count: Count) -> str:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    counted = _Counted(file, count)
    with os.fdopen(descriptor, "wb") as out:
        while block := counted.read(BLOCK):
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return counted.hash.hexdigest()


def _below(path: Path, name: str) -> PurePosixPath:
    """``name`` as a path that cannot leave the folder it is put into."""
    found = PurePosixPath(name)
    if found.is_absolute() or ".." in found.parts or not found.parts:
        raise BadBackup(f"{path}: {name!r} is no name of a file of ours")
    return found


def _counting(total: int, progress: Progress) -> Count:
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        progress(min(done, total), total)

    return count


class _Counted:
    """A file whose bytes are hashed and counted on their way."""

    def __init__(self, file: IO[bytes], count: Count) -> None:
        self._file, self._count = file, count
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.hash.update(block)
        self._count(len(block))
        return block
