"""/metrics: figures for Prometheus, for this machine alone or for whoever brings the token."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response

from alerting.web.live import LivePage

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OWN_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
BY_PROXY: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
REFUSED: Final = "Angka hanya untuk komputer ini sendiri, atau dengan token di web.metrics_token_file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Who has the live page open, and how many were hung up because they did not keep up."""

    watchers: int
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """``source`` makes the text; it blocks. Without a ``token`` nobody beyond this machine is answered."""

    source: Callable[[Watched], str] | None = None
    token: str = field(default="", repr=False)


NO_METRICS: Final = Metrics()


def add_metrics(app: FastAPI, live: LivePage, metrics: Metrics) -> None:
    one_at_a_time = asyncio.Lock()

    @app.get("/metrics")
    async def figures(request: Request) -> Response:
        if not (is_from_here(request) or _brings(request, metrics.token)):
            raise HTTPException(403, REFUSED)
        if metrics.source is None:
            raise HTTPException(404)
        watched = Watched(watchers=len(live.fanout.watchers), dropped=live.fanout.dropped)
        async with one_at_a_time:
            text = await asyncio.to_thread(metrics.source, watched)
        return Response(text, headers={"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE})


def is_from_here(request: Request) -> bool:
    """Whether a program on this machine asks for itself: a server in front comes from here too, for somebody else."""
    host = request.client.host if request.client is not None else ""
    is_passed_on = any(name in request.headers for name in BY_PROXY)
    return host in OWN_NAMES and request.url.hostname in OWN_NAMES and not is_passed_on


def _brings(request: Request, token: str) -> bool:
    scheme, _, brought = request.headers.get("authorization", "").partition(" ")
    is_bearer = bool(token) and scheme.lower() == "bearer"
    return is_bearer and secrets.compare_digest(brought.strip().encode(), token.encode())
