"""Areas: their list, RW and RT and names by hand, polygons from a GeoJSON file in two steps."""

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.access import visitor_of
from alerting.web.admin.desk import Desk, back
from alerting.web.admin.fields import Form
from alerting.web.catalogue import tr

LIST: Final = "/kelola/wilayah"
IMPORT: Final = f"{LIST}/impor"
SHOWN: Final = 100  # lines of one kind, of faults or of changes
GONE: Final = "Berkas ini sudah tidak disimpan. Unggah lagi dan periksa lagi."


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(LIST, response_class=HTMLResponse)
    async def listed(request: Request) -> Response:
        return await _list(desk, request, Form())

    @app.post(f"{LIST}/baru", response_class=HTMLResponse)
    async def new(request: Request) -> Response:
        form = await desk.form(request)
        said = {"code": form.text("code", due=True).upper(), "name": form.text("name", due=True, most=60)}
        made = await desk.tried(form, lambda: desk.ask(request, "area-add", **said, reason=form.text("reason")))
        return await _list(desk, request, form) if made is None else back(LIST, "tersimpan")

    @app.post(f"{LIST}/nama", response_class=HTMLResponse)
    async def rename(request: Request) -> Response:
        form = await desk.form(request)
        said = {"code": form.text("old_code", due=True).upper(), "name": form.text("new_name", due=True, most=60)}
        made = await desk.tried(form, lambda: desk.ask(request, "area-change", **said, reason=form.text("reason")))
        if made is None:
            return await _list(desk, request, form)
        return back(LIST, "tersimpan" if made["changed"] else "sama")

    @app.get(IMPORT, response_class=HTMLResponse)
    async def blank(request: Request) -> Response:
        return _page(desk, request, Form())

    @app.post(IMPORT, response_class=HTMLResponse)
    async def look(request: Request) -> Response:
        return await _look(desk, request)

    @app.post(f"{IMPORT}/{{held}}", response_class=HTMLResponse)
    async def take(request: Request, held: str) -> Response:
        return await _take(desk, request, held, await desk.form(request))


async def _list(desk: Desk, request: Request, form: Form) -> HTMLResponse:
    areas = await desk.ask(request, "area-list")
    return desk.page(request, "admin_areas.html", title=tr("Wilayah"), form=form, areas=areas)


def _page(desk: Desk, request: Request, form: Form, **values: Any) -> HTMLResponse:
    around = {"faults": [], "more_faults": 0, "steps": [], "held": None, "name": "", **values}
    return desk.page(request, "admin_areas_import.html", title=tr("Impor batas wilayah"), form=form, **around)


async def _look(desk: Desk, request: Request) -> Response:
    form, name, data = await desk.file(request)
    features = await desk.tried(form, lambda: desk.in_thread(lambda: desk.office.files.areas(name, data)))
    if features is None:
        return _page(desk, request, form)
    reason = form.text("reason") or f"import {name}"
    answer = await desk.tried(form, lambda: desk.ask(request, "area-put", areas=features, reason=reason, dry_run=True))
    if answer is None:
        return _page(desk, request, form)
    if answer["faults"]:
        form.refuse(tr("Tidak ada yang diubah: perbaiki berkasnya, lalu unggah lagi."))
        faults = [
            tr("Wilayah ke-{n} ({code}): {what}: {told}", n=each["number"] + 1, **_named(each))
            for each in answer["faults"]
        ]
        return _page(desk, request, form, faults=faults[:SHOWN], more_faults=len(faults[SHOWN:]), name=name)
    held = desk.held.keep(visitor_of(request).name, (name, reason, features), data)
    return _page(desk, request, form, steps=answer["steps"], held=held, name=name)


def _named(fault: dict[str, Any]) -> dict[str, str]:
    return {"code": fault["code"] or tr("tanpa kode"), "what": fault["key"], "told": fault["text"]}


async def _take(desk: Desk, request: Request, held: str, form: Form) -> Response:
    found = desk.held.get(held, visitor_of(request).name)
    if found is None:
        form.refuse(tr(GONE))
        return _page(desk, request, form)
    _, reason, features = found.what
    made = await desk.tried(form, lambda: desk.ask(request, "area-put", areas=features, reason=reason))
    if made is not None and made["faults"]:
        form.refuse(tr("Keadaan berubah sejak diperiksa; tidak ada yang diubah. Periksa berkasnya lagi."))
    if not form.is_good:
        return _page(desk, request, form)
    desk.held.drop(held)
    return back(LIST, "impor")
