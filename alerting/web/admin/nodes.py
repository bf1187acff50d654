"""Nodes: their list, one of them with its history, made, changed and retired; secrets are shown once."""

from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from alerting.web.admin.desk import Desk, back
from alerting.web.admin.fields import Form
from alerting.web.admin.office import Wrong
from alerting.web.catalogue import tr

LIST: Final = "/kelola/node"
WHAT: Final = ("gateway", "hardware", "firmware", "note")


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(LIST, response_class=HTMLResponse)
    async def listed(request: Request) -> Response:
        return await _list(desk, request, Form())

    @app.post(f"{LIST}/baru", response_class=HTMLResponse)
    async def new(request: Request) -> Response:
        form = await desk.form(request)
        said = {"node": form.text("node", due=True), "station": form.text("station", due=True), **_what(form)}
        made = await desk.tried(form, lambda: desk.ask(request, "node-new", **said))
        return await _list(desk, request, form) if made is None else await _secrets(desk, request, made)

    @app.get(f"{LIST}/ca.der")
    async def authority(request: Request) -> Response:  # noqa: ARG001 - the table of roles sees it before
        try:
            der = await desk.in_thread(desk.office.provision.authority)
        except Wrong as error:
            raise HTTPException(503, str(error)) from None
        return Response(
            der, media_type="application/pkix-cert", headers={"Content-Disposition": 'attachment; filename="ca.der"'}
        )

    _add_one(app, desk)


def _add_one(app: FastAPI, desk: Desk) -> None:
    @app.get(f"{LIST}/{{node}}", response_class=HTMLResponse)
    async def one(request: Request, node: str) -> Response:
        return await _one(desk, request, node, None)

    @app.post(f"{LIST}/{{node}}", response_class=HTMLResponse)
    async def change(request: Request, node: str) -> Response:
        form = await desk.form(request)
        said = {**_what(form), "reason": form.text("reason", due=True)}
        if station := form.text("station"):
            said["station"] = station
        made = await desk.tried(form, lambda: desk.ask(request, "node-change", node=node, **said))
        if made is None:
            return await _one(desk, request, node, form)
        return back(f"{LIST}/{node}", "tersimpan" if made["changed"] else "sama")

    @app.post(f"{LIST}/{{node}}/sandi", response_class=HTMLResponse)
    async def credential(request: Request, node: str) -> Response:
        return await _credential(desk, request, node, await desk.form(request))

    @app.post(f"{LIST}/{{node}}/segel", response_class=HTMLResponse)
    async def seal(request: Request, node: str) -> Response:
        form = await desk.form(request)
        said = {"seal": form.text("seal", due=True), "reason": form.text("seal_reason", due=True)}
        made = await desk.tried(form, lambda: desk.ask(request, "node-seal", node=node, **said))
        return await _one(desk, request, node, form) if made is None else back(f"{LIST}/{node}", "tersimpan")

    @app.post(f"{LIST}/{{node}}/berhenti", response_class=HTMLResponse)
    async def retire(request: Request, node: str) -> Response:
        form = await desk.form(request)
        reason = form.text("retire_reason", due=True)
        if form.text("again") != node:
            form.refuse(tr("Ketik {id} untuk memastikan.", id=node), "again")
        made = await desk.tried(form, lambda: desk.ask(request, "node-retire", node=node, reason=reason))
        return await _one(desk, request, node, form) if made is None else back(LIST, "berhenti")


def _what(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in WHAT}


async def _stations(desk: Desk, request: Request) -> list[tuple[str, str]]:
    return [(each["id"], each["name"]) for each in await desk.ask(request, "station-list")]


async def _list(desk: Desk, request: Request, form: Form) -> HTMLResponse:
    found = await desk.ask(request, "node-list")
    return desk.page(
        request,
        "admin_nodes.html",
        title=tr("Node"),
        form=form,
        nodes=found,
        stations=await _stations(desk, request),
    )


async def _one(desk: Desk, request: Request, node: str, form: Form | None) -> HTMLResponse:
    found = await desk.found(request, "node-show", node=node)
    return desk.page(
        request,
        "admin_node.html",
        title=tr("Node {id}", id=found["id"]),
        form=form or Form(said={name: found[name] for name in ("station", *WHAT)}),
        node=found,
        stations=await _stations(desk, request),
    )


async def _credential(desk: Desk, request: Request, node: str, form: Form) -> Response:
    """A new credential in the place of the old one; the node is deaf until it has it, so its id is typed."""
    if form.text("node_again") != node:
        form.refuse(tr("Ketik {id} untuk memastikan.", id=node), "node_again")
    known = await desk.found(request, "node-show", node=node)
    if not known["station"]:
        form.refuse(tr("Tugaskan node ini ke sebuah stasiun dahulu."), "station")
    made = await desk.tried(
        form, lambda: desk.ask(request, "node-new", node=node, station=known["station"], replace=True)
    )
    return await _one(desk, request, node, form) if made is None else await _secrets(desk, request, made)


async def _secrets(desk: Desk, request: Request, made: dict[str, Any]) -> HTMLResponse:
    """In the answer to the form alone: no address leads to it a second time."""
    document = await desk.in_thread(lambda: desk.office.provision.document(made))
    return desk.page(
        request, "admin_node_secrets.html", title=tr("Rahasia node {id}", id=made["node"]), made=made, document=document
    )
