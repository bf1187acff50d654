"""What is wrong with a node, from what its station last told: in words, since when, and what to bring. Pure.

What a node cannot know of itself (that it is gone) is seen by its silence; the rest it measures.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from alerting.web import words
from alerting.web.catalogue import tr
from broker.live import SeriesView, StationView
from broker.quality_flags import Flag

FaultKind = Literal["silent", "sensor", "tilted", "lid", "clock", "battery", "charging", "doubtful"]
# The worst first: what leaves people unwarned, then what soon will.
ORDER: Final[tuple[FaultKind, ...]] = (
    "silent",
    "sensor",
    "tilted",
    "battery",
    "lid",
    "charging",
    "clock",
    "doubtful",
)
LOW_MV: Final = 3500  # below it a node measures every five minutes only
DAYLIGHT: Final = range(9, 15)  # hours of WIB in which a panel that works is above its battery
BATTERY: Final = ("batt_mv", "battery_mv")
SOLAR: Final = "solar_mv"
LID, TILTED = "lid_open", "tilted"
_LOST: Final = (Flag.FAIL, Flag.MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``quantity`` is the series that shows it; ``since`` is in ms UTC, None while only history knows."""

    kind: FaultKind
    text: str
    bring: str
    quantity: str | None = None
    since: int | None = None


def faults_of(station: StationView, node: str, now: int) -> tuple[Fault, ...]:
    """The worst first. While a node is silent nothing else is said of it: what it last told is old."""
    own = series_of(station, node)
    heard = heard_at(station, node)
    if station.silent or heard is None:
        return (_silent(heard),)
    found = (*_sensors(own), *_power(own, now), *_box(own), *_clock(station, node))
    return tuple(sorted(found, key=lambda fault: ORDER.index(fault.kind)))


def series_of(station: StationView, node: str) -> tuple[SeriesView, ...]:
    """What a node measures; a station with a single node owns what nobody is named for."""
    is_alone = station.nodes == [node]
    return tuple(each for each in station.series if each.node == node or (is_alone and each.node is None))


def heard_at(station: StationView, node: str) -> int | None:
    """When anything last came from it."""
    return max((each.received_at for each in series_of(station, node)), default=None)


def value_of(series: tuple[SeriesView, ...], *quantities: str) -> SeriesView | None:
    """The first of these quantities that has a value."""
    return next((each for each in series if each.quantity in quantities and each.value is not None), None)


def _silent(heard: int | None) -> Fault:
    text = tr("belum pernah mengirim data") if heard is None else tr("diam")
    bring = tr("Bawa node cadangan yang sudah disiapkan, baterai penuh, multimeter; periksa sinyal di tempat.")
    return Fault(kind="silent", text=text, bring=bring, since=heard)


def _sensors(series: tuple[SeriesView, ...]) -> Iterator[Fault]:
    for each in series:
        name = words.quantity_of(each.quantity).name
        if each.flag in _LOST:
            text = tr("sensor {name} tidak memberi nilai", name=name)
            said = each.why or each.reason
            why = f" ({said.rstrip('.')})" if said else ""
            bring = tr("Bawa sensor pengganti dan kabelnya; bersihkan muka sensor dan periksa sambungan.")
            yield Fault(kind="sensor", text=f"{text}{why}", bring=bring, quantity=each.quantity)
        elif each.flag == Flag.SUSPECT:
            text = tr("bacaan {name} meragukan", name=name)
            bring = tr("Bandingkan dengan papan duga; lihat apakah ada sampah atau sarang di bawah sensor.")
            yield Fault(kind="doubtful", text=text, bring=bring, quantity=each.quantity)


def _power(series: tuple[SeriesView, ...], now: int) -> Iterator[Fault]:
    battery, solar = value_of(series, *BATTERY), value_of(series, SOLAR)
    if battery is not None and battery.value is not None and battery.value < LOW_MV:
        volts = words.measured(battery.quantity, battery.value)
        text = tr("baterai lemah, {volts} V", volts=volts)
        bring = tr("Bawa baterai pengganti yang penuh dan multimeter.")
        yield Fault(kind="battery", text=text, bring=bring, quantity=battery.quantity)
    if battery is None or solar is None or battery.value is None or solar.value is None:
        return
    if words.local(solar.time).hour in DAYLIGHT and words.local(now).hour in DAYLIGHT and solar.value < battery.value:
        volts = words.measured(solar.quantity, solar.value)
        text = tr("tidak mengisi: panel {volts} V pada siang hari", volts=volts)
        bring = tr("Bawa lap, kabel panel dan pengatur pengisian; bersihkan panel, potong ranting yang menaungi.")
        yield Fault(kind="charging", text=text, bring=bring, quantity=solar.quantity)


def _box(series: tuple[SeriesView, ...]) -> Iterator[Fault]:
    for quantity, kind, text, bring in (
        (
            TILTED,
            "tilted",
            tr("tiang atau kotak miring"),
            tr("Bawa kunci, klem dan waterpas; sesudahnya ukur lagi jarak sensor dan baca papan duga."),
        ),
        (LID, "lid", tr("tutup kotak terbuka"), tr("Bawa kunci kotak dan segel; periksa apakah ada yang hilang.")),
    ):
        found = value_of(series, quantity)
        if found is not None and found.value:
            yield Fault(kind=kind, text=text, bring=bring, quantity=quantity)  # type: ignore[arg-type]  # of the pairs


def _clock(station: StationView, node: str) -> Iterator[Fault]:
    behind = station.behind_ms.get(node)
    if behind:
        text = tr("jam node terlambat {much}", much=words.duration(behind))
        yield Fault(kind="clock", text=text, bring=tr("Bawa laptop dan kabel; mulai ulang node dan periksa ntp-nya."))
