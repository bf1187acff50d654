"""Numbers, times and the product's Indonesian words, as the page prints them.

Times inside are integers of milliseconds UTC; people read WIB, which is UTC+7 without summer time. Decimals have a
comma. ``static/clock.js`` says ages and durations with the same words, and a test compares the two.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from broker.levels import State
from broker.quality_flags import Flag

WIB: Final = timezone(timedelta(hours=7), "WIB")
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
    "pressure_hpa": Quantity(name="tekanan", unit="hPa"),
}
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
    return QUANTITIES.get(name) or Quantity(name=name, unit="")


def quality(flag: int) -> str:
    return QUALITY.get(flag, f"bertanda {flag}")


def number(value: float, digits: int) -> str:
    """``5.8`` with two digits is ``5,80``; a minus is a real minus."""
    return f"{value:.{digits}f}".replace(".", ",").replace("-", "−")  # noqa: RUF001 — typography is meant


def measured(quantity: str, value: float | None) -> str:
    """The value as people read it, without its unit; an en dash when there is none."""
    shown = quantity_of(quantity)
    return "–" if value is None else number(value * shown.scale, shown.digits)  # noqa: RUF001 — a dash is meant


def local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(WIB)


def time_of_day(ms: int) -> str:
    return f"{local(ms):%H:%M}"


def moment(ms: int, now: int) -> str:
    """``18:41:07 WIB``, with the day before it when that is not today."""
    then = local(ms)
    clock = f"{then:%H:%M:%S} WIB"
    return clock if then.date() == local(now).date() else f"{then.day} {MONTHS[then.month - 1]} {clock}"


def minute(ms: int, now: int) -> str:
    """The same without seconds, for what began a while ago."""
    then = local(ms)
    clock = f"{then:%H:%M} WIB"
    return clock if then.date() == local(now).date() else f"{then.day} {MONTHS[then.month - 1]} {clock}"


def duration(ms: int) -> str:
    """How long, in at most two units; under a minute in seconds."""
    ms = max(ms, 0)
    if ms < MINUTE_MS:
        return f"{ms // 1000} detik"
    if ms < HOUR_MS:
        return f"{ms // MINUTE_MS} menit"
    if ms < DAY_MS:
        hours, rest = divmod(ms, HOUR_MS)
        minutes = rest // MINUTE_MS
        return f"{hours} jam {minutes} menit" if minutes else f"{hours} jam"
    days, rest = divmod(ms, DAY_MS)
    hours = rest // HOUR_MS
    return f"{days} hari {hours} jam" if hours else f"{days} hari"


def age(ms: int) -> str:
    """How long ago; a clock that is a little ahead reads "baru saja"."""
    return "baru saja" if ms < 1000 else f"{duration(ms)} lalu"


def latency(ms: float) -> str:
    """A measured latency in real time."""
    if ms < 10:
        return f"{number(ms, 1)} ms"
    return f"{ms:.0f} ms" if ms < 1000 else f"{number(ms / 1000, 1)} detik"


def rate(rate_m_per_h: float) -> str:
    """A rate of change in the words people use, ``naik 45 cm/jam``; under half a centimetre it is steady."""
    cm = round(rate_m_per_h * 100)
    if cm == 0:
        return "tetap"
    return f"{'naik' if cm > 0 else 'turun'} {abs(cm)} cm/jam"


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
    meaning = WHY.get(flag, f"Bacaan ini bertanda {flag}").removesuffix(".")
    return f"{meaning}: {reason}." if reason and flag != Flag.GOOD else f"{meaning}."
