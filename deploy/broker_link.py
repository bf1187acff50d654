"""Core's connection to the broker: paho-mqtt driven by core's own event loop.

There is no network thread to die unseen: a fault in a callback surfaces here, closes the connection, and the session
brings everything unacknowledged again. Each connection has a generation; an acknowledgement for an older one is
dropped, because message ids are used again. Reads and writes go through one buffer each, so that a burst costs two
system calls. paho connects, authenticates, subscribes and keeps alive. Messages are read from the buffer, and PUBACKs
and ACKs written to it, here: both sides see whole packets only, and the library's way through queues, locks and a dozen
objects a message costs more than everything else that core does with a reading.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from broker import topics

log: Final = logging.getLogger(__name__)

BATCH: Final = 500
READ_BYTES: Final = 256 * 1024
WRITE_LIMIT: Final = 16 * 1024 * 1024
KEEPALIVE_S: Final = 15
PUBLISH: Final = 3  # the packet's type, MQTT 3.1.1, 2.2.1
RETAINED: Final = tuple(f"/{kind}".encode() for kind in topics.RETAINED)
RETRY_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0)


class Arrival(NamedTuple):
    """A message as it came, with what is needed to acknowledge it."""

    topic: bytes
    payload: bytes
    mid: int
    qos: int
    retain: bool
    generation: int


class _BufferedSocket:
    """Stands between paho and its socket: paho reads and writes memory, the link moves it in large pieces."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self.before_close: Callable[[], None] = _nothing
        self._in = b""
        self._at = 0
        self.out = bytearray()

    def fill(self) -> bool:
        """Read what is there; False at the end of the stream."""
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return True
        self._in = self._in[self._at :] + data
        self._at = 0
        return bool(data)

    def packet(self) -> tuple[int, int, int] | None:
        """The whole packet that comes next: its header byte and where its body begins and ends; None: not yet there."""
        data, at = self._in, self._at + 1
        length = shift = 0
        while at < len(data):
            byte = data[at]
            length |= (byte & 127) << shift
            at += 1
            if byte < 128:
                return (data[self._at], at, at + length) if at + length <= len(data) else None
            shift += 7
            if shift > 21:
                raise ConnectionError("a packet's length is malformed")
        return None

    def take(self, start: int, end: int) -> bytes:
        """The body of the packet that comes next, which is then behind us."""
        self._at = end
        return self._in[start:end]

    def recv(self, count: int) -> bytes:
        if self._at >= len(self._in):
            raise BlockingIOError
        piece = self._in[self._at : self._at + count]
        self._at += len(piece)
        return piece

    def send(self, data: bytes) -> int:
        if len(self.out) > WRITE_LIMIT:
            raise BlockingIOError
        self.out += data
        return len(data)

    def flush(self) -> bool:
        """Write what is waiting; False when some is left."""
        while self.out:
            try:
                sent = self._socket.send(self.out)
            except BlockingIOError:
                return False
            del self.out[:sent]
        return True

    def fileno(self) -> int:
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        self._socket.setblocking(flag)

    def close(self) -> None:
        self.before_close()
        self._socket.close()


def read_publish(header: int, body: bytes | bytearray, generation: int) -> Arrival | None:
    """A PUBLISH of MQTT 3.1.1 (3.3) as an arrival; None when it is malformed. The topic's bytes are not judged here."""
    qos = header >> 1 & 3
    end = 2 + int.from_bytes(body[:2], "big")
    start = end + 2 if qos else end
    if len(body) < start or end == 2 or qos > 1:
        return None
    mid = int.from_bytes(body[end:start], "big")
    return Arrival(bytes(body[2:end]), bytes(body[start:]), mid, qos, bool(header & 1), generation)


def _publish_packet(topic: bytes, payload: bytes) -> bytes:
    """A PUBLISH of QoS 0 (MQTT 3.1.1, 3.3); what a node is to do for good is retained, as the wire contract has it."""
    remaining = 2 + len(topic) + len(payload)
    length = bytearray()
    while remaining > 127:
        length.append(remaining & 127 | 128)
        remaining >>= 7
    length.append(remaining)
    return (b"\x31" if topic.endswith(RETAINED) else b"\x30") + length + len(topic).to_bytes(2, "big") + topic + payload


def _nothing() -> None:
    """Before anybody waits for the socket."""


class _Client(mqtt.Client):
    """paho over a buffered socket."""

    def _create_socket(self) -> Any:
        connection = super()._create_socket()
        if isinstance(connection, socket.socket):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _BufferedSocket(connection)
        return connection


class BrokerLink:
    """``on_batch`` gets at most 500 arrivals at a time, on the event loop, and answers with :meth:`acknowledge`."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        password: str,
        client_id: str,
        subscriptions: Sequence[str],
        on_batch: Callable[[list[Arrival]], None],
        on_change: Callable[[bool], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._address = (host, port)
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        self._on_batch, self._on_change = on_batch, on_change
        self._arrivals: list[Arrival] = []
        self._socket: _BufferedSocket | None = None
        self._writing = False
        self.generation = 0
        self.is_connected = False
        self.last_packet = time.monotonic()
        self._client = client = _Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False, manual_ack=True
        )
        client.username_pw_set(username, password)
        client.connect_timeout = 2.0
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed

    async def run(self) -> None:
        """Stay connected until cancelled."""
        failures = 0
        try:
            while True:
                if self._socket is None and not self._connect():
                    await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
                    failures += 1
                    continue
                failures = 0 if self.is_connected else failures
                await asyncio.sleep(0.5)
                # A connection that brings messages is alive: the answer to a ping may wait behind thousands of them.
                is_quiet = time.monotonic() - self.last_packet > KEEPALIVE_S / 2
                if self._socket is not None and is_quiet and self._client.loop_misc() != mqtt.MQTT_ERR_SUCCESS:
                    self._drop("no answer to a ping")
                self.flush()
        finally:
            self._client.disconnect()
            self.flush()
            self._drop(None)

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        """PUBACK, in order, what this connection delivered; what an older one delivered will come again."""
        if self._socket is not None:
            now = self.generation
            self._socket.out += b"".join(
                b"\x40\x02" + arrival.mid.to_bytes(2, "big")
                for arrival in arrivals
                if arrival.qos == 1 and arrival.generation == now
            )

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand a message to the broker, QoS 0; nothing is kept for later when there is no connection."""
        if self.is_connected and self._socket is not None and len(self._socket.out) < WRITE_LIMIT:
            self._socket.out += _publish_packet(topic.encode(), payload)

    def _connect(self) -> bool:
        self.generation += 1
        try:
            if self.generation == 1:
                self._client.connect_async(*self._address, keepalive=KEEPALIVE_S)
            self._client.reconnect()
        except OSError as error:
            if self.generation == 1 or self.generation % 60 == 0:
                log.warning("broker at %s:%s does not answer: %s", *self._address, error)
            return False
        opened: Any = self._client.socket()
        self._socket = opened
        opened.before_close = self._forget
        self._loop.add_reader(opened.fileno(), self._readable)
        self.flush()
        return True

    def _readable(self) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            alive = connection.fill() and self._read(connection)
        except Exception as error:
            log.exception("reading from the broker failed")
            self._arrivals.clear()  # none of them is acknowledged: they come again
            self._drop(str(error))
            return
        self.last_packet = time.monotonic()
        if self._arrivals:
            batch = self._arrivals.copy()
            self._arrivals.clear()
            self._on_batch(batch)
        if not alive:
            self._drop("closed by the broker")
        self.flush()

    def _read(self, connection: _BufferedSocket) -> bool:
        """Take the packets that are whole, a batch at most: messages here, everything else is paho's."""
        while (packet := connection.packet()) is not None:
            if len(self._arrivals) >= BATCH:
                self._loop.call_soon(self._readable)
                break
            header, start, end = packet
            if header >> 4 == PUBLISH:
                arrival = read_publish(header, connection.take(start, end), self.generation)
                if arrival is None:
                    raise ConnectionError("the broker sent a malformed message")
                self._arrivals.append(arrival)
            elif self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
        return True

    def flush(self) -> None:
        """Send what is waiting, as far as the socket takes it; the rest goes when it can."""
        connection = self._socket
        if connection is None:
            return
        try:
            if self._client.want_write():
                self._client.loop_write()
            is_empty = connection.flush()
        except OSError as error:
            self._drop(str(error))
            return
        if is_empty and self._writing:
            self._loop.remove_writer(connection.fileno())
            self._writing = False
        elif not is_empty and not self._writing:
            self._loop.add_writer(connection.fileno(), self.flush)
            self._writing = True

    def _forget(self) -> None:
        """Stop watching a socket that is about to close, whoever closes it: paho or the link."""
        connection, self._socket = self._socket, None
        if connection is None:
            return
        self._loop.remove_reader(connection.fileno())
        if self._writing:
            self._loop.remove_writer(connection.fileno())
        self._writing = False
        if self.is_connected:
            self.is_connected = False
            self._loop.call_soon(self._on_change, False)

    def _drop(self, reason: str | None) -> None:
        if self._socket is not None:
            self._socket.close()
        if reason is not None:
            log.warning("connection to the broker lost: %s", reason)

    def _connected(
        self, client: mqtt.Client, _userdata: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if code.is_failure:
            log.error("the broker refuses core: %s", code)
            self._loop.call_soon(self._drop, str(code))
            return
        client.subscribe(self._subscriptions)
        log.info("connected to the broker")
        self.is_connected = True
        self._loop.call_soon(self._on_change, True)

    def _subscribed(self, _client: mqtt.Client, _userdata: object, _mid: int, codes: Any, _properties: object) -> None:
        refused = [topic for (topic, _), code in zip(self._subscriptions, codes, strict=False) if code.is_failure]
        if refused:
            log.error("the broker refuses the subscription to %s; check its access list", ", ".join(refused))
            self._loop.call_soon(self._drop, "subscription refused")
