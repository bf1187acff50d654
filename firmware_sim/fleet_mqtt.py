"""A publisher for load: MQTT 3.1.1 at QoS 1 in packets made by hand, without a thread or a callback a message.

It speaks what a node speaks and nothing more. What makes it cheap: everything of a packet that does not change is made
once, many packets go out in one system call, and acknowledgements are read from one buffer.
"""

import socket
import ssl
from collections.abc import Iterator
from typing import Final

CONNECT_S: Final = 10.0
KEEPALIVE_S: Final = 60
READ_BYTES: Final = 256 * 1024
PING: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"
_CONNACK, _PUBLISH, _PUBACK, _SUBACK = 0x20, 0x30, 0x40, 0x90
_PUBLISH_QOS_1: Final = 0x32
_DUPLICATE: Final = 0x08

Address = tuple[str, int]


class FleetRefused(Exception):
    """The broker does not take a connection of the fleet; the text says which one and why."""


def connect_packet(user: str, password: str) -> bytes:
    """CONNECT of a clean session whose client id is its user name."""
    body = b"\x00\x04MQTT\x04\xc2" + KEEPALIVE_S.to_bytes(2, "big") + _text(user) + _text(user) + _text(password)
    return b"\x10" + length_of(len(body)) + body


def subscribe_packet(topic: str) -> bytes:
    body = b"\x00\x01" + _text(topic) + b"\x01"
    return b"\x82" + length_of(len(body)) + body


def publish_packet(topic: bytes, packet_id: int, payload: bytes, *, duplicate: bool = False) -> bytes:
    """PUBLISH at QoS 1; ``topic`` is the topic with its length before it, as :func:`topic_field` makes it."""
    first = _PUBLISH_QOS_1 | _DUPLICATE if duplicate else _PUBLISH_QOS_1
    size = len(topic) + 2 + len(payload)
    return b"%c%b%b%b%b" % (first, length_of(size), topic, packet_id.to_bytes(2, "big"), payload)


def topic_field(topic: str) -> bytes:
    return _text(topic)


def length_of(size: int) -> bytes:
    """MQTT's remaining length: seven bits a byte, the lowest first."""
    if size < 128:
        return size.to_bytes(1, "big")
    encoded = bytearray()
    while size >= 128:
        encoded.append(size & 127 | 128)
        size >>= 7
    encoded.append(size)
    return bytes(encoded)


def split(buffer: bytes) -> Iterator[tuple[int, int, int]]:
    """The whole packets at the head of ``buffer``: first byte, where the body begins, where it ends."""
    at, end = 0, len(buffer)
    while at + 2 <= end:
        size, shift, head = 0, 0, at + 1
        while True:
            if head == end or shift > 21:
                return
            byte = buffer[head]
            size |= (byte & 127) << shift
            shift, head = shift + 7, head + 1
            if byte < 128:
                break
        if head + size > end:
            return
        yield buffer[at], head, head + size
        at = head + size


class FleetConnection:
    """One client. Packets wait in ``out`` until :meth:`flush`; after a loss ``is_open`` is False until :meth:`open`.

    ``in_flight`` maps packet ids that the broker has not acknowledged to what the caller gave with them.
    """

    def __init__(self, address: Address, *, user: str, password: str, acks: str, tls: ssl.SSLContext | None) -> None:
        """``acks`` is the topic filter of application ACKs; empty: this client hears none."""
        self._address, self._user, self._password, self._acks, self._tls = address, user, password, acks, tls
        self._socket: socket.socket
        self._in = b""
        self._packet_id = 0
        self.out = bytearray()
        self.in_flight: dict[int, int] = {}
        self.is_open = False

    def open(self) -> None:
        """Connect, subscribe, and be ready; raises FleetRefused or OSError."""
        self._in, self.out = b"", bytearray()
        self._socket = socket.create_connection(self._address, timeout=CONNECT_S)
        try:
            self._introduce()
        except BaseException:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self.is_open = True

    def _introduce(self) -> None:
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            self._socket = self._tls.wrap_socket(self._socket)
        self._socket.sendall(connect_packet(self._user, self._password))
        kind, body = self._answer()
        if kind != _CONNACK or body[1] != 0:
            raise FleetRefused(f"the broker refuses {self._user}: its answer to CONNECT is {body.hex()}")
        if self._acks:
            self._socket.sendall(subscribe_packet(self._acks))
            kind, body = self._answer()
            if kind != _SUBACK or body[2] > 2:
                raise FleetRefused(f"the broker refuses {self._user} the subscription to {self._acks}")

    def _answer(self) -> tuple[int, bytes]:
        while True:
            for first, begin, end in split(self._in):
                body, self._in = self._in[begin:end], self._in[end:]
                return first & 0xF0, body
            data = self._socket.recv(READ_BYTES)
            if not data:
                raise FleetRefused(f"the broker hangs up on {self._user}")
            self._in += data

    def publish(self, topic: bytes, payload: bytes, token: int) -> None:
        """Queue a message; ``token`` comes back from :meth:`receive` when the broker has it."""
        packet_id = self._packet_id % 65535 + 1
        while packet_id in self.in_flight:
            packet_id = packet_id % 65535 + 1
        self._packet_id = packet_id
        self.in_flight[packet_id] = token
        self.out += publish_packet(topic, packet_id, payload)

    @property
    def is_full(self) -> bool:
        """Whether all packet ids are in use: the broker has stopped acknowledging."""
        return len(self.in_flight) >= 65000

    def flush(self) -> bool:
        """Send what waits, as far as the socket takes it; True when nothing is left."""
        while self.out and self.is_open:
            try:
                sent = self._socket.send(self.out)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            except OSError:
                self.drop()
                return False
            del self.out[:sent]
        return True

    def receive(self) -> tuple[list[int], list[tuple[bytes, bytes]]]:
        """What has come: tokens that the broker acknowledged, and application ACKs as (topic, payload)."""
        self._fill()
        buffer, consumed = self._in, 0
        tokens: list[int] = []
        acks: list[tuple[bytes, bytes]] = []
        for first, begin, end in split(buffer):
            consumed = end
            if first == _PUBACK:
                token = self.in_flight.pop(buffer[begin] << 8 | buffer[begin + 1], None)
                if token is not None:
                    tokens.append(token)
            elif first & 0xF0 == _PUBLISH:
                acks.append(self._delivered(first, buffer[begin:end]))
        self._in = buffer[consumed:]
        return tokens, acks

    def _fill(self) -> None:
        parts = [self._in]
        try:
            while data := self._socket.recv(READ_BYTES):
                parts.append(data)
            self.drop()  # the end of the stream
        except (BlockingIOError, ssl.SSLWantReadError):
            pass  # all that was there has been read
        except OSError:
            self.drop()
        self._in = b"".join(parts)

    def _delivered(self, first: int, body: bytes) -> tuple[bytes, bytes]:
        begin = 2 + int.from_bytes(body[:2], "big")
        qos = first >> 1 & 3
        if qos:
            self.out += b"\x40\x02" + body[begin : begin + 2]
        return body[2:begin], body[begin + 2 * bool(qos) :]

    def ping(self) -> None:
        self.out += PING

    def drop(self) -> None:
        """Lose the connection without a word, as a node in a dead spot does."""
        if self.is_open:
            self.is_open = False
            self._socket.close()

    def close(self) -> None:
        self.out += DISCONNECT
        self.flush()
        self.drop()

    def fileno(self) -> int:
        return self._socket.fileno()


def _text(value: str) -> bytes:
    return len(value.encode()).to_bytes(2, "big") + value.encode()
