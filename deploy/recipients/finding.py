"""Whom a person means: a recipient by id, by number or address, an officer or an institution by name."""

from typing import TYPE_CHECKING

from alerting import contacts
from alerting.phone_numbers import BadNumber
from alerting.recipients import Recipient, number_of
from broker.control import CommandFailed
from deploy.recipients.entry import normal_contact

if TYPE_CHECKING:
    from deploy.core import Core


def known(core: "Core", who: str) -> Recipient:
    """Raises CommandFailed with a sentence that does not repeat a number."""
    found = core.directory.get(who)
    if found is None and number_of(who) is None:
        found = _by_contact(core, who) or _by_name(core, who)
    if found is None:
        raise CommandFailed(f"no recipient {_shown(who)} is known; see kentongan recipient list")
    return found


def of_journal(core: "Core", who: str) -> Recipient:
    """The same, for a change; raises CommandFailed for an officer of the settings file too."""
    found = known(core, who)
    if not found.number:
        raise CommandFailed(f"{found.id} is an officer of the settings file; change [[officers]] there")
    return found


def _shown(who: str) -> str:
    if sum(letter.isdigit() for letter in who) > 4 and number_of(who) is None:
        return contacts.mask_number(who)
    return contacts.mask("email", who) if "@" in who else repr(who[:40])


def _by_contact(core: "Core", who: str) -> Recipient | None:
    kind: contacts.ContactKind = "email" if "@" in who else "phone"
    try:
        return core.directory.find(kind, normal_contact(kind, who))
    except BadNumber as error:
        if error.why in ("letters", "unknown", "empty"):
            return None  # a name, or nothing that is known
        raise CommandFailed(str(error)) from None
    except ValueError:
        return None


def _by_name(core: "Core", who: str) -> Recipient | None:
    found = core.directory.named(who)
    if len(found) > 1:
        raise CommandFailed(f"{len(found)} recipients are called so: {', '.join(each.id for each in found)}; say which")
    return found[0] if found else None
