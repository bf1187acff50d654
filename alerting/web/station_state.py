"""What a station says of itself in words: its state, the level that it counts for, and who works on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.catalogue import tr
from broker.levels import State
from broker.live import AlertView, StationView, TrendView

MAINTENANCE: Final = State.MAINTENANCE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    text: str
    mark: str


def unverified() -> Badge:
    return Badge(text=tr("BELUM TERVERIFIKASI"), mark="unverified")


def badges_of(station: StationView, weather: Sequence[AlertView]) -> tuple[Badge, ...]:
    """State first, then the level that it holds, active alerts of rain and air, and whether all of it is doubtful.

    Maintenance is doubt enough.
    """
    badges = [_state_badge(station, weather), _level_badge(station)]
    badges += [
        Badge(text=f"{alert.level} {tr(words.SUBJECTS[alert.hazard])}", mark=words.mark_of(alert.level))
        for alert in _beside_state(station, weather)
    ]
    if station.unverified and station.maintenance is None:
        badges.append(unverified())
    return tuple(badge for badge in badges if badge is not None)


def _state_badge(station: StationView, weather: Sequence[AlertView]) -> Badge | None:
    """None for a rain or air station that says it all by its alert, and where the held level is the state."""
    is_said = station.state == State.NOT_SET.value and any(alert.hazard == station.hazard for alert in weather)
    is_held = station.at_least and words.rank(station.state) > 0
    return None if is_said or is_held else Badge(text=tr(station.state), mark=words.mark_of(station.state))


def _level_badge(station: StationView) -> Badge | None:
    held = held_words(station)
    if held is not None:
        return Badge(text=held, mark=words.mark_of(held_level(station) or ""))
    if station.state == MAINTENANCE and words.rank(station.level or ""):
        return Badge(text=tr("alat menunjuk {level}", level=station.level), mark="maintenance")
    return None


def _beside_state(station: StationView, weather: Sequence[AlertView]) -> list[AlertView]:
    said = (station.hazard, station.state)
    return [alert for alert in weather if (alert.hazard, alert.level) != said]


def held_level(station: StationView) -> str | None:
    """The level above normal that a silent station, or one in maintenance, still stands at.

    A level that began during the maintenance is what the sensor says in somebody's hands, and is not held.
    """
    level = station.level if station.level is not None else station.state
    if not words.rank(level):
        return None
    work = station.maintenance
    if work is not None:
        return level if station.since is not None and station.since < work.since else None
    return level if station.at_least or station.silent else None


def held_words(station: StationView) -> str | None:
    """``sedikitnya SIAGA, naik``: neither silence nor maintenance lowers a level, and the words say so."""
    level = held_level(station)
    if level is None:
        return None
    if station.maintenance is not None:
        return tr("tetap {level}", level=level)
    if direction(station.trend) == "up":
        return tr("sedikitnya {level}, naik", level=level)
    return tr("sedikitnya {level}", level=level)


def standing(station: StationView, weather: Sequence[AlertView]) -> str:
    """What a station counts for when the worst is named: the level that it holds, its state, or its worst alert."""
    own = held_level(station) or station.state
    return max([own, *(alert.level for alert in weather)], key=words.rank)


def work_words(station: StationView, now: int) -> str | None:
    """Who works on it, until when and why."""
    work = station.maintenance
    if work is None:
        return None
    until = words.minute(work.until, now)
    return tr("Pemeliharaan sampai {until} oleh {by}: {reason}", until=until, by=work.by, reason=work.reason)


def direction(trend: TrendView | None) -> str | None:
    if trend is None or trend.rate_m_per_h is None:
        return None
    cm = round(trend.rate_m_per_h * 100)
    return "up" if cm > 0 else "down" if cm < 0 else "flat"
