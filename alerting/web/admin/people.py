"""Recipients: their list with masked numbers, one of them, and what may be changed. Every look in clear is audited."""

import re
from typing import Any, Final, get_args

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from alerting.contacts import ContactKind
from alerting.recipients import KINDS, Language
from alerting.web.admin.desk import Desk, back
from alerting.web.admin.fields import Form
from alerting.web.admin.office import Wrong
from alerting.web.catalogue import tr

PAGE: Final = 50
LIST: Final = "/kelola/penerima"
KIND_WORDS: Final = {
    "officer": "petugas",
    "head": "ketua RT/RW",
    "institution": "lembaga",
    "resident": "warga",
}
CONSENT_WORDS: Final = {"given": "setuju", "pending": "belum menjawab", "left": "berhenti"}
# The field of a contact, and its kind; the field is also the key that core names.
CONTACTS: Final[dict[str, ContactKind]] = {"number": "phone", "email": "email", "telegram": "telegram", "url": "url"}
BY_DUTY: Final = "by duty"  # officers, heads and institutions are told because of what they do


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(LIST, response_class=HTMLResponse)
    async def listed(request: Request) -> Response:
        return await _list(desk, request)

    @app.get(f"{LIST}/baru", response_class=HTMLResponse)
    async def blank(request: Request) -> Response:
        return await _edit(desk, request, Form(said={"kind": "resident", "language": "id"}), None)

    @app.post(f"{LIST}/baru", response_class=HTMLResponse)
    async def new(request: Request) -> Response:
        return await _new(desk, request, await desk.form(request))

    @app.get(f"{LIST}/{{who}}", response_class=HTMLResponse)
    async def one(request: Request, who: str) -> Response:
        return await _one(desk, request, who, Form())

    @app.post(f"{LIST}/{{who}}/buka", response_class=HTMLResponse)
    async def reveal(request: Request, who: str) -> Response:
        return await _reveal(desk, request, who, await desk.form(request))

    @app.get(f"{LIST}/{{who}}/ubah", response_class=HTMLResponse)
    async def changing(request: Request, who: str) -> Response:
        known = await desk.found(request, "recipient-show", who=who)
        return await _edit(desk, request, _as_it_is(known), known)

    @app.post(f"{LIST}/{{who}}/ubah", response_class=HTMLResponse)
    async def change(request: Request, who: str) -> Response:
        return await _change(desk, request, who, await desk.form(request))

    @app.post(f"{LIST}/{{who}}/persetujuan", response_class=HTMLResponse)
    async def consent(request: Request, who: str) -> Response:
        return await _consent(desk, request, who, await desk.form(request))

    @app.post(f"{LIST}/{{who}}/hapus", response_class=HTMLResponse)
    async def erase(request: Request, who: str) -> Response:
        return await _erase(desk, request, who, await desk.form(request))


async def _list(desk: Desk, request: Request) -> HTMLResponse:
    query = request.query_params
    form = Form(said=dict(query))
    chosen = {name: query[name] for name in ("kind", "group", "area", "consent") if query.get(name)}
    after = int(query["after"]) if query.get("after", "").isdecimal() else None
    found = await desk.tried(form, lambda: desk.ask(request, "recipient-list", **chosen, after=after, limit=PAGE))
    return desk.page(
        request,
        "admin_people.html",
        title=tr("Penerima"),
        form=form,
        people=[] if found is None else found["recipients"],
        next=None if found is None or found["next"] is None else {**chosen, "after": found["next"]},
        areas=await places(desk, request),
        kinds=kinds(),
        consents=[(name, tr(word)) for name, word in CONSENT_WORDS.items()],
        kind_word=_kind_word,
        consent_word=_consent_word,
    )


def kinds() -> list[tuple[str, str]]:
    return [(kind, _kind_word(kind)) for kind in KINDS]


def _kind_word(kind: str) -> str:
    return tr(KIND_WORDS.get(kind, kind))


def _consent_word(consent: str) -> str:
    return tr(CONSENT_WORDS.get(consent, consent))


async def places(desk: Desk, request: Request) -> list[tuple[str, str]]:
    """Codes and names of kecamatan and kelurahan."""
    areas = await desk.ask(request, "area-list")
    return [(each["code"], each["name"]) for each in areas if each["kind"] in ("kecamatan", "kelurahan")]


async def _one(desk: Desk, request: Request, who: str, form: Form, clear: dict[str, Any] | None = None) -> HTMLResponse:
    known = clear or await desk.found(request, "recipient-show", who=who)
    return desk.page(
        request,
        "admin_person.html",
        title=known["label"],
        form=form,
        person=known,
        is_clear=clear is not None,
        by_duty=BY_DUTY,
        kind_word=_kind_word,
        consent_word=_consent_word,
    )


async def _reveal(desk: Desk, request: Request, who: str, form: Form) -> Response:
    """In clear, in the answer to this form alone: no address leads there a second time."""
    reason = form.text("reason", due=True)
    clear = await desk.tried(form, lambda: desk.ask(request, "recipient-show", who=who, reveal=True, reason=reason))
    if said := form.wrong.pop("", ""):
        form.refuse(said, "reason")
    return await _one(desk, request, who, form, clear)


async def _edit(desk: Desk, request: Request, form: Form, known: dict[str, Any] | None) -> HTMLResponse:
    health = desk.frame.live.replica.health
    return desk.page(
        request,
        "admin_person_edit.html",
        title=tr("Tambah penerima") if known is None else tr("Ubah {name}", name=known["label"]),
        form=form,
        person=known,
        areas=await places(desk, request),
        kinds=kinds(),
        channels=[(name, name) for name in (health.channels if health else [])],
        languages=[("id", tr("Indonesia")), ("en", tr("Inggris"))],
        is_drill=health is not None and health.realm == "latihan",
    )


def _as_it_is(known: dict[str, Any]) -> Form:
    groups, areas = ", ".join(known["groups"]), ", ".join(known["areas"])
    same = {name: known[name] for name in ("language", "rank", "channels")}
    return Form(said={**same, "groups": groups, "areas": areas})


async def _new(desk: Desk, request: Request, form: Form) -> Response:
    kind = form.chosen("kind", KINDS)
    how = form.text("consent_how", due=kind == "resident") or BY_DUTY
    entry = {"kind": kind, "name": form.text("name"), "areas": _place(form), **_said(desk, form)}
    entry["contacts"] = _contacts(desk, form)
    more = {"consent_how": how, "reason": form.text("reason"), "realm_word": form.text("realm_word")}
    made = await desk.tried(form, lambda: desk.ask(request, "recipient-put", entries=[entry], **more))
    for fault in made["faults"] if made else ():
        form.refuse(fault["text"], fault["key"] if fault["key"] != "entry" else "")
    if made is None or not form.is_good:
        return await _edit(desk, request, form, None)
    step = made["steps"][0]
    return back(f"{LIST}/{step['id']}", "sama" if step["kind"] == "unchanged" else "tersimpan")


async def _change(desk: Desk, request: Request, who: str, form: Form) -> Response:
    said = {**_said(desk, form), "areas": [each.upper() for each in form.listed("areas")]}
    if name := form.text("name"):
        said["name"] = name
    gone: dict[str, str] = {kind: "" for field, kind in CONTACTS.items() if form.has("gone", field)}
    if contacts := {**gone, **_contacts(desk, form)}:
        said["contacts"] = contacts
    reason = form.text("reason", due=True)
    made = await desk.tried(form, lambda: desk.ask(request, "recipient-change", who=who, set=said, reason=reason))
    if made is None:
        _place_beside(form)
        return await _edit(desk, request, form, await desk.found(request, "recipient-show", who=who))
    return back(f"{LIST}/{who}", "tersimpan" if made["changed"] else "sama")


def _place_beside(form: Form) -> None:
    """Core names the key before its sentence: it belongs beside that field."""
    key, mark, rest = form.wrong.get("", "").partition(": ")
    if mark and key in (*CONTACTS, "name", "groups", "channels", "rank", "kelurahan", "phone"):
        del form.wrong[""]
        form.refuse(rest, {"kelurahan": "areas", "phone": "number"}.get(key, key))


def _said(desk: Desk, form: Form) -> dict[str, Any]:
    health = desk.frame.live.replica.health
    found: dict[str, Any] = {"groups": [each.casefold() for each in form.listed("groups")]}
    found["language"] = form.chosen("language", get_args(Language))
    channels = form.many("channels")
    if health is not None and not set(channels) <= set(health.channels):
        form.refuse(tr("Pilih saluran yang ada."), "channels")
    found["channels"] = channels
    rank = form.whole("rank")
    return found if rank is None else {**found, "rank": rank}


def _contacts(desk: Desk, form: Form) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in CONTACTS.items():
        if value := form.text(name, most=500):
            try:
                found[kind] = desk.office.files.contact(kind, value)
            except Wrong as error:
                form.refuse(str(error), name)
    return found


def _place(form: Form) -> list[str]:
    """The code of the kelurahan, with the RW and RT below it."""
    code, rw, rt = form.text("kelurahan"), _digits(form, "rw"), _digits(form, "rt")
    if rt and not rw:
        form.refuse(tr("Isi juga nomor RW."), "rw")
    return [code + (f"/RW{rw}" if rw else "") + (f"/RT{rt}" if rt else "")] if code else []


def _digits(form: Form, name: str) -> str:
    value = form.text(name)
    if not value:
        return ""
    if not re.fullmatch(r"0*[1-9][0-9]?", value):
        form.refuse(tr("Tulis nomor 1 sampai 99."), name)
        return ""
    return f"{int(value):02d}"


async def _consent(desk: Desk, request: Request, who: str, form: Form) -> Response:
    consent, how = form.chosen("consent", ("given", "left")), form.text("how", due=True)
    made = await desk.tried(form, lambda: desk.ask(request, "recipient-consent", who=who, consent=consent, how=how))
    return await _one(desk, request, who, form) if made is None else back(f"{LIST}/{who}", "tersimpan")


async def _erase(desk: Desk, request: Request, who: str, form: Form) -> Response:
    """A second, different gesture: the id has to be typed."""
    reason = form.text("erase_reason", due=True)
    if form.text("again") != who:
        form.refuse(tr("Ketik {who} untuk menghapus orang ini.", who=who), "again")
    made = await desk.tried(form, lambda: desk.ask(request, "recipient-erase", who=who, reason=reason))
    if made is None:
        return await _one(desk, request, who, form)
    if made["id"] != who:
        raise HTTPException(409, tr("Yang terhapus adalah {other}.", other=made["id"]))
    return back(LIST, "dihapus")
