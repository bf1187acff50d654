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
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from deploy.arrival import Arrival
from deploy.arrival_queue import ArrivalQueue
from deploy.mqtt_packets import PacketBuffer, pubacks, publish_packet

log: Final = logging.getLogger(__name__)

BATCH: Final = 500
READ_BYTES: Final = 256 * 1024
WRITE_LIMIT: Final = 16 * 1024 * 1024
KEEPALIVE_S: Final = 15
RETRY_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0)


class _BufferedSocket:
    """Stands between paho and its socket: paho reads and writes memory, the link moves it in large pieces."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self.before_close: Callable[[], None] = _nothing
        self.packets = PacketBuffer()
        self.out = bytearray()

    def fill(self) -> bool:
        """Read what is there; False at the end of the stream."""
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return True
        self.packets.add(data)
        return bool(data)

    def recv(self, count: int) -> bytes:
        piece = self.packets.piece(count)
        if not piece:
            raise BlockingIOError
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
        self._queue = ArrivalQueue()
        self._reads_soon: asyncio.Handle | None = None
        self._socket: _BufferedSocket | None = None
        self._writing = False
        self.generation = 0
        self.is_connected = False
        self.last_packet = self.looked_at = time.monotonic()  # looked_at: when ``run`` last saw to the connection
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
                self.looked_at = time.monotonic()
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
            self._socket.out += pubacks(self._queue.answer(arrivals), self.generation)

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand a message to the broker, QoS 0; nothing is kept for later when there is no connection."""
        if self.is_connected and self._socket is not None and len(self._socket.out) < WRITE_LIMIT:
            self._socket.out += publish_packet(topic.encode(), payload)

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

    def _read_soon(self) -> None:
        if self._reads_soon is None:
            self._reads_soon = self._loop.call_soon(self._readable)

    def _readable(self) -> None:
        if self._reads_soon is not None:
            self._reads_soon.cancel()
            self._reads_soon = None
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
        if self._arrivals or self._queue:
            batch = self._queue.take(self._arrivals)
            self._arrivals.clear()
            self._on_batch(batch)
            if self._queue:
                self._read_soon()  # what has arrived meanwhile may be of now
        if not alive:
            self._drop("closed by the broker")
        self.flush()

    def _read(self, connection: _BufferedSocket) -> bool:
        """Take the packets that are whole, a batch at most: messages here, everything else is paho's."""
        packets = connection.packets
        while True:
            self._arrivals += packets.messages(BATCH - len(self._arrivals), self.generation)
            if not packets.has_packet():
                return True
            if len(self._arrivals) >= BATCH:
                self._read_soon()
                return True
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False

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
        self._queue.clear()
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
