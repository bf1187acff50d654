"""Which alerts stand on the page as cards of their own, and in which order.

One flood is one card: the areas that a station's alert puts in danger stand in that card, and only those without such
an alert have a card, one for all of them. A silence that core told nobody, because many stations fell silent together,
is a state of its station and no card.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerting.blind import EVERYTHING
from alerting.web import words
from broker.live import AlertView, StationView

OVER: Final = ("ended", "cancelled")
WEATHER: Final = ("rain", "air")
# Core says these of an alert in its sentence only; tests hold them against the sentences that it makes.
UNTOLD: Final = "tidak diberitakan sendiri"
UNVERIFIED: Final = "belum terverifikasi"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertList:
    """``active`` worst first, ``ended`` newest first.

    ``areas`` are those that stand in the card of a station's alert, by its id, and ``loose`` the active ones that no
    such card holds. ``named`` are all of them, the worst first, as the map shows them.
    ``weather`` are the active alerts of rain and air, by station.
    """

    active: tuple[AlertView, ...]
    ended: tuple[AlertView, ...]
    areas: dict[str, tuple[AlertView, ...]]
    loose: tuple[AlertView, ...]
    weather: dict[str, tuple[AlertView, ...]]
    named: tuple[AlertView, ...]

    @property
    def untaken(self) -> int:
        """How many of them wait for somebody to say that he deals with it."""
        return sum(wants_somebody(alert) for alert in self.active)

    @property
    def count(self) -> int:
        """How many alerts somebody has to deal with: all loose areas together are one."""
        return len(self.active) + bool(self.loose)

    @property
    def blind(self) -> AlertView | None:
        """The alert of everything being silent."""
        return next((alert for alert in self.active if is_of_everything(alert)), None)


def arrange(alerts: Iterable[AlertView], stations: Mapping[str, StationView]) -> AlertList:
    ranked = sorted(alerts, key=alert_order)
    is_blind = any(is_of_everything(alert) and is_active(alert) for alert in ranked)
    cards = [alert for alert in ranked if alert.hazard != "area" and not _is_folded(alert, is_blind=is_blind)]
    active = tuple(alert for alert in cards if is_active(alert))
    latest = _latest_areas(ranked)
    areas, loose = _placed(latest, _hosts(active, stations))
    weather: dict[str, tuple[AlertView, ...]] = {}
    for alert in active:
        if alert.hazard in WEATHER:
            weather[alert.station] = (*weather.get(alert.station, ()), alert)
    ended = tuple(alert for alert in cards if not is_active(alert))
    named = tuple(alert for alert in latest if is_active(alert))
    return AlertList(active=active, ended=ended, areas=areas, loose=loose, weather=weather, named=named)


def is_active(alert: AlertView) -> bool:
    """A cancelled alert is over like one that ended."""
    return alert.active and alert.kind not in OVER


def wants_somebody(alert: AlertView) -> bool:
    """Whether nobody deals with it yet though somebody must: it went up, or everything is silent."""
    goes_up = alert.kind in ("raised", "raised_higher") and (words.rank(alert.level) or is_of_everything(alert))
    return bool(goes_up) and is_active(alert) and not alert.acknowledged_by


def is_of_everything(alert: AlertView) -> bool:
    return alert.hazard == "data" and alert.station == EVERYTHING


def is_unverified(alert: AlertView) -> bool:
    """Whether it rests on data that nothing has verified yet."""
    return alert.hazard == "level" and is_active(alert) and UNVERIFIED in alert.why


def alert_order(alert: AlertView) -> tuple[bool, bool, int, int]:
    """Active before ended; blindness, then the worst level first, then the oldest; ended ones newest first."""
    if not is_active(alert):
        return (True, True, 0, -alert.changed_at)
    return (False, not is_of_everything(alert), -words.rank(alert.level), alert.raised_at)


def _is_folded(alert: AlertView, *, is_blind: bool) -> bool:
    """Whether it is a station's silence that the alert of everything stands for, now or when it began."""
    if alert.hazard != "data" or is_of_everything(alert):
        return False
    return UNTOLD in alert.why or (is_blind and is_active(alert))


def _latest_areas(ranked: list[AlertView]) -> list[AlertView]:
    """Each area's last episode, in the order of ``ranked``."""
    latest: dict[str, AlertView] = {}
    for alert in ranked:
        known = latest.get(alert.station)
        if alert.hazard == "area" and (known is None or alert.raised_at > known.raised_at):
            latest[alert.station] = alert
    return sorted(latest.values(), key=alert_order)


def _hosts(active: tuple[AlertView, ...], stations: Mapping[str, StationView]) -> dict[str, AlertView]:
    """The worst alert of the water for each area that its station matters to, by the area's name."""
    hosts: dict[str, AlertView] = {}
    for alert in active:
        station = stations.get(alert.station) if alert.hazard == "level" else None
        for name in station.kelurahan if station is not None else ():
            hosts.setdefault(name, alert)
    return hosts


def _placed(
    areas: list[AlertView], hosts: dict[str, AlertView]
) -> tuple[dict[str, tuple[AlertView, ...]], tuple[AlertView, ...]]:
    """Areas by the alert that they stand in, and those without one. A cancelled one is said while that goes on."""
    held: dict[str, tuple[AlertView, ...]] = {}
    loose: list[AlertView] = []
    for area in areas:
        host = hosts.get(area.station_name)
        if host is None:
            loose += [area] if is_active(area) else []
        elif is_active(area) or (area.kind == "cancelled" and area.changed_at >= host.raised_at):
            held[host.id] = (*held.get(host.id, ()), area)
    return held, tuple(loose)
