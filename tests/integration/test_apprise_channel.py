"""What the channels through Apprise make of what servers and networks do: real servers on loopback, no stand-ins."""

import io
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from alerting.channels import apprise_probe, apprise_target
from alerting.channels.apprise_channel import AppriseChannel
from alerting.channels.apprise_target import BadAddress
from alerting.channels.port import Accepted, Message, Outcome, Rejected, RetryLater, Unknown
from tests.emulators.mail_server import MailServer
from tests.emulators.web_receiver import WebReceiver

SHORT_S = 1.0


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as server:
        yield server


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise_target, "TIMEOUT_S", SHORT_S)
    monkeypatch.setattr(apprise_probe, "TIMEOUT_S", SHORT_S)


Make = Callable[..., AppriseChannel]


@pytest.fixture
def by_mail(mail: MailServer, tmp_path: Path) -> AppriseChannel:
    return AppriseChannel(
        name="email", takes="email", target=apprise_target.email(mail.settings()), folder=tmp_path / "email"
    )


@pytest.fixture
def by_web(tmp_path: Path) -> AppriseChannel:
    return AppriseChannel(name="webhook", takes="url", target=apprise_target.webhook, folder=tmp_path / "webhook")


def message(address: str = "petugas@kota.example", *, body: str = "AWAS BANJIR S.Welang. Air 5,8 m.") -> Message:
    return Message(key=f"k{time.time_ns()}", address=address, body=body, created_at=0)


def test_a_mail_holds_the_text_its_first_sentence_and_the_message_s_key(
    mail: MailServer, by_mail: AppriseChannel
) -> None:
    """From the configured sender, to the officer alone."""
    sent = message(body="AWAS BANJIR S.Welang 18:40. Air 5,8 m naik & terus <naik>.")
    outcome = by_mail.send(sent)
    assert isinstance(outcome, Accepted)
    ((recipient, taken),) = mail.mails
    assert "petugas@kota.example" == recipient
    assert ("AWAS BANJIR S.Welang 18:40", outcome.reference) == (taken["Subject"], taken["X-Kentongan-Key"])
    assert "peringatan@kota.example" in taken["From"]
    assert sent.body in taken.get_content()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"RCPT": "550 no such user"}, Rejected),
        ({"RCPT": "450 try later"}, RetryLater),
        ({"MAIL": "550 not you"}, RetryLater),
        ({"DATA": "451 later"}, RetryLater),
        ({"body": "554 spam"}, Rejected),
        ({"body": "451 disk full"}, RetryLater),
        ({"connect": "421 busy"}, RetryLater),
        ({"connect": "hang"}, RetryLater),
        ({"connect": "reset"}, RetryLater),
        ({"body": "hang"}, Unknown),
        ({"body": "reset"}, Unknown),
        ({"QUIT": "reset"}, Accepted),
    ],
)
def test_what_a_mail_server_answers_is_told_apart(
    mail: MailServer, by_mail: AppriseChannel, fault: dict[str, str], kind: type
) -> None:
    """Certainly not taken, never taken, or in doubt: by the step and the code."""
    mail.faults = fault
    sent = message()
    outcome = by_mail.send(sent)
    assert isinstance(outcome, kind)
    found = by_mail.find(sent, attempted_at=0)
    assert {Rejected: type(None), RetryLater: type(None)}.get(kind, kind) is type(found)


def test_a_mail_server_that_is_not_there_took_nothing(mail: MailServer, by_mail: AppriseChannel) -> None:
    """Connection refused is certain, and the probe names it."""
    server = mail.settings()
    mail.__exit__()
    assert RetryLater(reason="Server email tidak terhubung.") == by_mail.send(message())
    assert "tidak terhubung" in (apprise_probe.email(server) or "")
    mail.__init__()  # type: ignore[misc]  # the fixture closes a server


def test_an_unencrypted_answer_to_an_encrypted_mail_takes_nothing(mail: MailServer, tmp_path: Path) -> None:
    """STARTTLS that the server does not know is no reason to go on in clear."""
    server = apprise_target.MailServer(host="127.0.0.1", port=mail.port, security="starttls", sender="a@kota.example")
    channel = AppriseChannel(
        name="email", takes="email", target=apprise_target.email(server), folder=tmp_path / "starttls"
    )
    assert isinstance(channel.send(message()), RetryLater)
    assert [] == mail.mails
    assert apprise_probe.email(server) is not None


@pytest.mark.parametrize("address", ["petugas", "a@b", "a b@kota.example", "a@kota.example,b@kota.example", ""])
def test_what_is_no_mail_address_is_refused(mail: MailServer, by_mail: AppriseChannel, address: str) -> None:
    """Two addresses in one would send to both."""
    assert isinstance(by_mail.send(message(address)), Rejected)
    assert [] == mail.mails


def test_a_webhook_gets_text_and_key_as_json(web: WebReceiver, by_web: AppriseChannel) -> None:
    """The key is how the other end knows a message that comes twice."""
    outcome = by_web.send(message(f"{web.url}/hook?token=rahasia"))
    assert isinstance(outcome, Accepted)
    ((path, taken),) = web.received
    assert "/hook?token=rahasia" == path
    assert ("AWAS BANJIR S.Welang. Air 5,8 m.", outcome.reference) == (taken["message"], taken["key"])


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (400, Rejected),
        (404, Rejected),
        (401, RetryLater),
        (429, RetryLater),
        (500, RetryLater),
        (503, RetryLater),
        (502, Unknown),
        (504, Unknown),
        ("hang", Unknown),
        ("reset", Unknown),
    ],
)
def test_what_a_web_server_answers_is_told_apart(
    web: WebReceiver, by_web: AppriseChannel, mode: str | int, kind: type
) -> None:
    """And what it did not answer is in doubt: it was asked once."""
    web.mode = mode
    sent = message(f"{web.url}/hook")
    assert isinstance(by_web.send(sent), kind)
    assert 1 == len(web.received)
    assert (Unknown if kind is Unknown else type(None)) is type(by_web.find(sent, attempted_at=0))


def test_a_webhook_that_is_not_there_took_nothing(by_web: AppriseChannel) -> None:
    """Connection refused is certain."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert RetryLater(reason="Layanan webhook tidak terhubung.") == by_web.send(message(f"http://127.0.0.1:{port}/x"))


@pytest.mark.parametrize(
    "address",
    [
        "http://kota.example/hook",
        "json://kota.example/hook",
        "mailto://a:b@kota.example",
        "syslog://",
        "kota.example/hook",
        "https://",
        "https://kota.example:99999/",
        "",
    ],
)
def test_an_address_that_would_go_in_clear_or_nowhere_is_refused(by_web: AppriseChannel, address: str) -> None:
    """Officers' warnings and tokens do not travel unencrypted."""
    outcome = by_web.send(message(address))
    assert isinstance(outcome, Rejected)
    assert not address or address not in outcome.reason


def test_apprise_s_own_kinds_of_service_are_taken_when_encrypted() -> None:
    """Ntfy, Slack and a hundred others, by their addresses."""
    described = apprise_target.webhook("ntfys://kota.example/banjir", "tag")
    assert ("ntfys", 0) == (described["schema"], described["retry"])
    with pytest.raises(BadAddress):
        apprise_target.webhook("ntfy://kota.example/banjir", "tag")


@pytest.mark.parametrize(("chat", "is_good"), [("123456789", True), ("-1001234567890", True), ("@banjir_kota", True)])
def test_a_telegram_chat_is_described_to_apprise(chat: str, is_good: bool) -> None:
    """One chat, no search for the bot's owner."""
    described = apprise_target.telegram("123456:abc")(chat, "tag")
    assert ("tgram", [chat], False) == (described["schema"], described["targets"], described["detect_owner"])


def test_a_channel_that_cannot_remember_sends_nothing(web: WebReceiver, by_web: AppriseChannel, tmp_path: Path) -> None:
    """Without its record a crash would make a second message of it."""
    (tmp_path / "webhook").rmdir()
    assert isinstance(by_web.send(message(f"{web.url}/hook")), RetryLater)
    assert [] == web.received


def test_a_crash_in_mid_send_leaves_the_fate_open(web: WebReceiver, by_web: AppriseChannel, tmp_path: Path) -> None:
    """What was begun and has no end in the records may have left."""
    web.mode = "hang"
    sent = message(f"{web.url}/hook")
    sending = threading.Thread(target=by_web.send, args=(sent,))
    sending.start()
    while not web.received:
        time.sleep(0.01)
    after_crash = AppriseChannel(
        name="webhook", takes="url", target=apprise_target.webhook, folder=tmp_path / "webhook"
    )
    assert isinstance(after_crash.find(sent, attempted_at=0), Unknown)
    sending.join()


@pytest.fixture
def whole_log() -> Iterator[io.StringIO]:
    """What a process with --verbose writes."""
    root, written = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_address_text_or_secret_reaches_a_log_or_a_reason(
    mail: MailServer,
    web: WebReceiver,
    by_mail: AppriseChannel,
    by_web: AppriseChannel,
    whole_log: io.StringIO,
) -> None:
    """Apprise writes all of them to its own log."""
    shown: list[Outcome] = []
    for fault in ({"RCPT": "550 petugas@kota.example unknown"}, {"body": "reset"}, {}):
        mail.faults = fault
        shown.append(by_mail.send(message()))
    for mode in (404, "reset", "ok"):
        web.mode = mode
        shown.append(by_web.send(message(f"{web.url}/hook?token=rahasia")))
    text = whole_log.getvalue() + repr(shown) + repr(mail.settings())
    assert [] == [secret for secret in ("petugas@", "rahasia", "BANJIR", "/hook") if secret in text]


TELEGRAM_BODY = b'{"ok":true,"result":{"message_id":1}}'


@pytest.fixture
def telegram_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["TelegramApi"]:
    """Stands at the end of the real way: Apprise asks for api.telegram.org through a proxy, over TLS."""
    with TelegramApi(tmp_path) as api:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{api.port}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{api.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(api.certificate))
        monkeypatch.setenv("CURL_CA_BUNDLE", str(api.certificate))
        yield api


class TelegramApi:
    """A proxy that ends TLS for api.telegram.org with a certificate of its own; ``status`` is what it answers."""

    def __init__(self, folder: Path) -> None:
        from tests.emulators.self_signed import certificate_for

        self.certificate = certificate_for("api.telegram.org", folder / "telegram.pem")
        self.requests: list[bytes] = []
        self.status = 200
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.certificate)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                _until(connection, b"\r\n\r\n")
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                try:
                    with self._context.wrap_socket(connection, server_side=True) as secure:
                        self._answer(secure)
                except OSError:
                    continue

    def _answer(self, connection: ssl.SSLSocket) -> None:
        head, _, body = _until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += connection.recv(4096)
        self.requests.append(head + b"\r\n\r\n" + body)
        answer = TELEGRAM_BODY if self.status == 200 else b'{"ok":false,"description":"chat not found"}'
        head = f"HTTP/1.1 {self.status} x\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n".encode()
        connection.sendall(head + answer)


def _until(connection: Any, end: bytes) -> bytes:
    received = b""
    while end not in received and (more := connection.recv(4096)):
        received += more
    return received


@pytest.fixture
def by_telegram(tmp_path: Path) -> AppriseChannel:
    target = apprise_target.telegram("123456789:" + "A" * 35)
    return AppriseChannel(name="telegram", takes="telegram", target=target, folder=tmp_path / "telegram")


def test_a_telegram_message_goes_to_its_chat(telegram_api: TelegramApi, by_telegram: AppriseChannel) -> None:
    """The whole way through Apprise, its HTTP and TLS; Telegram itself is not there."""
    assert isinstance(by_telegram.send(message("123456789")), Accepted)
    (request,) = telegram_api.requests
    assert request.startswith(b"POST /bot123456789:" + b"A" * 35 + b"/sendMessage")
    assert b"AWAS BANJIR" in request


@pytest.mark.parametrize(("status", "kind"), [(400, Rejected), (401, RetryLater), (429, RetryLater), (502, Unknown)])
def test_what_telegram_answers_is_told_apart(
    telegram_api: TelegramApi, by_telegram: AppriseChannel, status: int, kind: type
) -> None:
    """A chat that is not there is not there later either."""
    telegram_api.status = status
    assert isinstance(by_telegram.send(message("123456789")), kind)


def test_a_telegram_with_a_certificate_that_nobody_vouches_for_gets_nothing(
    telegram_api: TelegramApi, by_telegram: AppriseChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the bot's token nor the text leaves."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name)
    assert isinstance(by_telegram.send(message("123456789")), RetryLater)
    assert [] == telegram_api.requests
