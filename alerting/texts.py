"""The words of an SMS: one GSM 03.38 part, at most 160 septets, in plain Indonesian.

Every text says who speaks, what, where, when, the value and its trend, what is expected, what to do, and the number to
call. What does not fit is left out by rule, whole names and whole clauses at a time; see :func:`_drafts`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from alerting import text_clauses
from alerting.gsm7 import septets
from alerting.text_clauses import SENDER, AlertText
from alerting.text_names import SIAGA_NUMBER, plain_name, river_place

__all__ = ["LIMIT", "SENDER", "AlertText", "septets", "sms"]

LIMIT: Final = 160  # septets of one part


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
    person: str
    measured: str
    expected: str
    names: tuple[str, ...]
    names_left_out: bool
    to_do: str

    def text(self) -> str:
        opening = " ".join(part for part in (f"{self.prefix}{self.sender}:", self.headline, self.place) if part)
        state = ", ".join(part for part in (self.measured, self.expected) if part)
        advice = f"{self._advice()}. Info 112"
        return f"{opening}{self.time}{self.person}. {f'{state}. ' if state else ''}{advice}"

    def _advice(self) -> str:
        if not self.names:
            return self.to_do[0].upper() + self.to_do[1:]
        return f"{', '.join(self.names)}{' dll' if self.names_left_out else ''}: {self.to_do}"


def _drafts(words: _Words) -> Iterator[_Words]:
    """From the full text to the barest. The last kelurahan goes first, then the sender's town, then the forecast, then
    who decided.

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
    brief = replace(brief, person="")
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
    names = alert.kelurahan if text_clauses.names_apply(alert) else ()
    return _Words(
        prefix=("LATIHAN " if alert.realm == "latihan" else "") + ("CONTOH " if alert.example else ""),
        sender=plain_name(alert.sender) or "BPBD",
        headline=text_clauses.headline(alert),
        place=_place(alert),
        time=text_clauses.moment(alert, zone),
        person=text_clauses.person(alert, plain_name(alert.by or "")),
        measured=text_clauses.measured(alert, zone),
        expected=text_clauses.expected(alert, zone),
        names=tuple(name for name in map(plain_name, names) if name),
        names_left_out=False,
        to_do=text_clauses.to_do(alert),
    )


def _place(alert: AlertText) -> str:
    """``S. Welang Kraton`` for station "Welang Kraton" on the Welang; the station alone where there is no river."""
    station = plain_name(alert.station_name)
    if alert.hazard == "air" and not alert.is_blind:
        return re.sub(r"^udara +(?=\S)", "", station, flags=re.IGNORECASE)  # the headline ends with this word
    river = plain_name(alert.river or "")
    if not river:
        return station
    return SIAGA_NUMBER.sub(r"\1", f"S. {river} {river_place(river, station)}".strip())
