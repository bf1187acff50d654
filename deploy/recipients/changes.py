"""Recipients changing: into the journal's group and core's directory together, in one transaction with the audit."""

from typing import TYPE_CHECKING, Any

import msgspec

from alerting.contacts import Contact, contact
from alerting.recipient_tables import row_of
from alerting.recipients import Consent, Recipient
from alerting.roster import Roster
from deploy.recipients.entry import Entry, entry_of

if TYPE_CHECKING:
    from deploy.core import Core


class Conflict(ValueError):
    """An entry that contradicts what is known: (key, text), without a number."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def known_as(core: "Core", entry: Entry) -> Recipient | None:
    """Whose contacts the entry names; raises Conflict when they are of two, or of somebody of another kind.

    A resident may become an RT's head; other changes of kind are made by hand.
    """
    found = {
        known.id: known
        for kind, text in entry.contacts.items()
        if (known := core.directory.find(kind, text)) is not None
    }
    if len(found) > 1:
        raise Conflict("number", f"the contacts belong to {' and '.join(sorted(found))}; each may have only one owner")
    known = next(iter(found.values()), None)
    if known is None or known.kind == entry.kind or (known.kind == "resident" and entry.kind == "head"):
        if known is not None and not known.number:
            raise Conflict("number", f"belongs to {known.id}, an officer of the settings file; leave this entry out")
        return known
    raise Conflict(
        "number",
        f"belongs to {known.id} already, as {known.kind}; a person is told once: leave this out, or erase the other",
    )


def recipient_of(core: "Core", entry: Entry, known: Recipient | None, *, consent_how: str, now: int) -> Recipient:
    """What the entry makes of a known recipient, or of nobody; the same object when it changes nothing.

    A consent that was taken back is never given again by a file.
    """
    vault = core.directory.vault
    if known is None:
        return Recipient(
            id="",
            kind=entry.kind,
            name_sealed=vault.seal(entry.name),
            contacts=tuple(contact(vault, kind, text) for kind, text in entry.contacts.items()),
            channels=entry.channels,
            areas=entry.areas,
            groups=entry.groups,
            language=entry.language or "id",
            consent_at=now,
            consent_how=consent_how,
            rank=entry.rank or 1,
            created_at=now,
            changed_at=now,
        )
    areas = entry.areas
    if known.kind == "resident" and entry.kind == "head":
        areas = tuple(dict.fromkeys((*entry.areas, *known.areas)))
    same_name = not entry.name or vault.open(known.name_sealed) == entry.name
    wanted = msgspec.structs.replace(
        known,
        kind=entry.kind,
        name_sealed=known.name_sealed if same_name else vault.seal(entry.name),
        contacts=_contacts(core, entry, known),
        areas=areas,
        groups=tuple(dict.fromkeys((*known.groups, *entry.groups))),
        channels=entry.channels or known.channels,
        language=entry.language or known.language,
        rank=entry.rank or known.rank,
    )
    if known.consent == "pending":
        wanted = msgspec.structs.replace(wanted, consent="given", consent_at=now, consent_how=consent_how)
    return known if wanted == known else msgspec.structs.replace(wanted, changed_at=now)


def _contacts(core: "Core", entry: Entry, known: Recipient) -> tuple[Contact, ...]:
    """The known ones that the entry does not replace, and the entry's."""
    found = {each.kind: each for each in known.contacts}
    for kind, text in entry.contacts.items():
        wanted = contact(core.directory.vault, kind, text)
        if kind not in found or found[kind].digest != wanted.digest:
            found[kind] = wanted
    return tuple(found.values())


def changed_entry(core: "Core", before: Recipient, said: dict[str, Any]) -> Entry:
    """The entry of a recipient as it would be; an empty contact goes. Raises ValueError with a sentence."""
    open_ = core.directory.vault.open
    whole: dict[str, Any] = {
        "kind": before.kind,
        "name": open_(before.name_sealed),
        "areas": before.areas,
        "groups": before.groups,
        "channels": before.channels,
        "language": before.language,
        "rank": before.rank,
        **said,
    }
    named = said.get("contacts", {})
    if not isinstance(named, dict):
        raise ValueError("contacts must be a table")  # noqa: TRY004 - of a command, not of the program
    kept = {each.kind: open_(each.sealed) for each in before.contacts}
    whole["contacts"] = {kind: value for kind, value in {**kept, **named}.items() if value}
    return entry_of(whole)


def replaced(core: "Core", before: Recipient, entry: Entry) -> Recipient:
    """The recipient as the entry says, and nothing else of before; equal to before when nothing changed."""
    vault = core.directory.vault
    held = {each.kind: each for each in before.contacts}
    made = []
    for kind, value in entry.contacts.items():
        new = contact(vault, kind, value)
        made.append(held[kind] if kind in held and held[kind].digest == new.digest else new)
    is_same = vault.open(before.name_sealed) == entry.name
    return msgspec.structs.replace(
        before,
        kind=entry.kind,
        name_sealed=before.name_sealed if is_same else vault.seal(entry.name),
        contacts=tuple(made),
        areas=entry.areas,
        groups=entry.groups,
        channels=entry.channels,
        language=entry.language or before.language,
        rank=entry.rank or before.rank,
    )


def put(core: "Core", recipient: Recipient) -> Recipient:
    """Take a new (``id`` empty) or changed recipient; in force at once, on disk with this turn's commit."""
    if not recipient.id:
        recipient = msgspec.structs.replace(recipient, id=f"p{core.journal.take_ids()}")
    core.group.recipients[recipient.id] = row_of(recipient)
    core.directory.put(recipient)
    return recipient


def set_consent(core: "Core", recipient: Recipient, consent: Consent, *, how: str, now: int) -> Recipient:
    """A recipient joins, leaves, or is asked; ``how`` says by what way."""
    return put(
        core,
        msgspec.structs.replace(recipient, consent=consent, consent_at=now, consent_how=how, changed_at=now),
    )


def erase(core: "Core", recipient: Recipient, *, actor: str, reason: str, now: int) -> None:
    """Take everything away that says who this was: the row, the place in the roster, the outbox's masked addresses.

    What stays is the number of the recipient in messages and audit, which leads to nobody any more.
    """
    label = core.directory.label(recipient.id)
    core.directory.remove(recipient.id)
    core.hub.forget_recipient(
        label,
        {each.masked for each in recipient.contacts},
        called=core.directory.label(recipient.id),
        rev=core.journal.take_ids(),
    )
    core.group.recipients.pop(recipient.id, None)
    core.group.recipients_gone.append((recipient.number,))
    core.group.erasures.append((recipient.number, now, 0))
    if recipient.id in core.directory.roster.officers:
        put_roster(core, core.directory.roster.without(recipient.id), actor=actor, reason="erased", now=now)
    core.journal.add_audit(
        core.group,
        at=now,
        actor=actor,
        action="recipient erased",
        subject=recipient.id,
        detail={"kind": recipient.kind, "reason": reason},
    )


def put_roster(core: "Core", roster: Roster, *, actor: str, reason: str, now: int) -> int:
    """Put a roster in force; its version."""
    last = core.journal.connection.execute("SELECT coalesce(max(version), 0) FROM rosters").fetchone()[0]
    version = max([int(last), *(int(row[0]) for row in core.group.rosters)]) + 1
    document = msgspec.json.encode(roster).decode()
    core.group.rosters.append((version, now, actor, reason, document))
    core.directory.roster = roster
    core.journal.add_audit(
        core.group,
        at=now,
        actor=actor,
        action="roster changed",
        subject=f"roster v{version}",
        detail={"reason": reason},
    )
    return version
