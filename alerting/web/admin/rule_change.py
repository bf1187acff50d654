"""A station's limits: typed, looked at on the past and on the library beside those in force, then put in force.

Nothing is put in force that was not looked at, and nothing else than what was looked at: core itself refuses it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.access import visitor_of
from alerting.web.admin import rule_form
from alerting.web.admin.desk import Desk, back, to_job
from alerting.web.admin.fields import Form
from alerting.web.admin.office import RulePreview, RuleWish
from alerting.web.admin.stations import LIST, put
from alerting.web.catalogue import tr

LOOKED: Final = "/kelola/pratinjau"
DAYS: Final = (7, 30, 90)
GONE: Final = "Pratinjau ini sudah tidak disimpan. Buat lagi dari aturan stasiunnya."
CHANGED: Final = "Stasiun ini diubah sejak pratinjau dibuat. Buat pratinjau lagi."


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A preview, what it is of, and the station's version that it was made from."""

    wish: RuleWish
    name: str
    version: int
    preview: RulePreview


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(f"{LIST}/{{station}}/aturan", response_class=HTMLResponse)
    async def rule(request: Request, station: str) -> Response:
        found = await desk.found(request, "station-show", id=station)
        return _page(desk, request, Form(said={**rule_form.shown(found["station"]), "days": 30}), found)

    @app.post(f"{LIST}/{{station}}/aturan", response_class=HTMLResponse)
    async def look(request: Request, station: str) -> Response:
        return await _look(desk, request, station, await desk.form(request))

    @app.get(f"{LOOKED}/{{job}}", response_class=HTMLResponse)
    async def looked(request: Request, job: str) -> Response:
        return _result(desk, request, job, Form(said={"author": visitor_of(request).name}))

    @app.post(f"{LOOKED}/{{job}}", response_class=HTMLResponse)
    async def activate(request: Request, job: str) -> Response:
        return await _activate(desk, request, job, await desk.form(request))


def _page(desk: Desk, request: Request, form: Form, found: dict[str, Any]) -> HTMLResponse:
    station = found["station"]
    return desk.page(
        request,
        "admin_rule.html",
        title=tr("Ambang {name}", name=station["name"]),
        form=form,
        station=station,
        hazard=station.get("hazard", "level"),
        limits=rule_form,
        history=found["history"],
        days=[(str(days), tr("{n} hari", n=days)) for days in DAYS],
    )


async def _look(desk: Desk, request: Request, station: str, form: Form) -> Response:
    found = await desk.found(request, "station-show", id=station)
    limits = rule_form.typed(form, found["station"].get("hazard", "level"))
    days = form.chosen("days", [str(each) for each in DAYS])
    if not form.is_good:
        return _page(desk, request, form, found)
    wish = RuleWish(station=found["station"]["id"], limits=limits, days=int(days))
    name, version, previews, now = found["station"]["name"], found["version"], desk.office.previews, desk.now
    job = desk.start(
        request,
        form,
        tr("Pratinjau ambang {name}", name=name),
        lambda say: Looked(wish=wish, name=name, version=version, preview=previews.look(wish, now, say)),
        then=f"{LOOKED}/{{id}}",
    )
    return _page(desk, request, form, found) if job is None else to_job(job)


def _result(desk: Desk, request: Request, job: str, form: Form) -> HTMLResponse:
    looked = _looked(desk, job)
    return desk.page(
        request,
        "admin_preview.html",
        title=tr("Pratinjau ambang {name}", name=looked.name),
        form=form,
        looked=looked,
        heights=looked.wish.limits.get("thresholds"),
        preview=looked.preview,
        station_path=f"{LIST}/{looked.wish.station}",
    )


def _looked(desk: Desk, job: str) -> Looked:
    found = desk.jobs.done(job, Looked)
    if found is None:
        raise HTTPException(404, tr(GONE))
    looked: Looked = found.result
    return looked


async def _activate(desk: Desk, request: Request, job: str, form: Form) -> Response:
    looked = _looked(desk, job)
    reason, limits = form.text("reason", due=True), looked.wish.limits
    if "thresholds" in limits:
        limits = {"thresholds": limits["thresholds"] | _set_by(desk, form, reason)}
    found = await desk.found(request, "station-show", id=looked.wish.station)
    if found["version"] != looked.version:
        form.refuse(tr(CHANGED))
    why = f"{reason} ({tr('pratinjau')} {job})"
    made = await put(desk, request, form, {"id": looked.wish.station, **limits}, mode="change", reason=why)
    if made is None:
        return _result(desk, request, job, form)
    return back(f"{LIST}/{looked.wish.station}", "berlaku")


def _set_by(desk: Desk, form: Form, reason: str) -> dict[str, Any]:
    """Who set heights, why, and from when on; left out, it is now."""
    begins = form.moment("effective_from")
    if begins is not None and begins < desk.now:
        form.refuse(tr("Pilih waktu di depan; kosong berarti sekarang."), "effective_from")
    return {
        "effective_from": None if begins is None else datetime.fromtimestamp(begins / 1000, UTC).isoformat(),
        "author": form.text("author", due=True, most=60),
        "reason": reason,
    }
