"""One logger's connection to the broker: its own credential, TLS, and a will that says when it is gone.

paho's thread carries bytes; whatever happens there is put into the queue that the logger's own thread reads.
"""

import logging
import ssl
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from broker import payload_seal, topics, wire
from edge.gateway.identity import Identity

log: Final = logging.getLogger(__name__)

KEEPALIVE_S: Final = 60
_PAUSE_S: Final = (1, 60)


class _NamedContext(ssl.SSLContext):
    """Asks the broker for the name in its certificate, whatever address was dialled, as nodes do."""

    server_name: str = ""

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **(options | {"server_hostname": self.server_name}))


class Link:
    """Stays connected by itself from :meth:`start` to :meth:`stop`, pausing 1 to 60 s between tries.

    ``changed`` is told True and False, ``acked`` each application ACK; both are called on paho's thread.
    """

    def __init__(
        self, identity: Identity, *, changed: Callable[[bool], None], acked: Callable[[wire.Ack], None]
    ) -> None:
        self._identity, self._changed, self._acked = identity, changed, acked
        self._was_refused = False
        self._client = client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=identity.node)
        client.username_pw_set(identity.node, identity.password)
        client.will_set(self._topic("status"), wire.encode(wire.Status(online=False)), qos=1, retain=True)
        client.tls_set_context(_tls(identity))
        client.reconnect_delay_set(*_PAUSE_S)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._heard

    @property
    def node(self) -> str:
        return self._identity.node

    def start(self) -> None:
        """Begin to connect; a broker that is not there is tried again."""
        self._client.connect_async(self._identity.host, self._identity.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye and end the thread."""
        self._client.publish(self._topic("status"), wire.encode(wire.Status(online=False)), qos=1, retain=True)
        self._client.disconnect()
        self._client.loop_stop()

    def observations(self, payload: bytes) -> None:
        self._client.publish(self._topic("obs"), self._sealed("obs", payload), qos=1)

    def status(self, status: wire.Status) -> None:
        payload = self._sealed("status", wire.encode(status))
        self._client.publish(self._topic("status"), payload, qos=1, retain=True)

    def _sealed(self, kind: topics.Kind, payload: bytes) -> bytes:
        if not self._identity.seal:
            return payload
        return payload_seal.seal(self._identity.order_key, self._topic(kind), payload)

    def _topic(self, kind: topics.Kind) -> str:
        return topics.topic(self._identity.realm, self._identity.node, kind)

    # -- on paho's thread ----------------------------------------------------------------------------------------------

    def _connected(self, client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object) -> None:
        if code.is_failure:
            if not self._was_refused:
                log.error(
                    "%s: the broker refuses it: %s; was it retired, or its credential replaced? "
                    "kentongan node new %s --replace makes a new one",
                    *(self._identity.node, code, self._identity.node),
                )
            self._was_refused = True
            return
        self._was_refused = False
        client.subscribe(self._topic("ack"), qos=1)

    def _subscribed(self, *_: object) -> None:
        self._changed(True)

    def _disconnected(self, *_: object) -> None:
        self._changed(False)

    def _heard(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        payload = bytes(message.payload)
        try:
            if self._identity.seal:
                payload = payload_seal.unseal(self._identity.order_key, self._topic("ack"), payload)
            self._acked(wire.decode_ack(payload))
        except (wire.BadPayload, payload_seal.NotSealed) as error:
            log.warning("%s: acknowledgement ignored: %s", self._identity.node, error)


def _tls(identity: Identity) -> ssl.SSLContext:
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=identity.authority)
    context.server_name = identity.server_name
    return context
