"""``/akun``: one's own password, second factor and sessions."""

from collections.abc import Awaitable
from typing import Any, Final, TypeVar

import segno
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.requests import Request

from alerting import passwords, totp
from alerting.users import WITH_SECOND_FACTOR
from alerting.web import words
from alerting.web.accounts.accounts import Accounts, CoreAway
from alerting.web.accounts.enrolment import Enrolments
from alerting.web.accounts.password_pool import TooMany
from alerting.web.accounts.sessions import Session
from alerting.web.catalogue import tr
from alerting.web.frame import AWAY, Frame
from broker.clock import REAL

T = TypeVar("T")

LONGEST: Final = 256
ISSUER: Final = "Kentongan"
ROLES: Final = {
    "viewer": "Pengamat",
    "operator": "Operator",
    "approver": "Pemberi persetujuan",
    "technician": "Teknisi",
    "admin": "Admin",
}
# As browsers name themselves, those first that also name another.
BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
OLD_WRONG: Final = "Kata sandi lama salah."
NOT_TWICE: Final = "Kata sandi baru dan ulangannya tidak sama."
THE_SAME: Final = "Kata sandi baru sama dengan yang lama."
CODE_WRONG: Final = "Kode itu tidak cocok. Periksa jam telepon Anda, lalu ketik kode yang sekarang tampak."
CURRENT_WRONG: Final = "Kode dari perangkat lama salah atau sudah dipakai."
WAIT: Final = "Terlalu sering salah. Coba lagi dalam {n} detik."


def add_own_pages(app: FastAPI, frame: Frame, accounts: Accounts) -> None:
    """Put the pages of one's own account on ``app``."""
    pages = OwnPages(frame, accounts)

    @app.get("/akun", response_class=HTMLResponse)
    async def account(request: Request) -> Response:
        return await pages.account(request)

    @app.get("/akun/sandi", response_class=HTMLResponse)
    async def password(request: Request) -> Response:
        return pages.password(request)

    @app.post("/akun/sandi", response_class=HTMLResponse)
    async def change(request: Request) -> Response:
        return await pages.change_password(request)

    @app.get("/akun/totp", response_class=HTMLResponse)
    async def second_factor(request: Request) -> Response:
        return await pages.second_factor(request)

    @app.post("/akun/totp", response_class=HTMLResponse)
    async def enrol(request: Request) -> Response:
        return await pages.enrol(request)

    @app.post("/akun/sesi")
    async def end(request: Request) -> Response:
        return await pages.end_sessions(request)


class OwnPages:
    """Each is of the session that the request carries; whoever looks without a login is sent to it."""

    def __init__(self, frame: Frame, accounts: Accounts) -> None:
        self._frame, self._accounts = frame, accounts
        self._enrolments = Enrolments()

    async def account(self, request: Request) -> Response:
        session = self._session(request)
        now = REAL.now()
        return self._frame.page(
            request,
            "accounts_own.html",
            title=tr("Akun saya"),
            role=tr(ROLES[session.role]),
            has_totp=await self._has_totp(session),
            is_due=session.role in WITH_SECOND_FACTOR,
            done=request.query_params.get("selesai", ""),
            mine=session.id,
            sessions=[
                {"id": each.id, "browser": _browser(each.browser), "seen": words.moment(each.seen_at, now)}
                for each in self._accounts.sessions.of_user(session.user)
            ],
        )

    def password(self, request: Request, *, wrong: str = "", status: int = 200) -> Response:
        session = self._session(request)
        is_first = session.must == "password"
        title = tr("Pilih kata sandi sendiri") if is_first else tr("Ganti kata sandi")
        return self._frame.page(
            request,
            "accounts_password.html",
            title=title,
            status=status,
            wrong=wrong,
            is_first=is_first,
            least=passwords.LEAST,
        )

    async def change_password(self, request: Request) -> Response:
        """Ends every session of the user, and begins this one anew."""
        sent = await self._frame.form(request)
        session = self._session(request)
        old, new, again = (str(sent.get(name, ""))[:LONGEST] for name in ("sandi_lama", "sandi_baru", "sandi_ulang"))
        try:
            await self._prove_password(session, old)
            _check_new(new, old=old, again=again, name=session.name)
        except ValueError as error:
            return self.password(request, wrong=str(error), status=422)
        kept = await self._pool(self._accounts.pool.keep(new))
        async with self._accounts.changing:
            told = await self._ask(session, "user-password", name=session.name, password_hash=kept)
            for each in self._accounts.sessions.of_user(session.user):
                self._accounts.sessions.end(each)
            entrance = self._accounts.renew(request, name=session.name, told=told)
        answer = RedirectResponse("/" if session.must else "/akun?selesai=sandi", 303)  # / leads to a next step too
        entrance.give(request, answer)
        return answer

    async def second_factor(self, request: Request, *, wrong: str = "", status: int = 200) -> Response:
        session = self._session(request)
        secret = self._enrolments.secret(session.token)
        code = segno.make(totp.address(secret, name=session.name, issuer=ISSUER), error="m")
        return self._frame.page(
            request,
            "accounts_totp.html",
            title=tr("Kode kedua"),
            status=status,
            wrong=wrong,
            picture=code.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True),
            spelled=_in_fours(totp.spelled(secret)),
            has_totp=await self._has_totp(session),
            must=session.must == "totp",
        )

    async def enrol(self, request: Request) -> Response:
        """Take the second factor, shown to work by its code; the old one has to be shown before."""
        sent = await self._frame.form(request)
        session = self._session(request)
        code, current = str(sent.get("kode", ""))[:40] or "-", str(sent.get("kode_lama", ""))[:40] or "-"
        secret = self._enrolments.secret(session.token)
        if await self._has_totp(session):
            try:
                await self._prove_second_factor(session, current)
            except ValueError as error:
                return await self.second_factor(request, wrong=str(error), status=422)
        told = await self._ask(session, "user-totp-set", name=session.name, secret=totp.spelled(secret), code=code)
        if not told["ok"]:
            return await self.second_factor(request, wrong=tr(CODE_WRONG), status=422)
        self._enrolments.forget(session.token)
        self._accounts.sessions.hold(session, stamp=session.stamp, must="")
        request.state.visitor = session.visitor
        return self._frame.page(request, "accounts_recovery.html", title=tr("Kode cadangan"), codes=told["recovery"])

    async def end_sessions(self, request: Request) -> Response:
        """One of one's own, by its id, or all others."""
        sent = await self._frame.form(request)
        session, wanted = self._session(request), sent.get("sesi")
        for each in self._accounts.sessions.of_user(session.user):
            if each.id == wanted or (wanted == "lain" and each is not session):
                self._accounts.sessions.end(each)
        return RedirectResponse("/akun?selesai=sesi", 303)

    async def _prove_password(self, session: Session, said: str) -> None:
        """Raises ValueError with a sentence; who is wrong too often has to wait."""
        counted = self._held_back(session, "sandi")
        record = await self._ask(session, "user-login-record", name=session.name)
        kept = record["password"] if record else ""
        if not await self._pool(self._accounts.pool.is_it(said, kept, is_known=True)):
            self._mistake(counted)
            raise ValueError(tr(OLD_WRONG))

    async def _prove_second_factor(self, session: Session, code: str) -> None:
        counted = self._held_back(session, "kode")
        told = await self._ask(session, "user-totp-check", name=session.name, code=code)
        if not told["ok"]:
            self._mistake(counted)
            raise ValueError(tr(CURRENT_WRONG))

    def _held_back(self, session: Session, what: str) -> str:
        """What a mistake is to be counted for; raises ValueError while there were too many."""
        counted = f"{what}:{session.id}"
        wait_ms = self._accounts.guesses.wait_ms(name="", address="", device=counted, now=REAL.now())
        if wait_ms:
            raise ValueError(tr(WAIT, n=-(-wait_ms // 1000)))
        return counted

    def _mistake(self, counted: str) -> None:
        self._accounts.guesses.wrong(name="", address="", device=counted, now=REAL.now())

    async def _has_totp(self, session: Session) -> bool:
        try:
            await self._accounts.refresh()
        except CoreAway:
            raise HTTPException(503, tr(AWAY)) from None
        return bool((self._accounts.standing or {}).get(session.user, {}).get("has_totp"))

    async def _ask(self, session: Session, command: str, **arguments: Any) -> Any:
        try:
            return await self._accounts.ask(command, by=session.name, **arguments)
        except CoreAway:
            raise HTTPException(503, tr(AWAY)) from None

    async def _pool(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except TooMany:
            raise HTTPException(503, tr("Terlalu banyak permintaan sekaligus. Coba lagi sebentar.")) from None

    def _session(self, request: Request) -> Session:
        session = self._accounts.session(request)
        if session is None:
            raise HTTPException(303, headers={"Location": "/masuk?lanjut=/akun"})
        return session


def _check_new(new: str, *, old: str, again: str, name: str) -> None:
    """Raises ValueError with a sentence."""
    if new != again:
        raise ValueError(tr(NOT_TWICE))
    if new == old:
        raise ValueError(tr(THE_SAME))
    passwords.check(new, name=name)


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _browser(agent: str) -> str:
    """What a person would call it."""
    kind = next((word for mark, word in BROWSERS if mark in agent), tr("Peramban"))
    system = next((word for mark, word in SYSTEMS if mark in agent), "")
    return f"{kind}, {system}" if system else kind
