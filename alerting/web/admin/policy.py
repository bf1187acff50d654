"""The policy: what is in force, its versions, and a new one from a form."""

import re
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.access import visitor_of
from alerting.web.admin.desk import Desk, back
from alerting.web.admin.fields import Form
from alerting.web.catalogue import tr

HERE: Final = "/kelola/kebijakan"
WHOLE: Final = ("escalate_after_s", "veto_s", "one_person_after_s", "most_a_day", "most_items_an_hour")


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(HERE, response_class=HTMLResponse)
    async def shown(request: Request) -> Response:
        return await _page(desk, request, None)

    @app.post(HERE, response_class=HTMLResponse)
    async def put(request: Request) -> Response:
        form = await desk.form(request)
        before = (await desk.ask(request, "policy-show"))["in_force"]["policy"]
        said = _said(form)
        changes = {name: value for name, value in said.items() if before[name] != value}
        more: dict[str, Any] = {"by": visitor_of(request).name, "reason": form.text("reason", due=True)}
        begins = form.moment("effective_from")
        if begins is not None:
            more["effective_from"] = begins
        if form.is_good and not changes:
            return back(HERE, "sama")
        made = await desk.tried(form, lambda: desk.ask(request, "policy-set", changes=changes, **more))
        return await _page(desk, request, form) if made is None else back(HERE, "tersimpan")


async def _page(desk: Desk, request: Request, form: Form | None) -> HTMLResponse:
    found = await desk.ask(request, "policy-show")
    policy = found["in_force"]["policy"]
    return desk.page(
        request,
        "admin_policy.html",
        title=tr("Kebijakan"),
        form=form or Form(said=_shown(policy)),
        found=found,
        policy=policy,
        clock=_clock,
    )


def _shown(policy: dict[str, Any]) -> dict[str, Any]:
    price = policy["price_per_part"]
    return {
        **{name: policy[name] for name in (*WHOLE, "document")},
        "quiet_from": _clock(policy["quiet_from"]),
        "quiet_until": _clock(policy["quiet_until"]),
        "pre_authorised": list(policy["pre_authorised"]),
        "price_per_part": "" if price is None else f"{price:g}".replace(".", ","),
    }


def _said(form: Form) -> dict[str, Any]:
    levels = [each for each in form.many("pre_authorised") if each == "AWAS"]
    document = form.text("document")
    if levels and not document:
        form.refuse(tr("Isi surat yang mengizinkannya: nomor dan tanggal."), "document")
    return {
        **{name: form.whole(name, due=True) for name in WHOLE},
        "quiet_from": _minutes(form, "quiet_from"),
        "quiet_until": _minutes(form, "quiet_until"),
        "pre_authorised": levels,
        "document": document,
        "price_per_part": form.number("price_per_part"),
    }


def _minutes(form: Form, name: str) -> int:
    value = form.text(name, due=True)
    found = re.fullmatch(r"([01]?\d|2[0-3])[:.]([0-5]\d)", value)
    if value and found is None:
        form.refuse(tr("Tulis jam, misalnya 21:00."), name)
    return int(found[1]) * 60 + int(found[2]) if found else 0


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
