"""The key of backups: 32 bytes in a file of its own, of which a copy lies where the machine does not burn with it."""

import secrets
from pathlib import Path
from typing import Final

from broker import private_file

KEY_BYTES: Final = 32


class BadKey(Exception):
    """The key cannot be used; the text names the file and the remedy."""


def make(path: Path) -> None:
    """A new key in a file that only its owner can read; raises BadKey when something is there already."""
    if path.exists():
        raise BadKey(f"{path}: there is a key already; backups made with it can be read with nothing else")
    try:
        private_file.replace(path, secrets.token_hex(KEY_BYTES).encode() + b"\n")
    except OSError as error:
        raise BadKey(f"{path}: cannot be written: {error.strerror}") from None


def read(path: Path) -> bytes:
    """The key in ``path``; raises BadKey, never with what is in it."""
    try:
        if not private_file.is_private(path):
            raise BadKey(f"{path}: the key of the backups can be read by others: chmod 600 {path}")
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise BadKey(f"{path}: no such file; make a key: kentongan backup key --out {path}") from None
    except OSError as error:
        raise BadKey(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadKey(f"{path}: holds no key of {KEY_BYTES} bytes; take the file that kentongan backup key made")
    return key
