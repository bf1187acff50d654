"""The packets of MQTT 3.1.1 that core reads and writes itself: messages in, their PUBACKs and ACKs out.

Nothing here knows a connection, so that the bytes of thousands of messages a second are compiled with the rest of a
reading's path. Sections in brackets are those of the standard.
"""

from collections.abc import Iterable
from typing import Final

from broker import topics
from deploy.arrival import Arrival

PUBLISH: Final = 3  # the packet's type (2.2.1)
RETAINED: Final = tuple(f"/{kind}".encode() for kind in topics.RETAINED)


class MalformedPacket(Exception):
    """What the broker sent is not MQTT: nothing that follows on this connection can be read."""


class PacketBuffer:
    """What was read from a socket and not yet taken."""

    def __init__(self) -> None:
        self._data = b""
        self._at = 0

    def add(self, data: bytes) -> None:
        self._data = self._data[self._at :] + data
        self._at = 0

    def piece(self, most: int) -> bytes:
        """At most so many bytes; none when there are none."""
        piece = self._data[self._at : self._at + most]
        self._at += len(piece)
        return piece

    def has_packet(self) -> bool:
        """Whether a whole packet comes next; raises MalformedPacket."""
        return self._body()[1] > 0

    def messages(self, most: int, generation: int) -> list[Arrival]:
        """The messages that come next, whole ones, ``most`` of them at most; raises MalformedPacket."""
        arrivals: list[Arrival] = []
        while len(arrivals) < most and self._at < len(self._data) and self._data[self._at] >> 4 == PUBLISH:
            start, end = self._body()
            if not end:
                break
            arrival = read_publish(self._data[self._at], self._data[start:end], generation)
            if arrival is None:
                raise MalformedPacket("the broker sent a malformed message")
            arrivals.append(arrival)
            self._at = end
        return arrivals

    def _body(self) -> tuple[int, int]:
        """Where the body of the packet that comes next begins and ends (2.2.3); (0, 0): it is not whole yet."""
        data, at = self._data, self._at + 1
        size, length, shift = len(data), 0, 0
        while at < size:
            byte = data[at]
            length |= (byte & 127) << shift
            at += 1
            if byte < 128:
                return (at, at + length) if at + length <= size else (0, 0)
            shift += 7
            if shift > 21:
                raise MalformedPacket("a packet's length is malformed")
        return 0, 0


def read_publish(header: int, body: bytes, generation: int) -> Arrival | None:
    """A PUBLISH (3.3) as an arrival; None when it is malformed. The topic's bytes are not judged here."""
    qos = header >> 1 & 3
    end = 2 + (body[0] << 8 | body[1]) if len(body) >= 2 else 2
    start = end + 2 if qos else end
    if len(body) < start or end == 2 or qos > 1:
        return None
    mid = body[end] << 8 | body[end + 1] if qos else 0
    return Arrival(body[2:end], body[start:], mid, qos, bool(header & 1), generation)


def pubacks(arrivals: Iterable[Arrival], generation: int) -> bytes:
    """The PUBACKs (3.4), in order, for what the connection of this generation delivered with QoS 1."""
    due = [each.mid for each in arrivals if each.qos == 1 and each.generation == generation]
    return b"".join([b"\x40\x02" + mid.to_bytes(2, "big") for mid in due])


def publish_packet(topic: bytes, payload: bytes) -> bytes:
    """A PUBLISH of QoS 0 (3.3); what a node is to do for good is retained, as the wire contract has it."""
    remaining = 2 + len(topic) + len(payload)
    length = bytearray()
    while remaining > 127:
        length.append(remaining & 127 | 128)
        remaining >>= 7
    length.append(remaining)
    return (b"\x31" if topic.endswith(RETAINED) else b"\x30") + length + len(topic).to_bytes(2, "big") + topic + payload
