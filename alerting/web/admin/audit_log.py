"""The audit log: filtered, paged, exported, and its chain checked."""

import csv
import io
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from alerting.web import words
from alerting.web.admin.desk import Desk, to_job
from alerting.web.admin.fields import Form
from alerting.web.admin.office import AuditPage, AuditRow, ChainVerdict, Wanted, Wrong
from alerting.web.catalogue import tr

HERE: Final = "/kelola/audit"
FILTERS: Final = ("since", "until", "actor", "action", "subject")
COLUMNS: Final = ("id", "at", "actor", "action", "subject", "detail", "hash")
RISKY: Final = tuple("=+-@\t\r")  # what makes a spreadsheet run a cell (OWASP, CSV injection)
EMPTY: Final = AuditPage(rows=(), before=None)


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(HERE, response_class=HTMLResponse)
    async def listed(request: Request) -> Response:
        return await _list(desk, request, Form(said=dict(request.query_params)))

    @app.get(f"{HERE}.csv")
    async def exported(request: Request) -> Response:
        form = Form(said=dict(request.query_params))
        wanted = _wanted(form)
        if not form.is_good:
            raise HTTPException(422, " ".join(form.wrong.values()))
        audit = desk.office.audit
        try:
            await desk.in_thread(lambda: audit.page(wanted, most=1))  # what cannot be read is said before a file begins
        except Wrong as error:
            raise HTTPException(503, str(error)) from None
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"}
        return StreamingResponse(_csv(audit.every(wanted)), media_type="text/csv", headers=headers)

    @app.post(f"{HERE}/periksa", response_class=HTMLResponse)
    async def check(request: Request) -> Response:
        form, audit = await desk.form(request), desk.office.audit
        head = form.text("head", most=64)
        title = tr("Periksa rantai audit")
        job = desk.start(request, form, title, lambda say: audit.verify(head, say), then=f"{HERE}/periksa/{{id}}")
        return await _list(desk, request, form) if job is None else to_job(job)

    @app.get(f"{HERE}/periksa/{{job}}", response_class=HTMLResponse)
    async def checked(request: Request, job: str) -> Response:
        found = desk.jobs.done(job, ChainVerdict)
        if found is None:
            raise HTTPException(404, tr("Hasil pemeriksaan ini sudah tidak disimpan. Periksa lagi."))
        return desk.page(request, "admin_chain.html", title=found.title, verdict=found.result, at=found.ended)


async def _list(desk: Desk, request: Request, form: Form) -> HTMLResponse:
    wanted, audit = _wanted(form), desk.office.audit
    page = await desk.tried(form, lambda: desk.in_thread(lambda: audit.page(wanted))) or EMPTY
    actions, actors = await desk.tried(Form(), lambda: desk.in_thread(audit.words)) or ((), ())
    chosen = {name: value for name in FILTERS if (value := form.shown(name))}
    return desk.page(
        request,
        "admin_audit.html",
        title=tr("Catatan audit"),
        form=form,
        rows=page.rows,
        next=None if page.before is None else urlencode({**chosen, "before": page.before}),
        export=urlencode(chosen),
        actions=actions,
        actors=actors,
    )


def _wanted(form: Form) -> Wanted:
    return Wanted(
        since=form.moment("since"),
        until=form.moment("until"),
        actor=form.text("actor"),
        action=form.text("action"),
        subject=form.text("subject"),
        before=form.whole("before"),
    )


def _csv(rows: Iterator[AuditRow]) -> Iterator[str]:
    """A line a row, times in WIB with their offset; some hundred lines at once."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, 1):
        writer.writerow(map(_safe, (row.id, _time(row.at), row.actor, row.action, row.subject, row.detail, row.hash)))
        if number % 500 == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _time(at: int) -> str:
    return words.local(at).isoformat(timespec="milliseconds")


def _safe(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(RISKY) else text
