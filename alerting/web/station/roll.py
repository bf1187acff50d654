"""The list of all stations: one row each, in the same order whatever happens, and what a filter leaves of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.station_card import headline, place, trend_words
from alerting.web.station_state import Badge, badges_of, direction
from broker.levels import State
from broker.live import AlertView, StationView
from broker.quality_flags import Flag

HAZARDS: Final = {"level": "muka air", "tide": "pasang surut", "rain": "hujan", "air": "udara"}
STATES: Final = {"perhatian": "perlu perhatian", "ragu": "mutu diragukan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    id: str
    name: str
    where: str
    hazard: str
    badges: tuple[Badge, ...]
    value: str
    look: str
    quality: str
    direction: str | None
    trend: str | None
    time: int | None
    is_old: bool
    example: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``text`` is looked for in names, rivers and kelurahan; an empty field takes everything."""

    text: str = ""
    hazard: str = ""
    state: str = ""

    def takes(self, station: StationView) -> bool:
        if self.hazard and station.hazard != self.hazard:
            return False
        if self.state and not _is_in(station, self.state):
            return False
        where = " ".join([station.id, station.name, station.river or "", *station.kelurahan]).casefold()
        return self.text.casefold() in where


def _is_in(station: StationView, state: str) -> bool:
    if state == "ragu":
        return station.unverified or any(series.flag in (Flag.SUSPECT, Flag.FAIL) for series in station.series)
    if state == "perhatian":
        return station.state not in (State.NORMAL.value, State.NOT_SET.value)
    return station.state == state


def roll(stations: Iterable[StationView], wanted: Wanted, weather: dict[str, list[AlertView]]) -> list[Listed]:
    """``weather`` are active alerts of rain and air by station."""
    return [_listed(each, weather.get(each.id, [])) for each in sorted(stations, key=place) if wanted.takes(each)]


def _listed(station: StationView, weather: list[AlertView]) -> Listed:
    head = headline(station)
    is_old = station.silent or station.state == State.NO_DATA.value
    trend = None if is_old else station.trend
    river = f"S. {station.river}" if station.river else ""
    return Listed(
        id=station.id,
        name=station.name,
        where=" · ".join(part for part in (river, ", ".join(station.kelurahan)) if part),
        hazard=tr(HAZARDS.get(station.hazard, station.hazard)),
        badges=badges_of(station, weather),
        value="–" if head is None else f"{head.shown} {head.unit}".strip(),  # noqa: RUF001 — a dash is meant
        look="missing" if head is None else head.look,
        quality="" if head is None else words.quality(head.flag),
        direction=direction(trend),
        trend=trend_words(trend),
        time=None if head is None else head.time,
        is_old=is_old,
        example=station.example,
    )
