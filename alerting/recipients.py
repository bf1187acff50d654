"""Recipients: the people and institutions that are told, and the directory in which core holds them all.

What says who somebody is stays sealed in memory too; it is opened only for the moment in which it is needed.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from alerting.audience import ORDER, AudienceIndex, PublicKind
from alerting.contacts import Contact, ContactKind, contact, digest
from alerting.roster import Roster, Stretch
from alerting.vault import NotOurs, Vault

Kind = Literal["officer", "head", "institution", "resident"]
Consent = Literal["given", "pending", "left"]
Language = Literal["id", "en"]
KINDS: Final[tuple[Kind, ...]] = ("officer", *ORDER)
NEVER: Final = Stretch(start=0, end=0, officers=())


class Recipient(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``id`` is ``p<journal id>``; for an officer of the settings file it is the name there.

    ``channels`` empty: every channel that can carry one of the contacts. ``areas`` are codes of a kecamatan,
    kelurahan, RW or RT; an officer without any is told of everywhere. ``rank`` is an officer's place in the order of
    escalation, 1 first. Times are ms UTC.
    """

    id: str
    kind: Kind
    name_sealed: bytes
    contacts: tuple[Contact, ...] = ()
    channels: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    language: Language = "id"
    consent: Consent = "given"
    consent_at: int = 0
    consent_how: str = ""
    rank: int = 1
    created_at: int = 0
    changed_at: int = 0

    @property
    def number(self) -> int:
        """The journal id in ``id``; 0 for an officer of the settings file."""
        return number_of(self.id) or 0

    @property
    def public_kind(self) -> PublicKind | None:
        """The kind of somebody whom notices reach; None for officers."""
        return None if self.kind == "officer" else self.kind


def number_of(recipient_id: str) -> int | None:
    """The journal id in ``p12``; None for anything else."""
    digits = recipient_id[1:]
    is_number = recipient_id[:1] == "p" and digits.isascii() and digits.isdigit()
    return int(digits) if is_number else None


def fixed_officer(vault: Vault, *, name: str, phone: str, channels: tuple[str, ...]) -> Recipient:
    """An officer of the settings file: first in every escalation, always on duty, never in the journal."""
    return Recipient(
        id=name,
        kind="officer",
        name_sealed=vault.seal(name),
        contacts=(contact(vault, "phone", phone),),
        channels=channels,
        consent_how="settings",
    )


class Directory:
    """Everybody who can be told. ``area_name`` prints an area's code as messages do."""

    def __init__(self, vault: Vault, *, zone: ZoneInfo, area_name: Callable[[str], str] = str) -> None:
        self.vault, self.zone, self._area_name = vault, zone, area_name
        self._roster, self._holding = Roster(), NEVER
        self._by_id: dict[str, Recipient] = {}
        self._numbers: list[int] = []  # rising, for pages
        self._by_number: dict[int, Recipient] = {}
        self._by_digest: dict[bytes, str] = {}
        self._officers: dict[str, Recipient] = {}
        self._institutions: dict[str, Recipient] = {}
        self._groups: dict[str, dict[str, None]] = {}
        self._areas = AudienceIndex()

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def roster(self) -> Roster:
        """The one in force; another may be put in its place."""
        return self._roster

    @roster.setter
    def roster(self, roster: Roster) -> None:
        self._roster, self._holding = roster, NEVER

    def _on_duty(self, now_ms: int) -> tuple[str, ...]:
        """Worked out anew only when something begins or ends: every alert asks."""
        if not self._holding.start <= now_ms < self._holding.end:
            self._holding = self._roster.holding(now_ms, self.zone)
        return self._holding.officers

    def put(self, recipient: Recipient) -> None:
        """Take a new recipient, or a known one's new state."""
        self.remove(recipient.id)
        number = recipient.number
        self._by_id[recipient.id] = recipient
        if number:
            self._by_number[number] = recipient
            insort(self._numbers, number)
        for each in recipient.contacts:
            self._by_digest[each.digest] = recipient.id
        if recipient.kind == "officer":
            self._officers[recipient.id] = recipient
        if recipient.kind == "institution":
            self._institutions[recipient.id] = recipient
        for group in recipient.groups:
            self._groups.setdefault(group, {})[recipient.id] = None
        if recipient.public_kind is not None and recipient.consent == "given":
            self._areas.add(number, recipient.public_kind, recipient.areas)

    def remove(self, recipient_id: str) -> None:
        """Forget a recipient, known or not."""
        known = self._by_id.pop(recipient_id, None)
        if known is None:
            return
        if number := known.number:
            del self._by_number[number]
            del self._numbers[bisect_left(self._numbers, number)]
        self._officers.pop(recipient_id, None)
        self._institutions.pop(recipient_id, None)
        for each in known.contacts:
            if self._by_digest.get(each.digest) == recipient_id:
                del self._by_digest[each.digest]
        for group in known.groups:
            self._groups[group].pop(recipient_id, None)
        if known.public_kind is not None and known.consent == "given":
            self._areas.remove(number, known.public_kind, known.areas)

    def get(self, recipient_id: str) -> Recipient | None:
        return self._by_id.get(recipient_id)

    def after(self, number: int | None = None) -> Iterator[Recipient]:
        """Everybody with a greater journal id; without one, officers of the settings file, then everybody."""
        if number is None:
            yield from [each for each in self._officers.values() if not each.number]
        for place in range(bisect_right(self._numbers, number or 0), len(self._numbers)):
            yield self._by_number[self._numbers[place]]

    def named(self, name: str) -> list[Recipient]:
        """Officers and institutions called so, case aside; others have no names on any screen."""
        plain = name.strip().casefold()
        candidates = [*self._officers.values(), *self._institutions.values()]
        return [each for each in candidates if self._opened(each.name_sealed).casefold() == plain]

    def find(self, kind: ContactKind, text: str) -> Recipient | None:
        """Whose contact this is; ``text`` is normalised."""
        found = self._by_digest.get(digest(self.vault, kind, text))
        return None if found is None else self._by_id[found]

    def all_officers(self) -> tuple[Recipient, ...]:
        """On duty or not, by rank."""
        return tuple(sorted(self._officers.values(), key=lambda each: (each.rank, each.number)))

    def officers(self, now_ms: int) -> tuple[Recipient, ...]:
        """Who is on duty now, by rank; when nobody is rostered, all officers."""
        on_duty = self._on_duty(now_ms)
        rostered = [each for each in self._officers.values() if each.id in on_duty]
        fixed = [each for each in self._officers.values() if not each.number]
        found = [*fixed, *rostered] if rostered else self._officers.values()
        return tuple(sorted(found, key=lambda each: (each.rank, each.number)))

    def is_unrostered(self, now_ms: int) -> bool:
        """Whether there is a roster and nobody of it is on duty now."""
        return not self._roster.is_empty and not any(each in self._officers for each in self._on_duty(now_ms))

    def audience(self, areas: Sequence[str]) -> list[str]:
        """Public recipients with consent whose area lies in, or contains, one of ``areas``; each once.

        In the order of ``areas``; within one area heads, institutions, residents; then by code and journal id.
        """
        return [self._by_number[number].id for number in self._areas.reached(areas)]

    def group(self, name: str) -> list[str]:
        """The members of a group who gave consent, by journal id."""
        members = [self._by_id[each] for each in self._groups.get(name, ())]
        found = [each for each in members if each.consent == "given"]
        return [each.id for each in sorted(found, key=lambda each: each.number)]

    def address(self, recipient_id: str, kind: ContactKind) -> str | None:
        """The first contact of that kind in clear; None when there is none, or nobody of that id any more."""
        known = self._by_id.get(recipient_id)
        if known is None:
            return None
        return next((self._opened(each.sealed) for each in known.contacts if each.kind == kind), "") or None

    def _opened(self, sealed: bytes) -> str:
        """Empty for a row that was damaged: one bad row must not stop a warning to the others."""
        try:
            return self.vault.open(sealed)
        except NotOurs:
            return ""

    def label(self, recipient_id: str) -> str:
        """What screens call a recipient: the name of an officer or institution, else only kind and area."""
        known = self._by_id.get(recipient_id)
        if known is None:
            return f"{recipient_id} (sudah dihapus)" if number_of(recipient_id) else recipient_id
        if known.kind in ("officer", "institution"):
            return self._opened(known.name_sealed) or recipient_id
        place, _, below = (known.areas[0] if known.areas else "").partition("/")
        where = self._area_name(place) if place else ""
        if known.kind == "head" and below:
            return f"{'/'.join(reversed(below.split('/')))} {where}"
        who = "Ketua" if known.kind == "head" else "Warga"
        return f"{who} {known.id}, {where}" if where else f"{who} {known.id}"
