"""What people of an area were told: the last notice that went out of each alert that still stands. Pure.

A level that waits for somebody's word is not in here: it was told to nobody in public.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerting.episodes import Kind
from alerting.public_templates import PublicHazard
from broker.levels import Level
from broker.live import AlertView, NoticeView, StationView

AREA: Final = "area"
OVER: Final = ("ended", "cancelled")
HAZARDS: Final[Mapping[str, PublicHazard]] = {"level": "level", "tide": "tide", "rain": "rain", "air": "air"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``area`` is a code: a kelurahan, what lies in one, or what it lies in. ``highest`` was ever told; ms UTC."""

    alert: str
    area: str
    level: Level
    highest: Level
    kind: Kind  # of the last notice: lowered asks for something else than raised
    hazard: PublicHazard
    since: int


def told_of(
    alerts: Mapping[str, AlertView], notices: Iterable[NoticeView], stations: Mapping[str, StationView]
) -> tuple[Told, ...]:
    """One for each alert that stands and was told, the worst first."""
    found: dict[str, Told] = {}
    for notice in sorted(filter(_has_gone, notices), key=_number):
        for name in notice.alerts:
            alert, before = alerts.get(name), found.pop(name, None)
            if notice.kind in OVER or (alert is not None and not alert.active):
                continue
            found[name] = _told(name, notice, alert, before, stations)
    return tuple(sorted(found.values(), key=lambda each: (-each.level, each.since, each.alert)))


def _told(
    name: str, notice: NoticeView, alert: AlertView | None, before: Told | None, stations: Mapping[str, StationView]
) -> Told:
    level = Level[notice.level]
    causes = [stations[each].hazard for each in (alert.stations if alert else ()) if each in stations]
    hazard = HAZARDS.get(causes[0], "level") if causes else before.hazard if before else "level"
    at = notice.decided_at if notice.decided_at is not None else notice.made_at
    return Told(
        alert=name,
        area=area_of(name),
        level=level,
        highest=max(level, before.highest) if before else level,
        kind=notice.kind,  # type: ignore[arg-type]  # core's own
        hazard=hazard,
        since=before.since if before and before.level == level else at,
    )


def area_of(alert: str) -> str:
    """The code in an alert's id, ``35.75.01.1001.area.3``."""
    return alert.rsplit(".", 2)[0]


def is_near(area: str, other: str) -> bool:
    """Whether one of two areas lies in the other."""
    short, long = sorted((area, other), key=len)
    return long == short or (long.startswith(short) and long[len(short)] in "./")


def untold(alerts: Iterable[AlertView], told: Iterable[Told]) -> frozenset[str]:
    """Codes of the areas of which an alert stands that nobody was told of."""
    known = {each.alert for each in told}
    return frozenset(each.station for each in alerts if each.hazard == AREA and each.active and each.id not in known)


def _has_gone(notice: NoticeView) -> bool:
    return notice.state == "sent" or (notice.state == "approved" and notice.due_at is None)


def _number(notice: NoticeView) -> int:
    return int(notice.id.removeprefix("n"))
