"""The pages of a login as they look: name and password, the code, and what belongs into their forms."""

import hashlib
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any, Final

from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData
from starlette.requests import Request

from alerting.web.accounts import cookies
from alerting.web.accounts.accounts import Accounts
from alerting.web.accounts.kept_form import KeptForm
from alerting.web.catalogue import tr
from alerting.web.frame import Frame

NOT_SAFE: Final = "Kata sandi hanya diterima lewat https. Buka alamat https dari sistem ini."
ENDED: Final = "Sesi Anda sudah berakhir. Masuk lagi; yang Anda isi tidak hilang."
ENDED_EMPTY: Final = "Sesi Anda sudah berakhir. Masuk lagi, lalu ulangi."


class Wrong(Exception):
    """The login page again, with a sentence."""

    def __init__(self, status: int, sentence: str, *, wait_ms: int = 0) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.wait_s = status, sentence, -(-wait_ms // 1000)


class LoginForms:
    """``kept`` is a form that waits for the login; each page carries it on."""

    def __init__(self, frame: Frame, accounts: Accounts) -> None:
        self._frame, self._accounts = frame, accounts

    async def first(
        self, request: Request, *, wanted: str, kept: KeptForm | None = None, wrong: Wrong | None = None, name: str = ""
    ) -> HTMLResponse:
        """Name and password."""
        page = self._page(
            request,
            "accounts_login.html",
            status=wrong.status if wrong else 200,
            title=tr("Masuk"),
            wanted=wanted,
            kept=kept,
            wrong=wrong.sentence if wrong else "" if cookies.is_safe(request) else tr(NOT_SAFE),
            name=name,
            has_users=await self._accounts.has_users(),
        )
        if wrong is not None and wrong.wait_s:
            page.headers["Retry-After"] = str(wrong.wait_s)
        return page

    async def late(self, request: Request, kept: KeptForm | None) -> HTMLResponse:
        """For a form that came when its session was over."""
        wrong = Wrong(401, tr(ENDED if kept is not None else ENDED_EMPTY))
        return await self.first(request, wanted="/", kept=kept, wrong=wrong)

    def code(
        self, request: Request, *, ticket: str, wanted: str, kept: KeptForm | None, wrong: str = ""
    ) -> HTMLResponse:
        """The code of the second factor."""
        values = {"ticket": ticket, "wanted": wanted, "kept": kept, "wrong": wrong}
        return self._page(request, "accounts_code.html", status=401 if wrong else 200, title=tr("Kode kedua"), **values)

    def waiting(self, request: Request, kept: KeptForm) -> HTMLResponse:
        """The form that waited, to be looked at and sent once more."""
        return self._frame.page(request, "accounts_kept.html", title=tr("Kirim yang tadi Anda isi"), kept=kept)

    def _page(self, request: Request, template: str, *, status: int, title: str, **values: Any) -> HTMLResponse:
        """A page whose form belongs to this browser, which gets a token of its own when it has none."""
        known = device_of(request)
        device = known or token_urlsafe(32)
        page = self._frame.page(request, template, status=status, title=title, csrf=_csrf(device), **values)
        if not known and cookies.is_safe(request):
            cookies.put(request, page, cookies.BROWSER, device, seconds=cookies.BROWSER_S)
        return page


def device_of(request: Request) -> str:
    """The browser's token; empty when it has none."""
    return cookies.read(request, cookies.BROWSER)[:64]


def is_of_device(sent: FormData, device: str) -> bool:
    """Whether a form comes from our own login page in this browser."""
    return bool(device) and compare_digest(text(sent, "csrf").encode(), _csrf(device).encode())


def text(sent: FormData, name: str) -> str:
    """A field, empty when it is not there."""
    value = sent.get(name)
    return value if isinstance(value, str) else ""


def _csrf(device: str) -> str:
    """No other site can know it: the cookie is readable by no script."""
    return hashlib.sha256(f"masuk:{device}".encode()).hexdigest()
