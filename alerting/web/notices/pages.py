"""One notice and what can be decided about it: send, stop, say where to go; take back or give the all-clear."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.requests import Request

from alerting.web import words
from alerting.web.access import visitor_of
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.notices.facts import HEADLINES, STATES, fates_of, reach_of, still_high, texts_of
from alerting.web.notices.fields import is_read, key_of, new_key, said
from alerting.web.notices.queue import state_of
from alerting.web.notices.refusals import in_words
from broker.control import CommandFailed

NOTICE: Final = "/pemberitahuan/{notice}"
SEND, STOP, EDIT = f"{NOTICE}/kirim", f"{NOTICE}/tahan", f"{NOTICE}/teks"
STALE_MIN: Final = 15  # older, a text is sent only by who has read how old it is
UNREAD: Final = "Centang dulu “Saya sudah membaca”. Belum ada yang dikirim."
STALE: Final = (
    "Teks ini dibuat {minutes} menit lalu; angka dan perkiraan jam di dalamnya mungkin sudah lewat. "
    "Belum ada yang dikirim: perbarui dulu, atau kirim apa adanya."
)
UNDECIDED: Final = ("waiting", "veto", "vetoed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A way to end what a notice warned of: its route, its command, and its words."""

    route: str
    command: str
    is_over: bool
    title: str
    button: str
    asks: str


CANCEL: Final = Ending(
    route=f"{NOTICE}/batalkan",
    command="notice-cancel",
    is_over=False,
    title="Batalkan peringatan",
    button="Batalkan dan kirim ke {people}",
    asks="Mengapa dibatalkan",
)
CLEAR: Final = Ending(
    route=f"{NOTICE}/aman",
    command="notice-clear",
    is_over=True,
    title="Nyatakan aman",
    button="Nyatakan aman dan kirim ke {people}",
    asks="Dasar menyatakan aman",
)


def add_notices(app: FastAPI, frame: Frame) -> None:
    """A notice's page and its forms; each form answers with where to look next."""
    pages = NoticePages(frame)

    @app.get(NOTICE)
    async def notice_page(request: Request, notice: str) -> Response:
        return await pages.show(request, notice)

    @app.post(SEND)
    async def send_notice(request: Request, notice: str) -> Response:
        return await pages.send(request, notice)

    @app.post(STOP)
    async def stop_notice(request: Request, notice: str) -> Response:
        return await pages.change(request, notice, "notice-veto", {"reason": "alasan"}, done="tahan")

    @app.post(EDIT)
    async def edit_notice(request: Request, notice: str) -> Response:
        names = {"refuge": "tempat", "refuge_by": "jam"}
        return await pages.change(request, notice, "notice-edit", names, done="teks")

    for ending in (CANCEL, CLEAR):
        _add_ending(app, pages, ending)


def _add_ending(app: FastAPI, pages: "NoticePages", ending: Ending) -> None:
    @app.get(ending.route)
    async def preview(request: Request, notice: str) -> Response:
        return await pages.preview_end(request, notice, ending)

    @app.post(ending.route)
    async def end(request: Request, notice: str) -> Response:
        return await pages.end(request, notice, ending)


@dataclass(frozen=True, slots=True)
class NoticePages:
    frame: Frame

    async def show(
        self,
        request: Request,
        notice: str,
        *,
        wrong: str = "",
        status: int = 200,
        typed: Mapping[str, object] | None = None,
    ) -> HTMLResponse:
        """The notice as core has it now, with what can be decided about it."""
        shown = await self._shown(request, notice)
        mine = visitor_of(request)
        is_open = shown["state"] in UNDECIDED and shown["kind"] in ("raised", "raised_higher")
        has_gone = shown["state"] in ("approved", "sent") and not is_open
        minutes = (self.frame.clock.now() - shown["worded_at"]) // words.MINUTE_MS
        stands = shown["notice"] in self.frame.live.replica.notices
        return self.frame.page(
            request,
            "notices_one.html",
            title=title_of(shown),
            status=status,
            notice=shown,
            state=tr(STATES[shown["state"]]),
            mark=words.mark_of(shown["level"]) if shown["level"] != "NORMAL" else "normal",
            asks=asks_of(shown),
            texts=texts_of(shown["texts"]),
            reach=reach_of(shown),
            fates=fates_of(shown["messages"], next(iter(shown["by_channel"]), "")),
            alerts=[each.partition("@")[0] for each in shown["alerts"]],
            keadaan=state_of(each for each in self.frame.live.replica.notices.values() if each.id == shown["notice"]),
            wrong=wrong,
            done=_done(request.query_params.get("sudah", ""), shown) if not wrong else "",
            key=new_key(),
            old_min=minutes if is_open and minutes > STALE_MIN else 0,
            typed={name: said(typed or {}, name) for name in ("alasan", "tempat", "jam")},
            may_send=is_open and mine.may("POST", SEND),
            may_stop=mine.may("POST", STOP) and shown["state"] in ("waiting", "veto"),
            may_edit=mine.may("POST", EDIT) and is_open and shown["state"] != "vetoed",
            may_end=has_gone
            and stands
            and shown["kind"] not in ("ended", "cancelled")
            and mine.may("POST", CLEAR.route),
            has_approved=any(each["by"] == mine.name for each in shown["approvals"]),
        )

    async def send(self, request: Request, notice: str) -> Response:
        """Approve what was read."""
        fields = await self.frame.form(request)
        if not is_read(fields):
            return await self.show(request, notice, wrong=tr(UNREAD), status=422)
        if not said(fields, "usia"):
            shown = await self._shown(request, notice)
            minutes = (self.frame.clock.now() - shown["worded_at"]) // words.MINUTE_MS
            if shown["state"] in UNDECIDED and minutes > STALE_MIN:
                return await self.show(request, notice, wrong=tr(STALE, minutes=minutes), status=409)
        return await self._do(
            request, notice, "notice-approve", fields, done="kirim", read=said(fields, "sidik") or "-"
        )

    async def change(
        self, request: Request, notice: str, command: str, names: Mapping[str, str], *, done: str
    ) -> Response:
        """A command whose arguments are fields of the form."""
        fields = await self.frame.form(request)
        given = {name: said(fields, field) for name, field in names.items()}
        return await self._do(request, notice, command, fields, done=done, **given)

    async def _do(
        self, request: Request, notice: str, command: str, fields: Mapping[str, object], *, done: str, **given: str
    ) -> Response:
        given |= {"notice": notice, "by": visitor_of(request).name}
        try:
            answer = await self.frame.ask(request, command, key=key_of(fields, command, given), **given)
        except CommandFailed as error:
            return await self.show(request, notice, wrong=in_words(str(error)), status=409, typed=fields)
        return _see(f"/pemberitahuan/{quote(answer['notice'])}?sudah={done}")

    async def preview_end(
        self, request: Request, notice: str, ending: Ending, *, wrong: str = "", status: int = 200, reason: str = ""
    ) -> HTMLResponse:
        """What ending it would tell whom; nothing is done."""
        by = visitor_of(request).name
        try:
            preview = await self.frame.ask(request, "notice-preview", notice=notice, by=by, is_over=ending.is_over)
        except CommandFailed as error:
            return await self.show(request, notice, wrong=wrong or in_words(str(error)), status=409)
        reach = reach_of(preview)
        return self.frame.page(
            request,
            "notices_end.html",
            title=f"{tr(ending.title)}: {', '.join(preview['areas'])}",
            status=status,
            notice=notice,
            preview=preview,
            texts=texts_of(preview["texts"]),
            reach=reach,
            action=ending.route.replace("{notice}", quote(notice)),
            button=tr(ending.button, people=reach.people),
            asks=tr(ending.asks),
            is_over=ending.is_over,
            still=still_high(self.frame.live.replica, preview["areas"]) if ending.is_over else (),
            wrong=wrong,
            reason=reason,
            key=new_key(),
        )

    async def end(self, request: Request, notice: str, ending: Ending) -> Response:
        """Cancel or clear what was previewed; the page of the notice that tells it."""
        fields = await self.frame.form(request)
        reason = said(fields, "alasan")
        given = {"notice": notice, "by": visitor_of(request).name, "reason": reason}
        if not is_read(fields):
            return await self.preview_end(request, notice, ending, wrong=tr(UNREAD), status=422, reason=reason)
        try:
            key = key_of(fields, ending.command, given)
            answer = await self.frame.ask(request, ending.command, key=key, **given)
        except CommandFailed as error:
            said_so = in_words(str(error))
            return await self.preview_end(request, notice, ending, wrong=said_so, status=409, reason=reason)
        told = answer["notices"][0]["notice"] if answer["notices"] else answer["notice"]
        return _see(f"/pemberitahuan/{quote(told)}?sudah=akhir")

    async def _shown(self, request: Request, notice: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = await self.frame.ask(request, "notice-show", notice=notice)
        except CommandFailed as error:
            raise HTTPException(404, in_words(str(error))) from None
        return found


def title_of(shown: Mapping[str, Any]) -> str:
    """``Peringatan AWAS: Karangketug, Randusari``."""
    level = "" if shown["level"] == "NORMAL" else f" {shown['level']}"
    return f"{tr(HEADLINES[shown['kind']])}{level}: {', '.join(shown['areas'])}"


def asks_of(shown: Mapping[str, Any]) -> str:
    """What is still wanted of people, in one sentence; empty when nothing is."""
    if shown["state"] not in UNDECIDED:
        return ""
    names = ", ".join(each["by"] for each in shown["approvals"])
    if names:
        return tr("Disetujui {names}. Menunggu orang kedua.", names=names)
    if shown["state"] == "vetoed":
        return tr("Ditahan {by}: {reason}. Masih dapat disetujui.", by=shown["decided_by"], reason=shown["reason"])
    if shown["state"] == "veto":
        return tr("Sudah diizinkan tertulis. Tayang sendiri bila tidak ditahan.")
    return tr("Dibuat petugas, jadi perlu dua orang.") if shown["manual"] else tr("Perlu satu persetujuan.")


def _done(code: str, shown: Mapping[str, Any]) -> str:
    """What the form before this page has done."""
    if code in ("kirim", "akhir"):
        return _sent(shown)
    said_so = {
        "tahan": tr("Ditahan. Tidak ada yang dikirim."),
        "teks": tr("Teks diubah. Baca teks baru di bawah ini; persetujuan sebelumnya gugur."),
        "naik": tr("Peringatan dibuat dan petugas diberi tahu. Warga menerima sesudah disetujui."),
    }
    return said_so.get(code, "")


def _sent(shown: Mapping[str, Any]) -> str:
    """What has become of an approval by now."""
    if shown["state"] == "waiting":
        return tr("Persetujuan Anda tercatat. Belum dikirim: menunggu orang kedua.") if shown["approvals"] else ""
    if shown["state"] == "approved":
        later = shown["due_at"] is not None
        return tr("Disetujui. Dikirim sesudah jam tenang.") if later else tr("Sedang dikirim ke warga.")
    return tr("Sudah dikirim ke warga.") if shown["state"] == "sent" else ""


def _see(where: str) -> RedirectResponse:
    return RedirectResponse(where, 303)
