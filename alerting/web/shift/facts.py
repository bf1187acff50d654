"""What a shift report says: the water, the sky, what happened, who was told, who was there, what is left to do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from alerting.web import words
from alerting.web.alerts.archive import VersionRow, Watch
from alerting.web.alerts.list_page import HAZARDS, KINDS
from alerting.web.alerts.log_words import COMMENT, DECISIONS, Line, lines_of
from alerting.web.alerts.told import ToldRow, told_rows
from alerting.web.catalogue import tr
from alerting.web.past import PastBucket
from alerting.web.replica import Replica
from broker.live import NowcastView, StationView, TideView

LEVEL, RAIN = "level_m", "rain_mm"
WAITING: Final = ("waiting", "veto")
WORK: Final = ("maintenance begun", "maintenance changed", "maintenance ended", "channel tested")
GAUGE: Final = "staff gauge read"
DEEDS: Final = ("alert acknowledged", COMMENT, GAUGE)
DONE: Final = (*WORK, *DEEDS, *DECISIONS)  # of all that the log holds
WATER: Final = ("level", "tide")


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelLine:
    """A station of water in the shift, in metres; ``now`` with its trend."""

    name: str
    low: str
    high: str
    now: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An alert's version, of which ``text`` is the cause in one sentence."""

    alert: str
    at: int
    name: str
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The whole report; times are ms UTC. ``open`` is what the next shift takes over, as it is when this is made.

    ``left`` counts what is too old and too much for one page; ``shown_from`` is when what is on it begins then.
    """

    start: int
    end: int
    made_at: int
    duty: tuple[tuple[str, str], ...]
    tide: tuple[str, ...]
    nowcasts: tuple[str, ...]
    levels: tuple[LevelLine, ...]
    rain: tuple[tuple[str, str], ...]
    incidents: tuple[Incident, ...]
    faults: tuple[Incident, ...]
    work: tuple[Line, ...]
    deeds: tuple[Line, ...]  # of officers, about what happened
    decisions: tuple[Line, ...]
    told: tuple[ToldRow, ...]
    open: tuple[str, ...]
    is_away: bool
    left: int = 0
    shown_from: int | None = None

    @property
    def comments(self) -> tuple[Line, ...]:
        return tuple(line for line in self.deeds if line.is_comment)

    @property
    def gauge(self) -> tuple[Line, ...]:
        """What people read from staff gauges."""
        return tuple(line for line in self.deeds if line.action == GAUGE)


Buckets = Mapping[tuple[str, str], Sequence[PastBucket]]  # by station and quantity


def shift_of(
    shown: Mapping[str, Any], watch: Watch, replica: Replica, buckets: Buckets, *, is_away: bool, now: int
) -> Shift:
    """``shown`` is core's answer to shift-show, ``buckets`` what was measured between its start and end."""
    stations = sorted(replica.stations.values(), key=lambda each: each.name)
    lines = [_called(line, watch, replica) for line in lines_of(watch.log)]
    return Shift(
        start=shown["start"],
        end=shown["end"],
        made_at=now,
        duty=duty_lines(shown, now),
        tide=tuple(dict.fromkeys(tide_line(each.tide, now) for each in stations if each.tide is not None)),
        nowcasts=tuple(nowcast_line(each, now) for each in replica.health.nowcasts) if replica.health else (),
        levels=tuple(_level(each, buckets.get((each.id, LEVEL), ())) for each in stations if each.hazard in WATER),
        rain=tuple(
            (each.name, _rain(buckets[each.id, RAIN], is_away=is_away))
            for each in stations
            if (each.id, RAIN) in buckets
        ),
        incidents=tuple(_incident(each) for each in watch.versions if each.hazard != "data"),
        faults=tuple(_incident(each) for each in watch.versions if each.hazard == "data"),
        work=tuple(line for line in lines if line.action in WORK),
        deeds=tuple(line for line in lines if line.action in DEEDS),
        decisions=tuple(line for line in lines if line.is_decision),
        told=tuple(told_rows(watch.tally)),
        open=tuple(open_matters(replica)),
        is_away=is_away,
        left=watch.versions_before + watch.log_before,
        shown_from=_shown_from(watch),
    )


def _called(line: Line, watch: Watch, replica: Replica) -> Line:
    """A line about a station or an alert by the name of the place; one about a notice as it is."""
    if (station := replica.stations.get(line.subject)) is not None:
        return replace(line, subject=station.name)
    return replace(
        line, subject=next((each.name for each in watch.versions if each.alert == line.subject), line.subject)
    )


def _shown_from(watch: Watch) -> int | None:
    """From when on all of it is shown; None where that is all there is."""
    begins = [watch.versions[0].decided_at] if watch.versions_before else []
    begins += [watch.log[0].at] if watch.log_before else []
    return max(begins, default=None)


def stamp(ms: int) -> str:
    """``18 Nov 2026 07:00 WIB``: a report is read on other days too."""
    at = words.local(ms)
    return f"{words.day_month(at)} {at.year} {at:%H:%M} WIB"


def duty_lines(shown: Mapping[str, Any], now: int) -> tuple[tuple[str, str], ...]:
    """Stretch and names; without a roster everybody is told of everything."""
    if not shown["stretches"]:
        return ((tr("tanpa jadwal jaga"), ", ".join(shown["everybody"]) or tr("belum ada petugas")),)
    return tuple(
        (
            f"{words.minute(each['start'], now)} - {words.minute(each['end'], now)}",
            ", ".join(each["officers"]) or tr("tidak ada yang berjaga"),
        )
        for each in shown["stretches"]
    )


def tide_line(tide: TideView | None, now: int) -> str:
    """The predicted tide in one sentence."""
    if tide is None:
        return ""
    parts = [
        tr("sekarang {m} m, {way}", m=words.number(tide.height_m, 1), way=tr("naik") if tide.rising else tr("turun"))
    ]
    if tide.high_at is not None and tide.high_m is not None:
        parts.append(tr("pasang {at} {m} m", at=words.minute(tide.high_at, now), m=words.number(tide.high_m, 1)))
    if tide.low_at is not None and tide.low_m is not None:
        parts.append(tr("surut {at} {m} m", at=words.minute(tide.low_at, now), m=words.number(tide.low_m, 1)))
    return tr("{facts} (prakiraan, dari {datum})", facts=", ".join(parts), datum=tide.datum)


def nowcast_line(nowcast: NowcastView, now: int) -> str:
    span = f"{words.minute(nowcast.onset, now)} - {words.minute(nowcast.expires, now)}"
    return f"{nowcast.sender}: {nowcast.headline} ({span}; {', '.join(nowcast.areas)})"


def _level(station: StationView, buckets: Sequence[PastBucket]) -> LevelLine:
    lows = [each.min for each in buckets if each.min is not None]
    highs = [each.max for each in buckets if each.max is not None]
    last = next((each for each in station.series if each.quantity == LEVEL), None)
    trend = station.trend
    rate = f" {words.rate(trend.rate_m_per_h)}" if trend is not None and trend.rate_m_per_h is not None else ""
    return LevelLine(
        name=station.name,
        low=words.number(min(lows), 2) if lows else "–",  # noqa: RUF001 - a dash is meant
        high=words.number(max(highs), 2) if highs else "–",  # noqa: RUF001 - a dash is meant
        now=tr("tidak ada data") if last is None or last.value is None else f"{words.number(last.value, 2)} m{rate}",
        state=station.state,
    )


def _rain(buckets: Sequence[PastBucket], *, is_away: bool) -> str:
    """What the gauge counted; an hour without a good reading is not 0 mm."""
    if is_away:
        return tr("tidak diketahui")
    sums = [each.mean * each.good for each in buckets if each.mean is not None]
    return f"{words.number(sum(sums), 1)} mm" if sums else tr("tidak ada data")


def _incident(version: VersionRow) -> Incident:
    level = "" if version.is_over else f" {version.level}"
    subject = tr(HAZARDS.get(version.hazard, version.hazard))
    return Incident(
        alert=version.alert,
        at=version.decided_at,
        name=version.name,
        what=f"{subject}: {tr(KINDS[version.kind])}{level}",
        text=version.why,
    )


def open_matters(replica: Replica) -> Iterable[str]:
    """What somebody still has to do, the most pressing first."""
    for notice in sorted(replica.notices.values(), key=lambda each: each.made_at):
        if notice.state in WAITING:
            names = ", ".join(notice.areas)
            yield tr("{id} menunggu keputusan: {level} {areas}", id=notice.id, level=notice.level, areas=names)
    for alert in sorted(replica.alerts.values(), key=lambda each: (-words.rank(each.level), each.raised_at)):
        if alert.active and alert.hazard not in ("area", "data"):
            by = tr("ditangani {name}", name=alert.acknowledged_by) if alert.acknowledged_by else tr("belum ditangani")
            yield tr("{level} {name} masih aktif, {by}", level=alert.level, name=alert.station_name, by=by)
    for station in sorted(replica.stations.values(), key=lambda each: each.name):
        if station.maintenance is not None:
            yield tr("{name} dalam pemeliharaan oleh {by}", name=station.name, by=station.maintenance.by)
        elif station.silent:
            yield tr("{name} tidak mengirim data", name=station.name)
    yield from replica.health.problems if replica.health is not None else ()


def told_line(rows: Sequence[ToldRow]) -> str:
    """``warga: sampai 212, gagal 3; petugas: sampai 4``."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.audience, []).append(f"{row.word} {row.shown}")
    return "; ".join(f"{audience}: {', '.join(parts)}" for audience, parts in found.items()) or tr("tidak ada")
