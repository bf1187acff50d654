"""HTTP push: loggers that send by themselves. ``POST /v1/NODE`` with a token; 200 once it is in the ring.

    {"time": "2026-11-22T17:40:00+07:00", "values": {"level": 1.23}}        one sample, or an array of at most 500

A time has an offset, or is a whole number of ms UTC. Whoever gets no 200 sends the same again: a sample with the same
time and values is taken once.
"""

import hashlib
import hmac
import logging
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from broker import wire
from edge.gateway.ring import RingRefused
from edge.gateway.sample import MISSING, Sample
from edge.gateway.value import ValueRule

log: Final = logging.getLogger(__name__)

MOST_BYTES: Final = 256 * 1024
MOST_AT_ONCE: Final = 16  # requests; the next is told to come again
PATIENCE_S: Final = 10.0  # for a slow sender, and for the disk
_EARLIEST_MS: Final = 946_684_800_000  # 2000-01-01


class BadPush(ValueError):
    """A body that is no sample; the text says what to write instead."""


class Fresh(NamedTuple):
    """What became of a request: samples that are new in the ring, and those that were there before."""

    stored: int
    repeated: int


Deliver = Callable[[Sequence[Sample]], "Future[Fresh]"]


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    time: str | int
    values: dict[str, float | None]


_one = msgspec.json.Decoder(_Body)
_many = msgspec.json.Decoder(list[_Body])


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPlan:
    """What one logger may send, by the names it uses."""

    token: str = field(repr=False)
    rules: Mapping[str, ValueRule]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where to listen; ``certificate`` is a PEM file of key and certificate, None: no TLS."""

    host: str
    port: int
    certificate: Path | None = None


def samples_of(body: bytes, rules: Mapping[str, ValueRule]) -> list[Sample]:
    """The samples of a request's body, all of them or none; raises :class:`BadPush`."""
    try:
        found = _many.decode(body) if body.lstrip()[:1] == b"[" else [_one.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        example = '{"time": "2026-11-22T17:40:00+07:00", "values": {"NAME": 1.23}}'
        raise BadPush(f"{error}; send {example}, or an array of them") from None
    if not 0 < len(found) <= wire.MAX_ARRAY:
        raise BadPush(f"{len(found)} samples; send 1 to {wire.MAX_ARRAY}")
    return [_sample(each, rules) for each in found]


def _sample(body: _Body, rules: Mapping[str, ValueRule]) -> Sample:
    unknown = [name for name in body.values if name not in rules]
    if unknown:
        raise BadPush(f"values: {unknown[0][:40]!r} is not in the mapping; there is {', '.join(rules)}")
    values: dict[str, float | None] = {}
    faults: dict[str, str] = {}
    for name, rule in rules.items():
        raw = body.values.get(name)
        values[rule.series], fault = (None, MISSING) if raw is None else rule.read(raw)
        if fault:
            faults[rule.series] = fault
    time_ms = _time_ms(body.time)
    key = hashlib.blake2b(repr((time_ms, sorted(values.items()), sorted(faults.items()))).encode(), digest_size=16)
    return Sample(time_ms=time_ms, values=values, faults=faults, key=key.digest())


def _time_ms(said: str | int) -> int:
    if isinstance(said, str):
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            raise BadPush(f"time: {said[:40]!r} is not like 2026-11-22T17:40:00+07:00") from None
        if moment.tzinfo is None:
            raise BadPush(f"time: {said[:40]!r} has no offset; add +07:00, or Z for UTC")
        said = round(moment.timestamp() * 1000)
    if not _EARLIEST_MS <= said <= wire.SEQ_MAX:
        raise BadPush(f"time: {said} is not a time in ms since 1970, UTC, after the year 2000")
    return said


class PushServer:
    """Serves from :meth:`start` to :meth:`stop` on threads of its own. ``plans`` and ``deliver`` are by node."""

    def __init__(self, listener: Listener, plans: Mapping[str, PushPlan], deliver: Mapping[str, Deliver]) -> None:
        """Raises OSError when the port is taken, and ssl.SSLError for a certificate that is none."""
        context = None
        if listener.certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(listener.certificate)
        self._server = _Server((listener.host, listener.port), context, plans, deliver)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="push", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more; requests under way are answered."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        context: ssl.SSLContext | None,
        plans: Mapping[str, PushPlan],
        deliver: Mapping[str, Deliver],
    ) -> None:
        super().__init__(address, _Handler)
        self.context, self.plans, self.deliver = context, plans, deliver
        self.room = threading.BoundedSemaphore(MOST_AT_ONCE)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection. A handshake that hangs holds up this thread only."""
        if not self.room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            request.settimeout(PATIENCE_S)
            if self.context is not None:
                request = self.context.wrap_socket(request, server_side=True)
            super().process_request_thread(request, client_address)
        except OSError as error:  # ssl.SSLError is one
            log.info("push: %s: %s", client_address[0], error)
            self.shutdown_request(request)
        finally:
            self.room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  the library's own names
        """A sender that hangs up is not worth a traceback."""
        log.info("push: %s: the connection broke", client_address[0], exc_info=log.isEnabledFor(logging.DEBUG))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "kentongan"
    sys_version = ""
    timeout = PATIENCE_S

    def do_POST(self) -> None:
        node = self.path.removeprefix("/v1/")
        plan = self.server.plans.get(node)
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        # Whether a node is known is told to nobody without a token.
        expected = plan.token if plan is not None else ""
        if not hmac.compare_digest(given.encode(), expected.encode()) or plan is None:
            self._answer(401, {"error": "no such node and token; send the header Authorization: Bearer TOKEN"})
            return
        try:
            samples = samples_of(self._body(), plan.rules)
            fresh = self.server.deliver[node](samples).result(PATIENCE_S)
        except BadPush as error:
            self._answer(400, {"error": str(error)})
        except (RingRefused, TookTooLong) as error:
            log.warning("push: %s: %s", node, error or "the ring takes too long")
            self._answer(503, {"error": "it cannot be stored now: send it again"})
        else:
            self._answer(200, fresh._asdict())

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True
            raise BadPush(f"Content-Length {length[:20]!r} is not a number of at most {MOST_BYTES} bytes")
        return self.rfile.read(int(length))

    def _answer(self, code: int, said: Mapping[str, object]) -> None:
        body = msgspec.json.encode(said)
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's own name
        """Each request is worth a line only to somebody who looks for one."""
        log.debug("push: %s", format % args)
