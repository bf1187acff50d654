"""The emulator is checked against what Twilio's official library expects of Twilio."""

import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.emulators.twilio_process import TwilioProcess

NUMBER = "+628123456789"


class ToEmulator(TwilioHttpClient):  # type: ignore[misc]  # the library does not declare its annotations
    """The library's own HTTP client; only the host is another."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=30)
        self._base_url = base_url

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._base_url), *arguments, **options)


@pytest.fixture
def client(twilio: TwilioProcess) -> Iterator[Any]:
    http = ToEmulator(twilio.base_url)
    yield Client(twilio.account_sid, twilio.auth_token, http_client=http)
    http.session.close()


@pytest.fixture
def send(client: Any, twilio: TwilioProcess) -> Callable[..., Any]:
    def create(body: str = "AWAS", **options: Any) -> Any:
        return client.messages.create(to=NUMBER, from_=twilio.from_number, body=body, **options)

    return create


def test_a_created_message_reads_like_twilios(send: Callable[..., Any]) -> None:
    """The library parses every field that it knows."""
    created = send("Hati2 lumpur & listrik")
    assert (created.status, created.to, created.body) == ("queued", NUMBER, "Hati2 lumpur & listrik")
    assert (created.direction, created.num_segments, created.date_sent) == ("outbound-api", "1", None)
    assert created.date_created - datetime.now(UTC) < timedelta(seconds=5)


def test_a_message_is_fetched_by_its_sid(client: Any, send: Callable[..., Any]) -> None:
    """The receipt leads back to the message."""
    created = send()
    assert client.messages(created.sid).fetch().body == "AWAS"


def test_an_unknown_sid_is_404(client: Any) -> None:
    """With the code that the library shows."""
    with pytest.raises(TwilioRestException) as raised:
        client.messages("SM" + "f" * 32).fetch()
    assert (raised.value.status, raised.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": ""}, 21604),
        ({"body": ""}, 21602),
        ({"from_": ""}, 21603),
        ({"body": "x" * 1601}, 21617),
        ({"to": "0812"}, 21211),
        ({"to": "+15005550009"}, 21614),
    ],
)
def test_bad_parameters_are_400_with_twilios_code(
    client: Any, twilio: TwilioProcess, changes: dict[str, str], code: int
) -> None:
    """A refused message is in the log, without a sid."""
    with pytest.raises(TwilioRestException) as raised:
        client.messages.create(**({"to": NUMBER, "from_": twilio.from_number, "body": "AWAS"} | changes))
    assert (raised.value.status, raised.value.code) == (400, code)
    assert [post.sid for post in twilio.posts()] == [None]


def test_the_list_is_newest_first_and_paged(client: Any, send: Callable[..., Any]) -> None:
    """The library follows next_page_uri to the end."""
    for number in range(7):
        send(str(number))
    listed = client.messages.list(to=NUMBER, page_size=3)
    assert [row.body for row in listed] == ["6", "5", "4", "3", "2", "1", "0"]
    assert client.messages.list(to="+628999999999") == []


def test_a_queued_message_has_no_date_sent_to_filter_by(
    client: Any, twilio: TwilioProcess, send: Callable[..., Any]
) -> None:
    """Whoever looks by DateSent for what was just accepted does not find it."""
    send("antri")
    twilio.behave(step_s=0)
    send("sampai")
    today = datetime.now(UTC)
    listed = client.messages.list(to=NUMBER, date_sent_after=today - timedelta(days=1))
    assert [row.body for row in listed] == ["sampai"]
    assert client.messages.list(to=NUMBER, date_sent_before=today - timedelta(days=2)) == []


def test_what_was_accepted_outlives_an_outage(client: Any, twilio: TwilioProcess, send: Callable[..., Any]) -> None:
    """A provider that was down still has what it took before, and gives no receipt twice."""
    before = send("sebelum")
    twilio.kill()
    twilio.start()
    after = send("sesudah")
    assert [row.sid for row in client.messages.list(to=NUMBER)] == [after.sid, before.sid]
    assert [(post.body, post.sid) for post in twilio.posts()] == [("sebelum", before.sid), ("sesudah", after.sid)]


@pytest.fixture
def callbacks() -> Iterator[tuple[str, "queue.Queue[tuple[str, dict[str, str]]]"]]:
    """An address for status callbacks, and what arrives there: signature and parameters."""
    received: queue.Queue[tuple[str, dict[str, str]]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.put((self.headers["X-Twilio-Signature"], dict(parse_qsl(body))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing into the tests' output."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sms/status?kanal=1", received
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("code", "statuses"), [(None, ["sent", "delivered"]), (30003, ["sent", "undelivered"])])
def test_statuses_are_called_back_with_a_signature_that_the_library_accepts(
    twilio: TwilioProcess, send: Callable[..., Any], callbacks: Any, code: int | None, statuses: list[str]
) -> None:
    """Each step is told, in order, signed over address and parameters."""
    url, received = callbacks
    twilio.behave(step_s=0.05, undelivered_code=code)
    created = send(status_callback=url)
    told = [received.get(timeout=30) for _ in statuses]
    validator = RequestValidator(twilio.auth_token)
    assert all(validator.validate(url, form, signature) for signature, form in told)
    assert not any(validator.validate(url, form | {"To": "+1"}, signature) for signature, form in told)
    assert statuses == [form["MessageStatus"] for _, form in told]
    assert {form["MessageSid"] for _, form in told} == {created.sid}
    assert told[-1][1].get("ErrorCode") == (str(code) if code else None)


def test_a_message_moves_from_queued_to_delivered(client: Any, twilio: TwilioProcess, send: Callable[..., Any]) -> None:
    """A poller sees the end of the way as a callback would."""
    twilio.behave(step_s=0)
    assert client.messages(send().sid).fetch().status == "delivered"


def test_a_fault_ends_after_its_times(twilio: TwilioProcess, send: Callable[..., Any]) -> None:
    """Two refusals were ordered, the third message passes."""
    twilio.fail("error", status=503, times=2)
    for _ in range(2):
        with pytest.raises(TwilioRestException):
            send()
    assert send().sid
    assert [post.status for post in twilio.posts()] == [503, 503, 201]


def test_without_the_credential_nothing_is_told(twilio: TwilioProcess) -> None:
    """401 with Twilio's code, for the list too."""
    url = f"{twilio.base_url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(url, timeout=30)
    with raised.value as answer:
        assert answer.code == 401
        assert b"20003" in answer.read()
