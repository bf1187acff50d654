"""A small MQTT 3.1.1 client: QoS 1, TLS, one connection, and no wait without an end.

After any exception the connection is worth nothing: close it and make another. Nothing is kept over connections; the
ring knows what has to be sent again.
"""

import asyncio
import select
import socket
import ssl
import struct
from errno import EINPROGRESS
from time import ticks_add, ticks_diff, ticks_ms

CONNECT_MS = 30000
HANDSHAKE_MS = 120000  # TLS takes an ESP32 seconds of arithmetic, and a phone network many round trips
WAIT_MS = 60000  # every answer, and every write
KEEPALIVE_S = 60
SILENCE_MS = 120000  # we ping every 30 s and are answered within 60 s
_PING_MS = 30000
_CONNECT_POLL_MS = 50

MAX_PAYLOAD = 4096  # of what we receive; a greater one is read past
_MAX_TOPIC = 128
_MAX_REMAINING = 1 << 20
_MAX_UNACKNOWLEDGED = 16

_CONNACK, _PUBLISH, _PUBACK, _SUBACK, _PINGRESP = 2, 3, 4, 9, 13
_REFUSALS = ("", "protocol version", "client id", "server unavailable", "user name or password", "not authorised")


class MqttError(Exception):
    """The connection failed, ended, or the other side broke the protocol."""


class NotLetIn(MqttError):
    """The broker does not take the password."""


class Will:
    """What the broker publishes, retained, when we vanish."""

    def __init__(self, topic, payload):
        self.topic = topic
        self.payload = payload


def tls_context(authority):
    """TLS that believes only the certificate authority of this installation (DER)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority)
    return context


class Client:
    """One connection. ``tls`` None: plain TCP."""

    def __init__(self, host, port, tls=None, server_name=None):
        self._address = (host, port)
        self._tls = tls
        self._server_name = server_name
        self._socket = None
        self._stream = None
        self._writing = asyncio.Lock()
        self._packet_id = 0
        self._due = {}  # packet id -> when its acknowledgement is late
        self._ping_due = None
        self._sent_at = ticks_ms()
        self.oversized = 0

    async def connect(self, client_id, password, will):
        """Connect with the client id as user name too; raises MqttError or OSError."""
        await self._open()
        await self._send(_connect_packet(client_id, password, will), HANDSHAKE_MS)
        kind, _, length = await self._head(WAIT_MS)
        if kind != _CONNACK or length != 2:
            raise MqttError("the first answer is not a CONNACK")
        code = (await self._exactly(2))[1]
        if code:
            why = "refused: " + (_REFUSALS[code] if code < len(_REFUSALS) else str(code))
            raise NotLetIn(why) if code in (4, 5) else MqttError(why)

    def close(self):
        """End the connection at once. No other coroutine may be waiting in this client any more."""
        if self._socket is not None:
            connection, self._socket, self._stream = self._socket, None, None
            connection.close()

    async def subscribe(self, topics):
        """Ask for ``topics`` at QoS 1; a refusal or a missing answer comes out of receive and keep_alive."""
        packet_id = self._next_id()
        body = struct.pack(">H", packet_id) + b"".join(_text(topic) + b"\x01" for topic in topics)
        await self._send(b"\x82" + _remaining(len(body)) + body)

    async def publish(self, topic, payload, retain=False):
        """Send at QoS 1. It returns before the broker answers; keep_alive raises when the answer is late."""
        while len(self._due) >= _MAX_UNACKNOWLEDGED:
            self._check_due()
            await asyncio.sleep_ms(_CONNECT_POLL_MS)
        packet_id = self._next_id()
        head = _text(topic) + struct.pack(">H", packet_id)
        first = b"\x33" if retain else b"\x32"
        await self._send(first + _remaining(len(head) + len(payload)) + head + payload)

    def is_acknowledged(self):
        """True when the broker has answered for everything that was published."""
        return not self._due

    async def keep_alive(self):
        """To be called every few seconds: pings, and raises MqttError when an answer is late."""
        self._check_due()
        if self._ping_due is None and ticks_diff(ticks_ms(), self._sent_at) >= _PING_MS:
            self._ping_due = ticks_add(ticks_ms(), WAIT_MS)
            await self._send(b"\xc0\x00")

    async def receive(self):
        """The next message, (topic, payload); raises MqttError or OSError when the connection is worth nothing."""
        while True:
            kind, flags, length = await self._head(SILENCE_MS)
            if kind == _PUBLISH:
                message = await self._read_publish(flags, length)
                if message is not None:
                    return message
            elif kind == _PUBACK and length == 2:
                self._settle(await self._exactly(2))
            elif kind == _SUBACK and 3 <= length <= 10:
                self._read_suback(await self._exactly(length))
            elif kind == _PINGRESP and length == 0:
                self._ping_due = None
            else:
                raise MqttError("packet %d of %d bytes is not for a client" % (kind, length))

    # -- packets -----------------------------------------------------------------------------------------------------

    async def _read_publish(self, flags, length):
        qos = flags >> 1 & 3
        if qos > 1 or length < 2:
            raise MqttError("PUBLISH with flags %d and %d bytes" % (flags, length))
        size = struct.unpack(">H", await self._exactly(2))[0]
        left = length - 2 - size - 2 * qos
        if not 0 < size <= _MAX_TOPIC or left < 0:
            raise MqttError("PUBLISH with a topic of %d bytes" % size)
        topic = await self._exactly(size)
        packet_id = await self._exactly(2) if qos else None
        payload = await self._payload(left)
        if packet_id:
            await self._send(b"\x40\x02" + packet_id)
        try:
            return None if payload is None else (topic.decode(), payload)
        except UnicodeError:
            raise MqttError("PUBLISH with a topic that is not UTF-8")

    async def _payload(self, size):
        if size <= MAX_PAYLOAD:
            return await self._exactly(size)
        # Retained, it would come again on each connection: hanging up would not be rid of it.
        self.oversized += 1
        while size:
            size -= len(await self._exactly(min(size, 512)))
        return None

    def _read_suback(self, body):
        self._settle(body[:2])
        if any(code > 2 for code in body[2:]):
            raise MqttError("a subscription was refused")

    def _settle(self, packet_id):
        self._due.pop(struct.unpack(">H", packet_id)[0], None)

    def _next_id(self):
        while True:
            self._packet_id = self._packet_id % 65535 + 1
            if self._packet_id not in self._due:
                self._due[self._packet_id] = ticks_add(ticks_ms(), WAIT_MS)
                return self._packet_id

    def _check_due(self):
        now = ticks_ms()
        if self._ping_due is not None and ticks_diff(now, self._ping_due) > 0:
            raise MqttError("no answer to a ping")
        for due in self._due.values():
            if ticks_diff(now, due) > 0:
                raise MqttError("no acknowledgement from the broker")

    async def _head(self, wait_ms):
        """Kind, flags and remaining length of the next packet."""
        first = (await self._exactly(1, wait_ms))[0]
        length = shift = 0
        while True:
            byte = (await self._exactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift > 21:
                raise MqttError("a length that does not end")
        if length > _MAX_REMAINING:
            raise MqttError("a packet of %d bytes" % length)
        return first >> 4, first & 15, length

    # -- the connection ----------------------------------------------------------------------------------------------

    async def _open(self):
        # Both of these block the node for as long as name resolution takes; the watchdog has the last word.
        family, kind, protocol, _, address = socket.getaddrinfo(*self._address, 0, socket.SOCK_STREAM)[0]
        self._socket = connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            connection.connect(address)
        except OSError as error:
            if error.errno != EINPROGRESS:
                raise
        await self._until_connected(connection)
        if self._tls is not None:
            self._socket = connection = self._tls.wrap_socket(
                connection, server_hostname=self._server_name, do_handshake_on_connect=False
            )
            connection.setblocking(False)
        self._stream = asyncio.StreamReader(connection)

    async def _until_connected(self, connection):
        poll = select.poll()
        poll.register(connection, select.POLLOUT)
        late = ticks_add(ticks_ms(), CONNECT_MS)
        while not poll.poll(0):
            if ticks_diff(ticks_ms(), late) > 0:
                raise MqttError("no connection to %s:%d" % self._address)
            await asyncio.sleep_ms(_CONNECT_POLL_MS)

    async def _exactly(self, size, wait_ms=WAIT_MS):
        if size == 0:
            return b""
        try:
            return await asyncio.wait_for_ms(self._stream.readexactly(size), wait_ms)
        except asyncio.TimeoutError:
            raise MqttError("nothing came in %d s" % (wait_ms // 1000))
        except EOFError:
            raise MqttError("the broker closed the connection")

    async def _send(self, packet, wait_ms=WAIT_MS):
        async with self._writing:
            self._stream.write(packet)
            try:
                await asyncio.wait_for_ms(self._stream.drain(), wait_ms)
            except asyncio.TimeoutError:
                raise MqttError("could not write for %d s" % (wait_ms // 1000))
        self._sent_at = ticks_ms()


def _connect_packet(client_id, password, will):
    # User name, password, will (retained, QoS 1), clean session: what matters is in the ring.
    variable = b"\x00\x04MQTT\x04\xee" + struct.pack(">H", KEEPALIVE_S)
    body = variable + _text(client_id) + _text(will.topic) + _text(will.payload) + _text(client_id) + _text(password)
    return b"\x10" + _remaining(len(body)) + body


def _text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack(">H", len(data)) + data


def _remaining(length):
    digits = b""
    while True:
        length, digit = length >> 7, length & 0x7F
        if not length:
            return digits + bytes((digit,))
        digits += bytes((digit | 0x80,))
