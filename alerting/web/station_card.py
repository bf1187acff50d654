"""What a station's card shows, made from what core said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.ladder import LEVELS, Ladder, draw
from alerting.web.readings import LEVEL, Tail
from alerting.web.station_facts import AirIndex, Fact, air_index, facts_of
from alerting.web.station_state import MAINTENANCE, Badge, badges_of, direction, standing, work_words
from broker.levels import State
from broker.live import AlertView, SeriesView, StationView, TrendView
from broker.quality_flags import Flag

HEADLINES: Final = {
    "level": (LEVEL,),
    "tide": (LEVEL,),
    "rain": ("rain_mm_per_h", "rain_mm"),
    "air": ("pm25_ugm3", "pm10_ugm3"),
}
WATER: Final = ("level", "tide")
PLACES: Final = {
    "level": 0,
    "tide": 1,
    "rain": 2,
    "air": 3,
}  # order on the page; never by state, so that rows keep their place
NO_TREND: Final = "tren: belum cukup data"
UNUSABLE: Final = (Flag.FAIL, Flag.MISSING)
# How a number looks under its flag: one class of the style sheet each, and never by colour alone.
LOOKS: Final[dict[int, str]] = {
    Flag.GOOD: "good",
    Flag.NOT_EVALUATED: "unchecked",
    Flag.SUSPECT: "doubtful",
    Flag.FAIL: "failed",
    Flag.MISSING: "missing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One quantity as printed. ``shown`` may be a number that is not to be used: then ``value`` is None.

    ``doubt`` is the quality in words when it is not good, ``why`` the sentence that explains it.
    """

    quantity: str
    name: str
    unit: str
    shown: str
    value: float | None
    time: int
    flag: int
    look: str
    quality: str
    doubt: str | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCard:
    id: str
    name: str
    place: str
    hazard: str
    badges: tuple[Badge, ...]
    edge: str  # mark of the card's edge: the worst that it counts for
    work: str | None  # its maintenance: until when, by whom, why
    note: str | None  # what the state alone does not say
    since: int | None
    is_old: bool
    example: bool
    head: Measure | None
    others: tuple[Measure, ...]
    direction: str | None  # up | down | flat; None where there is no trend to draw
    trend: str | None
    outlook: str | None
    ladder: Ladder | None
    ladder_words: str
    air: AirIndex | None
    facts: tuple[Fact, ...]
    last_seen: int | None
    latitude: float | None  # degrees, WGS 84
    longitude: float | None


def place(station: StationView) -> int:
    """Sorting by this keeps core's own order inside a hazard."""
    return PLACES.get(station.hazard, len(PLACES))


def station_card(station: StationView, *, weather: Sequence[AlertView], tail: Tail | None, now: int) -> StationCard:
    """``weather`` are the station's active alerts of rain and air."""
    head = headline(station)
    level = head.value if head is not None and head.quantity == LEVEL else None
    is_old = station.silent or station.state == State.NO_DATA.value
    trend = None if is_old else station.trend
    ladder = draw(station, level=level, tail=tail, now=now) if station.hazard in WATER else None
    return StationCard(
        id=station.id,
        name=station.name,
        place=_place(station),
        hazard=station.hazard,
        badges=badges_of(station, weather),
        edge=words.mark_of(standing(station, weather)),
        work=work_words(station, now),
        note=_note(station),
        since=None if station.state == MAINTENANCE else station.since,
        is_old=is_old,
        example=station.example,
        head=head,
        others=tuple(measure(series) for series in station.series if head is None or series.quantity != head.quantity),
        direction=direction(trend),
        trend=trend_words(trend) or (None if is_old or level is None else tr(NO_TREND)),
        outlook=outlook(trend, now),
        ladder=ladder,
        ladder_words=_ladder_words(station, head),
        air=air_index(station.air, now) if station.hazard == "air" else None,
        facts=facts_of(station, now=now),
        last_seen=station.last_seen,
        latitude=station.latitude,
        longitude=station.longitude,
    )


def headline(station: StationView) -> Measure | None:
    """The quantity that the station is there for, or None when it never reported one."""
    by_name = {series.quantity: series for series in station.series}
    for quantity in HEADLINES.get(station.hazard, ()):
        if quantity in by_name:
            return measure(by_name[quantity])
    return None


def measure(series: SeriesView) -> Measure:
    shown = words.quantity_of(series.quantity)
    value = None if series.flag in UNUSABLE else series.value
    is_good = series.flag == Flag.GOOD
    return Measure(
        quantity=series.quantity,
        name=shown.name,
        unit=shown.unit,
        shown=words.measured(series.quantity, series.value),
        value=value,
        time=series.time,
        flag=series.flag,
        look=LOOKS.get(series.flag, "doubtful"),
        quality=words.quality(series.flag),
        doubt=None if is_good else words.quality(series.flag),
        why=None if is_good else words.why(series.flag, said=series.why, reason=series.reason),
    )


def _place(station: StationView) -> str:
    river = f"S. {station.river}" if station.river and station.river not in station.name else ""
    return " · ".join(part for part in (river, ", ".join(station.kelurahan)) if part)


def _note(station: StationView) -> str | None:
    if station.state == State.NOT_SET.value and station.hazard in WATER:
        return tr("Ambang belum ditetapkan: stasiun ini mengukur, tetapi tidak memperingatkan.")
    return None


def trend_words(trend: TrendView | None) -> str | None:
    """The rate in cm/jam; None while there is none."""
    return None if trend is None or trend.rate_m_per_h is None else words.rate(trend.rate_m_per_h)


def outlook(trend: TrendView | None, now: int) -> str | None:
    """When the next threshold is expected, as a range of the clock; open-ended when it may never come."""
    if trend is None or trend.next_level is None or trend.eta_from is None:
        return None
    reach = tr("diperkirakan mencapai {level}", level=trend.next_level)
    start = words.time_of_day(max(trend.eta_from, now))
    if trend.eta_to is None:
        return tr("{reach} paling cepat pukul {start}", reach=reach, start=start)
    if trend.eta_to <= now:
        return tr("{reach} sebentar lagi", reach=reach)
    end = words.time_of_day(trend.eta_to)
    span = start if start == end else f"{start}–{end}"  # noqa: RUF001 — a range has an en dash
    return tr("{reach} pukul {span}", reach=reach, span=span)


def _ladder_words(station: StationView, head: Measure | None) -> str:
    """The drawing for those who do not see it."""
    level = tr("Muka air {m} m", m=head.shown) if head is not None else tr("Muka air tidak diketahui")
    limits = ", ".join(
        tr("{level} pada {m} m", level=name, m=words.number(station.thresholds[name], 2))
        for name in LEVELS
        if name in station.thresholds
    )
    return f"{level}. {tr('Ambang')}: {limits}." if limits else f"{level}. {tr('Ambang belum ditetapkan.')}"
