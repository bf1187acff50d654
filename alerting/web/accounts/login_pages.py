"""Coming in and going out: ``/masuk``, the code of the second factor, and ``/keluar``.

An unknown name, a wrong password and a user who was shut out get the same words after the same time.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException as AnyHttpException
from starlette.requests import Request

from alerting.users import key_of
from alerting.web.access import Visitor
from alerting.web.accounts import cookies, kept_form
from alerting.web.accounts.accounts import Accounts, CoreAway, Entrance
from alerting.web.accounts.guesses import Try
from alerting.web.accounts.kept_form import KeptForm, local_path
from alerting.web.accounts.login_forms import NOT_SAFE, LoginForms, Wrong, device_of, is_of_device, text
from alerting.web.accounts.password_pool import TooMany
from alerting.web.address import address_of
from alerting.web.catalogue import tr
from alerting.web.frame import FOREIGN, UNREADABLE, Frame
from broker.clock import REAL
from broker.control import CommandFailed

log: Final = logging.getLogger(__name__)

Check = Callable[[Request, FormData, str, KeptForm | None], Awaitable[Response]]

LEAST_S: Final = 0.3  # every answer to a login takes at least so long
MOST_FIELDS: Final = 12
MOST_BYTES: Final = 2 * kept_form.MOST_BYTES
MOST_SENT: Final = 4 * MOST_BYTES  # escaped, a letter takes three
LONGEST_NAME, LONGEST_PASSWORD, LONGEST_CODE = 80, 256, 40
WRONG: Final = "Nama atau kata sandi salah."
WRONG_CODE: Final = "Kode itu salah, sudah dipakai, atau sudah lewat. Tunggu kode berikutnya."
TOO_LATE: Final = "Terlalu lama atau terlalu sering salah. Masuk lagi dari awal."
WAIT: Final = "Terlalu banyak percobaan. Coba lagi dalam {n} detik."
BUSY: Final = "Terlalu banyak yang masuk sekaligus. Coba lagi sebentar."
AWAY: Final = "Inti tidak menjawab, jadi belum ada yang dapat masuk. Coba lagi sebentar."
OLD_FORM: Final = "Halaman masuk ini sudah lama terbuka. Isi lagi."


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One try: ``device`` is the browser's token, ``owner`` the same when this user has been here with it before."""

    name: str
    password: str
    device: str
    owner: str | None
    address: str
    is_code: bool
    wanted: str
    kept: KeptForm | None

    @property
    def counted(self) -> Try:
        """What a mistake counts for."""
        return {"name": self.name, "address": self.address, "device": self.owner, "is_code": self.is_code}


def add_login(app: FastAPI, frame: Frame, accounts: Accounts, forms: LoginForms) -> None:
    """Put the pages of coming in and going out on ``app``."""
    steps = LoginSteps(forms, accounts)

    @app.get("/masuk", response_class=HTMLResponse)
    async def form(request: Request, lanjut: str = "/") -> Response:
        if accounts.session(request) is not None:
            return RedirectResponse(local_path(lanjut), 303)
        return await forms.first(request, wanted=local_path(lanjut))

    @app.post("/masuk", response_class=HTMLResponse)
    async def enter(request: Request) -> Response:
        return await steps.answer(request, steps.check_password)

    @app.post("/masuk/kode", response_class=HTMLResponse)
    async def code(request: Request) -> Response:
        return await steps.answer(request, steps.check_code)

    @app.post("/keluar")
    async def leave(request: Request) -> Response:
        await frame.form(request)
        if (session := accounts.session(request)) is not None:
            accounts.sessions.end(session)
        answer = RedirectResponse("/masuk", 303)
        cookies.drop(request, answer, cookies.SESSION)
        return answer


class LoginSteps:
    """From a form that was sent to a session, or to a page that says what is wrong."""

    def __init__(self, forms: LoginForms, accounts: Accounts) -> None:
        self._forms, self._accounts = forms, accounts

    async def answer(self, request: Request, check: Check) -> Response:
        """What a form of the login leads to; never sooner than :data:`LEAST_S`, so that the time says nothing."""
        until = time.monotonic() + LEAST_S
        sent = await _sent(request)
        kept, wanted = kept_form.of_field(sent.get("isian")), local_path(sent.get("lanjut"))
        try:
            answer = await check(request, sent, wanted, kept)
        except Wrong as wrong:
            name = text(sent, "nama")[:LONGEST_NAME]
            answer = await self._forms.first(request, wanted=wanted, kept=kept, wrong=wrong, name=name)
        await asyncio.sleep(max(0.0, until - time.monotonic()))
        return answer

    async def check_password(self, request: Request, sent: FormData, wanted: str, kept: KeptForm | None) -> Response:
        """The first step: name and password."""
        said = self._said(request, sent, wanted, kept)
        self._hold_back(said)
        record = await self._record(said.name)
        await self._verify(said, record["password"] if record else "")
        assert record is not None  # noqa: S101 - no password is right for nobody
        if not record["has_totp"]:
            return await self._enter(request, said, record["name"], record["password"])
        ticket = self._accounts.pending.begin(
            name=record["name"], password_kept=record["password"], device=said.device, now=REAL.now()
        )
        return self._forms.code(request, ticket=ticket, wanted=wanted, kept=kept)

    async def check_code(self, request: Request, sent: FormData, wanted: str, kept: KeptForm | None) -> Response:
        """The second step: the code; how often it may be wrong is counted as for passwords."""
        accounts, ticket = self._accounts, text(sent, "tiket")
        pending = accounts.pending.find(ticket, device=device_of(request), now=REAL.now())
        if pending is None:
            raise Wrong(401, tr(TOO_LATE))
        said = self._said(request, sent, wanted, kept, code_of=pending.name)
        self._hold_back(said)
        pending.tries_left -= 1
        code = text(sent, "kode")[:LONGEST_CODE] or "-"
        told = await self._ask("user-totp-check", by=pending.name, name=pending.name, code=code)
        if not told["ok"]:
            self._mistake(said)
            return self._forms.code(request, ticket=ticket, wanted=wanted, kept=kept, wrong=tr(WRONG_CODE))
        accounts.pending.end(ticket)
        return await self._enter(request, said, pending.name, pending.password_kept)

    async def _enter(self, request: Request, said: Said, name: str, password_kept: str) -> Response:
        accounts, key = self._accounts, key_of(name)
        try:
            entrance = await accounts.enter(request, name=name, password_kept=password_kept)
        except CommandFailed:
            raise Wrong(401, tr(WRONG)) from None
        except CoreAway:
            raise Wrong(503, tr(AWAY)) from None
        accounts.guesses.right(**said.counted)
        accounts.sessions.trust(said.device, key, REAL.now())
        answer = self._arrival(request, entrance, said)
        entrance.give(request, answer)
        return answer

    def _arrival(self, request: Request, entrance: Entrance, said: Said) -> Response:
        """Where the visitor wanted to go, or the form that waited, to be sent by him once more."""
        visitor = entrance.session.visitor
        if said.kept is None or visitor.must or not _is_sendable(request, visitor, said.kept.path):
            return RedirectResponse(said.wanted, 303, {"Cache-Control": "no-store"})
        request.state.visitor = visitor
        return self._forms.waiting(request, said.kept)

    def _said(
        self, request: Request, sent: FormData, wanted: str, kept: KeptForm | None, *, code_of: str | None = None
    ) -> Said:
        """What was typed; ``code_of`` is whose code is tried in the second step."""
        device = device_of(request)
        if not cookies.is_safe(request):
            raise Wrong(403, tr(NOT_SAFE))
        if not is_of_device(sent, device):
            raise Wrong(403, tr(OLD_FORM))
        key = key_of(text(sent, "nama")[:LONGEST_NAME] if code_of is None else code_of)
        is_owner = self._accounts.sessions.is_trusted(device, key, REAL.now())
        return Said(
            name=key,
            password=text(sent, "sandi")[:LONGEST_PASSWORD],
            device=device,
            owner=device if is_owner else None,
            address=address_of(request),
            is_code=code_of is not None,
            wanted=wanted,
            kept=kept,
        )

    def _hold_back(self, said: Said) -> None:
        guesses, now = self._accounts.guesses, REAL.now()
        wait_ms = guesses.wait_ms(**said.counted, now=now)
        if wait_ms:
            raise Wrong(429, tr(WAIT, n=-(-wait_ms // 1000)), wait_ms=wait_ms)
        if not guesses.take_place(device=said.owner, now=now):
            raise Wrong(429, tr(BUSY), wait_ms=2000)

    async def _verify(self, said: Said, kept: str) -> None:
        try:
            is_right = await self._accounts.pool.is_it(said.password, kept, is_known=said.owner is not None)
        except TooMany:
            raise Wrong(503, tr(BUSY), wait_ms=2000) from None
        if not is_right:
            self._mistake(said)
            raise Wrong(401, tr(WRONG))

    def _mistake(self, said: Said) -> None:
        log.info("a login from %s failed", said.address)
        self._accounts.guesses.wrong(**said.counted, now=REAL.now())

    async def _record(self, name: str) -> dict[str, Any] | None:
        record: dict[str, Any] | None = await self._ask("user-login-record", name=name or "-")
        return record

    async def _ask(self, command: str, *, by: str = "", **arguments: Any) -> Any:
        try:
            return await self._accounts.ask(command, by=by, **arguments)
        except CoreAway:
            raise Wrong(503, tr(AWAY)) from None
        except CommandFailed as error:
            raise Wrong(409, str(error)) from None


async def _sent(request: Request) -> FormData:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, tr(FOREIGN))
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MOST_SENT:  # from anybody: read only what is known to be short
        raise HTTPException(413, tr(UNREADABLE))
    try:
        return await request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES)
    except AnyHttpException as error:
        raise HTTPException(422, tr(UNREADABLE)) from error


def _is_sendable(request: Request, visitor: Visitor, path: str) -> bool:
    """Whether a kept form leads to a route that takes forms, and that is open to the visitor."""
    declared = request.app.state.declared("POST", path.partition("?")[0])
    return declared is not None and visitor.may("POST", declared)
