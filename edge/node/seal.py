"""The seal on what this node says and hears, so that who holds the broker can invent neither.

64 hexadecimal digits, a line feed, and what is sealed: HMAC-SHA256 (RFC 2104) with the node's key over topic, line feed
and what is sealed. Core knows the key by the credential that is in force, therefore it is the one of the password that
opened the connection, for as long as that lasts.
"""

from binascii import hexlify, unhexlify

from orders import MAC_DIGITS, hmac_sha256, is_same


class NotSealed(ValueError):
    """This does not come from core."""


class Seal:
    """``key`` is 64 hexadecimal digits; "" leaves everything as it is."""

    def __init__(self, key):
        self._key = unhexlify(key) if key else None

    def over(self, topic, payload):
        """The payload to publish."""
        if self._key is None:
            return payload
        return self._mac(topic, payload) + b"\n" + payload

    def open(self, topic, payload):
        """What core sealed; raises NotSealed."""
        if self._key is None:
            return payload
        body = payload[MAC_DIGITS + 1 :]
        if not is_same(payload[:MAC_DIGITS], self._mac(topic, body)):
            raise NotSealed("the seal is not core's")
        return body

    def _mac(self, topic, payload):
        # In two pieces: a payload of the backlog need not be copied for it.
        return hexlify(hmac_sha256(self._key, topic.encode() + b"\n", payload))
