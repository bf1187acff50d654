"""Personal data at rest: sealed with a key that is not in the database, and found again by a keyed hash.

Whoever has only the journal's file can neither read a number nor test whether a number he knows is in it.
"""

import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # 96 bits, drawn at random: good for 2**32 texts under one key (NIST SP 800-38D, 8.3)


class NotOurs(Exception):
    """What was to be opened was sealed with another key, or was changed since."""


class Vault:
    """AES-256-GCM and HMAC-SHA256, each under a key of its own, derived (HKDF, RFC 5869) from one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key of personal data is {KEY_BYTES} bytes long, this one {len(key)}")
        self._cipher = AESGCM(_derived(key, b"kentongan people: seal"))
        self._digest_key = _derived(key, b"kentongan people: digest")

    def seal(self, text: str) -> bytes:
        """``text`` encrypted and authenticated; another result each time."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """What was sealed; raises NotOurs."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()
        except (InvalidTag, ValueError):
            raise NotOurs("sealed with another key than people.key, or damaged since") from None

    def digest(self, text: str) -> bytes:
        """The same 32 bytes for the same text; nobody without the key can work them out."""
        return hmac.digest(self._digest_key, text.encode(), hashlib.sha256)


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)
