"""The Twilio channel over TLS: whom it believes, and that a connection is kept."""

import datetime as dt
import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alerting.channels.port import Accepted, Message, RetryLater
from alerting.channels.twilio import TwilioChannel
from tests.emulators.twilio_process import TwilioProcess


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emulator")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


@pytest.fixture
def https_twilio(tmp_path: Path, certificate: Path) -> Iterator[TwilioProcess]:
    with TwilioProcess(tmp_path / "posts.jsonl", certificate=certificate) as process:
        yield process


def channel_to(process: TwilioProcess) -> TwilioChannel:
    return TwilioChannel(
        account_sid=process.account_sid,
        auth_token=process.auth_token,
        from_number=process.from_number,
        api_base=process.base_url,
        timeout_s=5.0,
    )


def message(body: str) -> Message:
    now = time.time_ns() // 1_000_000
    return Message(key="alert-1/1/officer-1/twilio", address="+628123456789", body=body, created_at=now)


def test_a_certificate_that_nobody_vouches_for_gets_no_message(https_twilio: TwilioProcess) -> None:
    """Neither the credential nor the number leaves before the peer has proved who it is."""
    with closing(channel_to(https_twilio)) as channel:
        outcome = channel.send(message("AWAS"))
    assert outcome == RetryLater(reason="Twilio tidak terhubung: sertifikat tidak dapat dipercaya.")
    assert https_twilio.posts() == []


def test_a_trusted_certificate_carries_messages_over_one_connection(
    https_twilio: TwilioProcess, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent, kept alive and sent again over TLS."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    connects: list[object] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        connects.append(address)
        real(self, address)

    with closing(channel_to(https_twilio)) as channel:
        monkeypatch.setattr(socket.socket, "connect", connect)
        outcomes = [channel.send(message(f"aman {number}")) for number in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 3
    assert len(connects) == 1
