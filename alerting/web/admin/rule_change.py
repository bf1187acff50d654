"""A station's thresholds: typed, looked at on the past and on the library beside those in force, then put in force.

Nothing is put in force here that was not looked at, and nothing else than what was looked at.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.access import visitor_of
from alerting.web.admin.desk import Desk, back, to_job
from alerting.web.admin.fields import Form
from alerting.web.admin.office import RulePreview, RuleWish
from alerting.web.admin.stations import LIST, put
from alerting.web.catalogue import tr

LOOKED: Final = "/kelola/pratinjau"
HEIGHTS: Final = ("waspada", "siaga", "awas")
HOLDS: Final = {"hysteresis_m": 0.1, "hold_up_samples": 2, "hold_down_minutes": 15.0, "early_siaga_minutes": 45.0}
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
        known = found["station"].get("thresholds") or {}
        said = {name: _comma(known.get(name)) for name in HEIGHTS}
        said |= {name: _comma(known.get(name, usual)) for name, usual in HOLDS.items()}
        return _page(desk, request, Form(said={**said, "days": 30}), found)

    @app.post(f"{LIST}/{{station}}/aturan", response_class=HTMLResponse)
    async def look(request: Request, station: str) -> Response:
        return await _look(desk, request, station, await desk.form(request))

    @app.get(f"{LOOKED}/{{job}}", response_class=HTMLResponse)
    async def looked(request: Request, job: str) -> Response:
        return _result(desk, request, job, Form(said={"author": visitor_of(request).name}))

    @app.post(f"{LOOKED}/{{job}}", response_class=HTMLResponse)
    async def activate(request: Request, job: str) -> Response:
        return await _activate(desk, request, job, await desk.form(request))


def _comma(value: Any) -> str:
    return "" if value is None else f"{value:g}".replace(".", ",")


def _page(desk: Desk, request: Request, form: Form, found: dict[str, Any]) -> HTMLResponse:
    station = found["station"]
    return desk.page(
        request,
        "admin_rule.html",
        title=tr("Ambang {name}", name=station["name"]),
        form=form,
        station=station,
        is_water=station.get("hazard", "level") in ("level", "tide"),
        history=found["history"],
        days=[(str(days), tr("{n} hari", n=days)) for days in DAYS],
    )


async def _look(desk: Desk, request: Request, station: str, form: Form) -> Response:
    found = await desk.found(request, "station-show", id=station)
    wish = _wish(form, found["station"]["id"])
    if wish is None:
        return _page(desk, request, form, found)
    name, version, previews, now = found["station"]["name"], found["version"], desk.office.previews, desk.now
    job = desk.start(
        request,
        form,
        tr("Pratinjau ambang {name}", name=name),
        lambda say: Looked(wish=wish, name=name, version=version, preview=previews.look(wish, now, say)),
        then=f"{LOOKED}/{{id}}",
    )
    return _page(desk, request, form, found) if job is None else to_job(job)


def _wish(form: Form, station: str) -> RuleWish | None:
    """None when something typed cannot be; the order of the heights is checked here, beside their fields."""
    heights = [form.number(name, due=True) for name in HEIGHTS]
    samples = form.whole("hold_up_samples", due=True)
    hysteresis, down, early = (form.number(name, due=True) for name in HOLDS if name != "hold_up_samples")
    days = form.chosen("days", [str(each) for each in DAYS])
    for (lower, low), (higher, high) in zip(
        zip(HEIGHTS, heights, strict=True), list(zip(HEIGHTS, heights, strict=True))[1:], strict=False
    ):
        if low is not None and high is not None and high <= low:
            form.refuse(tr("Harus lebih tinggi dari {lower}.", lower=lower.upper()), higher)
    waspada, siaga, awas = heights
    if not form.is_good or None in (waspada, siaga, awas, samples, hysteresis, down, early):
        return None
    return RuleWish(
        station=station,
        waspada=waspada or 0.0,
        siaga=siaga or 0.0,
        awas=awas or 0.0,
        hysteresis_m=hysteresis or 0.0,
        hold_up_samples=samples or 0,
        hold_down_minutes=down or 0.0,
        early_siaga_minutes=early or 0.0,
        days=int(days),
    )


def _result(desk: Desk, request: Request, job: str, form: Form) -> HTMLResponse:
    looked = _looked(desk, job)
    return desk.page(
        request,
        "admin_preview.html",
        title=tr("Pratinjau ambang {name}", name=looked.name),
        form=form,
        looked=looked,
        wish=looked.wish,
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
    author, reason = form.text("author", due=True, most=60), form.text("reason", due=True)
    begins, wish = form.moment("effective_from"), looked.wish
    if begins is not None and begins < desk.now:
        form.refuse(tr("Pilih waktu di depan; kosong berarti sekarang."), "effective_from")
    found = await desk.found(request, "station-show", id=wish.station)
    if found["version"] != looked.version:
        form.refuse(tr(CHANGED))
    table = {
        **{name: getattr(wish, name) for name in (*HEIGHTS, *HOLDS)},
        # Left out, it is now.
        "effective_from": None if begins is None else datetime.fromtimestamp(begins / 1000, UTC).isoformat(),
        "author": author,
        "reason": reason,
    }
    why = f"{reason} ({tr('pratinjau')} {job})"
    made = await put(desk, request, form, {"id": wish.station, "thresholds": table}, mode="change", reason=why)
    if made is None:
        return _result(desk, request, job, form)
    return back(f"{LIST}/{wish.station}", "berlaku")
