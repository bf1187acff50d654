"""A slice of entries on its way into the journal: what each would do, and what is wrong with it; then all or none."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alerting.recipients import Recipient
from deploy.recipients import changes
from deploy.recipients.changes import Conflict
from deploy.recipients.entry import Entry, Fault, entry_of, faults
from deploy.recipients.reason import kept
from deploy.settings import channel_names

if TYPE_CHECKING:
    from deploy.core import Core


@dataclass(slots=True, kw_only=True)
class Intake:
    """``steps`` say of each good entry: number, kind (added, changed, unchanged), id, and whether he has left."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    wanted: list[tuple[dict[str, Any], Recipient]] = field(default_factory=list)


def look(core: "Core", said: list[dict[str, Any]], *, consent_how: str, now: int) -> Intake:
    """What taking ``said`` would do; changes nothing."""
    intake = Intake()
    owners: dict[tuple[str, str], int] = {}
    for number, each in enumerate(said):
        try:
            entry = entry_of(each)
            bad = [*faults(entry, core.registry.areas, channel_names(core.settings)), *_twice(entry, number, owners)]
            before = None if bad else changes.known_as(core, entry)
        except Conflict as error:
            bad = [(error.key, str(error))]
        except ValueError as error:
            bad = [("entry", str(error))]
        if bad:
            intake.faults += [{"number": number, "key": key, "text": told} for key, told in bad]
            continue
        how = kept(entry.consent_how) or consent_how
        after = changes.recipient_of(core, entry, before, consent_how=how, now=now)
        kind = "added" if before is None else "unchanged" if after is before else "changed"
        step = {"number": number, "kind": kind, "id": after.id, "has_left": after.consent == "left"}
        intake.steps.append(step)
        if kind != "unchanged":
            intake.wanted.append((step, after))
    return intake


def take(core: "Core", intake: Intake) -> list[str]:
    """Put what was looked at in force; the ids of those added and changed."""
    for step, recipient in intake.wanted:
        step["id"] = changes.put(core, recipient).id
    return [str(step["id"]) for step, _ in intake.wanted]


def _twice(entry: Entry, number: int, owners: dict[tuple[str, str], int]) -> list[Fault]:
    """Contacts that an earlier entry of the same slice has."""
    bad: list[Fault] = []
    for kind, text in entry.contacts.items():
        first = owners.setdefault((kind, text), number)
        if first != number:
            bad.append(("number", f"the same {kind} stands in entry {first} of this slice"))
    return bad
