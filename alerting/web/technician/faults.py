"""What is wrong with a node: in words, since when, and what to bring. Pure.

What is wrong is decided by core, which remembers; these are its alarms (:class:`broker.live.NodeAlarm`) and the
station's own silence. While a node is silent only what may be the reason for it is said besides: the rest is old.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from alerting.web import words
from alerting.web.catalogue import tr
from broker.live import NodeAlarm, SeriesView, StationView

FaultKind = Literal[
    "theft", "silent", "sensor", "tilted", "battery", "draining", "lid", "charging", "reboots", "gaps", "temperature",
    "memory", "storage", "signal", "clock", "doubtful",
]  # fmt: skip
# The worst first: what leaves people unwarned, then what soon will.
ORDER: Final[tuple[FaultKind, ...]] = (
    "theft",
    "silent",
    "sensor",
    "tilted",
    "battery",
    "draining",
    "lid",
    "charging",
    "reboots",
    "gaps",
    "temperature",
    "memory",
    "storage",
    "signal",
    "clock",
    "doubtful",
)
REASONS: Final = frozenset({"theft", "battery", "draining", "charging", "tilted", "lid", "signal", "reboots"})
BATTERY: Final = ("batt_mv", "battery_mv")
SOLAR: Final = "solar_mv"
LID, TILTED = "lid_open", "tilted"
RESETS: Final = {
    "power": "listrik putus atau turun",
    "hard": "tombol atau kerusakan",
    "watchdog": "program macet",
    "sleep": "tidur",
    "soft": "perintah",
}
SIGNS: Final = {
    "battery": "baterai lepas",
    "gone": "hilang dari jaringan",
    LID: "tutup terbuka",
    TILTED: "miring",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``quantity`` is the series that shows it; ``since`` is in ms UTC, None while nobody knows."""

    kind: FaultKind
    text: str
    bring: str
    quantity: str | None = None
    since: int | None = None


def faults_of(station: StationView, node: str, now: int) -> tuple[Fault, ...]:
    """The worst first."""
    own = series_of(station, node)
    alarms = {(alarm.kind, alarm.note): alarm for alarm in station.health.get(node, [])}
    heard = heard_at(station, node)
    is_silent = station.silent or heard is None or ("silent", "") in alarms
    found = [_silent(heard)] if is_silent else []
    found += [
        fault
        for alarm in alarms.values()
        if (fault := _fault(alarm, own, now)) is not None and (not is_silent or fault.kind in REASONS)
    ]
    kinds = {fault.kind for fault in found}
    if "battery" in kinds:  # it is low already
        found = [fault for fault in found if fault.kind != "draining"]
    return tuple(sorted(found, key=lambda fault: ORDER.index(fault.kind)))


def in_words(alarm: NodeAlarm, now: int) -> Fault:
    """An alarm by itself, for whoever has no page before him: its figures are those of the alarm."""
    fault = _fault(alarm, (), now)
    return _silent(alarm.since) if fault is None else fault


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


def _fault(alarm: NodeAlarm, own: tuple[SeriesView, ...], now: int) -> Fault | None:
    """An alarm in words; None for silence, which is told apart, and for a kind of a later core."""
    if alarm.kind not in WORDS:
        return None
    text, bring, quantity = WORDS[alarm.kind](alarm, own)
    return Fault(kind=alarm.kind, text=text, bring=bring, quantity=quantity, since=min(alarm.since, now))  # type: ignore[arg-type]  # of WORDS


Words = tuple[str, str, str | None]  # what it is, what to bring, the series that shows it


def _theft(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    signs = ", ".join(tr(SIGNS[each]) for each in alarm.note.split(",") if each in SIGNS)
    bring = tr("Pergi berdua dan lapor dulu; cabut kredensialnya; bawa node dan baterai cadangan, kunci kotak, segel.")
    return tr("mungkin dicuri ({signs})", signs=signs or tr("tanda pencurian")), bring, None


def _named(series: str) -> str:
    """``muka air 2`` of ``level_m.2``."""
    quantity, _, number = series.partition(".")
    return f"{words.quantity_of(quantity).name} {number}".strip()


def _sensor(alarm: NodeAlarm, own: tuple[SeriesView, ...]) -> Words:
    series = next((each for each in own if each.quantity == alarm.note), None)
    said = "" if series is None else series.why or series.reason or ""
    why = f" ({said.rstrip('.')})" if said else ""
    text = tr("sensor {name} tidak memberi nilai", name=_named(alarm.note))
    bring = tr("Bawa sensor pengganti dan kabelnya; bersihkan muka sensor dan periksa sambungan.")
    return f"{text}{why}", bring, alarm.note


def _doubtful(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    text = tr("bacaan {name} meragukan", name=_named(alarm.note))
    bring = tr("Bandingkan dengan papan duga; lihat apakah ada sampah atau sarang di bawah sensor.")
    return text, bring, alarm.note


def _battery(alarm: NodeAlarm, own: tuple[SeriesView, ...]) -> Words:
    series = value_of(own, *BATTERY)
    quantity = BATTERY[0] if series is None else series.quantity
    shown = alarm.value if series is None or series.value is None else series.value
    text = tr("baterai lemah, {volts} V", volts=words.measured(quantity, shown))
    return text, tr("Bawa baterai pengganti yang penuh dan multimeter."), quantity


def _draining(alarm: NodeAlarm, own: tuple[SeriesView, ...]) -> Words:
    series = value_of(own, *BATTERY)
    days = max(1, round(alarm.value or 0))
    text = tr("baterai terus turun, kira-kira {days} hari lagi habis", days=days)
    bring = tr("Bawa baterai pengganti, lap dan kabel panel; ukur arus pengisian dan arus node.")
    return text, bring, BATTERY[0] if series is None else series.quantity


def _charging(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    text = tr("panel tidak mengisi selama {days} hari", days=round(alarm.value or 0))
    bring = tr("Bawa lap, kabel panel dan pengatur pengisian; bersihkan panel, potong ranting yang menaungi.")
    return text, bring, SOLAR


def _reboots(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    why = f" ({tr(RESETS[alarm.note])})" if alarm.note in RESETS else ""
    text = tr("mulai ulang {n} kali dalam 6 jam", n=round(alarm.value or 0))
    bring = tr("Bawa multimeter, kabel daya dan baterai, node cadangan; periksa sambungan yang longgar dan air.")
    return f"{text}{why}", bring, None


def _gaps(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    text = tr("{percent} % bacaan sehari hilang", percent=max(1, round(100 * (alarm.value or 0))))
    return text, tr("Bawa laptop dan kabel; lihat layar serial, memori flash dan sinyal di tempat."), None


def _temperature(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    text = tr("kotak terlalu panas, keping {degrees} °C", degrees=round(alarm.value or 0))
    return text, tr("Bawa peneduh atau kotak putih; periksa ventilasi dan arah matahari."), None


def _memory(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    text = tr("memori tersisa {kb} kB", kb=round((alarm.value or 0) / 1024))
    return text, tr("Mulai ulang dari sini dulu; kalau terulang, perbarui firmware-nya atau bawa node cadangan."), None


def _storage(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    text = tr("flash hampir penuh, sisa {kb} kB", kb=round((alarm.value or 0) / 1024))
    return text, tr("Bawa laptop dan kabel, lalu flash ulang; sampai itu pembaruan lewat jaringan ditolak."), None


def _signal(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    text = tr("sinyal lemah, {dbm} dBm", dbm=round(alarm.value or 0))
    return text, tr("Bawa antena luar atau penguat; pindahkan antena ke atas kotak, jauh dari logam."), None


def _clock(alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    behind = round(alarm.value or 0)
    text = tr("jam node terlambat {much}", much=words.duration(behind)) if behind else tr("node tidak tahu jam")
    return text, tr("Bawa laptop dan kabel; mulai ulang node dan periksa ntp-nya."), None


def _tilted(_alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    bring = tr("Bawa kunci, klem dan waterpas; sesudahnya ukur lagi jarak sensor dan baca papan duga.")
    return tr("tiang atau kotak miring"), bring, TILTED


def _lid(_alarm: NodeAlarm, _own: tuple[SeriesView, ...]) -> Words:
    return tr("tutup kotak terbuka"), tr("Bawa kunci kotak dan segel; periksa apakah ada yang hilang."), LID


WORDS: Final[dict[str, Callable[[NodeAlarm, tuple[SeriesView, ...]], Words]]] = {
    "theft": _theft,
    "sensor": _sensor,
    "tilted": _tilted,
    "battery": _battery,
    "draining": _draining,
    "lid": _lid,
    "charging": _charging,
    "reboots": _reboots,
    "gaps": _gaps,
    "temperature": _temperature,
    "memory": _memory,
    "storage": _storage,
    "signal": _signal,
    "clock": _clock,
    "doubtful": _doubtful,
}
