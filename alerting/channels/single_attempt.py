"""HTTP in which no request is ever sent twice, and the caller learns whether it may have arrived.

Connections are kept alive and shared out one per request in progress. An idle connection that the peer has closed is
noticed before the request is written, so an ordinary keep-alive time-out costs a new connection and not an uncertainty.
From the first byte written on, every failure is :class:`MaybeSentError`.
"""

import io
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

# Load balancers in front of large services drop idle connections after a minute or more; sooner, the race between our
# request and their FIN is theirs to lose.
_MAX_IDLE_S: Final = 30.0
_MAX_ANSWER_BYTES: Final = 4 << 20


class NotSentError(Exception):
    """Not one byte of the request was written. The message is a clause in Indonesian."""


class MaybeSentError(Exception):
    """The request may have arrived, and no readable answer came back. The message is a clause in Indonesian."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer, whatever its status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection:
    """One socket and the moment since which it is idle."""

    __slots__ = ("idle_since", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.idle_since = 0.0

    def is_usable(self) -> bool:
        """Whether the peer has neither closed nor said anything: an idle peer that speaks is about to hang up."""
        if time.monotonic() - self.idle_since > _MAX_IDLE_S:
            return False
        poll = select.poll()
        poll.register(self.sock, select.POLLIN | select.POLLERR | select.POLLHUP)
        return not poll.poll(0)


class _Incoming(io.RawIOBase):
    """The peer's bytes, none of them awaited beyond the deadline: a peer that drips a byte now and then is a hang."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, 16 << 10)


class SingleAttempt:
    """Requests to one origin. Thread-safe; each call is bounded by ``timeout_s`` seconds, name resolution excepted."""

    def __init__(self, base_url: str, *, timeout_s: float) -> None:
        """Raises ValueError for an address that is no HTTP origin, or for plain HTTP that would leave this machine."""
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or url.username:
            raise ValueError(f"{base_url!r} is not a base address such as https://api.twilio.com")
        if url.scheme == "http" and not _is_loopback(url.hostname):
            raise ValueError(f"{base_url!r} would send the credential unencrypted; write https://{url.netloc}")
        self._host = url.hostname
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._host_header = url.netloc
        self._prefix = url.path.rstrip("/")
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._timeout_s = timeout_s
        # The connection used last is taken first: it is the least likely to have been dropped.
        self._idle: deque[_Connection] = deque()
        self._closed = False

    def request(self, method: str, target: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send once. Raises :class:`NotSentError` or :class:`MaybeSentError`; any status is an :class:`Answer`."""
        deadline = time.monotonic() + self._timeout_s
        request = self._head(method, target, headers, body) + body
        connection = self._take() or self._open(deadline)
        keep = False
        try:
            answer, keep = _exchange(connection.sock, method, request, deadline)
        except TimeoutError as error:
            raise MaybeSentError("tidak ada jawaban sampai batas waktu") from error
        except (OSError, HTTPException, ValueError) as error:
            raise MaybeSentError("sambungan terputus sebelum ada jawaban yang terbaca") from error
        finally:
            if keep and not self._closed:
                connection.idle_since = time.monotonic()
                self._idle.append(connection)
            else:
                connection.sock.close()
        return answer

    def close(self) -> None:
        """Close the idle connections; those in use are closed by their own request."""
        self._closed = True
        while self._idle:
            self._idle.pop().sock.close()

    def _take(self) -> _Connection | None:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.is_usable():
                return connection
            connection.sock.close()

    def _open(self, deadline: float) -> _Connection:
        try:
            sock = _connect(self._host, self._port, deadline)
        except (OSError, UnicodeError) as error:
            raise NotSentError(_why_unreachable(error)) from error
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                sock.settimeout(_left(deadline))
                sock = self._tls.wrap_socket(sock, server_hostname=self._host)
        except OSError as error:
            sock.close()
            raise NotSentError(_why_unreachable(error)) from error
        return _Connection(sock)

    def _head(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = [f"{method} {self._prefix}{target} HTTP/1.1", f"Host: {self._host_header}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a line break in a request line or header")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("deadline passed")
    return left


def _connect(host: str, port: int, deadline: float) -> socket.socket:
    """Try each address of ``host`` within one deadline: create_connection would grant the time-out to each of them."""
    failure: OSError = OSError(f"no address for {host}")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _exchange(sock: socket.socket, method: str, request: bytes, deadline: float) -> tuple[Answer, bool]:
    """The answer to ``request``, and whether the connection may carry another one."""
    sock.settimeout(_left(deadline))
    sock.sendall(request)
    incoming: Any = _Incoming(sock, deadline)  # HTTPResponse asks its socket for a file and for nothing else
    with HTTPResponse(incoming, method=method) as response:
        response.begin()
        body = response.read(_MAX_ANSWER_BYTES)
        if response.length or len(body) == _MAX_ANSWER_BYTES:
            raise HTTPException("the answer is not as long as it said, or has no end")
        headers = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(status=response.status, headers=headers, body=body)
        return answer, response.isclosed() and not response.will_close


def _why_unreachable(error: OSError | UnicodeError) -> str:
    match error:
        case TimeoutError():
            return "tidak tersambung sampai batas waktu"
        case ConnectionRefusedError():
            return "sambungan ditolak"
        case socket.gaierror() | UnicodeError():
            return "alamat tidak ditemukan (DNS)"
        case ssl.SSLCertVerificationError():
            return "sertifikat tidak dapat dipercaya"
        case ssl.SSLError():
            return "sambungan aman (TLS) gagal"
    return "jaringan tidak terjangkau"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
