"""BUTA: nothing comes from any station. One statement for all of them."""

from collections.abc import Collection
from dataclasses import dataclass

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.station_state import held_words
from broker.live import AlertView, StationView


@dataclass(frozen=True, slots=True, kw_only=True)
class Blindness:
    """``since``: ms UTC, when data last came, None when that is not known. ``held``: who stood above normal then."""

    since: int | None
    held: tuple[str, ...]

    def words(self, now: int) -> str:
        if self.since is None:
            return tr("tidak ada data dari satu stasiun pun")
        return tr("tidak ada data dari satu stasiun pun sejak {since}", since=words.minute(self.since, now))


def blindness_of(stations: Collection[StationView], alert: AlertView | None) -> Blindness | None:
    """By core's alert of everything, and from the silence of several stations before it is told; None when one sees."""
    if alert is None and not (len(stations) > 1 and _are_silent(stations)):
        return None
    heard = [station.last_seen for station in stations if station.last_seen is not None]
    told = [alert.raised_at] if alert is not None else []
    since = min([max(heard), *told] if heard else told, default=None)
    return Blindness(since=since, held=tuple(held_of(stations)))


def held_of(stations: Collection[StationView]) -> list[str]:
    """``Welang Kraton sedikitnya AWAS, naik`` of each silent station that stood above normal, the worst first."""
    silent = [station for station in stations if station.maintenance is None]
    ranked = sorted(silent, key=lambda station: -words.rank(station.level or station.state))
    return [f"{station.name} {held}" for station in ranked if (held := held_words(station)) is not None]


def _are_silent(stations: Collection[StationView]) -> bool:
    """Whether none is heard of those that ever were; maintenance is no silence."""
    known = [station for station in stations if station.last_seen is not None]
    return bool(known) and all(station.silent for station in known)
