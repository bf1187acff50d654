"""The words of an SMS: one GSM 03.38 part, at most 160 septets, in plain Indonesian.

Every text says who speaks, what, where, when, the value and its trend, what is expected, what to do, and the number to
call. What does not fit is left out by rule, whole names and whole clauses at a time; see :func:`_drafts`.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from alerting.gsm7 import septets, transliterated
from broker.levels import Level
from broker.topics import Realm

__all__ = ["LIMIT", "SENDER", "AlertText", "Kind", "septets", "sms"]

LIMIT: Final = 160  # septets of one part
SENDER: Final = "BPBD KOTA PASURUAN"

Kind = Literal["raised", "raised_higher", "lowered", "ended"]

# A name holds nothing that breaks the line, that a phone turns into a link, or that parts our own clauses.
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9 '()&èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà-]+")
# "Siaga 1" is the worst in Jakarta and the lowest in Bojonegoro: no text may contain one, not even through a name.
_SIAGA_NUMBER: Final = re.compile(r"(siaga)(?:[^A-Za-z0-9]*(?:[0-9]\w*|[ivx]+\b))+", re.IGNORECASE)

_TO_DO: Final = {
    Level.NORMAL: "tetap pantau",
    Level.WASPADA: "pantau, bersiap",
    Level.SIAGA: "siapkan pengungsian",
    Level.AWAS: "ungsikan sekarang",
}
_NEXT: Final = {Level.NORMAL: "WASPADA", Level.WASPADA: "SIAGA", Level.SIAGA: "AWAS", Level.AWAS: "meluap"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """What one text to an officer is made from: one version of a river alert, or of the silence of a station.

    Times are ms UTC. ``at`` is when the version was decided, ``observed_at`` when ``value_m`` was measured.
    ``silent`` is TIDAK ADA DATA, and with kind ``ended`` the return of the data; ``at_least`` is silence above NORMAL,
    the level then being the least that it may be. ``eta_from`` and ``eta_to`` bound the time of ``next_level``, which
    is the one above ``level`` unless it is given.
    """

    kind: Kind
    level: Level
    station_name: str
    river: str | None
    value_m: float | None
    rate_m_per_h: float | None
    eta_from: int | None
    eta_to: int | None
    at: int
    kelurahan: tuple[str, ...]
    example: bool
    realm: Realm
    timezone: str
    sender: str = SENDER
    at_least: bool = False
    silent: bool = False
    observed_at: int | None = None
    next_level: Level | None = None


def sms(alert: AlertText) -> str:
    """The text of one SMS: always one part, whatever the names; never a link, a line break or a Siaga number.

    Raises ``zoneinfo.ZoneInfoNotFoundError`` for a time zone that does not exist.
    """
    for draft in _drafts(_words(alert)):
        text = draft.text()
        if len(text) <= LIMIT and septets(text) <= LIMIT:
            return text
    raise AssertionError("the barest draft is made of our own words and fits")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The parts of a text, each complete or empty."""

    prefix: str  # LATIHAN, CONTOH
    sender: str
    headline: str
    place: str
    time: str
    measured: str
    expected: str
    names: tuple[str, ...]
    names_left_out: bool
    to_do: str

    def text(self) -> str:
        opening = " ".join(part for part in (f"{self.prefix}{self.sender}:", self.headline, self.place) if part)
        state = ", ".join(part for part in (self.measured, self.expected) if part)
        return f"{opening}{self.time}. {f'{state}. ' if state else ''}{self._advice()}. Info 112"

    def _advice(self) -> str:
        if not self.names:
            return self.to_do[0].upper() + self.to_do[1:]
        return f"{', '.join(self.names)}{' dll' if self.names_left_out else ''}: {self.to_do}"


def _drafts(words: _Words) -> Iterator[_Words]:
    """From the full text to the barest. The last kelurahan goes first, then the sender's town, then the forecast.

    Headline, place and value stay longest: without them nobody can act.
    """
    yield words
    yield from _fewer_names(words, least=2)
    short = replace(words, sender=words.sender.split(" ")[0])
    yield short
    yield from _fewer_names(short, least=1)
    nameless = replace(short, names=())
    yield nameless
    brief = replace(nameless, expected="")
    yield brief
    for place in _shorter(brief.place):
        yield replace(brief, place=place)
    # Names of absurd length: our own words alone.
    yield replace(brief, sender="BPBD", place="")
    yield replace(brief, sender="BPBD", place="", measured="")


def _fewer_names(words: _Words, *, least: int) -> Iterator[_Words]:
    for count in range(len(words.names) - 1, least - 1, -1):
        yield replace(words, names=words.names[:count], names_left_out=True)


def _shorter(place: str) -> Iterator[str]:
    """``place`` by whole words, from the end."""
    words = place.split(" ")
    for count in range(len(words) - 1, 0, -1):
        if words[:count] != ["S."]:
            yield " ".join(words[:count])


def _words(alert: AlertText) -> _Words:
    zone = ZoneInfo(alert.timezone)
    is_silent = alert.silent or alert.at_least
    is_forecast = alert.kind in ("raised", "raised_higher") and not is_silent
    is_local = alert.kind != "ended" and (alert.at_least or not alert.silent)
    time = _clock(alert.at, zone, with_zone=True)
    return _Words(
        prefix=("LATIHAN " if alert.realm == "latihan" else "") + ("CONTOH " if alert.example else ""),
        sender=_name(alert.sender) or "BPBD",
        headline=_headline(alert),
        place=_place(alert),
        time=f" dicabut {time}" if alert.kind == "ended" and not is_silent else f", {time}",
        measured=_measured(alert, zone),
        expected=_expected(alert, zone) if is_forecast else "",
        names=tuple(name for name in map(_name, alert.kelurahan) if name) if is_local else (),
        names_left_out=False,
        to_do=_to_do(alert),
    )


def _headline(alert: AlertText) -> str:
    level = alert.level.name
    if alert.silent or alert.at_least:
        if alert.kind == "ended":
            return "DATA KEMBALI"
        return (
            f"SEDIKITNYA {level}{', NAIK' if _is_rising(alert) else ''}: banjir" if alert.at_least else "TIDAK ADA DATA"
        )
    match alert.kind:
        case "raised":
            return f"{level} BANJIR"
        case "raised_higher":
            return f"NAIK KE {level} BANJIR"
        case "lowered":
            return f"TURUN KE {level} BANJIR"
        case "ended":
            return "AMAN. Peringatan banjir"


def _to_do(alert: AlertText) -> str:
    to_do = _TO_DO[alert.level]
    if alert.silent or alert.at_least:
        if alert.kind == "ended":
            return f"masih {alert.level.name}, {to_do}" if alert.level else "pantauan berjalan lagi"
        return to_do if alert.at_least else "bukan tanda aman, pantau langsung, periksa alat"
    match alert.kind:
        case "raised" | "raised_higher":
            return to_do
        case "lowered":
            return f"belum aman, {to_do}"
        case "ended":
            return "hati-hati lumpur dan listrik"


def _is_rising(alert: AlertText) -> bool:
    return alert.rate_m_per_h is not None and alert.rate_m_per_h > 0


def _place(alert: AlertText) -> str:
    """``S. Welang Kraton`` for station "Welang Kraton" on the Welang; the station alone where there is no river."""
    station = _name(alert.station_name)
    river = _name(alert.river or "")
    if not river:
        return station
    rest = re.sub(rf"^(?:S |Sungai |Kali )?{re.escape(river)}\b", "", station, flags=re.IGNORECASE)
    return _SIAGA_NUMBER.sub(r"\1", f"S. {river} {rest.strip(' -')}".strip())


def _measured(alert: AlertText, zone: ZoneInfo) -> str:
    known = alert.value_m is not None and math.isfinite(alert.value_m)
    value = f"{alert.value_m:.2f} m".replace(".", ",") if known else ""
    trend = _trend(alert.rate_m_per_h)
    if alert.kind == "ended" or not (alert.silent or alert.at_least):
        return f"Air {value}{trend}" if known else ""
    measured = f" ({_clock(alert.observed_at, zone)})" if alert.observed_at is not None else ""
    last = f"terakhir {value}{measured}{trend}" if known else ""
    if alert.at_least:
        return f"Data putus, {last}" if last else "Data putus"
    return last.capitalize()


def _trend(rate_m_per_h: float | None) -> str:
    if rate_m_per_h is None or not math.isfinite(rate_m_per_h * 100):
        return ""
    rate = round(rate_m_per_h * 100)
    if rate == 0:
        return " tetap"
    return f" {'naik' if rate > 0 else 'turun'} {abs(rate)} cm/jam"


def _expected(alert: AlertText, zone: ZoneInfo) -> str:
    """By the clock and not in minutes from now: nobody knows how long the message travels."""
    if alert.eta_from is None:
        return ""
    what = _NEXT[alert.level]
    if alert.next_level is not None:
        # A level that was raised by the trend is ahead of the water: its own threshold is still to come.
        what = f"{'ambang ' if alert.next_level <= alert.level else ''}{alert.next_level.name}"
    first = _clock(alert.eta_from, zone)
    if alert.eta_to is None:
        return f"{what} paling cepat {first}"
    last = _clock(alert.eta_to, zone)
    return f"{what} diperkirakan {first if first == last else f'{first}-{last}'}"


def _clock(at: int, zone: ZoneInfo, *, with_zone: bool = False) -> str:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone(zone)
    return local.strftime("%H:%M %Z" if with_zone else "%H:%M")


def _name(text: str) -> str:
    """A name as it may stand in a text: GSM letters, digits and quiet punctuation, single spaces, no Siaga number."""
    plain = _NOT_IN_NAMES.sub(" ", transliterated(text))
    return _SIAGA_NUMBER.sub(r"\1", " ".join(plain.split())).strip(" -")
