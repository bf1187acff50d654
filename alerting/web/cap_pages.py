"""What is published for other systems and for voices: the CAP feed, its messages, and the bulletin.

Everything is read from the files that core leaves beside its journal, so that the public can ask for it while core
stands still. A reader that has the newest version is told so in a few bytes (ETag).
"""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import jinja2
import msgspec
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from alerting.bulletin import BulletinFacts, bulletin
from alerting.cap import MEDIA_TYPE
from alerting.cap_feed import BULLETIN, CERTIFICATE, FEED, FEED_MEDIA_TYPE, CapFolder
from broker.clock import Clock

FRESH_S: Final = 10  # how long a reader may keep the index without asking again
KEPT_S: Final = 86_400  # a message never changes

_facts: Final = msgspec.json.Decoder(BulletinFacts)


def add_cap(app: FastAPI, *, folder: Path, clock: Clock, templates: jinja2.Environment) -> None:
    """Serve ``folder``, which may not be there yet."""
    files = CapFolder(folder)
    _add_feed(app, files)
    _add_bulletin(app, files, clock.now, templates)


def _add_feed(app: FastAPI, files: CapFolder) -> None:
    @app.api_route("/cap/feed.xml", methods=["GET", "HEAD"])
    async def feed(request: Request) -> Response:
        content = await asyncio.to_thread(files.get, FEED)
        if content is None:
            raise HTTPException(503, "Umpan CAP belum siap; coba lagi sebentar.")
        return _document(request, content, media_type=FEED_MEDIA_TYPE, max_age=FRESH_S)

    @app.api_route("/cap/certificate.pem", methods=["GET", "HEAD"])
    async def certificate(request: Request) -> Response:
        content = await asyncio.to_thread(files.get, CERTIFICATE)
        if content is None:
            raise HTTPException(503, "Umpan CAP belum siap; coba lagi sebentar.")
        return _document(request, content, media_type="application/x-pem-file", max_age=FRESH_S)

    @app.api_route("/cap/{identifier}.xml", methods=["GET", "HEAD"])
    async def message(request: Request, identifier: str) -> Response:
        content = await asyncio.to_thread(files.message, identifier)
        if content is None:
            raise HTTPException(404, "Pesan CAP itu tidak ada.")
        return _document(request, content, media_type=MEDIA_TYPE, max_age=KEPT_S)


def _add_bulletin(app: FastAPI, files: CapFolder, now: Callable[[], int], templates: jinja2.Environment) -> None:
    @app.get("/buletin", response_class=HTMLResponse)
    async def page() -> HTMLResponse:
        paragraphs = await asyncio.to_thread(_paragraphs, files, now())
        html = templates.get_template("bulletin.html").render(paragraphs=paragraphs)
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    @app.get("/buletin.txt", response_class=PlainTextResponse)
    async def text() -> PlainTextResponse:
        paragraphs = await asyncio.to_thread(_paragraphs, files, now())
        return PlainTextResponse("\n\n".join(paragraphs) + "\n", headers={"Cache-Control": "no-store"})


def _paragraphs(files: CapFolder, now: int) -> list[str]:
    content = files.get(BULLETIN)
    if content is None:
        raise HTTPException(503, "Buletin belum siap; coba lagi sebentar.")
    facts = _facts.decode(content)
    if facts.has_run_out(now):
        raise HTTPException(503, "Buletin ini sudah lewat waktunya. Tanyakan keadaan kepada BPBD, telepon 112.")
    return bulletin(facts, now)


def _document(request: Request, content: bytes, *, media_type: str, max_age: int) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={max_age}"}
    known = (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(","))
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=f"{media_type}; charset=utf-8", headers=headers)
