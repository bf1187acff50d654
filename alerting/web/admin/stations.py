"""Stations: their list, one of them with its history, added, changed and retired by form."""

from collections.abc import Iterable
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.access import visitor_of
from alerting.web.admin.desk import Desk, back
from alerting.web.admin.fields import Form
from alerting.web.admin.refusals import in_words
from alerting.web.catalogue import tr

LIST: Final = "/kelola/stasiun"
HAZARD_WORDS: Final = {"level": "muka air", "tide": "pasang", "rain": "hujan", "air": "udara"}
TEXTS: Final = ("name", "river", "datum", "owner", "sensor", "impact.WASPADA", "impact.SIAGA", "impact.AWAS")
NUMBERS: Final = ("latitude", "longitude", "low_m", "high_m", "silence_minutes", "interval_seconds", "datum_m")
LISTS: Final = ("kelurahan",)
FIELDS: Final = ("id", "hazard", *TEXTS, *NUMBERS, *LISTS, "reason", "again")


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(LIST, response_class=HTMLResponse)
    async def listed(request: Request) -> Response:
        found = await desk.ask(request, "station-list")
        return desk.page(request, "admin_stations.html", title=tr("Stasiun dan aturan"), stations=found, hazard=hazard)

    @app.get(f"{LIST}/baru", response_class=HTMLResponse)
    async def blank(request: Request) -> Response:
        return _edit(desk, request, Form(said={"hazard": "level", "low_m": 0, "silence_minutes": 10}), None)

    @app.post(f"{LIST}/baru", response_class=HTMLResponse)
    async def new(request: Request) -> Response:
        form = await desk.form(request)
        table = {"id": form.text("id", due=True), "hazard": form.chosen("hazard", HAZARD_WORDS), **_table(form)}
        made = await put(desk, request, form, table, mode="add", reason=form.text("reason"))
        if made is None:
            return _edit(desk, request, form, None)
        return back(f"{LIST}/{table['id']}", "tersimpan")

    _add_one(app, desk)


def _add_one(app: FastAPI, desk: Desk) -> None:
    @app.get(f"{LIST}/{{station}}", response_class=HTMLResponse)
    async def one(request: Request, station: str) -> Response:
        return await _one(desk, request, station, Form())

    @app.get(f"{LIST}/{{station}}/ubah", response_class=HTMLResponse)
    async def changing(request: Request, station: str) -> Response:
        known = (await desk.found(request, "station-show", id=station))["station"]
        return _edit(desk, request, Form(said=_said(known)), known)

    @app.post(f"{LIST}/{{station}}/ubah", response_class=HTMLResponse)
    async def change(request: Request, station: str) -> Response:
        form = await desk.form(request)
        table, reason = {"id": station, **_table(form)}, form.text("reason", due=True)
        made = await put(desk, request, form, table, mode="change", reason=reason)
        if made is None:
            known = (await desk.found(request, "station-show", id=station))["station"]
            return _edit(desk, request, form, known)
        return back(f"{LIST}/{station}", "sama" if made["kind"] == "unchanged" else "tersimpan")

    @app.post(f"{LIST}/{{station}}/berhenti", response_class=HTMLResponse)
    async def retire(request: Request, station: str) -> Response:
        form = await desk.form(request)
        said = {"by": visitor_of(request).name, "reason": form.text("reason", due=True)}
        if form.text("again") != station:
            form.refuse(tr("Ketik {id} untuk memastikan.", id=station), "again")
        made = await desk.tried(form, lambda: desk.ask(request, "station-retire", id=station, **said))
        return await _one(desk, request, station, form) if made is None else back(LIST, "berhenti")


def hazard(name: str) -> str:
    return tr(HAZARD_WORDS.get(name, name))


async def put(
    desk: Desk, request: Request, form: Form, table: dict[str, Any], *, mode: str, reason: str
) -> dict[str, Any] | None:
    """What core did with one station's table; None when it is refused: each fault is then beside its field."""
    answer = await desk.tried(
        form, lambda: desk.ask(request, "station-put", stations=[table], mode=mode, reason=reason or mode)
    )
    for fault in answer["faults"] if answer else ():
        _blame(form, fault["key"], fault["text"])
    if answer is None or not form.is_good:
        return None
    step: dict[str, Any] = answer["steps"][0]
    return step


def _blame(form: Form, key: str, text: str) -> None:
    """Beside the field of the key, where the form has one; otherwise on top, with the key."""
    bare = key.removeprefix("thresholds.")
    known = [name for name in (*FIELDS, "waspada", "siaga", "awas", "effective_from") if name in (key, bare)]
    words = in_words(text)
    form.refuse(words if known or words != text else f"{key}: {text}", known[0] if known else "")


async def _one(desk: Desk, request: Request, station: str, form: Form) -> HTMLResponse:
    found = await desk.found(request, "station-show", id=station)
    return desk.page(
        request,
        "admin_station.html",
        title=found["station"]["name"],
        form=form,
        found=found,
        station=found["station"],
        hazard=hazard,
    )


def _edit(desk: Desk, request: Request, form: Form, known: dict[str, Any] | None) -> HTMLResponse:
    return desk.page(
        request,
        "admin_station_edit.html",
        title=tr("Tambah stasiun") if known is None else tr("Ubah {name}", name=known["name"]),
        form=form,
        known=known,
        hazards=[(name, tr(word)) for name, word in HAZARD_WORDS.items()],
    )


def _said(known: dict[str, Any]) -> dict[str, Any]:
    """A station's table as the form shows it: decimal commas, lists between commas, the last datum."""
    impact: dict[str, str] = known.get("impact", {})
    found: dict[str, Any] = {name: known.get(name) for name in (*TEXTS, *NUMBERS)}
    found |= {f"impact.{level}": text for level, text in impact.items()}
    found["kelurahan"] = ", ".join(known.get("kelurahan", []))
    found["datum_m"] = _last(known.get("epochs", []))
    return {name: _comma(value) for name, value in found.items()}


def _last(epochs: Iterable[dict[str, Any]]) -> float | None:
    levels = [each for each in epochs if each.get("datum_m") is not None]
    return max(levels, key=lambda each: int(each["number"]))["datum_m"] if levels else None


def _comma(value: Any) -> Any:
    return str(value).replace(".", ",") if isinstance(value, float) else value


def _table(form: Form) -> dict[str, Any]:
    """What an empty field takes away; the calibration alone stays as it was when nothing is said of it."""
    table: dict[str, Any] = {}
    for name in TEXTS:
        value = form.text(name, due=name == "name", most=300) or None
        into, _, key = name.rpartition(".")
        (table.setdefault(into, {}) if into else table)[key] = value
    table |= {name: form.number(name) for name in NUMBERS}
    if table["datum_m"] is None:
        del table["datum_m"]
    return table | {"kelurahan": form.listed("kelurahan")}
