"""What every page shares: the frame around it, core behind it, and forms that come from our own pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final

import jinja2
from fastapi import HTTPException
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request

from alerting.web import words
from alerting.web.access import Visitor, visitor_of
from alerting.web.catalogue import language, other_language, tr
from alerting.web.live import LivePage
from alerting.web.past import Past
from broker import control
from broker.clock import Clock
from broker.control import CoreUnreachable

PATIENCE_S: Final = 10.0
MOST_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 200
MOST_SENT: Final = 1 << 20  # a form without files
FOREIGN: Final = "Formulir ini hanya dapat dikirim dari halaman kami sendiri. Buka halamannya lagi."
UNREADABLE: Final = "Formulir ini terlalu panjang atau tidak terbaca."
AWAY: Final = "Inti tidak menjawab; tidak ada yang diubah. Coba lagi sebentar."
# Path as declared, and its word; shown to those who may go there.
SECTIONS: Final = (
    ("/", "Ruang kendali"),
    ("/keputusan", "Keputusan"),
    ("/stasiun", "Stasiun"),
    ("/peringatan", "Peringatan"),
    ("/laporan", "Laporan jaga"),
    ("/teknisi", "Teknisi"),
    ("/kelola", "Kelola"),
    ("/publik", "Halaman warga"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Given to every ``add_...`` that puts pages on the application."""

    live: LivePage
    past: Past
    socket_path: Path

    @property
    def templates(self) -> jinja2.Environment:
        return self.live.board.templates

    @property
    def clock(self) -> Clock:
        return self.live.clock

    def page(self, request: Request, template: str, *, title: str, status: int = 200, **values: object) -> HTMLResponse:
        """``template``, which extends ``frame.html``; never kept by a cache, because it is somebody's own view."""
        html = self.templates.get_template(template).render(**self.around(request), title=title, **values)
        return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})

    def around(self, request: Request) -> Mapping[str, Any]:
        """What ``frame.html`` needs besides the title."""
        visitor, now = visitor_of(request), self.clock.now()
        health = self.live.replica.health
        return {
            "visitor": visitor,
            "sections": [(path, tr(word)) for path, word in SECTIONS if visitor.may("GET", path)],
            "path": request.url.path,
            "language": language(),
            "other_language": other_language(),
            "in_other_language": _in_other_language(request),
            "realm": health.realm if health else "ews",
            "lost": self.live.link.outage() is not None,
            "now": now,
            "moment": words.moment(now, now),
        }

    async def form(self, request: Request, *, files: int = 0, most_bytes: int = MOST_BYTES) -> FormData:
        """The fields that were sent, from a form of ours in the visitor's own session; raises HTTPException otherwise.

        ``files`` is how many files it may carry, and ``most_bytes`` how large one field or file may be.
        """
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise HTTPException(403, tr(FOREIGN))
        length = request.headers.get("content-length", "0")
        if not files and not (length.isdecimal() and int(length) <= max(MOST_SENT, 2 * most_bytes)):
            raise HTTPException(413, tr(UNREADABLE))
        try:
            fields = await request.form(max_files=files, max_fields=MOST_FIELDS, max_part_size=most_bytes)
        except StarletteHTTPException as error:
            raise HTTPException(422, tr(UNREADABLE)) from error
        token, visitor = fields.get("csrf"), visitor_of(request)
        if not visitor.is_known or not isinstance(token, str) or not compare_digest(token, visitor.csrf):
            raise HTTPException(403, tr(FOREIGN))
        return fields

    async def ask(self, request: Request, name: str, /, *, key: str | None = None, **arguments: Any) -> Any:
        """Core's answer to a command in the visitor's name.

        Raises CommandFailed with core's sentence, which the page shows beside the form, and HTTPException 503 when core
        does not answer: what was typed is then still in the browser.
        """
        asked = control.Request(name=name, args=arguments, actor=_actor(visitor_of(request)), key=key)
        try:
            return await control.command_async(self.socket_path, asked, timeout_s=PATIENCE_S)
        except (CoreUnreachable, TimeoutError):
            raise HTTPException(503, tr(AWAY)) from None


def _in_other_language(request: Request) -> str:
    """The same page in the other language; empty for the answer to a form, which has no address of its own."""
    if request.method != "GET":
        return ""
    asked = request.url.include_query_params(bahasa=other_language())
    return f"{asked.path}?{asked.query}"


def _actor(visitor: Visitor) -> str:
    return f"web:{visitor.name}" if visitor.is_known else "web"
