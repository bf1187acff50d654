"""The web application: one page, its stream and its lines, and the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Header, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHttpException

from alerting.web import assets, readings
from alerting.web.api import problem
from alerting.web.api.routes import add_api
from alerting.web.cap_pages import add_cap
from alerting.web.fanout import WatcherResponse
from alerting.web.live import LivePage
from alerting.web.past import Past
from alerting.web.readings import ReadingsUnavailable, ReadRange
from alerting.web.security import SecurityHeaders
from alerting.web.subscribe_pages import add_subscription
from broker.clock import Clock

STATIC: Final = Path(__file__).parent / "static"
MAX_HOURS: Final = 48

Quantity = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
Hours = Annotated[int, Query(ge=1, le=MAX_HOURS)]


def create_app(*, socket_path: Path, clock: Clock, read_range: ReadRange, past: Past, demo: bool, cap: Path) -> FastAPI:
    """The application; it follows core's socket while it is served. It holds no state of its own.

    ``read_range`` serves the page's own lines and ``past`` the API, so that no user of the API delays the page. ``cap``
    is the folder of core's CAP feed.
    """
    live = LivePage(socket_path=socket_path, clock=clock, read_range=read_range, demo=demo)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        live.start()
        yield
        await live.stop()
        gate.close()

    app = FastAPI(title="Kentongan", lifespan=life, openapi_url=None)
    app.state.live = live
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(AnyHttpException, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse)
    app.add_exception_handler(Exception, _fail)
    _add_page(app, live)
    _add_health(app, live)
    gate = app.state.gate = add_api(app, live, past)
    add_cap(app, folder=cap, clock=clock, templates=live.board.templates)
    add_subscription(app, socket_path=socket_path, templates=live.board.templates)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _add_page(app: FastAPI, live: LivePage) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def page() -> HTMLResponse:
        return HTMLResponse(live.board.page(has_charts=assets.are_present()), headers={"Cache-Control": "no-store"})

    @app.get("/events")
    async def events(
        after: Annotated[int | None, Query(ge=0)] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        resume = int(last_event_id) if last_event_id is not None and last_event_id.isdecimal() else after
        watcher = await live.watch(resume)
        if watcher is None:
            raise HTTPException(503, "Terlalu banyak yang menonton; coba lagi sebentar.")
        return WatcherResponse(live.fanout, watcher)

    @app.get("/line/{station}")
    async def line(station: str, quantity: Quantity = readings.LEVEL, hours: Hours = 6) -> Response:
        if station not in live.replica.stations:
            raise HTTPException(404, "Stasiun itu tidak dikenal.")
        try:
            drawn = await readings.line(
                live.read_range, station=station, quantity=quantity, hours=hours, now=live.clock.now()
            )
        except ReadingsUnavailable as error:
            raise HTTPException(503, str(error)) from None
        return _json(drawn)


def _add_health(app: FastAPI, live: LivePage) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        outage = live.link.outage()
        reason = outage.reason if outage else None if live.link.ready.is_set() else "keadaan pertama belum lengkap"
        facts = {"ok": reason is None, "reason": reason, "rev": live.replica.last_id}
        watched = {"watchers": len(live.fanout.watchers), "dropped": live.fanout.dropped}
        return _json({**facts, **watched, "since": outage.since if outage else None}, status=503 if reason else 200)


def _json(content: Any, *, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(content), status, media_type="application/json", headers=headers)


SENTENCES: Final = {
    404: "Halaman ini tidak ada.",
    405: "Permintaan ini tidak dikenal.",
    422: "Permintaan ini tidak lengkap atau salah tulis.",
    500: "Tidak dapat memuat halaman. Coba lagi sebentar.",
}


async def _refuse(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, AnyHttpException) else 422
    said = error.detail if isinstance(error, HTTPException) else SENTENCES.get(status, SENTENCES[500])
    answer = _notice(request, status, said)
    if isinstance(error, AnyHttpException):
        answer.headers.update(error.headers or {})  # Allow, of a method that is not served
    return answer


async def _fail(request: Request, _: Exception) -> Response:
    return _notice(request, 500, SENTENCES[500])


def _notice(request: Request, status: int, sentence: str) -> Response:
    if request.url.path.startswith(("/api/", "/healthz", "/events", "/line/")):
        return problem.response(problem.of_status(status, sentence))
    live: LivePage = request.app.state.live
    html = live.board.templates.get_template("notice.html").render(sentence=sentence)
    return HTMLResponse(html, status)
