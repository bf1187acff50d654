"""Joining and leaving in core: codes by SMS, what they prove, and the switch that ends all of it.

Whoever asks learns nothing of a number: known or not, a request gets a ticket, and costs the same.
"""

import secrets
from typing import TYPE_CHECKING, Final

import msgspec

from alerting.contacts import contact, mask
from alerting.messages import message
from alerting.public_templates import Language
from alerting.recipients import Recipient
from alerting.subscription import (
    CODE_DIGITS,
    CODE_TRIES,
    CODE_VALID_MS,
    DAY_MS,
    OF_SUBSCRIPTION,
    Asking,
    Limits,
    Purpose,
    Refusal,
    Window,
    tried,
)
from alerting.subscription_tables import asking_of, askings, row_of
from alerting.subscription_texts import Replies, Reply
from deploy.recipients import changes

if TYPE_CHECKING:
    from deploy.core import Core

SWITCH: Final = "subscription_switch"  # in the journal: "off" after somebody has closed it
PRIORITY: Final = 900  # after every warning
REPLY_VALID_MS: Final = 30 * 60_000
CONSENT_WEB: Final = "web, kode SMS, naskah 1"  # how, and which wording of the page was agreed to
CONSENT_SMS: Final = "SMS DAFTAR"
LEFT_WEB: Final = "web, kode SMS"
LEFT_SMS: Final = "SMS BERHENTI"


class AskingRefused(Exception):
    """Nobody, or nobody at this address, may ask now. Nothing about a number is ever a reason."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


class Subscriptions:
    """One installation's. It keeps the last day's requests in memory, from the journal."""

    def __init__(self, core: "Core") -> None:
        self.core = core
        table = core.settings.subscription
        self.limits = Limits(
            messages=table.messages_a_day,
            codes_per_number=table.codes_a_number,
            requests_per_address=table.requests_an_address,
            replies_per_number=table.replies_a_number,
        )
        site = core.settings.site
        self.replies = Replies(sender=site.sender, is_drill=site.realm == "latihan")
        now = core.clock.now()
        self.window = Window(asking_of(row) for row in core.journal.rows(askings, "WHERE at > ?", (now - DAY_MS,)))
        self.is_switched_off = core.journal.value(SWITCH) == "off"

    @property
    def is_open(self) -> bool:
        """Whether people may join by themselves. Leaving by SMS never depends on it."""
        return self.core.settings.subscription.enabled and not self.is_switched_off

    def switch(self, *, is_on: bool) -> None:
        self.is_switched_off = not is_on
        self.core.group.values[SWITCH] = "on" if is_on else "off"

    # -- by code -------------------------------------------------------------------------------------------------

    def request(self, purpose: Purpose, *, number: str, area: str, address: str, language: Language) -> str:
        """A ticket, and a code by SMS where there is somebody to join or to leave; raises AskingRefused.

        ``number`` is in E.164, ``address`` where the request comes from; neither is kept in clear.
        """
        now = self.core.clock.now()
        self.window.forget(now)
        number_digest, address_digest = self.digest("number", number), self.digest("address", address)
        refusal = self.window.refusal(self.limits, number=number_digest, address=address_digest, now=now)
        if not self.is_open:
            raise AskingRefused("closed")
        if refusal in ("address", "budget"):
            raise AskingRefused(refusal)
        recipient = self._reached(purpose, number, area, language) if refusal is None else None
        ticket = secrets.token_hex(16)
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        asking = Asking(
            id=self.core.journal.take_ids(),
            at=now,
            purpose=purpose,
            number=number_digest,
            address=address_digest,
            ticket=self.digest("ticket", ticket),
            code=self.digest(f"code {ticket}", code) if recipient is not None else b"",
            recipient=recipient.id if recipient is not None else "",
            area=area,
            language=language,
            sent=recipient is not None,
            tries_left=CODE_TRIES,
        )
        if recipient is not None:
            name: Reply = "code_join" if purpose == "join" else "code_leave"
            self._send(asking, recipient, self.replies.text(name, language, code=code), CODE_VALID_MS)
        self._keep(asking)
        return ticket

    def confirm(self, ticket: str, code: str, *, address: str) -> Purpose | None:
        """What a code has proved, and done: join or leave; None when it fits nothing. Raises AskingRefused."""
        now = self.core.clock.now()
        if not self.is_open:
            raise AskingRefused("closed")
        if not self.window.may_try(self.limits, address=self.digest("address", address), now=now):
            raise AskingRefused("address")
        asking = self.window.of_ticket(self.digest("ticket", ticket), now)
        if asking is None:
            return None
        after, fits = tried(asking, self.digest(f"code {ticket}", code))
        self._keep(after)
        recipient = self.core.directory.get(asking.recipient)
        if not fits or recipient is None:
            return None
        if asking.purpose == "join":
            language: Language = "en" if asking.language == "en" else "id"
            self.join(recipient, asking.area, how=CONSENT_WEB, language=language)
        else:
            self.leave(recipient, how=LEFT_WEB)
        return asking.purpose

    def _reached(self, purpose: Purpose, number: str, area: str, language: Language) -> Recipient | None:
        """Who gets a code; None when there is nobody to leave, or no way to reach him."""
        known = self.core.directory.find("phone", number)
        if purpose == "leave" and (known is None or known.kind == "officer" or known.consent != "given"):
            return None
        if not any(kind == "phone" for kind in self.core.telling.ways.takes.values()):
            return None
        return known if known is not None else self.stranger(number, area, "pending", CONSENT_WEB, language)

    # -- recipients ----------------------------------------------------------------------------------------------

    def stranger(self, number: str, area: str, consent: str, how: str, language: Language = "id") -> Recipient:
        """A new recipient without consent: somebody must be there for the journal to send an answer to."""
        now, vault = self.core.clock.now(), self.core.directory.vault
        return changes.put(
            self.core,
            Recipient(
                id="",
                kind="resident",
                name_sealed=vault.seal(""),
                contacts=(contact(vault, "phone", number),),
                areas=(area,) if area else (),
                language=language,
                consent="left" if consent == "left" else "pending",
                consent_at=now,
                consent_how=how,
                created_at=now,
                changed_at=now,
            ),
        )

    def join(self, recipient: Recipient, area: str, *, how: str, language: Language | None = None) -> Recipient:
        """Consent to warnings for ``area``. A resident has one area, others keep theirs; an officer stays as he is."""
        if recipient.kind == "officer":
            return recipient
        areas = (area,) if recipient.kind == "resident" else tuple(dict.fromkeys((*recipient.areas, area)))
        wanted = msgspec.structs.replace(recipient, areas=areas, language=language or recipient.language)
        self._audit("subscription joined", recipient, how)
        return changes.set_consent(self.core, wanted, "given", how=how, now=self.core.clock.now())

    def leave(self, recipient: Recipient, *, how: str) -> Recipient:
        """No more warnings, from now on; also of an import that comes later. An officer stays."""
        if recipient.kind == "officer" or recipient.consent == "left":
            return recipient
        self._audit("subscription left", recipient, how)
        return changes.set_consent(self.core, recipient, "left", how=how, now=self.core.clock.now())

    def _audit(self, action: str, recipient: Recipient, how: str) -> None:
        core = self.core
        core.journal.add_audit(
            core.group,
            at=core.clock.now(),
            actor="warga",
            action=action,
            subject=recipient.id,
            detail={"how": how, "kind": recipient.kind},
        )

    # -- answers -------------------------------------------------------------------------------------------------

    def may_reply(self, number: str, word: str, most: int) -> bool:
        """Whether a received word may be answered: ``most`` times a day for one number."""
        now = self.core.clock.now()
        self.window.forget(now)
        return self.window.may_reply(self.limits, number=self.digest("number", number), word=word, most=most, now=now)

    def reply(self, recipient: Recipient, number: str, word: str, text: str) -> None:
        """Answer a received SMS; the day's budget counts it."""
        asking = Asking(
            id=self.core.journal.take_ids(),
            at=self.core.clock.now(),
            purpose="reply",
            number=self.digest("number", number),
            recipient=recipient.id,
            sent=True,
            word=word,
        )
        self._send(asking, recipient, text, REPLY_VALID_MS)
        self._keep(asking)

    def digest(self, of: str, text: str) -> bytes:
        """Keyed, and of no use for finding a recipient's own digest."""
        return self.core.directory.vault.digest(f"subscription {of}: {text}")

    def _keep(self, asking: Asking) -> None:
        self.window.put(asking)
        self.core.group.askings[asking.id] = row_of(asking)

    def _send(self, asking: Asking, recipient: Recipient, body: str, valid_ms: int) -> None:
        """By the first channel that carries SMS; the outbox fails over to others."""
        core, now = self.core, self.core.clock.now()
        channel = next((name for name, kind in core.telling.ways.takes.items() if kind == "phone"), "")
        if not channel:
            return
        core.sending.queue(
            core.group,
            message(
                entry_id=core.journal.take_ids(),
                alert=alert_of(asking.id),
                version=1,
                recipient=recipient.id,
                address=next((each.masked for each in recipient.contacts if each.kind == "phone"), mask("phone", "")),
                channel=channel,
                body=body,
                priority=PRIORITY,
                now=now,
                valid_until=now + valid_ms,
                public=True,
            ),
        )


def alert_of(asking_id: int) -> str:
    """What stands in a message's ``alert`` when it belongs to no alert."""
    return f"{OF_SUBSCRIPTION}{asking_id}"
