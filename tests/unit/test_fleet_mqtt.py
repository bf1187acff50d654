"""The fleet's packets, held against the official library's and against a broker that says no."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from firmware_sim.fleet_mqtt import (
    FleetConnection,
    FleetRefused,
    connect_packet,
    length_of,
    publish_packet,
    split,
    topic_field,
)

ACCEPTED = b"\x20\x02\x00\x00"


@given(st.lists(st.tuples(st.sampled_from([0x20, 0x32, 0x40, 0x90]), st.binary(max_size=400)), max_size=6), st.data())
def test_packets_are_found_however_they_are_cut(packets: list[tuple[int, bytes]], data: st.DataObject) -> None:
    """What is whole at the head of a buffer is found, and what is not waits."""
    stream = b"".join(bytes([first]) + length_of(len(body)) + body for first, body in packets)
    cut = data.draw(st.integers(0, len(stream)))
    found: list[tuple[int, bytes]] = []
    buffer = b""
    for part in (stream[:cut], stream[cut:]):
        buffer += part
        end = 0
        for first, begin, end in split(buffer):
            found.append((first, buffer[begin:end]))
        buffer = buffer[end:]
    assert packets == found
    assert b"" == buffer


LIBRARY: Any = paho.Client(CallbackAPIVersion.VERSION2)


@given(st.integers(0, 268_435_455))
def test_a_length_is_what_the_library_reads(size: int) -> None:
    """MQTT's lengths take one to four bytes, seven bits each."""
    packed = bytearray()
    LIBRARY._pack_remaining_length(packed, size)
    assert bytes(packed) == length_of(size)


def test_a_message_is_a_publish_of_quality_one() -> None:
    """Topic, packet id and payload stand where the standard wants them; a copy is marked."""
    packet = publish_packet(topic_field("ews/v1/pos/obs"), 258, b"{}")
    assert b"\x32\x14\x00\x0eews/v1/pos/obs\x01\x02{}" == packet
    assert 0x3A == publish_packet(topic_field("a"), 1, b"", duplicate=True)[0]


def test_a_client_is_its_user() -> None:
    """The client id is the user name, as the broker's listeners demand, in a clean session."""
    assert b"\x10\x16\x00\x04MQTT\x04\xc2\x00\x3c\x00\x03pos\x00\x03pos\x00\x00" == connect_packet("pos", "")


@contextmanager
def broker_that_says(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A peer that answers each packet group with the next of ``answers`` and remembers what it heard."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            for answer in answers:
                heard.append(peer.recv(4096))
                peer.sendall(answer)
            while peer.recv(4096):
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.close()
        thread.join(10)


def connection(port: int) -> FleetConnection:
    return FleetConnection(("127.0.0.1", port), user="pos", password="secret", acks="ews/v1/pos/ack", tls=None)


def test_a_refused_credential_is_named() -> None:
    """CONNACK 5: not authorised."""
    with broker_that_says(b"\x20\x02\x00\x05") as (port, _):
        made = connection(port)
        with pytest.raises(FleetRefused, match="refuses pos"):
            made.open()
        assert not made.is_open


def test_a_refused_subscription_is_named() -> None:
    """SUBACK 0x80: no acknowledgement would ever be heard."""
    with broker_that_says(ACCEPTED, b"\x90\x03\x00\x01\x80") as (port, _):
        made = connection(port)
        with pytest.raises(FleetRefused, match="subscription to ews/v1/pos/ack"):
            made.open()
        assert not made.is_open
