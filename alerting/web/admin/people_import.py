"""A file of recipients: first looked at whole, then exactly that file is taken by a second form."""

import dataclasses
from typing import Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from alerting.recipients import KINDS
from alerting.web.access import visitor_of
from alerting.web.admin.desk import Desk, actor_of, back, to_job
from alerting.web.admin.fields import Form
from alerting.web.admin.office import PeopleFile, PeopleTaken
from alerting.web.admin.people import BY_DUTY, kinds
from alerting.web.catalogue import tr

IMPORT: Final = "/kelola/penerima/impor"
GONE: Final = "Berkas ini sudah tidak disimpan. Unggah lagi dan periksa lagi."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A dry run of the file that is kept as ``held``."""

    held: str
    file: PeopleFile
    taken: PeopleTaken
    is_dry: bool = True


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(IMPORT, response_class=HTMLResponse)
    async def blank(request: Request) -> Response:
        return _page(desk, request, Form(said={"kind": "resident"}))

    @app.post(IMPORT, response_class=HTMLResponse)
    async def look(request: Request) -> Response:
        return await _look(desk, request)

    @app.get(f"{IMPORT}/{{job}}", response_class=HTMLResponse)
    async def looked(request: Request, job: str) -> Response:
        return _result(desk, request, job, Form())

    @app.post(f"{IMPORT}/{{job}}", response_class=HTMLResponse)
    async def take(request: Request, job: str) -> Response:
        return await _take(desk, request, job, await desk.form(request))


def _page(desk: Desk, request: Request, form: Form) -> HTMLResponse:
    health = desk.frame.live.replica.health
    return desk.page(
        request,
        "admin_people_import.html",
        title=tr("Impor penerima"),
        form=form,
        kinds=kinds(),
        is_drill=health is not None and health.realm == "latihan",
    )


async def _look(desk: Desk, request: Request) -> Response:
    form, name, data = await desk.file(request)
    kind, visitor, files = form.chosen("kind", KINDS), visitor_of(request), desk.office.files
    file = PeopleFile(
        name=name,
        data=data,
        kind=kind,
        consent_how=form.text("consent_how", due=kind == "resident") or BY_DUTY,
        groups=tuple(each.casefold() for each in form.listed("groups")),
        reason=form.text("reason"),
        realm_word=form.text("realm_word"),
    )
    if not form.is_good:
        return _page(desk, request, form)
    held, bare = desk.held.keep(visitor.name, file, data), dataclasses.replace(file, data=b"")
    job = desk.start(
        request,
        form,
        tr("Periksa berkas {name}", name=name),
        lambda say: Looked(
            held=held.id, file=bare, taken=files.people(file, actor=actor_of(visitor), is_dry=True, say=say)
        ),
        then=f"{IMPORT}/{{id}}",
    )
    return _page(desk, request, form) if job is None else to_job(job)


def _result(desk: Desk, request: Request, job: str, form: Form) -> Response:
    found = desk.jobs.done(job, Looked)
    if found is None or found.by != visitor_of(request).name:
        raise HTTPException(404, tr(GONE))
    title = tr("Periksa berkas {name}", name=found.result.file.name)
    if not found.result.is_dry:
        title = tr("Impor {name}", name=found.result.file.name)
    held = desk.held.get(found.result.held, found.by)
    return desk.page(
        request,
        "admin_people_looked.html",
        title=title,
        form=form,
        looked=found.result,
        kept_until=held.until if held is not None else None,
    )


async def _take(desk: Desk, request: Request, job: str, form: Form) -> Response:
    visitor, files = visitor_of(request), desk.office.files
    looked = desk.jobs.done(job, Looked)
    held = None if looked is None else desk.held.get(looked.result.held, visitor.name)
    if looked is None or held is None:
        return back(IMPORT)
    file: PeopleFile = held.what
    taking = desk.start(
        request,
        form,
        tr("Impor {name}", name=file.name),
        lambda say: Looked(
            held="",
            file=dataclasses.replace(file, data=b""),
            taken=files.people(file, actor=actor_of(visitor), is_dry=False, say=say),
            is_dry=False,
        ),
        then=f"{IMPORT}/{{id}}",
    )
    if taking is None:
        return _result(desk, request, job, form)
    desk.held.drop(held.id)
    return to_job(taking)
