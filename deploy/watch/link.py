"""A watch's connection to the broker: a client as a node is, by TLS and with a credential of its own.

paho's thread only puts what came into a queue; whoever owns the link takes it out and judges.
"""

import queue
import secrets
import socket
import ssl
import sys
import time
from typing import Any, Final

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from broker import orders, wire
from broker.payload_seal import NotSealed
from broker.topics import topic
from deploy.watch.heard import Answer, Heard
from deploy.watch.record import DAILY, OWN, SERIES
from deploy.watch.settings import WatchSettings

KEEPALIVE_S: Final = 15
RETRY_S: Final = (1, 5)
MOST_WAITING: Final = 1000
TROUBLE_LENGTH: Final = 80
TROUBLES: Final = (
    (ssl.SSLCertVerificationError, "sertifikatnya bukan dari otoritas kami"),
    (ssl.SSLError, "TLS gagal"),
    (ConnectionRefusedError, "ditolak"),
    (TimeoutError, "tidak menjawab"),
    (socket.gaierror, "nama tidak dikenal"),
)


class _Answered(msgspec.Struct, frozen=True):
    """Core's word as it is sealed; ``all`` are the installation's channels."""

    do: str
    boot: int
    seq: int
    all: tuple[str, ...]
    ways: dict[str, str | None]
    day: int = 0
    daily: str = ""


class WatchLink:
    """``boot`` names this process; beats are numbered from 0."""

    def __init__(self, settings: WatchSettings) -> None:
        watch = settings.file.watch
        self._settings, self._realm = settings, watch.realm
        self.boot, self._next = secrets.randbits(32), 0
        self._came: queue.Queue[tuple[str, Any]] = queue.Queue(MOST_WAITING)
        self._topics = {kind: topic(watch.realm, watch.id, kind) for kind in ("obs", "ack", "cmd")}
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, client_id=watch.id)
        client.username_pw_set(watch.id, settings.password)
        client.tls_set(ca_certs=str(settings.authority))
        client.reconnect_delay_set(*RETRY_S)
        client.on_connect = self._connected
        client.on_connect_fail = self._failed
        client.on_disconnect = lambda *_: self._put("lost", "")
        client.on_message = lambda _client, _data, message: self._put(message.topic, bytes(message.payload))

    def start(self) -> None:
        """Connect, and again whenever the connection is lost, until ``stop``."""
        watch = self._settings.file.watch
        self._client.connect_async(watch.host, watch.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def beat(self, heard: Heard, *, own_problem: str, wants_daily: bool) -> None:
        """Send the next beat, if there is a connection: a late one would prove nothing."""
        if not heard.is_connected:
            return
        series: dict[str, float | None] = {SERIES: 1.0}
        faults: dict[str, str] = {}
        if own_problem:
            series[OWN], faults[OWN] = None, own_problem
        if wants_daily:
            series[DAILY] = 1.0
        number, self._next = self._next, self._next + 1
        now = time.time_ns() // 1_000_000
        payload = wire.encode(wire.Observation(v=1, boot=self.boot, seq=number, t=now, s=series, fault=faults))
        heard.sent(number, time.monotonic())
        self._client.publish(self._topics["obs"], payload, qos=1)

    def take(self, heard: Heard) -> None:
        """Put into ``heard`` what came since the last time."""
        while True:
            try:
                what, content = self._came.get_nowait()
            except queue.Empty:
                return
            match what:
                case "connected":
                    heard.is_connected, heard.trouble = True, ""
                case "refused":
                    heard.is_connected, heard.trouble = False, content
                case "lost":
                    heard.is_connected = False
                case _:
                    self._hear(heard, what, content)

    def _hear(self, heard: Heard, name: str, payload: bytes) -> None:
        """What is malformed, of another process or not sealed by core counts for nothing."""
        try:
            if name == self._topics["ack"]:
                for boot, first, last in wire.decode_ack(payload).acked:
                    if boot == self.boot:
                        heard.acknowledged(first, last)
                return
            found = msgspec.convert(orders.unseal(self._settings.order_key, name, payload), _Answered)
        except (wire.BadPayload, NotSealed, msgspec.DecodeError, msgspec.ValidationError):
            return
        if found.do == "beat" and found.boot == self.boot:
            answer = Answer(number=found.seq, names=found.all, ways=found.ways, day=found.day, daily=found.daily)
            heard.answered(answer)

    # -- paho's thread -------------------------------------------------------------------------------------------

    def _connected(self, client: paho.Client, _data: object, _flags: object, code: Any, _properties: object) -> None:
        if code.is_failure:
            self._put("refused", f"broker menolak: {code}"[:TROUBLE_LENGTH])
            return
        client.subscribe([(self._topics["ack"], 1), (self._topics["cmd"], 1)])
        self._put("connected", "")

    def _failed(self, _client: paho.Client, _data: object) -> None:
        self._put("refused", _told(sys.exc_info()[1]))

    def _put(self, what: str, content: Any) -> None:
        try:
            self._came.put_nowait((what, content))
        except queue.Full:
            return


def _told(error: BaseException | None) -> str:
    """Why there is no connection, in a few Indonesian words."""
    if isinstance(error, ssl.SSLCertVerificationError) and "mismatch" in str(error):
        return "nama lain di sertifikat"
    words = next((words for kind, words in TROUBLES if isinstance(error, kind)), "")
    return words or str(getattr(error, "strerror", "") or error or "")[:TROUBLE_LENGTH]
