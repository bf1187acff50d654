"""What core tells a node to do: sealed with the node's own key, numbered, and good for a while only.

A sealed order is 64 hexadecimal digits, a line feed, and JSON. The digits are HMAC-SHA256 (RFC 2104) of topic, line
feed and JSON, so that an order for one node or topic is none for another. ``n`` only ever grows; the last one obeyed is
on flash before anything is done, so that nothing is done twice, whoever repeats it. ``exp`` is in ms UTC.
"""

import json
import os
from binascii import hexlify, unhexlify
from hashlib import sha256

_BLOCK = 64
MAC_DIGITS = 64
_OUTER, _INNER = 0x5C, 0x36


class Refused(Exception):
    """This is not obeyed; the text says why."""


class Orders:
    """``key`` is 64 hexadecimal digits, or "" for a node that obeys nobody. ``path`` keeps the last numbers."""

    def __init__(self, key, path):
        self.trust([key] if key else [])
        self._path = path
        self._last = self._load()

    def trust(self, keys):
        """A seal with any of these keys counts from now on."""
        self._keys = [unhexlify(key) for key in keys]

    def open(self, topic, payload, now_ms):
        """The order in ``payload``; None when it was obeyed before. Raises Refused. ``now_ms`` None: no clock."""
        order = self._unseal(topic, payload)
        kind = topic.rsplit("/", 1)[-1]
        number, last = order.get("n"), self._last.get(kind, 0)
        if not isinstance(number, int) or isinstance(number, bool):
            raise Refused("it has no number")
        if number == last:
            return None
        if number < last:
            raise Refused("number %d comes after %d" % (number, last))
        if kind != "cfg":
            _check_time(order.get("exp"), now_ms)
        self.remember(kind, number)
        return order

    def stored(self, topic, payload):
        """An order that was obeyed before this start, from flash; raises Refused when it is not in order."""
        return self._unseal(topic, payload)

    def last(self, kind):
        return self._last.get(kind, 0)

    def _unseal(self, topic, payload):
        if not self._keys:
            raise Refused("this node has no key: give it a new node.json")
        mac, body = payload[:MAC_DIGITS], payload[MAC_DIGITS + 1 :]
        sealed = topic.encode() + b"\n" + body
        if not any(is_same(mac, hexlify(hmac_sha256(key, sealed))) for key in self._keys):
            raise Refused("the seal is not ours")
        try:
            order = json.loads(body)
        except ValueError:
            raise Refused("not JSON")
        if not isinstance(order, dict):
            raise Refused("not an object")
        return order

    def _load(self):
        try:
            with open(self._path) as file:
                found = json.load(file)
        except (OSError, ValueError):
            # None yet, or lost: an old command has run out by its time, and core's next one is greater anyway.
            return {}
        return found if isinstance(found, dict) else {}

    def remember(self, kind, number):
        """Never obey this number again, nor one before it; on flash when this returns. Raises Refused."""
        wanted = dict(self._last)
        wanted[kind] = number
        try:
            write_whole(self._path, json.dumps(wanted).encode())
        except OSError as error:
            raise Refused("the flash refuses its number: %r" % error)
        self._last = wanted


def write_whole(path, data):
    """Replace a file by ``data``: the old one or the new one is there, whenever the power goes. Raises OSError."""
    with open(path + ".new", "wb") as file:
        file.write(data)
        file.flush()
    os.rename(path + ".new", path)


def hmac_sha256(key, *pieces):
    """RFC 2104 over SHA-256, of all pieces one after the other."""
    if len(key) > _BLOCK:
        key = sha256(key).digest()
    key = key + bytes(_BLOCK - len(key))
    inner = sha256(bytes(byte ^ _INNER for byte in key))
    for piece in pieces:
        inner.update(piece)
    outer = sha256(bytes(byte ^ _OUTER for byte in key))
    outer.update(inner.digest())
    return outer.digest()


def is_same(one, other):
    """In the same time wherever they differ."""
    different = len(one) ^ len(other)
    for a, b in zip(one, other):  # noqa: B905 - MicroPython has no strict
        different |= a ^ b
    return not different


def _check_time(expires_ms, now_ms):
    if not isinstance(expires_ms, int):
        raise Refused("it has no time by which it ends")
    if now_ms is None:
        raise Refused("this node has no clock yet")
    if now_ms > expires_ms:
        raise Refused("it came %d s too late" % ((now_ms - expires_ms) // 1000))
