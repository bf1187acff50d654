"""The room's routes: the page, its stream, its six-hour lines and what its map is drawn from."""

from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web import assets, readings
from alerting.web.access import visitor_of
from alerting.web.board import Room
from alerting.web.catalogue import tr
from alerting.web.fanout import WatcherResponse
from alerting.web.frame import SECTIONS, Frame
from alerting.web.readings import ReadingsUnavailable
from alerting.web.room.area_map import AreaMap, MapSettings

MAX_HOURS: Final = 48

Quantity = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
Hours = Annotated[int, Query(ge=1, le=MAX_HOURS)]


def add_room(app: FastAPI, frame: Frame, area_map: MapSettings) -> None:
    """``/`` and ``/?layar=penuh``, the same for a wall; ``/events``, ``/line/...`` and ``/peta/wilayah.json``."""
    areas = AreaMap(frame=frame, rivers=area_map.rivers)

    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request, layar: Literal["penuh", ""] = "") -> HTMLResponse:
        room = _room(request, area_map, is_kiosk=layar == "penuh")
        html = frame.live.screens.spoken().board.page(has_charts=assets.are_present(assets.LINES), room=room)
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    @app.get("/peta/wilayah.json")
    async def wilayah(request: Request) -> Response:
        return await areas.answer(request)

    _add_stream(app, frame)


def _room(request: Request, area_map: MapSettings, *, is_kiosk: bool) -> Room:
    visitor = visitor_of(request)
    return Room(
        visitor=visitor,
        sections=tuple((path, tr(word)) for path, word in SECTIONS if visitor.may("GET", path)),
        is_kiosk=is_kiosk,
        has_map=assets.are_present(assets.MAP),
        tiles=area_map.tiles,
        credit=area_map.credit,
    )


def _add_stream(app: FastAPI, frame: Frame) -> None:
    live = frame.live

    @app.get("/events")
    async def events(
        after: Annotated[int | None, Query(ge=0)] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        resume = int(last_event_id) if last_event_id is not None and last_event_id.isdecimal() else after
        joined = await live.watch(resume)
        if joined is None:
            raise HTTPException(503, tr("Terlalu banyak yang menonton; coba lagi sebentar."))
        return WatcherResponse(*joined)

    @app.get("/line/{station}")
    async def line(station: str, quantity: Quantity = readings.LEVEL, hours: Hours = 6) -> Response:
        if station not in live.replica.stations:
            raise HTTPException(404, tr("Stasiun itu tidak dikenal."))
        try:
            drawn = await readings.line(
                live.read_range, station=station, quantity=quantity, hours=hours, now=live.clock.now()
            )
        except ReadingsUnavailable as error:
            raise HTTPException(503, str(error)) from None
        return _json(drawn)


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json", headers={"Cache-Control": "no-store"})
