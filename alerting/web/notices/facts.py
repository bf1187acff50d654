"""What whoever decides is shown of a notice: to whom, by which ways, how long, at what price, and who decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alerting.public_texts import length
from alerting.web import words
from alerting.web.alert_card import state_of
from alerting.web.catalogue import tr
from alerting.web.replica import Replica
from broker.live import StationView

LIMIT: Final = 160
RUPIAH: Final = "Rp\u00a0{}"
KINDS: Final = {"resident": "warga", "head": "ketua RT/RW", "institution": "lembaga", "officer": "petugas"}
CHANNELS: Final = {"demo": "berkas contoh", "twilio": "SMS penyedia", "gammu": "modem SMS", "none": "tanpa saluran"}
LANGUAGES: Final = {"id": "Bahasa Indonesia", "en": "Bahasa Inggris"}
STATES: Final = {
    "waiting": "Menunggu keputusan",
    "veto": "Tayang sendiri bila tidak ditahan",
    "approved": "Disetujui",
    "vetoed": "Ditahan",
    "replaced": "Diganti",
    "sent": "Terkirim",
}
HEADLINES: Final = {
    "raised": "Peringatan",
    "raised_higher": "Naik ke",
    "lowered": "Turun ke",
    "ended": "Aman",
    "cancelled": "Pembatalan",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentText:
    """One text with its length: ``152/160, 1 SMS``."""

    language: str
    code: str
    text: str
    length: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """To whom it goes; every figure in words."""

    count: int
    people: str
    by_area: tuple[tuple[str, str], ...]
    by_kind: str
    by_channel: str
    duration: str
    cost: str


def texts_of(texts: Mapping[str, str]) -> tuple[SentText, ...]:
    return tuple(_text(code, texts[code]) for code in sorted(texts, key=lambda each: each != "id"))


def _text(code: str, text: str) -> SentText:
    measured = length(text)
    shown = f"{measured.septets}/{LIMIT}, {measured.parts} SMS"
    return SentText(language=tr(LANGUAGES.get(code, code)), code=code, text=text, length=shown)


def reach_of(shown: Mapping[str, Any]) -> Reach:
    """From what core answers to notice-show or notice-preview."""
    count = int(shown["audience"])
    return Reach(
        count=count,
        people=people(count),
        by_area=tuple((area, people(number)) for area, number in shown["by_area"].items()),
        by_kind=_counted(shown["by_kind"], KINDS),
        by_channel=_counted(shown["by_channel"], CHANNELS),
        duration=_duration(shown["duration_s"]),
        cost=_cost(shown["cost"]),
    )


def still_high(replica: Replica, areas: Sequence[str]) -> tuple[str, ...]:
    """Stations that still stand above NORMAL and matter to one of the areas, as ``Welang Kraton SIAGA 4,60 m``."""
    return tuple(
        _standing(station)
        for station in sorted(replica.stations.values(), key=lambda each: each.name)
        if words.rank(station.level or station.state)
        and any(area == name or area.startswith(f"{name} ") for area in areas for name in station.kelurahan)
    )


def _standing(station: StationView) -> str:
    level = next((each.value for each in station.series if each.quantity == "level_m"), None)
    trend = station.trend.rate_m_per_h if station.trend is not None else None
    value = "" if level is None else f" {words.number(level, 2)} m"
    return f"{station.name} {station.level or station.state}{value}{'' if trend is None else f' {words.rate(trend)}'}"


def people(count: int) -> str:
    """``1 240 orang``."""
    return tr("{n} orang", n=thousands(count))


def thousands(count: int) -> str:
    return f"{count:,}".replace(",", "\u00a0")


def _counted(found: Mapping[str, int], named: Mapping[str, str]) -> str:
    return ", ".join(f"{tr(named.get(each, each))} {thousands(count)}" for each, count in found.items())


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return tr("belum dapat diperkirakan")
    return tr("sekitar {time}", time=words.duration(round(max(seconds, 1.0) * 1000)))


def _cost(cost: float | None) -> str:
    return tr("harga per SMS belum diisi") if cost is None else RUPIAH.format(thousands(round(cost)))


def fates_of(messages: Mapping[str, int], channel: str) -> tuple[tuple[str, str, str], ...]:
    """Mark, word and count of the messages in each state."""
    found: dict[tuple[str, str], int] = {}
    for state, count in messages.items():
        mark = state_of(channel, state)
        found[mark] = found.get(mark, 0) + count
    return tuple((mark, tr(word), thousands(count)) for (mark, word), count in found.items())
