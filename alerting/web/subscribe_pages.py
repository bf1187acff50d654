"""Joining and leaving by code: two forms that work without any script, in Indonesian and in English.

Whatever is known of a number, the page says the same and takes as long. How often anybody may ask is core's to decide;
here only what would keep core busy is held back.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import jinja2
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

from alerting.public_templates import Language
from alerting.web.address import address_of
from alerting.web.public.sheet import frame_values
from alerting.web.subscribe_words import WORDS
from broker import control
from broker.control import CommandFailed, CoreUnreachable

Do = Callable[[dict[str, str], Language, str], Awaitable[HTMLResponse]]
"""Fields of a form, language, address of the visitor."""

LEAST_S: Final = 0.4  # every answer to a form takes at least so long
STATE_KEPT_S: Final = 5.0
PATIENCE_S: Final = 5.0
MOST_BYTES: Final = 4096
MOST_FIELDS: Final = 20
MOST_AT_ONCE: Final = 8
FORMS_PER_S, FORMS_AT_ONCE = 5.0, 20.0  # of all visitors together
FIELDS: Final = ("action", "area", "rw", "rt", "number", "ticket", "code")
AWAY: Final = "Pendaftaran sedang tidak dapat dilayani. Coba lagi sebentar."
BUSY: Final = "Sedang banyak yang mendaftar. Coba lagi sebentar."
FOREIGN: Final = "Formulir ini hanya dapat dikirim dari halaman kami sendiri."
TOO_LONG: Final = "Formulir ini terlalu panjang."


def add_subscription(app: FastAPI, *, socket_path: Path, templates: jinja2.Environment) -> None:
    """``/langganan`` and what its forms send; core says whether it is open."""
    pages = SubscribePages(socket_path, templates)

    @app.get("/langganan", response_class=HTMLResponse)
    async def form(bahasa: str = "id") -> HTMLResponse:
        return await pages.form(_language(bahasa))

    @app.post("/langganan", response_class=HTMLResponse)
    async def ask(request: Request, bahasa: str = "id") -> HTMLResponse:
        return await pages.answer(request, _language(bahasa), pages.ask)

    @app.post("/langganan/kode", response_class=HTMLResponse)
    async def confirm(request: Request, bahasa: str = "id") -> HTMLResponse:
        return await pages.answer(request, _language(bahasa), pages.confirm)


class SubscribePages:
    """The pages over core's socket."""

    def __init__(self, socket_path: Path, templates: jinja2.Environment) -> None:
        self._socket_path = socket_path
        self._template = templates.get_template("subscribe.html")
        self._state: dict[str, Any] = {}
        self._asked_at = 0.0
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._forms, self._counted_at = FORMS_AT_ONCE, time.monotonic()

    async def form(self, language: Language) -> HTMLResponse:
        """The first form, empty."""
        return await self._page(language, "ask")

    async def answer(self, request: Request, language: Language, do: Do) -> HTMLResponse:
        """What a form asks for, done; never sooner than :data:`LEAST_S`, so that the time says nothing."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise HTTPException(403, FOREIGN)
        self._count()
        until = time.monotonic() + LEAST_S
        fields = await _fields(request)
        async with self._room:
            page: HTMLResponse = await do(fields, language, address_of(request))
        await asyncio.sleep(max(0.0, until - time.monotonic()))
        return page

    async def ask(self, fields: dict[str, str], language: Language, address: str) -> HTMLResponse:
        """The second form, or the first one again with what is wrong."""
        said = {name: fields[name] for name in ("action", "area", "rw", "rt", "number")}
        said["action"] = said["action"] if said["action"] in ("join", "leave") else "join"
        answer = await self._core("subscription-request", **said, address=address, language=language)
        if "ticket" not in answer:
            return await self._page(language, "ask", said=said, wrong=answer[language])
        return await self._page(language, "confirm", ticket=answer["ticket"])

    async def confirm(self, fields: dict[str, str], language: Language, address: str) -> HTMLResponse:
        """What the code has done, or the second form again."""
        code = "".join(each for each in fields["code"] if each.isascii() and each.isdigit())
        ticket = fields["ticket"] or "-"
        answer = await self._core("subscription-confirm", ticket=ticket, code=code, address=address)
        if "done" not in answer:
            return await self._page(language, "confirm", ticket=ticket, wrong=answer[language])
        if answer["done"] is None:
            return await self._page(language, "confirm", ticket=ticket, wrong=WORDS[language]["wrong_code"])
        return await self._page(language, "joined" if answer["done"] == "join" else "left")

    async def _page(
        self, language: Language, step: str, *, said: dict[str, str] | None = None, ticket: str = "", wrong: str = ""
    ) -> HTMLResponse:
        state = await self._known()
        html = self._template.render(
            **frame_values(language, path="/langganan", realm=state["realm"]),
            is_example=False,
            step=step if state["open"] or step in ("joined", "left") else "closed",
            words=WORDS[language],
            sender=state["sender"],
            areas=state["areas"],
            said=said or dict.fromkeys(FIELDS, ""),
            ticket=ticket,
            wrong=wrong,
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def _known(self) -> dict[str, Any]:
        """Whether it is open, and the areas; asked of core again after some seconds."""
        if not self._state or time.monotonic() - self._asked_at > STATE_KEPT_S:
            self._state = await self._core("subscription-state")
            self._asked_at = time.monotonic()
        return self._state

    async def _core(self, name: str, **arguments: str) -> dict[str, Any]:
        request = control.Request(name=name, args=arguments, actor="web")
        try:
            answer = await control.command_async(self._socket_path, request, timeout_s=PATIENCE_S)
        except (CoreUnreachable, CommandFailed, TimeoutError):
            raise HTTPException(503, AWAY) from None
        return dict(answer)

    def _count(self) -> None:
        now = time.monotonic()
        self._forms = min(FORMS_AT_ONCE, self._forms + (now - self._counted_at) * FORMS_PER_S)
        self._counted_at = now
        if self._forms < 1:
            raise HTTPException(503, BUSY)
        self._forms -= 1


async def _fields(request: Request) -> dict[str, str]:
    """The form's fields, each once, empty when it is not there; nothing else is looked at."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, TOO_LONG)
    try:
        sent = parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(422, TOO_LONG) from None
    return {name: sent.get(name, [""])[0].strip()[:64] for name in FIELDS}


def _language(said: str) -> Language:
    return "en" if said == "en" else "id"
