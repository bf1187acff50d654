"""Core's commands by which people join and leave, by which received SMS come in, and by which reports are read.

What the page asks is answered alike whatever is known of a number; see :mod:`deploy.recipients.subscriptions`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from alerting.field_reports import SAID, FieldReport, latest
from alerting.phone_numbers import BadNumber, normalise
from alerting.sms_words import below
from alerting.subscription import Refusal
from alerting.subscription_tables import field_reports, report_of
from broker.control import CommandFailed, Request
from deploy.channels.received_sms import ReceivedSms
from deploy.core_commands.arguments import number, optional_int, optional_text, text
from deploy.core_commands.notices import person
from deploy.core_commands.people import NOTE
from deploy.recipients.subscriptions import AskingRefused

if TYPE_CHECKING:
    from alerting.public_templates import Language
    from deploy.core_commands.commands import Commands

MOST_REPORTS: Final = 1000
MOST_LETTERS: Final = 40  # of a number as somebody types it

Sentences = tuple[str, str]  # Indonesian, English
REFUSED: Final[dict[Refusal, Sentences]] = {
    "closed": (
        "Pendaftaran lewat halaman ini sedang ditutup. Silakan mendaftar di kantor kelurahan.",
        "Joining by this page is closed for now. Please ask at your kelurahan office.",
    ),
    "budget": (
        "Kode untuk hari ini sudah habis. Coba lagi besok.",
        "Today's codes are used up. Try again tomorrow.",
    ),
    "address": (
        "Terlalu banyak permintaan dari sambungan ini. Coba lagi nanti.",
        "Too many requests from this connection. Try again later.",
    ),
}
NO_AREA: Final[Sentences] = ("Pilih kelurahan Anda.", "Choose your kelurahan.")


def subscription_state(commands: "Commands", _request: Request) -> dict[str, Any]:
    """What the page and the switch need to know."""
    core, now = commands.core, commands.core.clock.now()
    known, window = commands.subscriptions, commands.subscriptions.window
    areas = core.registry.areas
    return {
        "open": known.is_open,
        "enabled": core.settings.subscription.enabled,
        "switched_off": known.is_switched_off,
        "sender": core.settings.site.sender,
        "realm": core.settings.site.realm,
        "areas": [[each.code, areas.name(each.code)] for each in areas.all() if each.kind == "kelurahan"],
        "messages_today": window.used(now),
        "messages_a_day": known.limits.messages,
    }


def subscription_request(commands: "Commands", request: Request) -> dict[str, Any]:
    """A ticket for a code, or what is wrong in two languages; nothing of it says whether a number is known."""
    action = text(request, "action")
    if action not in ("join", "leave"):
        raise CommandFailed(f"{action!r} is no action; write join or leave")
    area = optional_text(request, "area")
    known = commands.core.registry.areas.get(area)
    if action == "join" and (known is None or known.kind != "kelurahan"):
        return _wrong("area", NO_AREA)
    try:
        phone = normalise(optional_text(request, "number")[:MOST_LETTERS])
    except BadNumber as error:
        english = str(error)
        return _wrong("number", (error.indonesian, f"{english[0].upper()}{english[1:]}."))
    if action == "join":
        area += below(optional_text(request, "rw"), optional_text(request, "rt"))
    language: Language = "en" if optional_text(request, "language") == "en" else "id"
    try:
        ticket = commands.subscriptions.request(
            "join" if action == "join" else "leave",
            number=phone,
            area=area if action == "join" else "",
            address=text(request, "address"),
            language=language,
        )
    except AskingRefused as error:
        return _wrong(error.why, REFUSED[error.why])
    return {"ticket": ticket}


def subscription_confirm(commands: "Commands", request: Request) -> dict[str, Any]:
    """What a code has done, null when it fits nothing."""
    try:
        done = commands.subscriptions.confirm(
            text(request, "ticket"), optional_text(request, "code"), address=text(request, "address")
        )
    except AskingRefused as error:
        return _wrong(error.why, REFUSED[error.why])
    return {"done": done}


def subscription_switch(commands: "Commands", request: Request) -> dict[str, Any]:
    """Close joining at once, or open it again, in one's own name. Leaving by SMS works either way."""
    is_on, by = request.args.get("on"), person(request)
    reason = " ".join(optional_text(request, "reason").split())
    if not isinstance(is_on, bool):
        raise CommandFailed("subscription-switch: on must be true or false")
    if not reason or len(reason) > NOTE or not reason.isprintable():
        raise CommandFailed(f"--reason: write why, in 1 to {NOTE} printable characters; it is kept")
    if is_on and not commands.core.settings.subscription.enabled:
        raise CommandFailed("subscription.enabled is false in the settings file; set it to true and restart core first")
    commands.subscriptions.switch(is_on=is_on)
    commands.audit(
        request, f"subscription {'opened' if is_on else 'closed'}", "subscription", {"by": by, "why": reason}
    )
    return subscription_state(commands, request)


def sms_received(commands: "Commands", request: Request) -> dict[str, Any]:
    """One SMS that a modem received; what it was, in a word. Give its key, so that a repetition does nothing."""
    received = ReceivedSms(
        commands,
        number=optional_text(request, "number"),
        text=optional_text(request, "text"),
        received_at=int(number(request, "received_at")),
    )
    taken = received.take()
    commands.core.counters[f"sms received: {taken}"] += 1
    return {"taken": taken}


def report_list(commands: "Commands", request: Request) -> list[dict[str, Any]]:
    """Field reports, the newest first: of each person and warning the last answer; ``all`` gives every one."""
    since, alert = optional_int(request, "since") or 0, optional_text(request, "alert")
    rows = commands.core.journal.rows(field_reports, "WHERE at > ? ORDER BY id DESC LIMIT ?", (since, MOST_REPORTS))
    found = [each for each in map(report_of, rows) if alert in ("", each.alert, each.area)]
    return [_shown(commands, each) for each in (found if request.args.get("all") else latest(found))]


def _shown(commands: "Commands", report: FieldReport) -> dict[str, Any]:
    core = commands.core
    is_known = core.directory.get(report.recipient) is not None
    return {
        "at": report.at,
        "received_at": report.received_at,
        "who": core.directory.label(report.recipient),
        "area": report.area,
        "place": core.registry.areas.name(report.area),
        "alert": report.alert,
        "answer": report.answer,
        "said": SAID[report.answer],
        "note": core.directory.vault.open(report.note) if report.note and is_known else "",
    }


def _wrong(key: str, sentences: Sentences) -> dict[str, Any]:
    return {"wrong": key, "id": sentences[0], "en": sentences[1]}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "subscription-state": subscription_state,
    "subscription-request": subscription_request,
    "subscription-confirm": subscription_confirm,
    "subscription-switch": subscription_switch,
    "sms-received": sms_received,
    "report-list": report_list,
}
CHANGES: Final = frozenset({"subscription-request", "subscription-confirm", "subscription-switch", "sms-received"})
