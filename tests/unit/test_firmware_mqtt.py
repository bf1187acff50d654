"""The MQTT client against a broker that follows a script: slow, silent, broken, hostile."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.firmware_interpreter import EMPTY_WORLD, run

# A minute of the device is two seconds here.
SPEED = 30
CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x05\x00\x01\x01\x01\x01"
PATIENCE_S = 60

Step = bytes | str | Callable[[socket.socket], None]


class FakeBroker:
    """Plays its steps to the first client: bytes are sent, a name awaits such a packet, "close" hangs up, "hold"
    reads and says nothing until the client goes, "ignore" does not even read.
    """

    NAMES: ClassVar = {1: "CONNECT", 3: "PUBLISH", 4: "PUBACK", 8: "SUBSCRIBE", 12: "PINGREQ", 14: "DISCONNECT"}

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.packets: list[tuple[str, int, bytes]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.client_is_gone = threading.Event()
        self.thread = threading.Thread(target=self._play)
        self.thread.start()

    def stop(self) -> None:
        self.client_is_gone.set()
        self.thread.join(PATIENCE_S)
        self.listener.close()
        assert not self.thread.is_alive()

    def _play(self) -> None:
        self.listener.settimeout(PATIENCE_S)
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE_S)
        with connection:
            try:
                for step in self.steps:
                    self._step(connection, step)
            except (ConnectionError, EOFError):
                return

    def _step(self, connection: socket.socket, step: Step) -> None:
        if isinstance(step, bytes):
            connection.sendall(step)
        elif callable(step):
            step(connection)
        elif step == "ignore":
            self.client_is_gone.wait(PATIENCE_S)
        elif step == "hold":
            while connection.recv(4096):
                pass
        elif step != "close":
            while self._packet(connection) != step:
                pass

    def _packet(self, connection: socket.socket) -> str:
        first = _exactly(connection, 1)[0]
        length = shift = 0
        while True:
            byte = _exactly(connection, 1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        name = self.NAMES[first >> 4]
        self.packets.append((name, first & 15, _exactly(connection, length)))
        return name


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def slowly(data: bytes) -> Callable[[socket.socket], None]:
    """One byte at a time."""

    def send(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(data)):
            connection.sendall(data[index : index + 1])
            time.sleep(0.002)  # the fault itself: a slow line

    return send


def publish_packet(topic: bytes, payload: bytes, *, packet_id: int | None = None) -> bytes:
    body = struct.pack(">H", len(topic)) + topic
    body += b"" if packet_id is None else struct.pack(">H", packet_id)
    body += payload
    length, digits = len(body), b""
    while True:
        length, digit = length >> 7, length & 0x7F
        digits += bytes([digit | (0x80 if length else 0)])
        if not length:
            return bytes([0x32 if packet_id is not None else 0x30]) + digits + body


CLIENT = """
import asyncio, json
from time import ticks_diff, ticks_ms
from mqtt import Client, MqttError, Will

async def session(client, got):
    await client.connect("node-a", "secret", Will("ews/v1/node-a/status", b"off"))
    got.append("connected")
    {actions}

async def keep(client):
    while True:
        await asyncio.sleep_ms(2000)
        await client.keep_alive()

async def main():
    client, got = Client("127.0.0.1", {port}), []
    started = ticks_ms()
    try:
        await session(client, got)
        error = None
    except (MqttError, OSError) as failed:
        error = str(failed)
    client.close()
    print(json.dumps([got, error, ticks_diff(ticks_ms(), started), client.oversized]))

asyncio.run(main())
"""

RECEIVE_WITH_PINGS = """
    from connection import until_one_ends
    async def receive():
        while True:
            topic, payload = await client.receive()
            got.append([topic, payload.decode()])
    await until_one_ends(receive(), keep(client))
"""


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., tuple[Any, FakeBroker]]:
    """``play(steps, actions, speed=...)``: what the client did against that broker."""
    (tmp_path / "world.bin").write_bytes(EMPTY_WORLD)

    def start(steps: list[Step], actions: str, *, speed: int = SPEED) -> tuple[Any, FakeBroker]:
        broker = FakeBroker(steps)
        environment = {"KENTONGAN_CLOCK": f"{speed}@0", "KENTONGAN_WORLD": "world.bin"}
        result = run(CLIENT.format(port=broker.port, actions=actions), tmp_path, environment=environment)
        broker.stop()
        return result, broker

    return start


def test_connect_packet(play: Callable[..., Any]) -> None:
    """The node's id is client id and user name; the will is retained at QoS 1; the keep-alive is a minute."""
    _, broker = play(["CONNECT", CONNACK], "pass")
    texts = (b"node-a", b"ews/v1/node-a/status", b"off", b"node-a", b"secret")
    body = b"\x00\x04MQTT\x04\xee\x00\x3c" + b"".join(struct.pack(">H", len(text)) + text for text in texts)
    assert [("CONNECT", 0, body)] == broker.packets


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"\x20\x02\x00\x04", "refused: user name or password"),
        (b"\x20\x02\x00\x63", "refused: 99"),
        (b"\x90\x03\x00\x01\x01", "the first answer is not a CONNACK"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the first answer is not a CONNACK"),
        (b"\x20\xff\xff\xff\xff\x01", "a length that does not end"),
        (b"\x20\xff\xff\xff\x7f", "a packet of 268435455 bytes"),
        ("close", "the broker closed the connection"),
        (b"\x20", "the broker closed the connection"),
    ],
)
def test_wrong_answers_to_connect(play: Callable[..., Any], answer: Step, error: str) -> None:
    """Each of them ends the attempt with a reason."""
    (got, found, _, _), _ = play(["CONNECT", answer, "close"], "pass")
    assert ([], error) == (got, found)


@pytest.mark.parametrize("answer", [b"", b"\x20\x02\x00"])
def test_no_answer_to_connect(play: Callable[..., Any], answer: bytes) -> None:
    """After a minute of silence, or of half a packet, the attempt is over."""
    (_, error, took_ms, _), _ = play(["CONNECT", answer, "hold"], "pass")
    assert error == "nothing came in 60 s"
    assert 60_000 <= took_ms < 120_000


def test_nobody_listens(tmp_path: Path, play: Callable[..., Any]) -> None:
    """A refused connection is an error at once."""
    script = CLIENT.format(port=_closed_port(), actions="pass")
    got, error, took_ms, _ = run(
        script, tmp_path, environment={"KENTONGAN_CLOCK": f"{SPEED}@0", "KENTONGAN_WORLD": "world.bin"}
    )
    assert [] == got
    assert "111" in error or "ECONNREFUSED" in error
    assert took_ms < 30_000


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_packets_in_single_bytes(play: Callable[..., Any]) -> None:
    """A line that brings one byte at a time brings whole messages, and QoS 1 is acknowledged."""
    message = publish_packet(b"ews/v1/node-a/ack", b"{}", packet_id=258)
    steps = ["CONNECT", slowly(CONNACK), "SUBSCRIBE", slowly(SUBACK + message), "PUBACK", "close"]
    (got, error, _, _), broker = play(steps, 'await client.subscribe(["a", "b", "c"])\n' + RECEIVE_WITH_PINGS)
    assert (["connected", ["ews/v1/node-a/ack", "{}"]], "the broker closed the connection") == (got, error)
    subscription = ("SUBSCRIBE", 2, b"\x00\x01\x00\x01a\x01\x00\x01b\x01\x00\x01c\x01")
    # Where the line takes longer than half a minute of the device, it pings meanwhile.
    said = [packet for packet in broker.packets[1:] if packet[0] != "PINGREQ"]
    assert [subscription, ("PUBACK", 0, b"\x01\x02")] == said


def test_refused_subscription(play: Callable[..., Any]) -> None:
    """A refused topic is told: without its acknowledgements the node would only fill its ring."""
    steps = ["CONNECT", CONNACK, "SUBSCRIBE", b"\x90\x03\x00\x01\x80", "hold"]
    (_, error, _, _), _ = play(steps, 'await client.subscribe(["a"])\n' + RECEIVE_WITH_PINGS)
    assert error == "a subscription was refused"


def test_oversized_message_is_read_past(play: Callable[..., Any]) -> None:
    """What does not fit is skipped and acknowledged, and the next message arrives."""
    steps = [
        "CONNECT",
        CONNACK,
        publish_packet(b"cfg", b"x" * 70_000, packet_id=9) + publish_packet(b"ack", b"next"),
        "PUBACK",
        "close",
    ]
    (got, _, _, oversized), broker = play(steps, RECEIVE_WITH_PINGS)
    assert ["connected", ["ack", "next"]] == got
    assert oversized == 1
    assert ("PUBACK", 0, b"\x00\x09") == broker.packets[-1]


@pytest.mark.parametrize(
    ("packet", "error"),
    [
        (b"\x34\x05\x00\x01a\x00\x01", "PUBLISH with flags 4 and 5 bytes"),
        (b"\x30\x01\x00", "PUBLISH with flags 0 and 1 bytes"),
        (b"\x30\x03\x00\x00x", "PUBLISH with a topic of 0 bytes"),
        (b"\x30\x04\x00\x40ab", "PUBLISH with a topic of 64 bytes"),
        (publish_packet(b"\xff\xfe", b"x"), "PUBLISH with a topic that is not UTF-8"),
        (b"\x40\x01\x00", "packet 4 of 1 bytes is not for a client"),
        (b"\x10\x00", "packet 1 of 0 bytes is not for a client"),
        (b"\xd0\x80\x80\x80\x80\x01", "a length that does not end"),
        (b"\x00\x00", "packet 0 of 0 bytes is not for a client"),
    ],
)
def test_malformed_packets_end_the_connection(play: Callable[..., Any], packet: bytes, error: str) -> None:
    """A broken packet is never guessed at."""
    (got, found, _, _), _ = play(["CONNECT", CONNACK, packet, "hold"], RECEIVE_WITH_PINGS)
    assert (["connected"], error) == (got, found)


def test_no_acknowledgement_of_a_publish(play: Callable[..., Any]) -> None:
    """A broker that answers pings and no PUBLISH is left after a minute."""
    pings: list[Step] = ["PINGREQ", b"\xd0\x00"] * 3
    (_, error, took_ms, _), broker = play(
        ["CONNECT", CONNACK, "PUBLISH", *pings, "hold"],
        'await client.publish("ews/v1/node-a/obs", b"[]")\n' + RECEIVE_WITH_PINGS,
    )
    assert error == "no acknowledgement from the broker"
    assert 60_000 <= took_ms < 120_000
    assert ("PUBLISH", 2, b"\x00\x11ews/v1/node-a/obs\x00\x01[]") == broker.packets[1]


def test_no_answer_to_pings(play: Callable[..., Any]) -> None:
    """A half-open connection is noticed by an unanswered ping, within two minutes."""
    # Slower, as only half a minute lies between this end and that of a line on which nothing comes.
    (_, error, took_ms, _), broker = play(["CONNECT", CONNACK, "PINGREQ", "hold"], RECEIVE_WITH_PINGS, speed=15)
    assert error == "no answer to a ping"
    assert 85_000 <= took_ms < 120_000
    assert ("PINGREQ", 0, b"") == broker.packets[-1]


def test_reader_that_never_reads(play: Callable[..., Any]) -> None:
    """When the other side takes nothing any more, a write ends after a minute."""
    actions = """
    for _ in range(64):
        client._due.clear()
        await client.publish("ews/v1/node-a/obs", bytes(200000))
"""

    (_, error, took_ms, _), _ = play(["CONNECT", CONNACK, "ignore"], actions)
    assert error == "could not write for 60 s"
    assert 60_000 <= took_ms < 120_000


def test_window_of_unacknowledged_messages(play: Callable[..., Any]) -> None:
    """At most sixteen messages are on their way; the seventeenth waits, and late answers end the connection."""
    actions = """
    for number in range(17):
        await client.publish("t", b"%d" % number)
        got.append(number)
"""
    (got, error, _, _), _ = play(["CONNECT", CONNACK, "hold"], actions)
    assert ["connected", *range(16)] == got
    assert error == "no acknowledgement from the broker"
