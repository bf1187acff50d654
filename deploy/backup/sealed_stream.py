"""A stream that only the holder of the key can read, and in which nothing can be changed, moved or cut off unnoticed.

    header   16 bytes of magic, 16 of salt, 7 of nonce
    chunks   64 KiB each, the last one shorter, every one followed by its tag of 16 bytes

AES-256-GCM, chunk by chunk, in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar: "Online Authenticated-
Encryption and its Nonce-Reuse Misuse-Resistance", 2015): a chunk's nonce holds its number and whether it is the last.
The key of one stream is derived (HKDF, RFC 5869) from the backup key and the stream's own salt.
"""

import io
import os
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC: Final = b"KENTONGAN-SEAL1\n"
SALT_BYTES: Final = 16
PREFIX_BYTES: Final = 7  # and 4 of the chunk's number, and one that marks the last: 12 bytes of nonce
HEADER_BYTES: Final = len(MAGIC) + SALT_BYTES + PREFIX_BYTES
CHUNK: Final = 64 * 1024
TAG_BYTES: Final = 16


class NotReadable(Exception):
    """The stream is no sealed one, was sealed with another key, or is not whole; the text says which."""


class SealWriter(io.RawIOBase):
    """Seals what is written to it into ``sink``; whole only after ``close``, which leaves ``sink`` open."""

    def __init__(self, sink: BinaryIO, key: bytes) -> None:
        salt, self._prefix = os.urandom(SALT_BYTES), os.urandom(PREFIX_BYTES)
        self._header = MAGIC + salt + self._prefix
        self._cipher = _cipher(key, salt)
        self._sink, self._waiting, self._number = sink, bytearray(), 0
        sink.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        view = memoryview(data)
        self._waiting += view
        # The last chunk must be known as such, so a full one waits until something follows.
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return view.nbytes

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._waiting), is_last=True)
        super().close()

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last=is_last)
        self._sink.write(self._cipher.encrypt(nonce, chunk, self._header))
        self._number += 1


class SealReader(io.RawIOBase):
    """Reads a sealed stream from ``source``; raises NotReadable at the first chunk that is not as it was written."""

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        self._header = source.read(HEADER_BYTES)
        if len(self._header) < HEADER_BYTES or not self._header.startswith(MAGIC):
            raise NotReadable("it is no backup of kentongan")
        salt = self._header[len(MAGIC) : len(MAGIC) + SALT_BYTES]
        self._prefix = self._header[-PREFIX_BYTES:]
        self._cipher = _cipher(key, salt)
        self._source, self._number, self._is_over = source, 0, False
        self._opened = memoryview(b"")
        self._next = source.read(CHUNK + TAG_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while not self._opened and not self._is_over:
            self._open()
        room = memoryview(buffer).cast("B")
        count = min(len(room), len(self._opened))
        room[:count] = self._opened[:count]
        self._opened = self._opened[count:]
        return count

    def _open(self) -> None:
        sealed, self._next = self._next, self._source.read(CHUNK + TAG_BYTES)
        self._is_over = not self._next
        nonce = _nonce(self._prefix, self._number, is_last=self._is_over)
        try:
            self._opened = memoryview(self._cipher.decrypt(nonce, sealed, self._header))
        except (InvalidTag, ValueError):
            what = "it was sealed with another key, or its beginning is damaged"
            if self._number:
                what = f"it is damaged or cut off after {self._number * CHUNK // 1024} KiB"
            raise NotReadable(what) from None
        self._number += 1


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"kentongan backup").derive(key))


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([is_last])
