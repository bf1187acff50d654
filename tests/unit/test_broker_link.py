"""The packets that core writes itself, against the library's own decoder of them."""

import socket

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from deploy.broker_link import Arrival, _publish_packet, read_publish


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


@pytest.mark.parametrize(("qos", "retain", "payload"), [(0, False, b"x"), (1, False, b""), (1, True, b"y" * 300)])
def test_a_publish_is_read_as_the_library_writes_it(qos: int, retain: bool, payload: bytes) -> None:
    """Topic, payload, packet id and flags come back."""
    client = Client(CallbackAPIVersion.VERSION2)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client._sock = ours
        client.publish("ews/v1/node-a/obs", payload, qos=qos, retain=retain)
        packet = theirs.recv(1000)
        client._sock = None
    body = packet[3:] if packet[1] > 127 else packet[2:]
    expected = Arrival(b"ews/v1/node-a/obs", payload, 1 if qos else 0, qos, retain, 4)
    assert expected == read_publish(packet[0], body, 4)


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x00\x00", b"\x00\x05abc", b"\x00\x03abc", b"\x00\x03abc\x01"])
def test_a_malformed_publish_is_refused(body: bytes) -> None:
    """Too short for its topic or packet id, or no topic at all; QoS 2 was never asked for."""
    assert read_publish(0x32, body, 1) is None
    assert read_publish(0x34, b"\x00\x03abc\x00\x01", 1) is None
