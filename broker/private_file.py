"""Files that only their owner may read: keys, passwords and the configuration that leans on them."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` with mode 0600: all of it or nothing, and on disk when this returns.

    As root the file goes to the owner of its folder, who may be the user that the broker runs as. Raises OSError.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if os.geteuid() == 0:
                folder = path.parent.stat()
                os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def replace_if_changed(path: Path, content: bytes) -> bool:
    """The same, leaving a file that already says so alone; whether it was written."""
    if path.is_file() and is_private(path) and path.read_bytes() == content:
        return False
    replace(path, content)
    return True


def is_private(path: Path) -> bool:
    """Whether nobody but the owner (and root) can read or change ``path``."""
    return path.stat().st_mode & 0o077 == 0


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """One process at a time reads, changes and replaces the files of ``folder``; others wait."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(folder / ".lock", flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    # A rename is on disk only when its folder is.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
