"""What the same machine needs at the same time for the parts that nobody can save: the figures' floor."""

import os
import socket
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from alerting.channels.port import Accepted, Message
from alerting.channels.twilio import TwilioChannel
from broker import wire
from deploy.assembly import credentials_of
from deploy.journal import Group, Journal
from firmware_sim.fleet_mqtt import connect_packet, publish_packet, split, subscribe_packet, topic_field
from ingest.readings import Reading
from tests.bench.run import Spread, spread
from tests.bench.table import Row
from tests.emulators.twilio_process import TwilioProcess
from tests.installation import Installation

SECTION = "floor"
PAYLOAD = b'{"v":1,"boot":4000000000,"seq":123456,"t":1764000000000,"s":{"distance_mm":4011.0}}'
TIMES = 500


def rows() -> Iterator[Row]:
    """Each floor on its own, on an otherwise idle installation."""
    with tempfile.TemporaryDirectory(prefix="ktf-") as name:
        folder = Path(name)
        yield _row("fdatasync of 4 KiB", _fdatasync(folder))
        yield _row("one SQLite commit of one reading", _commit(folder))
        yield _row("publish -> subscriber by Mosquitto, QoS 1", _round_trip())
        yield _row("one SMS handed to the provider by its library", _post(folder))
    microseconds = _decode_us()
    yield Row(section=SECTION, what="decode of one observation", figure=f"{microseconds:.2f} us")


def _row(what: str, found: Spread) -> Row:
    return Row(section=SECTION, what=what, figure=f"{found} ms", plot=found)


def _timed(action: Callable[[], object], times: int = TIMES) -> Spread:
    """Of ``times`` actions a millisecond apart, so that none profits from the one before."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        found.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.001)
    return spread(found)


def _fdatasync(folder: Path) -> Spread:
    file = os.open(folder / "floor", os.O_CREAT | os.O_WRONLY)

    def write() -> None:
        os.write(file, bytes(4096))
        os.fdatasync(file)

    try:
        return _timed(write)
    finally:
        os.close(file)


def _commit(folder: Path) -> Spread:
    journal = Journal(folder / "journal.db")

    def write() -> None:
        number = journal.take_ids()
        row = Reading(number, "pos", 1, number, "distance_mm", 0, "pos", "level_m", 0, 0, 0, 1.0, 1.0, 1, None, 1)
        journal.write(Group(readings=[row]))

    try:
        return _timed(write)
    except sqlite3.Error as error:
        raise AssertionError(f"the floor's journal cannot be written: {error}") from None
    finally:
        journal.close()


def _round_trip() -> Spread:
    with Installation() as installation:
        password = credentials_of(installation.state).add("floor")
        with installation.broker_settings.access_list.open("a") as access:
            access.write("user floor\ntopic readwrite ews/v1/floor/obs\n")
        installation.start_broker()
        port = installation.settings.broker.loopback_port
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(connect_packet("floor", password) + subscribe_packet("ews/v1/floor/obs"))
            _await(client, 0x90)
            packet = publish_packet(topic_field("ews/v1/floor/obs"), 1, PAYLOAD)

            def trip() -> None:
                client.sendall(packet)
                _await(client, 0x30)
                client.sendall(b"\x40\x02\x00\x01")

            return _timed(trip)


def _await(client: socket.socket, kind: int) -> None:
    """Read until a packet of ``kind`` has come."""
    buffer = b""
    while not any(first & 0xF0 == kind for first, _, _ in split(buffer)):
        data = client.recv(65536)
        if not data:
            raise AssertionError("the broker hung up on the floor's client")
        buffer += data


def _post(folder: Path) -> Spread:
    with TwilioProcess(folder / "posts.jsonl") as provider:
        channel = TwilioChannel(
            account_sid=provider.account_sid,
            auth_token=provider.auth_token,
            from_number=provider.from_number,
            api_base=provider.base_url,
        )

        def send() -> None:
            message = Message(key="floor", address="+6281200000001", body="AWAS", created_at=0, valid_for_s=900)
            assert isinstance(channel.send(message), Accepted)

        try:
            return _timed(send, 200)
        finally:
            channel.close()


def _decode_us() -> float:
    count = 20_000
    began = time.process_time()
    for _ in range(count):
        wire.decode_observations(PAYLOAD)
    microseconds = (time.process_time() - began) * 1e6 / count
    assert msgspec.json.decode(PAYLOAD)["boot"] == 4_000_000_000
    return microseconds
