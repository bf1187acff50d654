"""Versions of an area's alert as CAP messages: Alert, then Updates, then a Cancel, each naming all before it. Pure.

Levels map to CAP so: WASPADA Expected/Moderate/Likely, Monitor and Prepare; SIAGA Expected/Severe/Likely, Prepare;
AWAS Immediate/Extreme/Observed (Likely when nobody and nothing has seen it), Evacuate; an all-clear is a Cancel with
AllClear. From bad air nobody flees through it: its AWAS is Shelter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from alerting import cap_words
from alerting.cap import (
    CapArea,
    CapInfo,
    CapMessage,
    Category,
    Certainty,
    MessageType,
    Response,
    Severity,
    Status,
    Urgency,
    is_legal,
    plain,
)
from alerting.public_clauses import PublicText
from alerting.public_templates import Language
from broker.levels import Level

LANGUAGES: Final[tuple[tuple[Language, str], ...]] = (("id", "id-ID"), ("en", "en"))
UNSET_SENDER: Final = "belum-diatur.invalid"
_NOT_LEGAL: Final = re.compile(r"[^A-Za-z0-9._-]")
_URGENCY: Final[dict[Level, Urgency]] = {Level.AWAS: "Immediate"}
_SEVERITY: Final[dict[Level, Severity]] = {
    Level.WASPADA: "Moderate",
    Level.SIAGA: "Severe",
    Level.AWAS: "Extreme",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who speaks. Without a ``sender`` of its own an installation publishes nothing but tests.

    ``sender`` is an address of the authority, as ``peringatan@pasuruankota.go.id``; ``lifetime_ms`` is how long a
    message holds when nothing follows it.
    """

    sender: str
    zone: tzinfo
    lifetime_ms: int
    web: str = ""
    contact: str = ""
    is_demo: bool = False

    @property
    def said(self) -> str:
        """The sender as messages carry it."""
        return self.sender or UNSET_SENDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The place of a message in its alert's row: known before its words are."""

    identifier: str
    type: MessageType
    sent: int
    references: tuple[str, ...] = ()


def slot(
    alert: str, version: int, *, is_over: bool, earlier: Sequence[str], last_sent: int, now: int, prefix: str
) -> Slot | None:
    """The next message of an alert; None when it is over and nothing was ever said of it.

    ``earlier`` are the references of its messages, the oldest first, ``last_sent`` when the last one was sent. Times of
    one alert rise by a second at least, so that identifiers differ and readers can order them.
    """
    if is_over and not earlier:
        return None
    sent = max(now // 1000 * 1000, last_sent + 1000 if earlier else 0)
    kind: MessageType = "Cancel" if is_over else "Update" if earlier else "Alert"
    name = f"{prefix}-{alert}-{version}-{datetime.fromtimestamp(sent // 1000, UTC):%Y%m%dT%H%M%S}"
    return Slot(identifier=_legal(name), type=kind, sent=sent, references=tuple(earlier))


def _legal(name: str) -> str:
    """Fit for CAP, for a file and for an address."""
    return _NOT_LEGAL.sub("-", name)


def cap_message(slot: Slot, public: PublicText, *, issuer: Issuer, areas: tuple[CapArea, ...]) -> CapMessage:
    """What is said in a slot: one info in Indonesian and one in English, about ``areas``."""
    return CapMessage(
        identifier=slot.identifier,
        sender=issuer.said,
        sent=slot.sent,
        status=status(public, issuer),
        type=slot.type,
        references=slot.references,
        note=_note(public, issuer),
        infos=tuple(
            _info(replace(public, language=language), tag, slot, issuer=issuer, areas=areas)
            for language, tag in LANGUAGES
        ),
    )


def status(public: PublicText, issuer: Issuer) -> Status:
    """Exercise in the realm of drills; Test for what is an example, and while nobody is named as sender."""
    if public.realm == "latihan":
        return "Exercise"
    is_real = is_legal(issuer.sender) and not issuer.is_demo and not public.example
    return "Actual" if is_real else "Test"


def _info(public: PublicText, tag: str, slot: Slot, *, issuer: Issuer, areas: tuple[CapArea, ...]) -> CapInfo:
    urgency, severity, certainty = _grades(public)
    onset = public.eta_from if public.eta_from is not None and public.is_up else public.at
    return CapInfo(
        language=tag,
        categories=_categories(public),
        event=cap_words.event(public),
        responses=_responses(public),
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        effective=slot.sent,
        onset=None if public.is_over else onset,
        expires=slot.sent + issuer.lifetime_ms,
        sender_name=plain(public.sender),
        headline=cap_words.headline(public),
        description=cap_words.description(public, is_test=status(public, issuer) == "Test"),
        instruction=cap_words.instruction(public),
        web=issuer.web,
        contact=issuer.contact,
        areas=areas,
    )


def _grades(public: PublicText) -> tuple[Urgency, Severity, Certainty]:
    if public.is_over:
        # Its time is over and nobody looked; it was so and is not any more; it was never so.
        if public.lapsed:
            return "Past", "Unknown", "Unknown"
        return "Past", "Minor", "Observed" if public.kind == "ended" else "Unlikely"
    is_seen = public.value_m is not None or public.rain is not None or public.air is not None or public.manual
    certain: Certainty = "Observed" if public.level == Level.AWAS and is_seen and not public.at_least else "Likely"
    return _URGENCY.get(public.level, "Expected"), _SEVERITY[public.level], certain


def _categories(public: PublicText) -> tuple[Category, ...]:
    return ("Env", "Health") if public.hazard == "air" else ("Met",)


def _responses(public: PublicText) -> tuple[Response, ...]:
    if public.is_over:
        return ("Monitor",) if public.lapsed else ("AllClear",)
    match public.level, public.hazard:
        case Level.WASPADA, _:
            return ("Monitor", "Prepare")
        case Level.AWAS, "air":
            return ("Shelter",)
        case Level.AWAS, _:
            return ("Evacuate",)
        case _:
            return ("Prepare",)


def _note(public: PublicText, issuer: Issuer) -> str:
    match status(public, issuer):
        case "Exercise":
            return "LATIHAN. This is a drill."
        case "Test":
            return "CONTOH / UJI COBA. Not a warning."
        case _:
            return ""


def is_renewal_due(expires: int, lifetime_ms: int, now: int) -> bool:
    """Whether a message that stands needs an Update before it runs out: when a third of its time is left."""
    return now >= expires - lifetime_ms // 3
