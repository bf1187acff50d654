"""HTTP that never sends twice, against peers that answer in every legal and illegal way."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from alerting.channels.single_attempt import MaybeSentError, NotSentError, SingleAttempt

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT_S = 1.0

Script = Callable[["Peer", socket.socket], None]


class Peer:
    """A server that treats its n-th connection as the n-th script says, and counts connections and requests."""

    def __init__(self, *scripts: Script) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.ended = [threading.Event() for _ in scripts]
        self._scripts = scripts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for script, ended in zip(self._scripts, self.ended, strict=True):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):
                script(self, connection)
            ended.set()

    def read(self, connection: socket.socket) -> bool:
        """Read one request; False at the end of the connection."""
        data = b""
        while b"\r\n\r\n" not in data or not data.endswith(b"text"):
            part = connection.recv(4096)
            if not part:
                return False
            data += part
        self.requests.append(data)
        return True

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


Start = Callable[..., tuple[Peer, SingleAttempt]]


@pytest.fixture
def start() -> Iterator[Start]:
    made: list[tuple[Peer, SingleAttempt]] = []

    def begin(*scripts: Script) -> tuple[Peer, SingleAttempt]:
        peer = Peer(*scripts)
        attempts = SingleAttempt(f"http://127.0.0.1:{peer.port}/gateway", timeout_s=SHORT_S)
        made.append((peer, attempts))
        return made[-1]

    yield begin
    for peer, attempts in made:
        attempts.close()
        peer.close()


def answering(*answers: bytes) -> Script:
    """Answer that many requests on one connection, then close it."""

    def script(peer: Peer, connection: socket.socket) -> None:
        for answer in answers:
            if not peer.read(connection):
                return
            connection.sendall(answer)

    return script


def post(attempts: SingleAttempt) -> tuple[int, bytes]:
    answer = attempts.request("POST", "/messages?a=1", headers={"X-Test": "yes"}, body=b"text")
    return answer.status, answer.body


def test_the_request_is_written_whole_under_the_base_address(start: Start) -> None:
    """Path prefix of a gateway, host, headers and length."""
    peer, attempts = start(answering(OK))
    post(attempts)
    assert peer.requests == [
        b"POST /gateway/messages?a=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Test: yes\r\nContent-Length: 4\r\n\r\ntext"
        % peer.port
    ]


def test_a_connection_is_used_again(start: Start) -> None:
    """A handshake per message would cost more than the message."""
    peer, attempts = start(answering(OK, OK, OK))
    assert [post(attempts) for _ in range(3)] == [(200, b"ok")] * 3
    assert peer.connections == 1


def test_an_idle_connection_that_the_peer_closed_is_replaced_before_sending(
    start: Start,
) -> None:
    """Every request arrives once, though the first connection ended without a word."""
    peer, attempts = start(answering(OK), answering(OK))
    post(attempts)
    assert peer.ended[0].wait(30)
    assert post(attempts) == (200, b"ok")
    assert (len(peer.requests), peer.connections) == (2, 2)


def test_a_peer_that_speaks_unasked_is_not_trusted_with_a_request(
    start: Start,
) -> None:
    """A 408 that arrives on an idle connection is not the answer to the next request."""
    unasked = threading.Event()

    def script(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        connection.sendall(OK)
        unasked.wait(30)
        connection.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")

    peer, attempts = start(script, answering(OK))
    post(attempts)
    unasked.set()
    assert peer.ended[0].wait(30)
    assert post(attempts) == (200, b"ok")


def test_connection_close_is_respected(start: Start) -> None:
    """The next request opens a new connection."""
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    peer, attempts = start(answering(last), answering(OK))
    assert [post(attempts), post(attempts)] == [(200, b"ok")] * 2
    assert peer.connections == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", (201, b"ok")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, (200, b"ok")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", (503, b"")),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", (200, b"until the end")),
    ],
)
def test_legal_answers_are_read(start: Start, answer: bytes, expected: tuple[int, bytes]) -> None:
    """Chunks, interim answers, no body, a body that ends with the connection."""
    _, attempts = start(answering(answer))
    assert expected == post(attempts)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_or_makes_no_sense_may_have_followed_an_acceptance(
    start: Start, answer: bytes
) -> None:
    """The request was there once; it is not sent again."""
    peer, attempts = start(answering(answer), answering(OK))
    with pytest.raises(MaybeSentError):
        post(attempts)
    assert len(peer.requests) == 1


def test_a_peer_that_drips_is_a_peer_that_hangs(start: Start) -> None:
    """A byte now and then does not extend the time-out."""
    stop = threading.Event()

    def drip(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        for byte in OK:
            if stop.wait(SHORT_S / 4):
                return
            connection.sendall(bytes([byte]))

    _, attempts = start(drip)
    begin = time.monotonic()
    with pytest.raises(MaybeSentError, match="batas waktu"):
        post(attempts)
    stop.set()
    assert time.monotonic() - begin < SHORT_S * len(OK) / 4 / 2


def test_a_peer_that_does_not_finish_tls_was_sent_nothing() -> None:
    """A handshake without an answer ends at the time-out, and the request stays here."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        attempts = SingleAttempt(f"https://127.0.0.1:{mute.getsockname()[1]}", timeout_s=SHORT_S)
        with pytest.raises(NotSentError, match="batas waktu"):
            post(attempts)
        attempts.close()


def test_a_peer_that_does_not_speak_tls_was_sent_nothing(start: Start) -> None:
    """Plain text where TLS was expected."""

    def plain(_: Peer, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(OK)

    peer, _ = start(plain)
    attempts = SingleAttempt(f"https://127.0.0.1:{peer.port}", timeout_s=SHORT_S)
    with pytest.raises(NotSentError, match="TLS"):
        post(attempts)
    attempts.close()


def test_a_line_break_in_a_header_never_leaves() -> None:
    """A header cannot be used to smuggle another one in."""
    attempts = SingleAttempt("http://127.0.0.1:1", timeout_s=SHORT_S)
    with pytest.raises(ValueError, match="line break"):
        attempts.request("GET", "/", headers={"X-Test": "a\r\nX-Other: b"})


def test_a_request_in_progress_outlives_close(start: Start) -> None:
    """Closing lets the last message finish and keeps no connection."""
    arrived, go = threading.Event(), threading.Event()
    ended = threading.Event()

    def script(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        arrived.set()
        go.wait(30)
        connection.sendall(OK)
        if not connection.recv(1):
            ended.set()

    _, attempts = start(script)
    answers: list[tuple[int, bytes]] = []
    thread = threading.Thread(target=lambda: answers.append(post(attempts)))
    thread.start()
    assert arrived.wait(30)
    attempts.close()
    go.set()
    thread.join()
    assert answers == [(200, b"ok")]
    assert ended.wait(30)
