"""The oracle of kill tests: a client of its own hears every application ACK, outside of everything that is killed."""

import json

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from deploy.assembly import credentials_of
from tests.installation import Installation


class AckLog:
    """Every acknowledged (node, boot, seq) that the broker handed out while it ran; made before the broker starts."""

    def __init__(self, installation: Installation) -> None:
        password = credentials_of(installation.state).add("tap")
        with installation.broker_settings.access_list.open("a") as rules:
            rules.write("user tap\ntopic read ews/v1/+/ack\n")
        self.acked: set[tuple[str, int, int]] = set()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="tap")
        self._client.username_pw_set("tap", password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("ews/v1/+/ack")
        self._client.on_message = self._heard
        self._port = installation.settings.broker.loopback_port

    def start(self) -> None:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _heard(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        node = message.topic.split("/")[2]
        for boot, first, last in json.loads(message.payload)["acked"]:
            self.acked |= {(node, boot, seq) for seq in range(first, last + 1)}
