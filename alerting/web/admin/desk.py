"""Where administration's pages meet: the frame, the office, long works, and files that wait for a second look."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile
from starlette.requests import Request

from alerting.web.access import Visitor, visitor_of
from alerting.web.admin.fields import Form
from alerting.web.admin.held import HeldFiles
from alerting.web.admin.jobs import Job, Jobs
from alerting.web.admin.office import Office, Say, Wrong
from alerting.web.admin.refusals import in_words
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from broker.control import CommandFailed

T = TypeVar("T")

# Path as declared, and its word; shown to those who may go there.
SECTIONS: Final = (
    ("/kelola", "Ringkasan"),
    ("/kelola/kesehatan", "Kesehatan sistem"),
    ("/kelola/penerima", "Penerima"),
    ("/kelola/wilayah", "Wilayah"),
    ("/kelola/jadwal", "Jadwal jaga"),
    ("/kelola/stasiun", "Stasiun dan aturan"),
    ("/kelola/node", "Node"),
    ("/kelola/kebijakan", "Kebijakan"),
    ("/kelola/saluran", "Saluran"),
    ("/kelola/latihan", "Latihan"),
    ("/kelola/pengguna", "Pengguna"),
    ("/kelola/audit", "Catatan audit"),
)
# What a page says after a form was carried out; the address holds the word, never the sentence.
DONE: Final = {
    "tersimpan": "Tersimpan.",
    "sama": "Tidak ada yang berubah: isinya sudah demikian.",
    "dihapus": "Data orang itu sudah dihapus.",
    "berlaku": "Aturan baru tersimpan.",
    "impor": "Berkas sudah diimpor.",
    "berhenti": "Sudah diberhentikan; riwayatnya tetap ada.",
}
MOST_FILE: Final = 5_000_000  # bytes
AWAY: Final = "Bagian ini tidak tersedia pada pemasangan ini."
TOO_BIG: Final = "Berkas lebih dari {most} MB; pecah menjadi beberapa berkas."
NO_FILE: Final = "Pilih sebuah berkas."


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Given to every page of administration."""

    frame: Frame
    given: Office | None
    jobs: Jobs
    held: HeldFiles

    @property
    def office(self) -> Office:
        """Raises HTTPException 503 where the application stands alone."""
        if self.given is None:
            raise HTTPException(503, tr(AWAY))
        return self.given

    @property
    def now(self) -> int:
        return self.frame.clock.now()

    def page(self, request: Request, template: str, *, title: str, **values: object) -> HTMLResponse:
        """``template``, which extends ``admin_frame.html``; ``form`` is an empty one unless it is given."""
        visitor, form = visitor_of(request), values.pop("form", None) or Form()
        status = 200 if isinstance(form, Form) and form.is_good else 422
        around = {
            "parts": [(path, tr(word)) for path, word in SECTIONS if visitor.may("GET", path)],
            "done": tr(DONE[said]) if (said := request.query_params.get("selesai", "")) in DONE else "",
            "key": secrets.token_urlsafe(12),
            "form": form,
        }
        return self.frame.page(request, template, title=title, status=status, **around, **values)

    async def form(self, request: Request) -> Form:
        """What was typed, from a form of ours."""
        return Form(await self.frame.form(request))

    async def file(self, request: Request) -> tuple[Form, str, bytes]:
        """The form, and the name and bytes of its ``file``; raises HTTPException for one that is too large."""
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MOST_FILE + 64 * 1024:
            raise HTTPException(413, tr(TOO_BIG, most=MOST_FILE // 1_000_000))
        fields = await self.frame.form(request, files=1, most_bytes=MOST_FILE)
        form, upload = Form(fields), fields.get("file")
        if not isinstance(upload, UploadFile) or not upload.filename:
            form.refuse(tr(NO_FILE), "file")
            return form, "", b""
        data = await upload.read()
        await upload.close()
        return form, upload.filename.replace("\\", "/").rpartition("/")[2][:80], data

    async def ask(self, request: Request, command: str, /, **arguments: Any) -> Any:
        """Core's answer; raises CommandFailed with its sentence."""
        return await self.frame.ask(request, command, **arguments)

    async def tried(self, form: Form, work: Callable[[], Awaitable[T]]) -> T | None:
        """What ``work`` gives; None when the form is not good, or core refuses: its sentence is then in the form."""
        if not form.is_good:
            return None
        try:
            return await work()
        except CommandFailed as error:
            form.refuse(in_words(str(error)))
        except Wrong as error:
            form.refuse(" ".join(error.sentences))
        return None

    async def found(self, request: Request, command: str, /, **arguments: Any) -> Any:
        """Core's answer for a page about one thing; an unknown one is a page that is not there."""
        try:
            return await self.ask(request, command, **arguments)
        except CommandFailed as error:
            raise HTTPException(404, in_words(str(error))) from None

    async def in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(work)

    def start(self, request: Request, form: Form, title: str, work: Callable[[Say], Any], *, then: str) -> Job | None:
        """Begin a long work in the visitor's name; None when there is no room, and the form says so."""
        try:
            return self.jobs.start(title, work, by=visitor_of(request).name, then=then, key=form.key)
        except Wrong as error:
            form.refuse(" ".join(error.sentences))
            return None


def back(path: str, done: str = "", **more: str) -> RedirectResponse:
    """To a page, by GET, so that loading it again sends nothing twice."""
    query = urlencode({**more, **({"selesai": done} if done else {})})
    return RedirectResponse(f"{path}?{query}" if query else path, 303)


def to_job(job: Job) -> RedirectResponse:
    return RedirectResponse(f"/kelola/pekerjaan/{job.id}", 303)


def actor_of(visitor: Visitor) -> str:
    """As core writes it into the audit log for what is asked in the visitor's name."""
    return f"web:{visitor.name}"
