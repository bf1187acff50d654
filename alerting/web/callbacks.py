"""What providers report: the only pages that the outside world writes to. They check, and pass on to core."""

import logging
import time
from pathlib import Path
from typing import Final, Protocol

from fastapi import FastAPI, Request
from fastapi.responses import Response

from broker import control
from broker.control import CommandFailed, CoreUnreachable

log: Final = logging.getLogger(__name__)

MAX_BODY: Final = 16 << 10
SAY_S: Final = 60.0
CORE_S: Final = 8.0  # Twilio waits 15 s


class Report(Protocol):
    """What a provider says of one message; None: nothing to record."""

    @property
    def reference(self) -> str: ...
    @property
    def is_delivered(self) -> bool | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def code(self) -> str: ...


class Callback(Protocol):
    """See :class:`alerting.channels.twilio_callback.TwilioCallback`."""

    def read(self, body: bytes, signature: str | None) -> Report: ...

    def taken(self, body: bytes) -> None: ...


def add_twilio(app: FastAPI, *, path: str, callback: Callback, socket_path: Path) -> None:
    """Serve ``path``. 403 for what is not Twilio's, 409 for a replay, 503 while core is away: none changes anything."""
    from alerting.channels.twilio_callback import NotFromTwilio, Replayed  # noqa: PLC0415  Twilio's library is large

    refusals = _Refusals(path)

    @app.post(path)
    async def status(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        try:
            report = callback.read(body, request.headers.get("x-twilio-signature"))
        except NotFromTwilio as error:
            refusals.add(error)
            return Response(status_code=403)
        except Replayed:
            return Response(status_code=409)
        if report.is_delivered is not None and not await _tell(socket_path, "twilio", report):
            return Response(status_code=503)
        callback.taken(body)
        return Response(status_code=204)


class _Refusals:
    """Says at most once a minute that somebody is refused: a stranger must not fill the log."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._count = 0
        self._said_at = -SAY_S

    def add(self, error: Exception) -> None:
        self._count += 1
        if time.monotonic() - self._said_at >= SAY_S:
            log.warning("%d reports on %s were refused, the last because %s", self._count, self._path, error)
            self._count, self._said_at = 0, time.monotonic()


async def _body(request: Request) -> bytes | None:
    """The whole body; None when it is longer than any report."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return body


async def _tell(socket_path: Path, channel: str, report: Report) -> bool:
    """Whether core has it in its journal."""
    arguments = {
        "channel": channel,
        "reference": report.reference,
        "is_delivered": report.is_delivered,
        "reason": report.reason,
        "code": report.code,
    }
    try:
        await control.command_async(
            socket_path,
            control.Request(name="delivery-report", args=arguments, actor=f"channel:{channel}"),
            timeout_s=CORE_S,
        )
    except (CoreUnreachable, CommandFailed, TimeoutError) as error:
        log.warning("a delivery report did not reach core: %s", error)
        return False
    return True
