"""The node listener's handshake, with Python's clients and with the interpreter that nodes run."""

import socket
import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broker import certificates

Start = Callable[..., Any]

MICROPYTHON_NODE = """
import socket, ssl, sys
port, ca, name = int(sys.argv[1]), sys.argv[2], sys.argv[3]
node, password = sys.argv[4].encode(), sys.stdin.readline().strip().encode()
def text(value):
    return len(value).to_bytes(2, "big") + value
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.verify_mode = ssl.CERT_REQUIRED
with open(ca, "rb") as file:
    context.load_verify_locations(cadata=file.read())
connection = socket.socket()
connection.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
try:
    secure = context.wrap_socket(connection, server_hostname=name)
except (OSError, ValueError) as error:
    print("refused", error)
    sys.exit()
body = text(b"MQTT") + bytes([4, 0xC2, 0, 60]) + text(node) + text(node) + text(password)
secure.write(bytes([0x10, len(body)]) + body)
print(secure.read(4).hex())
"""


def shake_hands(broker: Any, context: ssl.SSLContext, name: str = certificates.SERVER_NAME) -> str | None:
    """The version of TLS agreed on."""
    address = ("127.0.0.1", broker.settings.node_port)
    with socket.create_connection(address) as plain, context.wrap_socket(plain, server_hostname=name) as secure:
        return secure.version()


def trusting(broker: Any) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(broker.private / "ca.pem"))


@pytest.mark.parametrize("name", [certificates.SERVER_NAME, "127.0.0.1"])
@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_current_tls_is_spoken(start_mosquitto: Start, name: str, version: str) -> None:
    """Both by the name that nodes ask for and by the address, in both versions."""
    broker = start_mosquitto()
    context = trusting(broker)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
    assert shake_hands(broker, context, name) == version


def test_tls_1_1_is_refused_by_the_broker(start_mosquitto: Start) -> None:
    """A client that speaks nothing newer is told so by an alert."""
    broker = start_mosquitto()
    context = trusting(broker)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # or OpenSSL would not even offer it
    with pytest.raises(ssl.SSLError) as refusal:
        shake_hands(broker, context)
    assert refusal.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"


def test_a_broker_of_another_authority_is_refused_by_the_client(start_mosquitto: Start, tmp_path: Path) -> None:
    """Trust in one installation is not trust in another."""
    certificates.ensure_authority(tmp_path, now=datetime.now(UTC))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(start_mosquitto(), ssl.create_default_context(cafile=str(tmp_path / "ca.pem")))


def test_another_name_is_refused_by_the_client(start_mosquitto: Start) -> None:
    """The certificate speaks for its names only."""
    broker = start_mosquitto()
    with pytest.raises(ssl.SSLCertVerificationError, match="ostname mismatch"):
        shake_hands(broker, trusting(broker), "elsewhere.example")


def run_node(micropython: Path, broker: Any, script: Path, *, ca: Path, name: str) -> str:
    script.write_text(MICROPYTHON_NODE)
    argv = [str(micropython), str(script), str(broker.settings.node_port), str(ca), name, "node-a"]
    password = f"{broker.passwords['node-a']}\n"
    finished = subprocess.run(argv, input=password, capture_output=True, text=True, timeout=30, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout.strip()


def test_micropython_is_let_in(start_mosquitto: Start, micropython: Path, tmp_path: Path) -> None:
    """The interpreter that nodes run accepts our certificate with ``ca.der`` pinned, and the broker its password."""
    broker = start_mosquitto(nodes=["node-a"])
    ca = broker.private / "ca.der"
    assert run_node(micropython, broker, tmp_path / "node.py", ca=ca, name="kentongan") == "20020000"


def test_micropython_refuses_another_authority(start_mosquitto: Start, micropython: Path, tmp_path: Path) -> None:
    """A node does not hand its password to a stranger."""
    broker = start_mosquitto(nodes=["node-a"])
    certificates.ensure_authority(tmp_path, now=datetime.now(UTC))
    answer = run_node(micropython, broker, tmp_path / "node.py", ca=tmp_path / "ca.der", name="kentongan")
    assert answer.startswith("refused")


def test_micropython_refuses_another_name(start_mosquitto: Start, micropython: Path, tmp_path: Path) -> None:
    """A certificate of our authority for something else does not make a broker."""
    broker = start_mosquitto(nodes=["node-a"])
    ca = broker.private / "ca.der"
    assert run_node(micropython, broker, tmp_path / "node.py", ca=ca, name="elsewhere").startswith("refused")
