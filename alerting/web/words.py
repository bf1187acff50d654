"""Numbers, times and the product's Indonesian words, as the page prints them.

Times inside are integers of milliseconds UTC; people read WIB, which is UTC+7 without summer time. Decimals have a
comma, in English a point. ``static/clock.js`` says ages and durations with the same words, and a test compares the two.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Final

from alerting.web.catalogue import NATIVE, language, tr
from broker.levels import State
from broker.quality_flags import Flag

WIB_MS: Final = 7 * 3_600_000
WIB: Final = timezone(timedelta(milliseconds=WIB_MS), "WIB")
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
EXAMPLE: Final = "CONTOH, belum resmi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """How a quantity is called and printed: its value times ``scale``, with ``digits`` decimals and ``unit``."""

    name: str
    unit: str
    digits: int = 1
    scale: float = 1.0


QUANTITIES: Final = {
    "level_m": Quantity(name="muka air", unit="m", digits=2),
    "staff_gauge_m": Quantity(name="papan duga", unit="m", digits=2),
    "rain_mm": Quantity(name="hujan", unit="mm"),
    "rain_mm_per_h": Quantity(name="hujan", unit="mm/jam"),
    "pm25_ugm3": Quantity(name="PM2,5", unit="µg/m³"),
    "pm25_cf1_ugm3": Quantity(name="PM2,5 mentah", unit="µg/m³"),
    "pm10_ugm3": Quantity(name="PM10", unit="µg/m³"),
    "temperature_c": Quantity(name="suhu", unit="°C"),
    "humidity_pct": Quantity(name="kelembapan", unit="%", digits=0),
    "battery_mv": Quantity(name="baterai", unit="V", digits=2, scale=0.001),
    "batt_mv": Quantity(name="baterai", unit="V", digits=2, scale=0.001),
    "solar_mv": Quantity(name="panel surya", unit="V", digits=2, scale=0.001),
    "distance_spread_mm": Quantity(name="sebaran bacaan", unit="mm", digits=0),
    "lid_open": Quantity(name="tutup terbuka", unit="", digits=0),
    "tilted": Quantity(name="tiang miring", unit="", digits=0),
    "siren_on": Quantity(name="sirene berbunyi", unit="", digits=0),
    "pressure_hpa": Quantity(name="tekanan", unit="hPa"),
}
SWITCHES: Final = ("lid_open", "tilted", "siren_on")  # 1 is yes
QUALITY: Final[dict[int, str]] = {
    Flag.GOOD: "baik",
    Flag.NOT_EVALUATED: "belum diperiksa",
    Flag.SUSPECT: "belum terverifikasi",
    Flag.FAIL: "tidak lolos uji",
    Flag.MISSING: "bacaan hilang",
}
# The mark of a state: one name for the CSS class and the icon.
MARKS: Final = {
    State.NORMAL.value: "normal",
    State.WASPADA.value: "waspada",
    State.SIAGA.value: "siaga",
    State.AWAS.value: "awas",
    State.NO_DATA.value: "nodata",
    State.NOT_SET.value: "notset",
    State.MAINTENANCE.value: "maintenance",
}


RANKS: Final = {State.WASPADA.value: 1, State.SIAGA.value: 2, State.AWAS.value: 3}
# What an alert is about; one of the water or of data needs no word beside its title.
SUBJECTS: Final = {"rain": "hujan lebat", "air": "mutu udara"}


def rank(level: str) -> int:
    """How bad a level is, from 1; 0 for NORMAL and for states that are no level."""
    return RANKS.get(level, 0)


def mark_of(state: str) -> str:
    """The mark of a state; a state that this page does not know is drawn as no data, never as normal."""
    return MARKS.get(state, "nodata")


def quantity_of(name: str) -> Quantity:
    known = QUANTITIES.get(name) or Quantity(name=name, unit="")
    return known if language() == NATIVE else replace(known, name=tr(known.name), unit=tr(known.unit))


def quality(flag: int) -> str:
    known = QUALITY.get(flag)
    return tr("bertanda {flag}", flag=flag) if known is None else tr(known)


def number(value: float, digits: int) -> str:
    """``5.8`` with two digits is ``5,80``; a minus is a real minus."""
    said = f"{value:.{digits}f}".replace("-", "−")  # noqa: RUF001 — typography is meant
    return said.replace(".", ",") if language() == NATIVE else said


def measured(quantity: str, value: float | None) -> str:
    """The value as people read it, without its unit; an en dash when there is none."""
    shown = quantity_of(quantity)
    if quantity in SWITCHES and value is not None:
        return tr("ya") if value else tr("tidak")
    return "–" if value is None else number(value * shown.scale, shown.digits)  # noqa: RUF001 — a dash is meant


def local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, WIB)


def _is_same_day(ms: int, now: int) -> bool:
    """In WIB, which has no summer time."""
    return (ms + WIB_MS) // DAY_MS == (now + WIB_MS) // DAY_MS


def day_month(then: datetime) -> str:
    """``24 Nov``."""
    return f"{then.day} {tr(MONTHS[then.month - 1])}"


def time_of_day(ms: int) -> str:
    return f"{local(ms):%H:%M}"


def moment(ms: int, now: int) -> str:
    """``18:41:07 WIB``, with the day before it when that is not today."""
    then = local(ms)
    clock = f"{then:%H:%M:%S} WIB"
    return clock if _is_same_day(ms, now) else f"{day_month(then)} {clock}"


def minute(ms: int, now: int) -> str:
    """The same without seconds, for what began a while ago."""
    then = local(ms)
    clock = f"{then:%H:%M} WIB"
    return clock if _is_same_day(ms, now) else f"{day_month(then)} {clock}"


def duration(ms: int) -> str:
    """How long, in at most two units; under a minute in seconds."""
    ms = max(ms, 0)
    if ms < MINUTE_MS:
        return tr("{n} detik", n=ms // 1000)
    if ms < HOUR_MS:
        return tr("{n} menit", n=ms // MINUTE_MS)
    if ms < DAY_MS:
        hours, rest = divmod(ms, HOUR_MS)
        minutes = rest // MINUTE_MS
        return tr("{n} jam {m} menit", n=hours, m=minutes) if minutes else tr("{n} jam", n=hours)
    days, rest = divmod(ms, DAY_MS)
    hours = rest // HOUR_MS
    return tr("{n} hari {m} jam", n=days, m=hours) if hours else tr("{n} hari", n=days)


def countdown(ms: int) -> str:
    """What is left until something happens by itself; under an hour as minutes and seconds."""
    if ms <= 0:
        return tr("sekarang")
    if ms >= HOUR_MS:
        return tr("{time} lagi", time=duration(ms))
    minutes, seconds = divmod(-(-ms // 1000), 60)
    return tr("{time} lagi", time=f"{minutes:02d}:{seconds:02d}")


def age(ms: int) -> str:
    """How long ago; a clock that is a little ahead reads "baru saja"."""
    return tr("baru saja") if ms < 1000 else tr("{time} lalu", time=duration(ms))


def latency(ms: float) -> str:
    """A measured latency in real time."""
    if ms < 10:
        return f"{number(ms, 1)} ms"
    return f"{ms:.0f} ms" if ms < 1000 else tr("{n} detik", n=number(ms / 1000, 1))


def rate(rate_m_per_h: float) -> str:
    """A rate of change in the words people use, ``naik 45 cm/jam``; under half a centimetre it is steady."""
    cm = round(rate_m_per_h * 100)
    if cm == 0:
        return tr("tetap")
    return tr("naik {cm} cm/jam", cm=cm) if cm > 0 else tr("turun {cm} cm/jam", cm=-cm)


WHY: Final[dict[int, str]] = {
    Flag.GOOD: "Bacaan ini lolos semua pemeriksaan mutu.",
    Flag.NOT_EVALUATED: "Bacaan ini belum diperiksa mutunya.",
    Flag.SUSPECT: "Bacaan ini belum terverifikasi",
    Flag.FAIL: "Bacaan ini tidak lolos pemeriksaan mutu dan tidak dipakai",
    Flag.MISSING: "Tidak ada nilai yang terukur",
}


def why(flag: int, *, said: str | None, reason: str | None) -> str:
    """What the flag means, as one sentence: what core said, or the flag's own words with the reason behind them."""
    if said:
        return said
    known = WHY.get(flag)
    meaning = tr("Bacaan ini bertanda {flag}", flag=flag) if known is None else tr(known).removesuffix(".")
    return f"{meaning}: {reason}." if reason and flag != Flag.GOOD else f"{meaning}."
