"""The seal on a payload: who holds the broker, but not the node's key, can neither make one nor move it elsewhere.

A sealed payload is 64 hexadecimal digits, a line feed, and what is sealed. The digits are HMAC-SHA256 (RFC 2104) with
the node's own key over topic, line feed and what is sealed, so that the payload of one node or topic is none of
another. A seal says who made it, not when: what must not be taken twice carries a number of its own, as observations do
with (boot, seq) and orders with ``n``.
"""

import hashlib
import hmac
from typing import Final

MAC_DIGITS: Final = 64
_BREAK: Final = b"\n"
_PLAIN: Final = (b"{", b"[")  # JSON begins so, and no hexadecimal number does


class NotSealed(ValueError):
    """A payload that the key did not seal for that topic."""


def seal(key: str, topic: str, body: bytes) -> bytes:
    """The payload to publish; ``key`` is 64 hexadecimal digits."""
    return _mac(key, topic.encode(), body) + _BREAK + body


def is_sealed(payload: bytes) -> bool:
    """Whether ``payload`` has the shape of a sealed one, right or wrong; plain JSON never has."""
    return payload[MAC_DIGITS : MAC_DIGITS + 1] == _BREAK and payload[:1] not in _PLAIN


def unseal(key: str, topic: str, payload: bytes) -> bytes:
    """What :func:`seal` was given; raises :class:`NotSealed` when one bit of key, topic or payload is another."""
    mac, body = payload[:MAC_DIGITS], payload[MAC_DIGITS + 1 :]
    if not hmac.compare_digest(mac, _mac(key, topic.encode(), body)):
        raise NotSealed(f"the seal is not that of {topic}'s node")
    return body


def _mac(key: str, topic: bytes, body: bytes) -> bytes:
    return hmac.digest(bytes.fromhex(key), topic + _BREAK + body, hashlib.sha256).hex().encode()
