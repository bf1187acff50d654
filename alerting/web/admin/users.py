"""Users and their roles; a one-time password is shown once, in the answer to the form that made it."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.access import ROLES
from alerting.web.admin.desk import Desk, back
from alerting.web.admin.fields import Form
from alerting.web.catalogue import tr

LIST: Final = "/kelola/pengguna"
ROLE_WORDS: Final = {
    "viewer": "pelihat",
    "operator": "operator",
    "approver": "penyetuju",
    "technician": "teknisi",
    "admin": "pengelola",
}


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(LIST, response_class=HTMLResponse)
    async def listed(request: Request) -> Response:
        return await _list(desk, request, Form())

    @app.post(f"{LIST}/baru", response_class=HTMLResponse)
    async def new(request: Request) -> Response:
        form = await desk.form(request)
        said = {"name": form.text("name", due=True, most=60), "role": form.chosen("role", ROLES)}
        made = await desk.tried(form, lambda: desk.ask(request, "user-add", **said))
        return await _list(desk, request, form) if made is None else _secret(desk, request, made)

    @app.post(f"{LIST}/peran", response_class=HTMLResponse)
    async def role(request: Request) -> Response:
        form = await desk.form(request)
        said = {"name": form.text("user", due=True), "role": form.chosen("new_role", ROLES)}
        made = await desk.tried(form, lambda: desk.ask(request, "user-role", **said))
        return await _list(desk, request, form) if made is None else back(LIST, "tersimpan")

    @app.post(f"{LIST}/tutup", response_class=HTMLResponse)
    async def disable(request: Request) -> Response:
        form = await desk.form(request)
        name, disabled = form.text("user", due=True), form.text("disabled") == "1"
        made = await desk.tried(form, lambda: desk.ask(request, "user-disable", name=name, disabled=disabled))
        return await _list(desk, request, form) if made is None else back(LIST, "tersimpan")

    @app.post(f"{LIST}/sandi", response_class=HTMLResponse)
    async def reset(request: Request) -> Response:
        form = await desk.form(request)
        name, totp = form.text("user", due=True), form.has("totp", "1")
        made = await desk.tried(form, lambda: desk.ask(request, "user-reset", name=name, totp=totp))
        return await _list(desk, request, form) if made is None else _secret(desk, request, made)


async def _list(desk: Desk, request: Request, form: Form) -> HTMLResponse:
    found = await desk.ask(request, "user-list")
    return desk.page(
        request,
        "admin_users.html",
        title=tr("Pengguna"),
        form=form,
        users=found["users"],
        roles=[(role, tr(ROLE_WORDS[role])) for role in ROLES],
        role_words={role: tr(word) for role, word in ROLE_WORDS.items()},
    )


def _secret(desk: Desk, request: Request, made: dict[str, str]) -> HTMLResponse:
    title = tr("Kata sandi sekali pakai {name}", name=made["name"])
    return desk.page(request, "admin_user_secret.html", title=title, made=made)
