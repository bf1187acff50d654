"""Raise, lower or clear an area by hand: chosen, shown, then done with a second gesture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.requests import Request

from alerting.web.access import visitor_of
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.notices.facts import reach_of, still_high, texts_of
from alerting.web.notices.fields import is_read, key_of, new_key, said
from alerting.web.notices.refusals import in_words
from broker.control import CommandFailed
from broker.levels import Level

NEW: Final = "/keputusan/baru"
DOWN: Final = "/keputusan/turunkan"
FIELDS: Final = ("wilayah", "tingkat", "alasan", "sampai")
LEVELS: Final = ("WASPADA", "SIAGA", "AWAS", "NORMAL")
UNREAD: Final = "Centang dulu “Saya sudah membaca”. Belum ada yang dikirim."
KINDS: Final = {"kelurahan": "Kelurahan", "RW": "RW", "RT": "RT", "kecamatan": "Kecamatan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the choice means: its command with the name of its reason, its form, the words on its button."""

    command: str
    reason: str
    action: str
    button: str


def add_new(app: FastAPI, frame: Frame) -> None:
    """The form with its preview, and the two that act: raising waits for two people, going down is told at once."""
    pages = NewPages(frame)

    @app.get(NEW)
    async def new_page(request: Request) -> Response:
        return await pages.show(request, {name: said(request.query_params, name) for name in FIELDS})

    @app.post(NEW)
    async def raise_area(request: Request) -> Response:
        return await pages.act(request, is_up=True)

    @app.post(DOWN)
    async def lower_area(request: Request) -> Response:
        return await pages.act(request, is_up=False)


@dataclass(frozen=True, slots=True)
class NewPages:
    frame: Frame

    async def show(
        self, request: Request, typed: Mapping[str, str], *, wrong: str = "", status: int = 200
    ) -> HTMLResponse:
        """The form, and what it would do once area and level are chosen."""
        areas = await self.frame.ask(request, "area-list")
        preview: dict[str, Any] | None = None
        if typed["wilayah"] and typed["tingkat"]:
            try:
                preview = await self._preview(request, typed)
            except CommandFailed as error:
                wrong, status = wrong or in_words(str(error)), 422
        step = None if preview is None else step_of(preview)
        mine = visitor_of(request)
        return self.frame.page(
            request,
            "notices_new.html",
            title=tr("Naikkan atau turunkan wilayah"),
            status=status,
            groups=[(tr(word), [each for each in areas if each["kind"] == kind]) for kind, word in KINDS.items()],
            levels=LEVELS,
            typed=typed,
            wrong=wrong,
            preview=preview,
            step=step,
            may_act=step is not None and mine.may("POST", step.action),
            texts=() if preview is None else texts_of(preview["texts"]),
            reach=None if preview is None else reach_of(preview),
            still=self._still(preview, step),
            key=new_key(),
        )

    async def act(self, request: Request, *, is_up: bool) -> Response:
        """Do what was shown; what is wrong is said with what was typed."""
        fields = await self.frame.form(request)
        typed = {name: said(fields, name) for name in FIELDS}
        if not is_read(fields):
            return await self.show(request, typed, wrong=tr(UNREAD), status=422)
        try:
            step = step_of(await self._preview(request, typed))
            if step is None or (step.action == NEW) is not is_up:
                return await self.show(request, typed, wrong=tr("Keadaannya berubah. Lihat lagi."), status=409)
            given = {"scope": typed["wilayah"], "by": visitor_of(request).name, step.reason: typed["alasan"]}
            if step.command != "area-clear":
                given |= {"level": typed["tingkat"], "until": typed["sampai"]}
            answer = await self.frame.ask(request, step.command, key=key_of(fields, step.command, given), **given)
        except CommandFailed as error:
            return await self.show(request, typed, wrong=in_words(str(error)), status=409)
        return RedirectResponse(await self._where(request, answer, is_up=is_up), 303)

    def _still(self, preview: Mapping[str, Any] | None, step: Step | None) -> tuple[str, ...]:
        """What speaks against going down."""
        if preview is None or step is None or step.action == NEW:
            return ()
        return still_high(self.frame.live.replica, preview["areas"])

    async def _preview(self, request: Request, typed: Mapping[str, str]) -> dict[str, Any]:
        by = visitor_of(request).name
        asked = {"scope": typed["wilayah"], "level": typed["tingkat"], "until": typed["sampai"], "by": by}
        found: dict[str, Any] = await self.frame.ask(request, "notice-preview", **asked)
        return found

    async def _where(self, request: Request, answer: Mapping[str, Any], *, is_up: bool) -> str:
        """The page of the notice that tells it, if there is one."""
        decided = {f"{each['alert']}@{each['version']}" for each in answer["decided"]}
        for notice in await self.frame.ask(request, "notice-list", limit=5):
            if decided & set(notice["alerts"]):
                return f"/pemberitahuan/{quote(notice['notice'])}?sudah={'naik' if is_up else 'akhir'}"
        return "/keputusan"


def step_of(preview: Mapping[str, Any]) -> Step | None:
    """What bringing the area there means; None where it stands there already."""
    stands, level = Level[preview["stands"]], Level[preview["level"]]
    names, people = ", ".join(preview["areas"]), reach_of(preview).people
    if level > stands:
        button = tr("Naikkan {area} ke {level}", area=names, level=level.name)
        return Step(command="alert-raise", reason="note", action=NEW, button=button)
    if level == stands:
        return None
    if level:
        button = tr("Turunkan {area} ke {level}, kirim ke {people}", area=names, level=level.name, people=people)
        return Step(command="alert-lower", reason="note", action=DOWN, button=button)
    button = tr("Nyatakan {area} aman, kirim ke {people}", area=names, people=people)
    return Step(command="area-clear", reason="reason", action=DOWN, button=button)
