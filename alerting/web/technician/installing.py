"""Routes of the wizard by which a node is put up: the label, each step, and the record of it."""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from alerting.web.access import visitor_of
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.station import typed
from alerting.web.station.photos import MOST_BYTES, PhotoRefused, PhotoStore
from alerting.web.station.typed import Mistyped
from alerting.web.technician import install_forms, install_words
from alerting.web.technician.install_words import PLACES
from alerting.web.technician.records import InstallationRecords, RecordUnavailable
from broker.control import CommandFailed

STEPS: Final = {place: name for name, place in PLACES.items()}
WORKER: Final = Path(__file__).parents[1] / "static" / "technician_worker.js"
# The camera for the label, the place for the station; nowhere else are they allowed.
SENSES: Final = {"Permissions-Policy": "geolocation=(self), camera=(self), microphone=()"}
UNSAID: Final = ("csrf", "umur")  # of a form: whose session it is, and how old what was typed is
NO_PHOTOS: Final = "Server ini tidak menyimpan foto; lewati langkah ini dengan alasan."
ROOM_BYTES: Final = 64 * 1024  # of a form with a photo, for everything else in it
TOO_LARGE: Final = "Foto lebih besar dari {most} MB; kirim yang lebih kecil."
NO_RECORD: Final = "Berita acara itu tidak ada."


def add_installing(
    app: FastAPI, frame: Frame, *, photos: PhotoStore | None, records: InstallationRecords | None
) -> None:
    """``/pemasangan`` and below. ``photos`` and ``records`` are None where the state folder is not at hand."""
    wizard = Wizard(frame, photos, records)

    @app.get("/pemasangan", response_class=HTMLResponse)
    async def scan(request: Request) -> HTMLResponse:
        return await wizard.scan(request)

    @app.post("/pemasangan")
    async def begin(request: Request) -> Response:
        return await wizard.begin(request)

    @app.get("/pemasangan-luring.js")
    async def worker() -> Response:
        return FileResponse(WORKER, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    @app.get("/pemasangan/{node}", response_class=HTMLResponse)
    async def one(request: Request, node: str) -> Response:
        return await wizard.one(request, node)

    @app.get("/pemasangan/{node}/keadaan")
    async def state(request: Request, node: str) -> Response:
        return await wizard.state(request, node)

    @app.post("/pemasangan/{node}/{place}")
    async def step(request: Request, node: str, place: str) -> Response:
        return await wizard.step(request, node, place)

    @app.get("/berita-acara/{number}")
    async def record(number: int) -> Response:
        return await wizard.record(number)


@dataclass(frozen=True, slots=True)
class Wizard:
    frame: Frame
    photos: PhotoStore | None
    records: InstallationRecords | None

    async def scan(self, request: Request, *, wrong: str = "", code: str = "", status: int = 200) -> HTMLResponse:
        """The label is scanned, or its code typed; what was begun and not ended stands below."""
        try:
            found = await self.frame.ask(request, "installation-list")
        except CommandFailed:
            found = []
        page = self.frame.page(
            request,
            "technician_scan.html",
            title=tr("Pasang alat"),
            status=status,
            begun=found,
            wrong=wrong,
            code=code or request.query_params.get("kode", "")[:300],
            key=secrets.token_hex(8),
        )
        page.headers.update(SENSES)
        return page

    async def begin(self, request: Request) -> Response:
        fields = await self.frame.form(request)
        code = _text(fields, "kode")
        try:
            node = await self._named(request, code)
            await self._ask(request, fields, "installation-begin", node=node)
        except CommandFailed as error:
            return await self.scan(request, wrong=str(error), code=code, status=422)
        return RedirectResponse(f"/pemasangan/{node}", 303)

    async def _named(self, request: Request, code: str) -> str:
        """The node that a label names, or that somebody typed as it stands on the label."""
        if not install_forms.is_bare(code):
            said = await self.frame.ask(request, "node-scan", code=code)
            return str(said["node"])
        return install_forms.bare(code)

    async def one(
        self,
        request: Request,
        node: str,
        *,
        wrong: tuple[str, str] = ("", ""),
        filled: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        """Every step with what it came to; ``wrong`` is a place and what is wrong there."""
        try:
            view = await self.frame.ask(request, "installation-show", node=node)
        except CommandFailed as error:
            return await self.scan(request, wrong=str(error), code=node, status=404)
        page = self.frame.page(
            request,
            "technician_install.html",
            title=tr("Pasang {node}", node=node),
            status=status,
            view=view,
            lines=install_words.step_lines(view, at=wrong[0] or request.query_params.get("langkah", "")),
            told=install_words.told_of(view),
            limits=install_words.limits((view["place"] or {}).get("thresholds")),
            stations=install_forms.choices(self.frame.live.replica.stations.values()),
            wrong=wrong,
            filled=filled or {},
            most_mb=MOST_BYTES // 1024**2,
            key=secrets.token_hex(8),
        )
        page.headers.update(SENSES)
        return page

    async def state(self, request: Request, node: str) -> Response:
        """What the page shows anew each second."""
        try:
            told = install_words.told_of(await self.frame.ask(request, "installation-show", node=node))
        except CommandFailed:
            told = install_words.ENDED
        return Response(msgspec.json.encode(told), media_type="application/json", headers={"Cache-Control": "no-store"})

    async def step(self, request: Request, node: str, place: str) -> Response:
        """Do what a form asks; its answer is the page again, or what is wrong beside what was typed."""
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES + ROOM_BYTES:
            raise HTTPException(413, tr(TOO_LARGE, most=MOST_BYTES // 1024**2))
        try:
            fields = await self.frame.form(request, files=1, most_bytes=MOST_BYTES)
            return await self._tried(request, node, place, fields)
        finally:
            await request.close()  # files that were sent

    async def _tried(self, request: Request, node: str, place: str, fields: FormData) -> Response:
        try:
            if place == "selesai":
                return await self._finish(request, node, fields)
            if place == "berhenti":
                reason = typed.note(_text(fields, "alasan"), of=tr("Alasan"), must=True)
                await self._ask(request, fields, "installation-drop", node=node, reason=reason)
                return RedirectResponse("/pemasangan", 303)
            if place == "mulai":
                await self._ask(request, fields, "installation-begin", node=node)
            elif place in STEPS:
                said = await self._said(place, fields)
                await self._ask(request, fields, "installation-step", node=node, step=STEPS[place], **said)
            else:
                raise HTTPException(404, tr("Langkah itu tidak ada."))
        except (CommandFailed, Mistyped, PhotoRefused) as error:
            filled = {name: said for name, said in fields.multi_items() if isinstance(said, str) and name != "csrf"}
            return await self.one(request, node, wrong=(place, str(error)), filled=filled, status=422)
        return RedirectResponse(f"/pemasangan/{node}?langkah={place}", 303)

    async def _said(self, place: str, fields: FormData) -> dict[str, Any]:
        if _text(fields, "lewati"):
            return {"skip": typed.note(_text(fields, "mengapa"), of=tr("Alasan melewati"), must=True)}
        if place == "foto":
            return {"photo": await self._photo(fields)}
        return install_forms.READ[place](lambda name: _text(fields, name))

    async def _photo(self, fields: FormData) -> str:
        upload, store = fields.get("foto"), self.photos
        content = await upload.read(MOST_BYTES + 1) if isinstance(upload, UploadFile) and upload.filename else b""
        if not content:
            raise PhotoRefused(tr("Ambil fotonya dahulu."))
        if store is None:
            raise PhotoRefused(tr(NO_PHOTOS))
        photo, _ = await asyncio.to_thread(store.keep, content)
        return photo

    async def _finish(self, request: Request, node: str, fields: FormData) -> Response:
        done = await self._ask(request, fields, "installation-finish", node=node)
        if self.records is not None:
            with suppress(RecordUnavailable):  # it is made from what is kept when somebody asks for it
                await asyncio.to_thread(self.records.pdf, done["installation"])
        return RedirectResponse(f"/teknisi/{node}?selesai=pasang", 303)

    async def record(self, number: int) -> Response:
        try:
            found = None if self.records is None else await asyncio.to_thread(self.records.pdf, number)
        except RecordUnavailable as error:
            raise HTTPException(503, str(error)) from None
        if found is None:
            raise HTTPException(404, tr(NO_RECORD))
        named = f'inline; filename="berita-acara-{number}.pdf"'
        return Response(found, media_type="application/pdf", headers={"Content-Disposition": named})

    async def _ask(self, request: Request, fields: FormData, name: str, **arguments: Any) -> Any:
        return await self.frame.ask(request, name, key=_key(name, fields), by=visitor_of(request).name, **arguments)


def _text(fields: FormData, name: str) -> str:
    said = fields.get(name, "")
    return said.strip() if isinstance(said, str) else ""


def _key(name: str, fields: FormData) -> str | None:
    """The same form sent again, because its answer was lost, is the same command; with another word in it another."""
    if not _text(fields, "kunci"):
        return None
    said = sorted(
        (field, value) for field, value in fields.multi_items() if isinstance(value, str) and field not in UNSAID
    )
    return "pasang:" + sha256(msgspec.json.encode([name, said])).hexdigest()
