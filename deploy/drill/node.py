"""The drill's node: a client like any other, by TLS and with a credential of its own, whose water is invented."""

import secrets
import threading
import time
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from broker import topics, wire

NODE: Final = "node-latihan"
DATUM_M: Final = 6.5
CONNECT_S: Final = 30.0


class DrillFailed(Exception):
    """The drill came to an end before its messages; the text is an Indonesian sentence that says where."""


class DrillNode:
    """A context manager; connects, publishes levels and hears the application's acknowledgements."""

    def __init__(self, host: str, port: int, *, authority: Path, password: str) -> None:
        self._address = (host, port)
        self._boot, self._seq = secrets.randbits(32), 0
        self._acked: set[int] = set()
        self._is_ready = False
        self._news = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=NODE)
        self._client.username_pw_set(NODE, password)
        self._client.tls_set(ca_certs=str(authority))
        self._client.on_connect = lambda client, *_: client.subscribe(topics.topic("latihan", NODE, "ack"), 1)
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._heard

    def __enter__(self) -> Self:
        """Raises DrillFailed when the broker does not take it."""
        try:
            self._client.connect(*self._address)
        except OSError as error:
            raise DrillFailed(f"Node latihan tidak dapat tersambung ke broker: {error}.") from None
        self._client.loop_start()
        if not self._wait(lambda: self._is_ready, CONNECT_S):
            self.__exit__()
            raise DrillFailed("Broker tidak menerima node latihan.")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, level_m: float) -> int:
        """One observation of now; its number."""
        number, self._seq = self._seq, self._seq + 1
        said: dict[str, Any] = {"v": 1, "boot": self._boot, "seq": number, "t": time.time_ns() // 1_000_000}
        said["s"] = {"distance_mm": round((DATUM_M - level_m) * 1000, 1)}
        self._client.publish(topics.topic("latihan", NODE, "obs"), msgspec.json.encode(said), qos=1)
        return number

    def wait(self, number: int, seconds: float) -> None:
        """Until core has stored the observation; raises DrillFailed."""
        if not self._wait(lambda: number in self._acked, seconds):
            raise DrillFailed(f"Bacaan latihan tidak tersimpan dalam {seconds:g} detik.")

    def _wait(self, condition: Any, seconds: float) -> bool:
        with self._news:
            return bool(self._news.wait_for(condition, seconds))

    def _subscribed(self, *_: object) -> None:
        with self._news:
            self._is_ready = True
            self._news.notify_all()

    def _heard(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        ack = wire.decode_ack(bytes(message.payload))
        with self._news:
            for boot, first, last in ack.acked:
                if boot == self._boot:
                    self._acked |= set(range(first, last + 1))
            self._news.notify_all()
