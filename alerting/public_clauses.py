"""What a public notice is made from, and its clauses in the words of :mod:`alerting.public_templates`."""

import math
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from alerting.episodes import AirCause, Kind, RainCause
from alerting.public_templates import TEMPLATES, Advice, Language, PublicHazard, Templates
from alerting.text_clauses import OVER, SENDER, clock, parameter
from alerting.text_names import plain_name, river_place
from broker.levels import Level
from broker.topics import Realm

_MOST_M: Final = 100.0  # no river of ours is deeper; a value beyond is a fault, and a fault is not printed


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicText:
    """What one public text is made from: one version of what one or several areas are warned of, of one cause.

    Times are ms UTC. ``areas`` are names as the registry prints them (``Kel. Gadingrejo``), the nearest to the hazard
    first. ``level`` is where the areas stand after it, ``level_before`` where they stood; a cancelled warning says so
    with ``level_before`` and, when known, ``raised_at``. ``at`` is when it was decided. ``value_m``, ``rate_m_per_h``
    and the forecast (``eta_from`` .. ``eta_to`` of ``next_level``; None: overflow) are the decisive station's;
    ``observed_at`` is when the value was measured. ``at_least``: raised by silence, the level is the least that it may
    be. ``manual``: an officer decided it. ``lapsed``: it ends because its time is over, and not because anything was
    measured, so that it is no AMAN. ``number`` is whom to call. ``refuge`` is where to go, as whoever decides wrote it,
    and ``refuge_by`` the time of day by which; only of what goes up.
    """

    kind: Kind
    level: Level
    areas: tuple[str, ...]
    at: int
    timezone: str
    language: Language = "id"
    hazard: PublicHazard = "level"
    realm: Realm = "ews"
    sender: str = SENDER
    river: str | None = None
    station_name: str = ""
    level_before: Level = Level.NORMAL
    raised_at: int | None = None
    value_m: float | None = None
    rate_m_per_h: float | None = None
    observed_at: int | None = None
    eta_from: int | None = None
    eta_to: int | None = None
    next_level: Level | None = None
    rain: RainCause | None = None
    air: AirCause | None = None
    at_least: bool = False
    manual: bool = False
    lapsed: bool = False
    example: bool = False
    number: str = "112"
    refuge: str = ""
    refuge_by: str = ""

    @property
    def is_over(self) -> bool:
        return self.kind in OVER

    @property
    def is_up(self) -> bool:
        return self.kind in ("raised", "raised_higher")

    @property
    def is_blind(self) -> bool:
        """Whether nobody sees the water and it is feared to rise."""
        return self.at_least and self.is_up and self.hazard in ("level", "tide")

    @property
    def words(self) -> Templates:
        """The templates of its language."""
        return TEMPLATES[self.language]


def headline(public: PublicText) -> str:
    words, noun = public.words, public.words.nouns[public.hazard]
    if public.kind == "ended":
        return words.lapsed.format(noun=noun.lower()) if public.lapsed else words.ended[public.hazard]
    if public.kind == "cancelled":
        was = public.level_before.name if public.level_before else ""
        return " ".join(words.cancelled.format(level=was, noun=noun.lower()).split())
    level = words.levels.get(public.level, "")
    if public.is_blind:
        return words.at_least.format(level=level, noun=noun)
    form = {"raised": words.raised, "raised_higher": words.raised_higher, "lowered": words.lowered}[public.kind]
    return form.format(level=level, noun=noun)


def places(public: PublicText) -> tuple[str, str]:
    """``S. Welang di Kraton`` for station "Welang Kraton" on the Welang, and ``S. Welang`` where room is short.

    A station without a river makes room altogether: the areas say where.
    """
    templates, station = public.words, plain_name(public.station_name)
    river = plain_name(public.river or "") if public.hazard in ("level", "tide") else ""
    if not river:
        if public.hazard == "air" and station.lower().startswith("udara "):
            station = station[6:].strip()  # the headline has this word
        place = templates.station.format(station=station) if station else ""
        return place, "" if public.areas else place
    with_station, alone = templates.river
    short, rest = alone.format(river=river), river_place(river, station)
    return (with_station.format(river=river, station=rest) if rest else short), short


def moment(public: PublicText, zone: ZoneInfo) -> str:
    """When, in the words that follow the place."""
    words, time = public.words, clock(public.at, zone)
    if public.kind == "ended":
        return (words.when_lapsed if public.lapsed else words.when_ended).format(time=time)
    if public.kind == "cancelled":
        known, unknown = words.when_cancelled
        if public.raised_at is None:
            return unknown.format(time=time)
        return known.format(raised=clock(public.raised_at, zone), time=time)
    return words.when.format(time=time) + (words.by_officer if public.manual and public.is_up else "")


def measured(public: PublicText, zone: ZoneInfo) -> str:
    """Value and trend. Nothing with a cancelled warning, whose values are what misled.

    Without ``observed_at`` the last value of a gauge that is silent stands without its time.
    """
    if public.kind == "cancelled":
        return ""
    if public.hazard == "rain":
        return _rain(public)
    if public.hazard == "air":
        return _air(public)
    return _water(public, zone)


def _water(public: PublicText, zone: ZoneInfo) -> str:
    words, metres = public.words, public.value_m
    is_known = metres is not None and math.isfinite(metres) and abs(metres) < _MOST_M
    value = _decimal(f"{metres:.1f}", public.language) if is_known else ""
    trend = _trend(public)
    if public.is_blind:
        last, none = words.last_water
        taken = f" ({clock(public.observed_at, zone)})" if public.observed_at is not None else ""
        return last.format(value=value, taken=taken, trend=trend) if value else none
    return words.water.format(value=value, trend=trend) if value else ""


def _trend(public: PublicText) -> str:
    rate = public.rate_m_per_h
    if rate is None or not math.isfinite(rate) or abs(rate) >= _MOST_M:
        return ""
    centimetres = round(rate * 100)
    if centimetres == 0:
        return public.words.steady
    form = public.words.rising if centimetres > 0 else public.words.falling
    return form.format(rate=abs(centimetres))


def _rain(public: PublicText) -> str:
    rain, words = public.rain, public.words
    if rain is None or public.is_over or not math.isfinite(rain.mm):
        return ""
    form = words.rain_upstream if rain.where == "upstream" else words.rain
    return form.format(mm=f"{rain.mm:.0f}", window=words.windows[rain.window])


def _air(public: PublicText) -> str:
    """The index with its category and its parameter, or the hour, which is indicative and never called an index."""
    air, words = public.air, public.words
    if air is None:
        return ""
    if air.index is not None and air.category is not None:
        critical = parameter(air.critical)
        shown = f" ({_decimal(critical.replace(',', '.'), public.language)})" if critical else ""
        return words.index.format(index=air.index, category=words.categories[air.category], critical=shown)
    if air.hour_ugm3 is None or public.is_over:
        return ""
    if air.before_ugm3 is not None and public.is_up:
        return words.worse.format(before=f"{air.before_ugm3:.0f}", hour=f"{air.hour_ugm3:.0f}")
    return words.hour.format(hour=f"{air.hour_ugm3:.0f}")


def expected(public: PublicText, zone: ZoneInfo) -> str:
    """Of water, by the clock and not in minutes from now: nobody knows how long the message travels."""
    is_water = public.hazard in ("level", "tide")
    if not (is_water and public.is_up) or public.is_blind or public.eta_from is None:
        return ""
    words, first = public.words, clock(public.eta_from, zone)
    if public.eta_to is None:
        times = words.not_before.format(first=first)
    else:
        last = clock(public.eta_to, zone)
        times = words.at.format(first=first) if first == last else words.between.format(first=first, last=last)
    if public.next_level is None or public.next_level == Level.NORMAL:
        return words.may_overflow.format(times=times)
    return words.may_reach.format(level=public.next_level.name, times=times)


def advice(public: PublicText) -> Advice:
    """What to do, from the full to the barest form."""
    words, hazard = public.words, public.hazard
    match public.kind:
        case "ended":
            return words.advice_lapsed if public.lapsed else words.advice_ended[hazard]
        case "cancelled":
            return words.advice_cancelled[hazard]
        case "lowered" if public.level_before in (Level.NORMAL, Level.AWAS):
            return words.advice_lowered[hazard]
        case "lowered":
            return tuple(words.not_safe_yet.format(advice=each) for each in words.advice[hazard][public.level])
        case _:
            return words.advice[hazard][public.level]


def closing(public: PublicText) -> str:
    """Whom to call. What is no number of a few digits is 112, the emergency number."""
    digits = "".join(c for c in plain_name(public.number) if c.isdigit())
    return public.words.closing.format(number=digits if 3 <= len(digits) <= 13 else "112")


def refuge(public: PublicText) -> str:
    """Where to go; empty when nobody added it."""
    place = plain_name(public.refuge)
    if not place or not public.is_up:
        return ""
    alone, timed = public.words.refuge
    return timed.format(place=place, time=public.refuge_by) if public.refuge_by else alone.format(place=place)


def _decimal(number: str, language: Language) -> str:
    return number.replace(".", ",") if language == "id" else number
