"""The words of a public warning in CAP and in its feed: those of public notices, with room for all of them. Pure."""

from typing import Final
from zoneinfo import ZoneInfo

from alerting import public_clauses
from alerting.public_clauses import PublicText
from alerting.public_templates import PublicHazard
from alerting.text_clauses import clock
from alerting.text_names import SIAGA_NUMBER, area_name

EVENTS: Final[dict[str, dict[PublicHazard, str]]] = {
    "id": {"level": "Banjir", "tide": "Banjir rob", "rain": "Hujan lebat", "air": "Udara buruk"},
    "en": {"level": "Flood", "tide": "Tidal flood", "rain": "Heavy rain", "air": "Bad air"},
}
_FOR: Final = {"id": "untuk", "en": "for"}
_TEST: Final = {
    "id": "UJI COBA SISTEM, bukan peringatan.",
    "en": "SYSTEM TEST, not a warning.",
}


def event(public: PublicText) -> str:
    return EVENTS[public.language][public.hazard]


def headline(public: PublicText) -> str:
    """What and where, LATIHAN in front in a drill: ``AWAS BANJIR S. Welang untuk Kel. Karangketug``."""
    over = _moment(public, ZoneInfo(public.timezone)) if public.is_over else ""
    names = area_names(public)
    where = f" {_FOR[public.language]} {names}" if names else ""
    parts = (prefix(public), public_clauses.headline(public), public_clauses.places(public)[1])
    opening = " ".join(part for part in parts if part)
    return _safe(f"{opening}{where}{over}")


def description(public: PublicText, *, is_test: bool) -> str:
    """What, where, when, the value and its trend, what is expected; LATIHAN in front and at the end in a drill."""
    zone, words = ZoneInfo(public.timezone), public.words
    what = " ".join(
        part for part in (prefix(public), public_clauses.headline(public), public_clauses.places(public)[0]) if part
    )
    measured = f"{public_clauses.measured(public, zone)}{_taken(public, zone)}"
    state = ", ".join(part for part in (measured, public_clauses.expected(public, zone)) if part)
    closing = words.drill[1] if public.realm == "latihan" else _TEST[public.language] if is_test else ""
    said = (f"{what}{_moment(public, zone)}.", state and f"{state}.", closing)
    return _safe(" ".join(part for part in said if part))


def instruction(public: PublicText) -> str:
    """What to do, in full, where to go, and whom to call."""
    full = public_clauses.advice(public)[0]
    where = public_clauses.refuge(public)
    said = (f"{full[0].upper()}{full[1:]}.", where and f"{where}.", f"{public_clauses.closing(public)}.")
    return _safe(" ".join(part for part in said if part))


def area_names(public: PublicText) -> str:
    return ", ".join(dict.fromkeys(name for name in map(area_name, public.areas) if name))


def prefix(public: PublicText) -> str:
    """LATIHAN and CONTOH, as they stand in front of every text."""
    drill = public.words.drill[0] if public.realm == "latihan" else ""
    return " ".join(part for part in (drill, public.words.example if public.example else "") if part)


def _moment(public: PublicText, zone: ZoneInfo) -> str:
    """When, with the name of the zone: a feed is read elsewhere too."""
    local, named = clock(public.at, zone), clock(public.at, zone, with_zone=True)
    return public_clauses.moment(public, zone).replace(local, named)


def _taken(public: PublicText, zone: ZoneInfo) -> str:
    """When the value was measured, where that is not when it was decided: a message that is renewed has a newer one."""
    if public.observed_at is None or public.at_least or not public_clauses.measured(public, zone):
        return ""
    is_other = public.hazard in ("level", "tide") and clock(public.observed_at, zone) != clock(public.at, zone)
    return f" ({clock(public.observed_at, zone)})" if is_other else ""


def _safe(text: str) -> str:
    """No Siaga number, not even where our own clauses meet."""
    return SIAGA_NUMBER.sub(r"\1", " ".join(text.split()))
