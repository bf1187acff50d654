"""The page of a long work: what it says on the way, and where its result is."""

from dataclasses import replace

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from alerting.web.admin.desk import Desk
from alerting.web.catalogue import tr


def add(app: FastAPI, desk: Desk) -> None:
    @app.get("/kelola/pekerjaan/{job}")
    async def work(request: Request, job: str) -> Response:
        known = desk.jobs.get(job)
        if known is None:
            raise HTTPException(404, tr("Pekerjaan ini sudah tidak disimpan. Mulai lagi dari halamannya."))
        found = replace(known)  # as it is now: it may come to its end while the page is drawn
        if found.state == "done" and found.then:
            return RedirectResponse(found.then, 303)
        return desk.page(request, "admin_work.html", title=found.title, job=found)
