"""SMS that came in: what each one asks for is done at once, and answered at most so often a day.

Whoever writes BERHENTI gets no more warnings, known or not, whatever is switched off. What a resident writes after a
warning is kept as a field report; an officer's OK acknowledges what that officer was told last.
"""

from typing import TYPE_CHECKING, Final

from alerting.field_reports import WARNED_MS, Answer, FieldReport
from alerting.phone_numbers import BadNumber, normalise
from alerting.recipients import Recipient
from alerting.sms_words import (
    Acknowledge,
    Asked,
    AskState,
    Join,
    Leave,
    NotUnderstood,
    Place,
    PlaceKind,
    PlaceSaid,
    Report,
    asked,
    places_meant,
)
from alerting.state_text import state_forms
from alerting.subscription_tables import row_of
from alerting.subscription_texts import Reply
from broker.control import Request
from deploy.core_commands.notices import alert_acknowledge
from deploy.core_commands.people import NAME
from deploy.live.area_stands import area_stands
from deploy.messages.warned import last_warning
from deploy.recipients.subscriptions import CONSENT_SMS, LEFT_SMS, Subscriptions

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

_KINDS: Final[tuple[PlaceKind, ...]] = ("kelurahan", "kecamatan")
OLD_MS: Final = 60 * 60_000  # what waited longer while core was down is done, and not answered
NOTE: Final = 160  # letters kept of what somebody wrote
MOST_A_DAY: Final = {"info": 6, "join": 4, "leave": 2, "report": 4, "help": 1, "officer": 10}


class ReceivedSms:
    """One SMS in hand. ``take`` says what it was, in one word without anything personal."""

    def __init__(self, commands: "Commands", *, number: str, text: str, received_at: int) -> None:
        self.commands, self.core = commands, commands.core
        self.subscriptions: Subscriptions = commands.subscriptions
        self.number, self.text, self.received_at = number, text, received_at
        self.now = self.core.clock.now()
        self.sender: Recipient | None = None

    def take(self) -> str:
        try:
            self.number = normalise(self.number)
        except BadNumber:
            return "ignored"  # an operator's news and other machines; an answer would be answered
        self.sender = self.core.directory.find("phone", self.number)
        word = asked(self.text)
        is_officer = self.sender is not None and self.sender.kind == "officer"
        return self._of_officer(word) if is_officer else self._of_resident(word)

    def _of_resident(self, word: Asked) -> str:
        match word:
            case Leave():
                return self._leave()
            case Join(place):
                return self._join(place)
            case AskState(place):
                return self._tell_state(place)
            case Report(answer):
                return self._report(answer)
            case Acknowledge() | NotUnderstood():
                return self._report("note")

    # -- officers ------------------------------------------------------------------------------------------------

    def _of_officer(self, word: Asked) -> str:
        match word:
            case Acknowledge() if self.sender is not None:
                return self._acknowledge(self.sender)
            case Leave():
                self._answer("officer", "officer_stays")
                return "officer"
            case AskState(place):
                return self._tell_state(place)
            case _:
                return "not understood"

    def _acknowledge(self, officer: Recipient) -> str:
        """The newest alert that the officer had been told of when the SMS was written."""
        waiting = self.core.telling.duty.open.values()
        mine = [
            each
            for each in waiting
            if officer.id in each.told and not each.is_acknowledged and each.told_at <= self.received_at
        ]
        if not mine:
            self._answer("officer", "nothing_open")
            return "nothing open"
        newest = max(mine, key=lambda each: (each.told_at, each.alert))
        name = " ".join(self.core.directory.label(officer.id).split())[:NAME]
        told = {"alert": newest.alert, "by": name or officer.id}
        alert_acknowledge(self.commands, Request(name="alert-acknowledge", args=told, actor=f"sms:{officer.id}"))
        self._answer("officer", "acknowledged", alert=self.core.telling.named(newest.alert.split(".")[0])[0])
        return "acknowledged"

    # -- residents -----------------------------------------------------------------------------------------------

    def _leave(self) -> str:
        if self.sender is None:
            self.sender = self.subscriptions.stranger(self.number, "", "left", LEFT_SMS)
        self.sender = self.subscriptions.leave(self.sender, how=LEFT_SMS)
        self._answer("leave", "left")
        return "left"

    def _join(self, said: PlaceSaid) -> str:
        if not self.subscriptions.is_open:
            return "closed"
        found = places_meant(said, self._places())
        if len(found) != 1:
            names = [_typed(place) for place in found]
            self._answer("join", "which" if names else "no_place", places=names)
            return "asked back"
        area = found[0].code + said.below
        if self.sender is None:
            self.sender = self.subscriptions.stranger(self.number, area, "pending", CONSENT_SMS)
        self.sender = self.subscriptions.join(self.sender, area, how=CONSENT_SMS)
        self._answer("join", "joined", place=self.core.registry.areas.name(area))
        return "joined"

    def _tell_state(self, said: PlaceSaid) -> str:
        if not self.subscriptions.is_open and self.sender is None:
            return "closed"
        found = places_meant(said, self._places()) if said.name else []
        own = self.sender.areas[0] if self.sender is not None and self.sender.areas else ""
        area = found[0].code if len(found) == 1 else "" if said.name else own
        if not area:
            self._answer("info", "which" if found else "no_place", places=[_typed(place) for place in found])
            return "asked back"
        language = self.sender.language if self.sender is not None else "id"
        stands = area_stands(self.core, area, language)
        self._say("info", self.subscriptions.replies.first(state_forms(stands), language))
        return "told"

    def _report(self, answer: Answer) -> str:
        """Kept only of somebody who was warned; anybody else is told once a day which words there are."""
        warned = last_warning(self.core, self.sender, self.now - WARNED_MS) if self.sender is not None else None
        if self.sender is None or warned is None:
            if self.subscriptions.is_open:
                self._answer("help", "help")
            return "not understood"
        alert, area = warned
        note = " ".join("".join(each if each.isprintable() else " " for each in self.text).split())[:NOTE]
        report = FieldReport(
            id=self.core.journal.take_ids(),
            at=self.now,
            received_at=self.received_at,
            recipient=self.sender.id,
            area=area,
            alert=alert,
            answer=answer,
            note=self.core.directory.vault.seal(note) if answer == "note" and note else b"",
        )
        self.core.group.field_reports.append(row_of(report))
        replies: dict[Answer, Reply] = {"water": "water", "safe": "safe", "note": "noted"}
        self._answer("report" if answer != "note" else "help", replies[answer])
        return "report"

    # -- answers -------------------------------------------------------------------------------------------------

    def _answer(
        self, word: str, reply: Reply, *, place: str = "", places: list[str] | None = None, alert: str = ""
    ) -> None:
        language = self.sender.language if self.sender is not None else "id"
        replies = self.subscriptions.replies
        self._say(word, replies.text(reply, language, place=place, places=places or (), alert=alert))

    def _say(self, word: str, text: str) -> None:
        if self.now - self.received_at > OLD_MS or not self.subscriptions.may_reply(
            self.number, word, MOST_A_DAY[word]
        ):
            return
        if self.sender is None:
            self.sender = self.subscriptions.stranger(self.number, "", "pending", "SMS")
        self.subscriptions.reply(self.sender, self.number, word, text)

    def _places(self) -> list[Place]:
        areas = self.core.registry.areas
        return [
            Place(code=each.code, name=each.name, kind=kind, printed=areas.name(each.code))
            for each in areas.all()
            for kind in _KINDS
            if each.kind == kind
        ]


def _typed(place: Place) -> str:
    """What one has to write to mean this place alone."""
    is_twin = place.printed != place.name
    return f"{'KEL' if place.kind == 'kelurahan' else 'KEC'} {place.name}" if is_twin else place.name
