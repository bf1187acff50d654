"""Passwords: how they are kept, and which ones are refused.

What people choose is kept by Argon2id (RFC 9106) with parameters of OWASP's Password Storage Cheat Sheet: 19 MiB, two
passes, one lane. What we draw ourselves has 80 random bits, which nobody can try through, and is kept by a salted
SHA-256, so that whoever makes it need not spend the time.
"""

import base64
import hashlib
import hmac
import os
import secrets
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
LEAST: Final = 10  # characters
MOST: Final = 128
LEAST_DIFFERENT: Final = 5
DRAWN_BYTES: Final = 10
_DRAWN: Final = "$drawn$"
# Long enough, and among the first that anybody tries here.
_COMMON_WORDS: Final = """
    1234567890 0123456789 12345678910 123456789012 password123 password1234 passw0rd123 qwertyuiop qwerty12345
    qwerty123456 1q2w3e4r5t 1qaz2wsx3edc abcdefghij iloveyou123 admin12345 administrator welcome123 letmein1234
    indonesia123 indonesia1945 bismillah123 bismillah1 sayangku123 pasuruan123 pasuruan2024 kotapasuruan
    bpbdpasuruan bpbdkotapasuruan peringatan123 kentongan123 kentongan2024 rahasia123 rahasia1234 sandi12345
"""
COMMON: Final = frozenset(_COMMON_WORDS.split())


class WeakPassword(ValueError):
    """A password that is refused; the text says why, for whoever chose it."""


def check(password: str, *, name: str) -> None:
    """Raises WeakPassword with a sentence."""
    plain = _folded(password)
    if len(password) < LEAST:
        raise WeakPassword(f"Kata sandi terlalu pendek: paling sedikit {LEAST} huruf atau angka.")
    if len(password) > MOST:
        raise WeakPassword(f"Kata sandi terlalu panjang: paling banyak {MOST} huruf.")
    if len(_folded(name)) > 2 and _folded(name) in plain:
        raise WeakPassword("Kata sandi memuat nama pengguna. Pilih yang lain.")
    if plain in COMMON or len(set(plain)) < LEAST_DIFFERENT:
        raise WeakPassword("Kata sandi ini terlalu mudah ditebak. Pilih yang lain, misalnya empat kata acak.")


def keep(password: str) -> str:
    """What is stored of a password that somebody chose; takes tens of milliseconds and 19 MiB."""
    return _argon(os.urandom(SALT_BYTES)).derive_phc_encoded(_bytes(password))


def drawn() -> str:
    """A new random password of 16 letters and digits in groups of four, easy to read aloud."""
    letters = base64.b32encode(secrets.token_bytes(DRAWN_BYTES)).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def keep_drawn(password: str) -> str:
    """What is stored of a password that :func:`drawn` made; takes microseconds."""
    salt = os.urandom(SALT_BYTES)
    return f"{_DRAWN}{salt.hex()}${_drawn_hash(salt, password)}"


def is_it(password: str, kept: str) -> bool:
    """Whether ``password`` is the one that was kept; takes as long whatever was kept, and for whatever is no hash."""
    if kept.startswith(_DRAWN):
        _verify(password, NOBODYS)
        salt, _, digest = kept.removeprefix(_DRAWN).partition("$")
        return hmac.compare_digest(_drawn_hash(bytes.fromhex(salt), password), digest)
    return _verify(password, kept or NOBODYS) and bool(kept)


def _verify(password: str, kept: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(_bytes(password), kept)
    except InvalidKey:
        return False
    return True


def _argon(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=HASH_BYTES, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)


def _bytes(password: str) -> bytes:
    """The same bytes however a keyboard composes a letter (NFKC, as RFC 8265 has it)."""
    return unicodedata.normalize("NFKC", password).encode()


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _drawn_hash(salt: bytes, password: str) -> str:
    plain = password.strip().lower().replace("-", "").replace(" ", "")
    return hashlib.sha256(salt + plain.encode()).hexdigest()


# Verified for a user who is not there: it takes as long as for one who is. Nobody's password makes it.
NOBODYS: Final = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
