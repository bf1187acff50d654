"""``/peringatan``: alerts of any age, by two axes (active or over, acknowledged or not), by hazard and by day."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, get_args
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.requests import Request

from alerting.web import words
from alerting.web.alerts.archive import Archive, Hazard, Wanted
from alerting.web.alerts.reading import read
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.notices.fields import said
from alerting.web.words import WIB

ROWS: Final = 50
HAZARDS: Final = {"level": "Air", "rain": "Hujan", "air": "Udara", "data": "Data", "area": "Wilayah"}
KINDS: Final = {
    "raised": "dibuat",
    "raised_higher": "dinaikkan",
    "lowered": "diturunkan",
    "ended": "berakhir",
    "cancelled": "dibatalkan",
}
CHOICES: Final = {"ya": True, "tidak": False}


def add_list(app: FastAPI, frame: Frame, archive: Archive | None) -> None:
    @app.get("/peringatan")
    async def alert_list(request: Request) -> Response:
        asked = {name: said(request.query_params, name) for name in ("aktif", "ditangani", "bahaya", "dari", "sampai")}
        before = said(request.query_params, "sebelum")
        wanted = wanted_of(asked, before=int(before) if before.isdecimal() and len(before) < 18 else None)
        rows, older = await read(archive, lambda there: there.find(wanted, ROWS))
        kept = {name: value for name, value in asked.items() if value}
        return frame.page(
            request,
            "alerts_list.html",
            title=tr("Peringatan"),
            rows=rows,
            asked=asked,
            hazards=[(code, tr(word)) for code, word in HAZARDS.items()],
            kinds={code: tr(word) for code, word in KINDS.items()},
            mark_of=words.mark_of,
            older=f"/peringatan?{urlencode({**kept, 'sebelum': older})}" if older is not None else "",
        )


def wanted_of(asked: Mapping[str, str], *, before: int | None) -> Wanted:
    """What the query means; what is no choice of ours is as if it were not there."""
    hazard = next((each for each in get_args(Hazard) if each == asked["bahaya"]), None)
    since, until = _day(asked["dari"]), _day(asked["sampai"])
    return Wanted(
        is_active=CHOICES.get(asked["aktif"]),
        is_acknowledged=CHOICES.get(asked["ditangani"]),
        hazard=hazard,
        since=None if since is None else _midnight(since),
        until=None if until is None else _midnight(until + timedelta(days=1)),
        before=before,
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def _midnight(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=WIB).timestamp() * 1000)
