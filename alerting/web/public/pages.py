"""The residents' pages on the application: their routes, and the door before everything."""

import re
from typing import Final
from urllib.parse import parse_qs

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from alerting.public_templates import Language
from alerting.web.api import problem
from alerting.web.frame import Frame
from alerting.web.public import first_view
from alerting.web.public.board import OPEN, PublicBoard
from alerting.web.public.document import Document
from alerting.web.public.door import PublicDoor
from alerting.web.public.licence import Licence
from alerting.web.public.places import PlacesOfCore
from alerting.web.public.sheet import away_page

CODE: Final = re.compile(r"/publik/([0-9.]{5,20})(\.json)?")
NOT_YET: Final = "Belum ada data dari pusat; coba lagi sebentar."
UNKNOWN: Final = "Kelurahan itu tidak dikenal."


def add_public(app: FastAPI, frame: Frame, *, licence: Licence) -> PlacesOfCore:
    """``/publik``, a page for each kelurahan, the same as JSON, ``/data``, and the worker that keeps the last page.

    What is given back is started and stopped with the application.
    """
    pages = PublicPages(frame, licence)

    @app.get("/publik", response_class=HTMLResponse)
    async def chooser(bahasa: str = "id") -> Response:
        return await pages.page("/publik", language_of(bahasa))

    @app.get("/publik/{area}.json")
    async def embed(area: str) -> Response:
        return await pages.json(area)

    @app.get("/publik/{area}", response_class=HTMLResponse)
    async def of_area(area: str, bahasa: str = "id") -> Response:
        return await pages.page(f"/publik/{area}", language_of(bahasa))

    @app.get("/data", response_class=HTMLResponse)
    async def data(bahasa: str = "id") -> Response:
        return await pages.page("/data", language_of(bahasa))

    @app.get("/sw.js")
    async def worker() -> Response:
        return _Ready(first_view.worker())

    app.add_middleware(PublicDoor, find=pages.find)
    return pages.places


class PublicPages:
    """What the door and the routes share."""

    def __init__(self, frame: Frame, licence: Licence) -> None:
        self._templates = frame.templates
        self.places = PlacesOfCore(frame.socket_path)
        self._files = first_view.files()
        self.board = PublicBoard(
            live=frame.live,
            templates=frame.templates,
            licence=licence,
            places=lambda: self.places.known,
        )

    def find(self, path: str, query: bytes) -> Document | None:
        """What is ready for this address."""
        if path.startswith("/publik") or path == "/data":
            return self._find(path, language_of(_asked_language(query)))
        return self._files.get(path) if path.startswith("/static/") else None

    def _find(self, path: str, language: Language) -> Document | None:
        if path == "/publik":
            return self.board.chooser(language)
        if path == "/data":
            return self.board.data(language)
        found = CODE.fullmatch(path)
        if found is None:
            return None
        code, is_json = found.groups()
        return self.board.json(code) if is_json else self.board.area(code, language)

    async def page(self, path: str, language: Language) -> Response:
        """A page, or why there is none: the way of those whom the door let pass."""
        places = await self.places.ready()
        found = self._find(path, language)
        if found is not None:
            return _Ready(found)
        status, sentence = (503, "away") if places is None else (404, "unknown")
        html = away_page(self._templates, language, sentence=sentence)
        return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})

    async def json(self, code: str) -> Response:
        places = await self.places.ready()
        found = self.board.json(code)
        if found is not None:
            return _Ready(found)
        status, sentence = (503, NOT_YET) if places is None else (404, UNKNOWN)
        answer = problem.response(problem.of_status(status, sentence))
        answer.headers.update(dict(OPEN))
        return answer


class _Ready(Response):
    """A document as an answer of a route."""

    def __init__(self, ready: Document) -> None:
        super().__init__()
        self._document = ready

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await self._document.answer(scope, send)


def language_of(said: str) -> Language:
    return "en" if said == "en" else "id"


def _asked_language(query: bytes) -> str:
    """Of a query that nobody can read, Indonesian."""
    if not query:
        return "id"
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=20).get("bahasa", ["id"])[0]
    except ValueError:
        return "id"
