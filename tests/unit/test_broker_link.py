"""The packets that core writes itself, against the library's own decoder of them."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from deploy.arrival import Arrival
from deploy.mqtt_packets import MalformedPacket, PacketBuffer, pubacks, publish_packet, read_publish


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 16_000, 20_000])
def test_a_publish_is_the_librarys_own_bytes(size: int) -> None:
    """Byte for byte what paho would have written."""
    client = Client(CallbackAPIVersion.VERSION2)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client._sock = ours
        client.publish("ews/v1/node-a/ack", b"x" * size, qos=0)
        expected = publish_packet(b"ews/v1/node-a/ack", b"x" * size)
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


PINGRESP = b"\xd0\x00"
PAYLOADS = [b"", b"a" * 10, b"b" * 126, b"c" * 300, b"d" * 20_000]


@given(cuts=st.lists(st.integers(0, 21_000), max_size=6), most=st.integers(1, 5))
def test_messages_come_whole_wherever_the_stream_was_cut(cuts: list[int], most: int) -> None:
    """In order, never more than asked for at a time; what is no message is left for the library to read."""
    stream = b"".join(publish_packet(b"ews/v1/node-a/obs", each) for each in PAYLOADS) + PINGRESP
    ends = [*sorted(cut % len(stream) for cut in cuts), len(stream)]
    buffer, found, at = PacketBuffer(), [], 0
    for end in ends:
        buffer.add(stream[at:end])
        at = end
        while taken := buffer.messages(most, 3):
            assert len(taken) <= most
            found += taken
    assert [(b"ews/v1/node-a/obs", each, 3) for each in PAYLOADS] == [(a.topic, a.payload, a.generation) for a in found]
    assert buffer.has_packet()
    assert PINGRESP == buffer.piece(100)
    assert not buffer.has_packet()


@pytest.mark.parametrize("stream", [b"\x30\xff\xff\xff\xff\x01", b"\x32\x02\x00\x05"])
def test_what_is_no_mqtt_ends_the_connection(stream: bytes) -> None:
    """A length of five bytes; a PUBLISH too short for its topic."""
    buffer = PacketBuffer()
    buffer.add(stream)
    with pytest.raises(MalformedPacket):
        buffer.messages(10, 1)


def test_pubacks_are_for_what_this_connection_delivered() -> None:
    """Ids are used again on the next connection: an acknowledgement for an older one would lose a message."""
    arrivals = [
        Arrival(b"t", b"", mid, qos, False, made) for mid, qos, made in [(1, 1, 2), (2, 0, 2), (3, 1, 1), (700, 1, 2)]
    ]
    assert b"\x40\x02\x00\x01\x40\x02\x02\xbc" == pubacks(arrivals, 2)
