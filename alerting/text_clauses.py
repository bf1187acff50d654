"""What a text to an officer is made from, and its clauses: headline, value, forecast and advice of each hazard."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from alerting.episodes import AirCause, Kind, RainCause, Why
from alerting.explain import CATEGORIES, WINDOWS, number
from broker.levels import Level
from broker.topics import Realm

Hazard = Literal["level", "tide", "rain", "air", "group"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SENDER: Final = "BPBD KOTA PASURUAN"
OVER: Final = ("ended", "cancelled")

_NOUNS: Final[dict[Hazard, str]] = {
    "level": "BANJIR",
    "tide": "BANJIR ROB",
    "rain": "HUJAN",
    "air": "UDARA",
    "group": "",
}
_TO_DO: Final = {
    Level.NORMAL: "tetap pantau",
    Level.WASPADA: "pantau, bersiap",
    Level.SIAGA: "siapkan pengungsian",
    Level.AWAS: "ungsikan sekarang",
}
_TO_DO_IN_RAIN: Final = {
    Level.NORMAL: "tetap pantau",
    Level.WASPADA: "pantau sungai dan genangan",
    Level.SIAGA: "jauhi sungai, siapkan pengungsian",
    Level.AWAS: "ungsikan warga di tempat rendah",
}
_TO_DO_IN_BAD_AIR: Final = {
    Level.NORMAL: "tetap pantau",
    Level.WASPADA: "kurangi keluar rumah, pakai masker",
    Level.SIAGA: "hindari keluar rumah, pakai masker",
    Level.AWAS: "tetap di dalam, tutup pintu dan jendela",
}
_TO_DO_FOR: Final[dict[Hazard, dict[Level, str]]] = {"rain": _TO_DO_IN_RAIN, "air": _TO_DO_IN_BAD_AIR}
_WHEN_OVER: Final[dict[Hazard, tuple[str, str]]] = {
    "level": ("AMAN. Peringatan banjir", "hati-hati lumpur dan listrik"),
    "tide": ("AMAN. Peringatan banjir rob", "hati-hati lumpur dan listrik"),
    "rain": ("HUJAN REDA. Peringatan hujan", "sungai masih bisa naik, tetap pantau"),
    "air": ("UDARA MEMBAIK. Peringatan udara", "kelompok rentan hati-hati"),
}
_PARAMETERS: Final = ("PM25", "PM10", "SO2", "CO", "O3", "NO2", "HC")
_NEXT: Final = {Level.NORMAL: "WASPADA", Level.WASPADA: "SIAGA", Level.SIAGA: "AWAS", Level.AWAS: "meluap"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """What one text to an officer is made from: one version of an alert of water, rain or air, or of a silence.

    Times are ms UTC. ``at`` is when the version was decided, ``observed_at`` when ``value_m`` was measured.
    ``silent`` is TIDAK ADA DATA, and with kind ``ended`` the return of the data; ``at_least`` is silence above NORMAL,
    the level then being the least that it may be. Hazard ``group`` is what falls silent together: BUTA, or with a
    ``station_name`` that gateway. ``eta_from`` and ``eta_to`` bound the time of ``next_level``, which is the one above
    ``level`` unless it is given. ``by`` is the person whose word it is, ``why`` being "operator", "observed" or
    "rules". ``in_maintenance``: somebody works on the sensor. ``is_for_approval``: an
    area that somebody raised, whose message to the public waits for a second person.
    """

    kind: Kind
    level: Level
    station_name: str
    river: str | None
    value_m: float | None
    rate_m_per_h: float | None
    eta_from: int | None
    eta_to: int | None
    at: int
    kelurahan: tuple[str, ...]
    example: bool
    realm: Realm
    timezone: str
    sender: str = SENDER
    hazard: Hazard = "level"
    why: Why | None = None
    by: str | None = None
    verified: bool = True
    in_maintenance: bool = False
    is_for_approval: bool = False
    at_least: bool = False
    silent: bool = False
    silent_for_ms: int | None = None
    observed_at: int | None = None
    next_level: Level | None = None
    rain: RainCause | None = None
    air: AirCause | None = None

    @property
    def is_over(self) -> bool:
        return self.kind in OVER

    @property
    def is_up(self) -> bool:
        return self.kind in ("raised", "raised_higher")

    @property
    def is_blind(self) -> bool:
        """Whether it is about data that do not come, or that come again."""
        return self.silent or (self.at_least and self.is_up)


def headline(alert: AlertText) -> str:
    if alert.hazard == "group":
        return _group_headline(alert)
    if alert.is_blind:
        return _blind_headline(alert)
    level, noun, doubt = alert.level.name, _NOUNS[alert.hazard], _doubt(alert)
    headlines = {
        "raised": f"{level} {noun}{doubt}",
        "raised_higher": f"{'' if doubt else 'NAIK KE '}{level} {noun}{doubt}",  # the doubt matters more
        "lowered": f"TURUN KE {level} {noun}",
        "ended": _WHEN_OVER[alert.hazard][0],
        "cancelled": f"BATAL. Peringatan {noun.lower()}",
    }
    return headlines[alert.kind]


def _blind_headline(alert: AlertText) -> str:
    if alert.is_over and alert.why == "retired":
        return "STASIUN DIHENTIKAN"
    if alert.is_over:
        return "SEDANG DIPERBAIKI, BELUM ADA DATA" if alert.in_maintenance else "DATA KEMBALI"
    if not alert.at_least:
        return "DATA MERAGUKAN" if alert.why == "doubtful" else "TIDAK ADA DATA"
    return f"SEDIKITNYA {alert.level.name}{', NAIK' if _is_rising(alert) else ''}: {_NOUNS[alert.hazard].lower()}"


def _doubt(alert: AlertText) -> str:
    if alert.in_maintenance:
        return " (PEMELIHARAAN)"
    return "" if alert.verified else " BELUM TERVERIFIKASI"


def _group_headline(alert: AlertText) -> str:
    if alert.is_over:
        return "GATEWAY DILEPAS" if alert.why == "retired" else "DATA KEMBALI"
    return "GATEWAY PUTUS" if alert.station_name else "BUTA, tidak ada data dari semua stasiun"


def to_do(alert: AlertText) -> str:
    """Without a capital: the names of kelurahan may stand before it."""
    if alert.hazard == "group":
        return _to_do_for_group(alert)
    advice = _TO_DO_FOR.get(alert.hazard, _TO_DO)[alert.level]
    if alert.is_blind:
        return _to_do_while_blind(alert, advice)
    if alert.is_up and alert.in_maintenance:
        return "alat sedang dikerjakan, pastikan di lokasi"
    if alert.is_for_approval:
        return "pesan untuk warga menunggu persetujuan orang kedua"
    advices = {
        "raised": advice if alert.verified else f"cek di lokasi, {advice}",
        "lowered": "masih buruk, pakai masker" if alert.hazard == "air" else f"belum aman, {advice}",
        "ended": _WHEN_OVER[alert.hazard][1],
        "cancelled": "tetap pantau",
    }
    return advices["raised" if alert.is_up else alert.kind]


def _to_do_for_group(alert: AlertText) -> str:
    if alert.is_over:
        return "periksa keadaan tiap stasiun"
    return "bukan tanda aman, pantau langsung, periksa jaringan dan listrik"


def _to_do_while_blind(alert: AlertText, advice: str) -> str:
    if alert.is_over and alert.why == "retired":
        return "tidak dipantau lagi"
    if alert.is_over and alert.in_maintenance:
        return _without_eyes(alert).removesuffix(", periksa alat")
    if alert.is_over:
        return f"masih {alert.level.name}, {advice}" if alert.level else "pantauan berjalan lagi"
    return advice if alert.at_least else _without_eyes(alert)


def _without_eyes(alert: AlertText) -> str:
    is_water = alert.hazard in ("level", "tide")
    return f"bukan tanda aman, {'pantau langsung, ' if is_water else ''}periksa alat"


def names_apply(alert: AlertText) -> bool:
    """Whether the advice is for the kelurahan by name."""
    if alert.is_over or alert.hazard == "group" or (alert.is_up and alert.in_maintenance):
        return False
    return alert.at_least or not alert.silent


def moment(alert: AlertText, zone: ZoneInfo) -> str:
    """When, in the words that follow the place."""
    time = clock(alert.at, zone, with_zone=True)
    if not alert.is_over or alert.is_blind:
        return f", {time}"
    return f" {'dibatalkan' if alert.kind == 'cancelled' else 'dicabut'} {time}"


def person(alert: AlertText, name: str) -> str:
    """Whose word it is; ``name`` as a text may hold it, empty when nobody has one."""
    if not name:
        return ""
    if alert.is_over:
        return f" oleh {name}"
    return f", dilihat {name}" if alert.why == "observed" else f", ditetapkan {name}"


def measured(alert: AlertText, zone: ZoneInfo) -> str:
    match alert.hazard:
        case "group":
            return _silence_of_group(alert, zone)
        case "rain" if not alert.is_blind:
            return _rain(alert.rain)
        case "air" if not alert.is_blind:
            return _air(alert)
        case _:
            return _water(alert, zone)


def _water(alert: AlertText, zone: ZoneInfo) -> str:
    known = alert.value_m is not None and math.isfinite(alert.value_m)
    value = f"{alert.value_m:z.2f} m".replace(".", ",") if known else ""
    trend = _trend(alert.rate_m_per_h)
    if alert.is_over or not alert.is_blind:
        return f"Air {value}{trend}" if known else ""
    taken = f" ({clock(alert.observed_at, zone)})" if alert.observed_at is not None else ""
    last = f"terakhir {value}{taken}{trend}" if known else ""
    if alert.at_least:
        return f"Data putus, {last}" if last else "Data putus"
    return last.capitalize()


def _rain(cause: RainCause | None) -> str:
    if cause is None:
        return ""
    where = " di hulu" if cause.where == "upstream" else ""
    return f"Hujan{where} {number(cause.mm)} mm dalam {WINDOWS[cause.window]}"


def _air(alert: AlertText) -> str:
    """The index with its category and its parameter, or the hour, which is indicative and never called an index."""
    air = alert.air
    if air is None:
        return ""
    if alert.why == "air_worse" and air.before_ugm3 is not None and air.hour_ugm3 is not None:
        return f"Dari {air.before_ugm3:.0f} ke {air.hour_ugm3:.0f} ug/m3 dalam 1 jam (indikatif)"
    if alert.why == "air_hour" and air.hour_ugm3 is not None:
        return f"Rata-rata 1 jam {air.hour_ugm3:.0f} ug/m3 (indikatif)"
    if air.index is None or air.category is None:
        return ""
    critical = parameter(air.critical)
    return f"ISPU {air.index} {CATEGORIES[air.category]}{f' ({critical})' if critical else ''}"


def parameter(critical: str | None) -> str:
    """``PM2,5`` for pm25 or PM2.5, as people write it; nothing for what is no parameter of the index."""
    plain = (critical or "").upper().replace(".", "").replace(",", "")
    return {"PM25": "PM2,5"}.get(plain, plain) if plain in _PARAMETERS else ""


def _silence_of_group(alert: AlertText, zone: ZoneInfo) -> str:
    if alert.silent_for_ms is None:
        return ""
    if alert.is_over:
        return f"Putus {alert.silent_for_ms / 60_000:.0f} menit"
    return f"Terakhir {clock(alert.at - alert.silent_for_ms, zone)}"


def expected(alert: AlertText, zone: ZoneInfo) -> str:
    """By the clock and not in minutes from now: nobody knows how long the message travels."""
    if not alert.is_up or alert.is_blind or alert.eta_from is None:
        return ""
    what = _NEXT[alert.level]
    if alert.next_level is not None:
        # A level that was raised by the trend is ahead of the water: its own threshold is still to come.
        what = f"{'ambang ' if alert.next_level <= alert.level else ''}{alert.next_level.name}"
    first = clock(alert.eta_from, zone)
    if alert.eta_to is None:
        return f"{what} paling cepat {first}"
    last = clock(alert.eta_to, zone)
    return f"{what} diperkirakan {first if first == last else f'{first}-{last}'}"


def _is_rising(alert: AlertText) -> bool:
    return alert.rate_m_per_h is not None and alert.rate_m_per_h > 0


def _trend(rate_m_per_h: float | None) -> str:
    if rate_m_per_h is None or not math.isfinite(rate_m_per_h * 100):
        return ""
    rate = round(rate_m_per_h * 100)
    if rate == 0:
        return " tetap"
    return f" {'naik' if rate > 0 else 'turun'} {abs(rate)} cm/jam"


def clock(at: int, zone: ZoneInfo, *, with_zone: bool = False) -> str:
    local = (EPOCH + timedelta(milliseconds=at)).astimezone(zone)
    return f"{local.hour:02d}:{local.minute:02d}{f' {local.tzname()}' if with_zone else ''}"
