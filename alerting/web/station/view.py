"""What a station's page says, from what is live and what is kept: the sentence, each number with its reason. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.web import words
from alerting.web.catalogue import tr
from alerting.web.ladder import LEVELS
from alerting.web.readings import LEVEL
from alerting.web.station.dossier import Comparison, Dossier, Limits
from alerting.web.station_card import Measure, StationCard, measure
from alerting.web.station_state import held_words
from broker.levels import State
from broker.live import SeriesView, StationView
from broker.quality_flags import Flag

STEADY_M: Final = 0.005
LATE_MS: Final = 15 * words.MINUTE_MS  # a node that was not heard for so long is said to be silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One quantity now, and how it came about: sentences."""

    measure: Measure
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One threshold: how far the water is from it, what happens at it, and who set it."""

    level: str
    mark: str
    metres: str
    distance: str | None
    impact: str | None
    why: str | None
    is_reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Another station of the same water and how it stands now; ``view`` is None while nothing is known of it."""

    station: str
    name: str
    is_upstream: bool
    travel: str
    state: str
    mark: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One reading of the staff gauge beside the sensor's."""

    time: int
    read: str
    sensor: str
    difference: str
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    node: str
    about: str
    last_heard: int | None
    is_silent: bool
    supply: str


def sentence(station: StationView, card: StationCard, *, now: int) -> str:
    """The state in words that could be read over the radio."""
    return " ".join(part for part in _parts(station, card, now) if part)


def _parts(station: StationView, card: StationCard, now: int) -> Iterator[str]:
    told = station.state
    if card.since is not None and told not in (State.NORMAL.value, State.NOT_SET.value):
        told = tr("{state} sejak {when}", state=told, when=words.minute(card.since, now))
    held = held_words(station)
    yield f"{card.name}: {told}, {held}." if held and held != station.state else f"{card.name}: {told}."
    head = card.head
    name = "" if head is None else f"{head.name[:1].upper()}{head.name[1:]}"
    if head is None:
        yield tr("Belum pernah mengirim bacaan.")
    else:
        value = f"{head.shown} {head.unit}".strip()
        age = words.age(now - head.time)
        if card.is_old or head.value is None:
            yield tr("{name} terakhir {value}, {age}.", name=name, value=value, age=age)
        else:
            doubt = f" ({head.doubt})" if head.doubt else ""
            trend = f" {card.trend}" if card.direction else ""
            shown = f"{name} {value}{doubt}{trend}"
            yield tr("{shown}, data {age}.", shown=shown, age=age)
    if card.outlook:
        yield f"{card.outlook[:1].upper()}{card.outlook[1:]}."
    if station.unverified and station.maintenance is None:
        yield tr("Belum terverifikasi.")
    if card.work:
        yield f"{card.work}."
    if card.note:
        yield card.note


def explained(station: StationView) -> list[Explained]:
    """Each quantity, what the station is there for first."""
    return [Explained(measure=measure(series), why=tuple(_why(series))) for series in station.series]


def _why(series: SeriesView) -> Iterator[str]:
    yield words.why(series.flag, said=series.why, reason=series.reason)
    late = max(series.received_at - series.time, 0)
    yield tr(
        "Terukur {observed}, diterima {late} kemudian.",
        observed=words.moment(series.time, series.received_at),
        late=words.latency(late),
    )
    if series.raw is not None:
        yield tr("Nilai mentah dari sensor: {raw}.", raw=f"{series.raw:g}".replace(".", ","))
    if series.node:
        yield tr("Alat {node}.", node=series.node)
    if series.epoch:
        yield tr("Dihitung dengan kalibrasi ke-{number}.", number=series.epoch)


def rungs(station: StationView, dossier: Dossier | None, *, now: int) -> list[Rung]:
    """The thresholds from the lowest; empty where none is set."""
    level = level_of(station)
    limits = None if dossier is None else next((each for each in dossier.limits if each.since <= now), None)
    return [_rung(station, each, level, limits, now) for each in LEVELS if each in station.thresholds]


def _rung(station: StationView, level: str, water: float | None, limits: Limits | None, now: int) -> Rung:
    metres = station.thresholds[level]
    distance, is_reached = None, False
    if water is not None:
        is_reached = water >= metres
        apart = words.number(abs(metres - water), 2)
        distance = tr("terlampaui {apart} m", apart=apart) if is_reached else tr("{apart} m lagi", apart=apart)
    return Rung(
        level=level,
        mark=words.mark_of(level),
        metres=words.number(metres, 2),
        distance=distance,
        impact=station.impact.get(level),
        why=_set_by(limits, now) if limits is not None else None,
        is_reached=is_reached,
    )


def _set_by(limits: Limits, now: int) -> str:
    since = words.minute(limits.since, now)
    return tr(
        "Berlaku sejak {since}, ditetapkan {author}: {reason}.",
        since=since,
        author=limits.author,
        reason=limits.reason.rstrip("."),
    )


def level_of(station: StationView) -> float | None:
    """The water now, when it can be used."""
    found = next((series for series in station.series if series.quantity == LEVEL), None)
    if found is None or found.flag in (Flag.FAIL, Flag.MISSING):
        return None
    return found.value


def trend_why(station: StationView) -> list[str]:
    """How the rate and the time to the next threshold are worked out."""
    trend = station.trend
    if trend is None or trend.rate_m_per_h is None:
        return []
    found = [tr("Laju dihitung dari banyak bacaan terakhir, bukan dari dua bacaan saja.")]
    if trend.next_level is not None:
        found.append(tr("Rentang waktunya mencakup sungai yang terus naik secepat ini dan yang mulai melambat."))
    return found


def facts_why(station: StationView) -> list[str]:
    """Where rain sums, the tide and the comparison with the staff gauge come from."""
    found = []
    if station.rain is not None:
        found.append(
            tr("Jumlah hujan dihitung dari penakar yang mengirim data; tanpa data berarti tidak diketahui, bukan nol.")
        )
    if station.tide is not None:
        found.append(tr("Pasang surut adalah perhitungan astronomi, tanpa angin, hujan dan aliran sungai."))
        if station.tide.rms_m is not None:
            off = words.number(station.tide.rms_m * 100, 0)
            found.append(tr("Di tempat model itu dibuat, perhitungannya meleset rata-rata (RMS) {cm} cm.", cm=off))
    if station.drift_m is not None:
        found.append(
            tr("Selisih dengan papan duga adalah median perbandingan terakhir dengan kalibrasi yang sekarang.")
        )
    return found


def near(dossier: Dossier, stations: dict[str, StationView]) -> list[Near]:
    """Up- and downstream stations in the order in which the water passes them."""
    found = []
    for each in dossier.near:
        view = stations.get(each.station)
        if view is None:
            continue
        level = level_of(view)
        rate = view.trend.rate_m_per_h if view.trend else None
        trend = f", {words.rate(rate)}" if rate is not None and not view.silent else ""
        found.append(
            Near(
                station=view.id,
                name=view.name,
                is_upstream=each.is_upstream,
                travel=words.duration(int(each.minutes * words.MINUTE_MS)),
                state=view.state,
                mark=words.mark_of(view.state),
                value=tr("tidak ada bacaan") if level is None else f"{words.number(level, 2)} m{trend}",
            )
        )
    return found


def gauges(comparisons: Sequence[Comparison]) -> list[Gauge]:
    return [
        Gauge(
            time=each.time,
            read=f"{words.number(each.level_m, 2)} m",
            sensor=tr("tidak ada bacaan") if each.sensor_m is None else f"{words.number(each.sensor_m, 2)} m",
            difference=difference(each.level_m, each.sensor_m),
            by=each.by,
            note=each.note,
        )
        for each in comparisons
    ]


def difference(gauge_m: float, sensor_m: float | None) -> str:
    """What the sensor says beyond the staff gauge."""
    if sensor_m is None:
        return "–"  # noqa: RUF001 — a dash is meant
    apart = sensor_m - gauge_m
    cm = round(abs(apart) * 100)
    if abs(apart) < STEADY_M:
        return tr("sama")
    return tr("alat {cm} cm lebih tinggi", cm=cm) if apart > 0 else tr("alat {cm} cm lebih rendah", cm=cm)


def nodes(station: StationView, dossier: Dossier, *, now: int) -> list[Node]:
    """Who serves it, and whether it is heard."""
    heard = {series.node: series.received_at for series in station.series if series.node}
    supplies = {series.node or "": series for series in station.series if series.quantity in ("batt_mv", "battery_mv")}
    found = []
    for each in dossier.nodes:
        last = max((time for time in (heard.get(each.node), each.last_heard) if time is not None), default=None)
        parts = (each.hardware, each.firmware, tr("lewat {gateway}", gateway=each.gateway) if each.gateway else "")
        supply = supplies.get(each.node) or (supplies.get("") if len(dossier.nodes) == 1 else None)
        found.append(
            Node(
                node=each.node,
                about=" · ".join(part for part in (*parts, each.note) if part),
                last_heard=last,
                is_silent=last is None or now - last > LATE_MS,
                supply="" if supply is None else f"{words.measured(supply.quantity, supply.value)} V",
            )
        )
    return found
