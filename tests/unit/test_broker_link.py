"""The packets that core writes itself, against the library's own decoder of them."""

import socket

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from deploy.broker_link import _publish_packet


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 16_000, 20_000])
def test_a_publish_is_the_librarys_own_bytes(size: int) -> None:
    """Byte for byte what paho would have written."""
    client = Client(CallbackAPIVersion.VERSION2)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client._sock = ours
        client.publish("ews/v1/node-a/ack", b"x" * size, qos=0)
        expected = _publish_packet(b"ews/v1/node-a/ack", b"x" * size)
        assert expected == theirs.recv(len(expected) + 1)
        client._sock = None
