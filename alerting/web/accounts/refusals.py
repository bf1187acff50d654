"""What somebody gets instead of a page that is not open to him: the way to it, if there is one."""

import asyncio
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerting.web.access import Visitor, is_for_programs
from alerting.web.accounts import kept_form
from alerting.web.accounts.login_forms import LoginForms
from alerting.web.accounts.sessions import Must, Session
from alerting.web.api import problem
from alerting.web.catalogue import tr
from alerting.web.frame import Frame

KEPT_FORMS_AT_ONCE: Final = 2  # they may be large
LOGIN_FIRST: Final = "Masuk dahulu; ini hanya untuk petugas."
NOT_YOURS: Final = "Halaman ini bukan untuk peran {role}. Minta admin bila Anda perlu membukanya."
FIRST_STEP: Final[dict[Must, str]] = {"password": "/akun/sandi", "totp": "/akun/totp"}


class Refusals:
    """See :class:`alerting.web.accounts.gate.Refusal`."""

    def __init__(self, frame: Frame, forms: LoginForms) -> None:
        self._frame, self._forms = frame, forms
        self._room = asyncio.Semaphore(KEPT_FORMS_AT_ONCE)

    async def __call__(self, request: Request, visitor: Visitor, session: Session | None) -> Response:
        if is_for_programs(request.url.path):
            status, sentence = (401, LOGIN_FIRST) if session is None else (403, NOT_YOURS)
            return problem.response(problem.of_status(status, tr(sentence, role=visitor.role)))
        if session is None:
            return await self._to_login(request)
        if session.must:
            return RedirectResponse(FIRST_STEP[session.must], 303, {"Cache-Control": "no-store"})
        sentence = tr(NOT_YOURS, role=visitor.role)
        return self._frame.page(
            request, "accounts_refused.html", status=403, title=tr("Tidak terbuka"), sentence=sentence
        )

    async def _to_login(self, request: Request) -> Response:
        """Back to the page afterwards; what was typed into a form is kept meanwhile."""
        if request.method not in ("GET", "HEAD"):
            return await self._forms.late(request, await kept_form.of_request(request, self._room))
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/masuk?lanjut={quote(wanted, safe='/')}", 303, {"Cache-Control": "no-store"})
