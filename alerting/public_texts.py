"""The text of a public notice: one GSM 03.38 part, at most 160 septets, from the templates alone.

It says who speaks, what, where, when, the value and its trend, what is expected, what to do, and the number to call.
What does not fit is shortened by rule, whole words and whole names at a time, the list of areas last: :func:`_drafts`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

from alerting import public_clauses
from alerting.gsm7 import septets
from alerting.public_clauses import PublicText
from alerting.public_templates import VERSION
from alerting.text_names import SIAGA_NUMBER, area_name, plain_name

__all__ = ["LIMIT", "VERSION", "PublicText", "TextLength", "length", "notice_text"]

LIMIT: Final = 160  # septets of one part
PART: Final = 153  # septets of each of several parts, which share their room with a header


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLength:
    """As whoever approves a text is shown it."""

    characters: int
    septets: int
    parts: int


def length(text: str) -> TextLength:
    """How long an SMS of ``text`` is; raises ValueError naming a character that has no place in GSM 03.38."""
    count = septets(text)
    parts = 1 if count <= LIMIT else -(-count // PART)
    return TextLength(characters=len(text), septets=count, parts=parts)


def notice_text(public: PublicText) -> str:
    """One SMS for everybody in the areas of a notice, in its language.

    Guaranteed: one part, whatever the names; no link, line break or Siaga number; LATIHAN in front in the realm
    ``latihan``; headline, time, advice and number to call always. Raises ``zoneinfo.ZoneInfoNotFoundError`` for a time
    zone that does not exist.
    """
    for draft in _drafts(_words(public)):
        text = draft.text()
        if len(text) <= LIMIT and septets(text) <= LIMIT and not SIAGA_NUMBER.search(text):
            return text
    raise AssertionError("the barest draft is made of our own words and fits")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The parts of a text, each complete or empty. Of tuples the first that fits is wanted."""

    prefix: str  # LATIHAN, CONTOH
    sender: str
    headline: str
    place: str
    short_place: str
    moment: str
    measured: str
    short_measured: str
    expected: str
    names: tuple[str, ...]
    count: int  # of all areas
    more: str
    advice: str
    shorter_advice: tuple[str, ...]
    refuge: str
    drill: str
    closing: str

    def text(self) -> str:
        opening = " ".join(part for part in (self.prefix, f"{self.sender}:", self.headline, self.place) if part)
        state = ", ".join(part for part in (self.measured, self.expected) if part)
        sentences = (
            f"{opening}{self.moment}.",
            state and f"{state}.",
            f"{self._advice()}.",
            self.refuge,
            self.drill,
            self.closing,
        )
        return " ".join(sentence for sentence in sentences if sentence)

    def _advice(self) -> str:
        if not self.names:
            return self.advice[0].upper() + self.advice[1:]
        names, left_out = ", ".join(self.names), self.count - len(self.names)
        return f"{self.more.format(names=names, count=left_out) if left_out else names}: {self.advice}"


def _drafts(words: _Words) -> Iterator[_Words]:
    """From the full text to the barest.

    First goes what only makes it friendlier (the full advice, a drill's last sentence), then the sender's town, the
    station beside the river, the time of a silent gauge's last value, then areas from the end of the list. Only names
    of absurd length cost more: the list as a whole, the forecast, the place and at last the value; and at the very
    end where to go, of which whoever wrote it is told.
    """
    yield words
    words = replace(words, advice=words.shorter_advice[0])
    yield words
    words = replace(words, drill="")
    yield words
    words = replace(words, sender=words.sender.split(" ")[0])
    yield words
    words = replace(words, place=words.short_place)
    yield words
    words = replace(words, measured=words.short_measured)
    yield words
    words = replace(words, advice=words.shorter_advice[-1])
    yield words
    room = sum(filled <= LIMIT for filled in accumulate(len(name) + 2 for name in words.names))  # 2 for the comma
    for count in range(min(len(words.names) - 1, room), 0, -1):
        yield replace(words, names=words.names[:count])
    words = replace(words, names=())
    yield words
    words = replace(words, expected="")
    yield words
    parts = words.place.split(" ")
    for count in range(len(parts) - 1, 1, -1):
        yield replace(words, place=" ".join(parts[:count]))
    words = replace(words, sender="BPBD", place="")
    yield words
    words = replace(words, measured="")
    yield words
    yield replace(words, refuge="")


def _words(public: PublicText) -> _Words:
    zone = ZoneInfo(public.timezone)
    templates = public.words
    names = tuple(dict.fromkeys(name for name in map(area_name, public.areas) if name))
    full, *shorter = public_clauses.advice(public)
    is_drill = public.realm == "latihan"
    prefix = (templates.drill[0] if is_drill else "", templates.example if public.example else "")
    places = public_clauses.places(public)
    return _Words(
        prefix=" ".join(part for part in prefix if part),
        sender=plain_name(public.sender) or "BPBD",
        headline=public_clauses.headline(public),
        place=places[0],
        short_place=places[1],
        moment=public_clauses.moment(public, zone),
        measured=public_clauses.measured(public, zone),
        short_measured=public_clauses.measured(replace(public, observed_at=None), zone),
        expected=public_clauses.expected(public, zone),
        names=names,
        count=len(names),
        more=templates.more_areas,
        advice=full,
        shorter_advice=tuple(shorter),
        refuge=f"{where}." if (where := public_clauses.refuge(public)) else "",
        drill=templates.drill[1] if is_drill else "",
        closing=public_clauses.closing(public),
    )
