"""Drills: what became of the last ones, when the next is due, and holding one now."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.access import visitor_of
from alerting.web.admin.desk import Desk, to_job
from alerting.web.admin.fields import Form
from alerting.web.catalogue import tr

HERE: Final = "/kelola/latihan"


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(HERE, response_class=HTMLResponse)
    async def shown(request: Request) -> Response:
        return await _page(desk, request, Form())

    @app.post(HERE, response_class=HTMLResponse)
    async def hold(request: Request) -> Response:
        form, by, drills = await desk.form(request), visitor_of(request).name, desk.office.drills
        plan = await desk.in_thread(drills.plan)
        if plan.trouble:
            form.refuse(plan.trouble)
        group = form.chosen("group", plan.groups)
        begun = await desk.tried(form, lambda: desk.ask(request, "drill-asked", key=form.key, group=group, by=by))
        if begun is None:
            return await _page(desk, request, form)
        job = desk.start(
            request,
            form,
            tr("Latihan untuk kelompok {group}", group=group),
            lambda say: drills.hold(group=group, by=by, say=say),
            then=HERE,
        )
        return await _page(desk, request, form) if job is None else to_job(job)


async def _page(desk: Desk, request: Request, form: Form) -> HTMLResponse:
    plan = await desk.in_thread(desk.office.drills.plan)
    return desk.page(
        request,
        "admin_drills.html",
        title=tr("Latihan"),
        form=form,
        plan=plan,
        groups=[(name, name) for name in plan.groups],
    )
