"""The web application: one page, its stream and its lines, and the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException as AnyHttpException

from alerting.web.access import Visitor, is_for_programs
from alerting.web.accounts.accounts import IN_MEMORY, AccountRules, Accounts
from alerting.web.accounts.pages import add_accounts
from alerting.web.admin.office import Office
from alerting.web.admin.section import add_admin
from alerting.web.alerts.archive import Archive
from alerting.web.alerts.pages import add_alerts
from alerting.web.api import problem
from alerting.web.api.routes import add_api
from alerting.web.cap_pages import add_cap
from alerting.web.catalogue import language, tr
from alerting.web.frame import Frame
from alerting.web.language_choice import LanguageChoice
from alerting.web.live import LivePage
from alerting.web.metrics_page import NO_METRICS, Metrics, add_metrics
from alerting.web.notices.new import add_new
from alerting.web.notices.pages import add_notices
from alerting.web.notices.queue import add_queue
from alerting.web.past import Past
from alerting.web.public.licence import UNSET, Licence
from alerting.web.public.pages import add_public
from alerting.web.readings import ReadRange
from alerting.web.room.area_map import MapSettings
from alerting.web.room.pages import add_room
from alerting.web.security import HEADERS, SecurityHeaders
from alerting.web.shift.pages import add_shift
from alerting.web.static_files import PackedFiles
from alerting.web.station import add_stations
from alerting.web.station.dossier import StationRecords
from alerting.web.station.photos import PhotoStore
from alerting.web.subscribe_pages import add_subscription
from alerting.web.technician.installing import add_installing
from alerting.web.technician.pages import add_technician
from alerting.web.technician.records import InstallationRecords
from alerting.web.technician.visits import Visits
from broker.clock import Clock

STATIC: Final = Path(__file__).parent / "static"
NO_TILES: Final = MapSettings()


def create_app(
    *,
    socket_path: Path,
    clock: Clock,
    read_range: ReadRange,
    past: Past,
    demo: bool,
    cap: Path,
    accounts: AccountRules = IN_MEMORY,
    open_as: Visitor | None = None,
    area_map: MapSettings = NO_TILES,
    records: StationRecords | None = None,
    archive: Archive | None = None,
    photos: PhotoStore | None = None,
    licence: Licence = UNSET,
    visits: Visits | None = None,
    installations: InstallationRecords | None = None,
    office: Office | None = None,
    metrics: Metrics = NO_METRICS,
) -> FastAPI:
    """The application; it follows core's socket while it is served. It holds no state of its own but the sessions.

    ``read_range`` serves the page's own lines and ``past`` the API, so that no user of the API delays the page. ``cap``
    is the folder of core's CAP feed. ``open_as`` is who everybody is without a login; ``licence`` is the open data's.
    """
    live = LivePage(socket_path=socket_path, clock=clock, read_range=read_range, demo=demo)
    logins = Accounts(socket_path=socket_path, rules=accounts)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        live.start()
        logins.start()
        places.start()
        yield
        await places.stop()
        await logins.stop()
        await live.stop()
        gate.close()
        close_stations()

    app = FastAPI(title="Kentongan", lifespan=life, openapi_url=None)
    app.state.live = live
    app.state.frame = Frame(live=live, past=past, socket_path=socket_path)
    add_accounts(app, app.state.frame, logins, open_as=open_as)
    app.add_middleware(LanguageChoice)  # around the gate, whose refusals are said too
    app.add_middleware(SecurityHeaders, images=area_map.origin)  # the last one is the outermost
    app.add_exception_handler(AnyHttpException, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse)
    app.add_exception_handler(Exception, _fail)
    add_room(app, app.state.frame, area_map)
    _add_health(app, live)
    add_metrics(app, live, metrics)
    gate = app.state.gate = add_api(app, live, past)
    add_cap(app, folder=cap, clock=clock, templates=live.board.templates)
    add_subscription(app, socket_path=socket_path, templates=live.board.templates)
    places = add_public(app, app.state.frame, licence=licence)
    add_admin(app, app.state.frame, office)
    close_stations = add_stations(app, app.state.frame, records=records, photos=photos)
    add_alerts(app, app.state.frame, archive)
    add_queue(app, app.state.frame)
    add_new(app, app.state.frame)
    add_notices(app, app.state.frame)
    add_shift(app, app.state.frame, archive)
    add_technician(app, app.state.frame, gate, visits)
    add_installing(app, app.state.frame, photos=photos, records=installations)
    app.mount("/static", PackedFiles(directory=STATIC), name="static")
    return app


def _add_health(app: FastAPI, live: LivePage) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        outage = live.link.outage()
        reason = outage.reason if outage else None if live.link.ready.is_set() else "keadaan pertama belum lengkap"
        facts = {"ok": reason is None, "reason": reason, "rev": live.replica.last_id}
        watched = {"watchers": live.watchers, "dropped": live.dropped}
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
    answer = _notice(request, status, tr(said))
    if isinstance(error, AnyHttpException):
        answer.headers.update(error.headers or {})  # Allow, of a method that is not served
    return answer


async def _fail(request: Request, _: Exception) -> Response:
    answer = _notice(request, 500, tr(SENTENCES[500]))
    answer.headers.update(HEADERS)  # it is sent from outside of what gives them to the others
    return answer


def _notice(request: Request, status: int, sentence: str) -> Response:
    if is_for_programs(request.url.path):
        return problem.response(problem.of_status(status, sentence))
    live: LivePage = request.app.state.live
    html = live.board.templates.get_template("notice.html").render(sentence=sentence, language=language())
    return HTMLResponse(html, status)
