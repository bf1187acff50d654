"""Core's commands on recipients: list, show, put, change, erase, export. What they answer is masked unless it is asked
for with a reason, and that is audited.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from alerting.recipients import KINDS, Recipient
from broker.control import CommandFailed, Request
from deploy.core_commands.arguments import optional_int, optional_text, tables, text
from deploy.recipients import changes
from deploy.recipients.entry import faults
from deploy.recipients.finding import known, of_journal
from deploy.recipients.intake import look, take
from deploy.recipients.reason import kept, says_why
from deploy.recipients.shown import clear, masked
from deploy.settings import channel_names

if TYPE_CHECKING:
    from deploy.core import Core
    from deploy.core_commands.commands import Commands

SLICE: Final = 50  # entries at once: core decides nothing else meanwhile
PAGE: Final = 500
LOOKED_AT: Final = 5000  # recipients, for one page
DRILL_WORD: Final = "LATIHAN"


def recipient_list(commands: "Commands", request: Request) -> dict[str, Any]:
    """A page of recipients, masked, by journal id; ``next`` is where the following page begins, null after the last."""
    page, following = _page(commands.core, request)
    return {"recipients": [masked(commands.core, each) for each in page], "next": following}


def recipient_show(commands: "Commands", request: Request) -> dict[str, Any]:
    """One recipient; with ``reveal`` and a reason of a few words, name and contacts in clear, audited."""
    found = known(commands.core, text(request, "who"))
    if not request.args.get("reveal"):
        return masked(commands.core, found)
    _never_kept(request)
    reason = _reason(request)
    if not says_why(reason):
        raise CommandFailed(
            f"'{reason}' is no reason to see who {found.id} is: say why in a few words with --reason, such as "
            '"nomor mati, dicek lewat RW"; it is written into the audit log'
        )
    commands.audit(request, "recipient revealed", found.id, {"reason": reason})
    return clear(commands.core, found)


def recipient_put(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take a slice of entries, all or none; ``dry_run`` only says what each would do.

    The same entries again change nothing, so that a broken import is simply done again.
    """
    core, is_dry = commands.core, bool(request.args.get("dry_run"))
    said, how = tables(request, "entries"), kept(text(request, "consent_how"))
    if len(said) > SLICE:
        raise CommandFailed(f"{request.name}: {len(said)} entries are more than {SLICE}; give them in slices")
    if not is_dry:
        _check_realm(core, request)
    intake = look(core, said, consent_how=how, now=core.clock.now())
    if not intake.faults and not is_dry and (ids := take(core, intake)):
        source, reason = kept(optional_text(request, "source")), kept(optional_text(request, "reason"))
        detail = {"source": source, "reason": reason, "consent": how, "recipients": ids}
        commands.audit(request, "recipients put", f"{len(ids)} recipients", detail)
    return {"steps": intake.steps, "faults": intake.faults}


def recipient_change(commands: "Commands", request: Request) -> dict[str, Any]:
    """Change what is named of one recipient; ``leave_groups`` takes him out of groups. Audited with the keys only."""
    core, now = commands.core, commands.core.clock.now()
    before = of_journal(core, text(request, "who"))
    said = request.args.get("set")
    if not isinstance(said, dict):
        raise CommandFailed("recipient-change: set must be a table of what changes")
    try:
        entry = changes.changed_entry(core, before, said)
    except ValueError as error:
        raise CommandFailed(f"recipient-change: {error}") from None
    bad = list(faults(entry, core.registry.areas, channel_names(core.settings)))
    if bad:
        raise CommandFailed("; ".join(f"{key}: {told}" for key, told in bad))
    for kind, contact in entry.contacts.items():
        owner = core.directory.find(kind, contact)
        if owner is not None and owner.id != before.id:
            raise CommandFailed(f"{kind}: belongs to {owner.id} already; a person is told once")
    after = changes.replaced(core, before, entry)
    if after != before:
        changes.put(core, msgspec.structs.replace(after, changed_at=now))
        detail = {"reason": kept(optional_text(request, "reason")), "keys": sorted(said)}
        commands.audit(request, "recipient changed", before.id, detail)
    return {"id": before.id, "changed": after != before}


def recipient_consent(commands: "Commands", request: Request) -> dict[str, Any]:
    """Write down that somebody has given consent, or taken it back, and how."""
    core, found = commands.core, of_journal(commands.core, text(request, "who"))
    consent, how = text(request, "consent"), kept(text(request, "how"))
    if consent not in ("given", "left"):
        raise CommandFailed(f"{consent!r} is no consent; write given or left")
    changes.set_consent(core, found, "given" if consent == "given" else "left", how=how, now=core.clock.now())
    commands.audit(request, f"recipient consent {consent}", found.id, {"how": how})
    return {"id": found.id, "consent": consent}


def recipient_erase(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take away all that says who somebody is; by id or number. Audited with the id only."""
    core, found = commands.core, of_journal(commands.core, text(request, "who"))
    changes.erase(core, found, actor=request.actor, reason=_reason(request), now=core.clock.now())
    return {"id": found.id, "kind": found.kind}


def recipient_export(commands: "Commands", request: Request) -> dict[str, Any]:
    """A page of recipients in clear, or one; each page is audited with who asked, why, and of whom."""
    _never_kept(request)
    core, reason = commands.core, _reason(request)
    one = request.args.get("who") is not None
    page, following = ([known(core, text(request, "who"))], None) if one else _page(core, request, first=0)
    detail = {"reason": reason, "recipients": [each.id for each in page]}
    if page:
        commands.audit(request, "recipients exported", f"{len(page)} recipients", detail)
    return {"recipients": [clear(core, each) for each in page], "next": following}


def _page(core: "Core", request: Request, *, first: int | None = None) -> tuple[list[Recipient], int | None]:
    """Those asked for among the next recipients, and where to go on; a rare kind does not hold core up.

    Without ``first`` the officers of the settings file are among them.
    """
    is_asked = _asked(request)
    limit = min(max(1, optional_int(request, "limit") or PAGE), PAGE)
    found: list[Recipient] = []
    after = optional_int(request, "after")
    before: int | None = None
    for looked, each in enumerate(core.directory.after(first if after is None else after)):
        if looked == LOOKED_AT or len(found) == limit:
            return found, before
        before = each.number
        if is_asked(each):
            found.append(each)
    return found, None


def _asked(request: Request) -> Callable[[Recipient], bool]:
    kind, group, area = (optional_text(request, name) for name in ("kind", "group", "area"))
    if kind and kind not in KINDS:
        raise CommandFailed(f"{kind!r} is no kind; write {', '.join(KINDS)}")
    consent = optional_text(request, "consent")
    return lambda each: (
        (not kind or each.kind == kind)
        and (not group or group in each.groups)
        and (not consent or each.consent == consent)
        and (not area or any(code.startswith(area) for code in each.areas))
    )


def _reason(request: Request) -> str:
    reason = kept(optional_text(request, "reason"))
    if not reason:
        raise CommandFailed("say why with --reason; it is written into the audit log")
    return reason


def _never_kept(request: Request) -> None:
    """The answer to an idempotency key is kept in the journal, where no number may be."""
    if request.key is not None:
        raise CommandFailed(f"{request.name}: ask without an idempotency key; its answer is personal data")


def _check_realm(core: "Core", request: Request) -> None:
    """People who did not ask for drills get none by mistake."""
    if core.settings.site.realm == "latihan" and request.args.get("realm_word") != DRILL_WORD:
        raise CommandFailed(
            "this installation is for drills: its recipients get messages of drills. If this list was made for that, "
            f"say so with --realm-word {DRILL_WORD}"
        )


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "recipient-list": recipient_list,
    "recipient-show": recipient_show,
    "recipient-put": recipient_put,
    "recipient-change": recipient_change,
    "recipient-consent": recipient_consent,
    "recipient-erase": recipient_erase,
    "recipient-export": recipient_export,
}
CHANGES: Final = frozenset(
    {"recipient-put", "recipient-change", "recipient-consent", "recipient-erase", "recipient-export"}
)
