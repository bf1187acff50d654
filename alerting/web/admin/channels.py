"""The ways out: how each is, its queue and pace, the modems, and one trial message by hand."""

import asyncio
import logging
from typing import Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.access import visitor_of
from alerting.web.admin.desk import Desk, actor_of, to_job
from alerting.web.admin.fields import Form
from alerting.web.admin.office import Modem, Trial
from alerting.web.catalogue import tr

log: Final = logging.getLogger(__name__)

LIST: Final = "/kelola/saluran"
TRIAL: Final = f"{LIST}/uji"
MODEMS_S: Final = 8.0
STATES: Final = {"works": "jalan", "stalled": "macet", "gone": "tidak ada lagi di pengaturan"}


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(LIST, response_class=HTMLResponse)
    async def listed(request: Request) -> Response:
        return await _list(desk, request, Form())

    @app.post(TRIAL, response_class=HTMLResponse)
    async def test(request: Request) -> Response:
        return await _test(desk, request, await desk.form(request))

    @app.get(f"{TRIAL}/{{job}}", response_class=HTMLResponse)
    async def tested(request: Request, job: str) -> Response:
        found = desk.jobs.done(job, Trial)
        if found is None:
            raise HTTPException(404, tr("Hasil uji ini sudah tidak disimpan; ia ada di catatan audit."))
        return desk.page(request, "admin_trial.html", title=found.title, trial=found.result)


async def _list(desk: Desk, request: Request, form: Form) -> HTMLResponse:
    health = desk.frame.live.replica.health
    names = health.channels if health else []
    return desk.page(
        request,
        "admin_channels.html",
        title=tr("Saluran"),
        form=form,
        ways=health.ways if health else [],
        channels=[(name, name) for name in names],
        modems=await _modems(desk) if "modem" in names else (),
        states={name: tr(word) for name, word in STATES.items()},
    )


async def _modems(desk: Desk) -> "tuple[Modem, ...] | None":
    """None when the modems' own service does not answer in time."""
    try:
        async with asyncio.timeout(MODEMS_S):
            return tuple(await desk.in_thread(desk.office.ways.modems))
    except TimeoutError:
        log.warning("the modems did not answer within %g s", MODEMS_S)
        return None


async def _test(desk: Desk, request: Request, form: Form) -> Response:
    health, visitor, ways = desk.frame.live.replica.health, visitor_of(request), desk.office.ways
    channel = form.chosen("channel", health.channels if health else [])
    to = form.text("to", due=True, most=500)
    if not form.is_good:
        return await _list(desk, request, form)
    job = desk.start(
        request,
        form,
        tr("Uji saluran {name}", name=channel),
        lambda say: ways.test(channel=channel, to=to, by=visitor.name, actor=actor_of(visitor), say=say),
        then=f"{TRIAL}/{{id}}",
    )
    return await _list(desk, request, form) if job is None else to_job(job)
