"""``/laporan``: the report of the running shift, or of any stretch of up to seven days."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException
from fastapi.responses import Response
from starlette.requests import Request

from alerting.web.alerts.archive import Archive
from alerting.web.alerts.reading import read
from alerting.web.api.problem import Refused
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.notices.fields import said
from alerting.web.past import PastBucket, Tier
from alerting.web.shift.chat import chat_text
from alerting.web.shift.facts import DONE, LEVEL, RAIN, WATER, Buckets, Shift, shift_of, stamp
from alerting.web.words import DAY_MS, MINUTE_MS, WIB, local
from broker.control import CommandFailed

if TYPE_CHECKING:
    from alerting.web.api.gate import Gate

MOST_MS: Final = 7 * DAY_MS
MOST: Final = 3000
WRITE: Final = "Tulis dari dan sampai, misalnya 2026-01-31T07:00, paling lama 7 hari."


def add_shift(app: FastAPI, frame: Frame, archive: Archive | None) -> None:
    @app.get("/laporan")
    async def shift_report(request: Request) -> Response:
        shown = await _shown(request, frame)
        start, end, now = shown["start"], shown["end"], frame.clock.now()
        watch = await read(archive, lambda there: there.watch(start, end, DONE))
        buckets, is_away = await _measured(request, frame, start, min(end, now))
        replica = frame.live.replica
        shift = shift_of(shown, watch, replica, buckets, is_away=is_away, now=now)
        health = replica.health
        site = health.site if health is not None else ""
        is_drill = health is not None and health.realm != "ews"
        return frame.page(
            request,
            "shift_report.html",
            title=tr("Laporan jaga"),
            shift=shift,
            site=site,
            span=f"{stamp(shift.start)} – {stamp(shift.end)}",  # noqa: RUF001 - a dash is meant
            chat=chat_text(shift, site=site, is_drill=is_drill),
            dari=_typed(start),
            sampai=_typed(end),
            earlier=_earlier(shift),
        )


def _earlier(shift: Shift) -> str:
    """Where what is too much for one page can be read: the part of the stretch before what is shown; or nothing."""
    if shift.shown_from is None:
        return ""
    until = shift.shown_from + MINUTE_MS  # fields hold whole minutes: rather one line twice than one missing
    return urlencode({"dari": _typed(shift.start), "sampai": _typed(until)})


async def _shown(request: Request, frame: Frame) -> dict[str, Any]:
    """The shift that is asked for; raises HTTPException 422 naming what to write."""
    dari, sampai = said(request.query_params, "dari"), said(request.query_params, "sampai")
    asked: dict[str, Any] = {}
    if dari or sampai:
        start, end = _moment(dari), _moment(sampai)
        if start is None or end is None or not 0 < end - start <= MOST_MS:
            raise HTTPException(422, tr(WRITE))
        asked = {"start": start, "end": end}
    try:
        found: dict[str, Any] = await frame.ask(request, "shift-show", **asked)
    except CommandFailed:
        raise HTTPException(422, tr(WRITE)) from None
    return found


def _moment(text: str) -> int | None:
    """Local time as a browser's field has it, or a moment with its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 <= at.year <= 2100:
        return None
    return round((at if at.tzinfo else at.replace(tzinfo=WIB)).timestamp() * 1000)


def _typed(ms: int) -> str:
    return f"{local(ms):%Y-%m-%dT%H:%M}"


async def _measured(request: Request, frame: Frame, start: int, end: int) -> tuple[Buckets, bool]:
    """Levels and rain of every station that measures them, and whether history is away."""
    gate: Gate = request.app.state.gate
    tier: Tier = "minute" if end - start <= DAY_MS else "hour"
    wanted = [
        (station.id, quantity)
        for station in frame.live.replica.stations.values()
        for quantity in (LEVEL, RAIN)
        if any(each.quantity == quantity for each in station.series) or (quantity == LEVEL and station.hazard in WATER)
    ]
    if end <= start:
        return dict.fromkeys(wanted, ()), False

    def work() -> dict[tuple[str, str], list[PastBucket]]:
        return {
            (station, quantity): list(frame.past.aggregates(station, quantity, start, end, tier, MOST))
            for station, quantity in wanted
        }

    try:
        return await gate.read(work), False
    except Refused:
        return dict.fromkeys(wanted, ()), True
