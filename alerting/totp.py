"""The second factor: codes of six digits from a clock and a shared secret (RFC 6238 over RFC 4226)."""

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import quote

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20  # RFC 4226, 4: 160 bits are recommended
DRIFT: Final = 1  # steps that a phone's clock may be off, either way


def code(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of a step (RFC 4226, 5.3, HMAC-SHA-1)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(now_ms: int) -> int:
    """The step of a moment, ms UTC."""
    return now_ms // (STEP_S * 1000)


def match(secret: bytes, said: str, *, now_ms: int, after: int) -> int | None:
    """The step whose code was said, later than step ``after``, so that none counts twice; None: no such code.

    Takes the same time whichever step it is.
    """
    found = None
    for step in range(step_of(now_ms) - DRIFT, step_of(now_ms) + DRIFT + 1):
        is_it = hmac.compare_digest(code(secret, step).encode(), said.encode())
        if is_it and step > after:
            found = step
    return found


def spelled(secret: bytes) -> str:
    """The secret as people type it into an application when they cannot scan it."""
    return base64.b32encode(secret).decode().rstrip("=")


def secret_of(spelled_out: str) -> bytes:
    """The other way; raises ValueError."""
    text = "".join(spelled_out.split()).upper()
    return base64.b32decode(text + "=" * (-len(text) % 8))


def address(secret: bytes, *, name: str, issuer: str) -> str:
    """What the QR code says: an otpauth address, as authenticator applications read it."""
    label = quote(f"{issuer}:{name}", safe="")
    return f"otpauth://totp/{label}?secret={spelled(secret)}&issuer={quote(issuer, safe='')}"
