"""The bulletin: what stands, as sentences to read aloud on the radio and from the mosque. Indonesian. Pure.

Numbers and times are words, because whoever reads must not stumble; what matters is said twice; a drill begins and ends
with the word. It is made of the same facts as the SMS and the CAP message.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from alerting import public_clauses
from alerting.public_clauses import PublicText
from alerting.public_templates import PublicHazard
from alerting.spoken import spoken_decimal, spoken_digits, spoken_number
from alerting.text_names import plain_name, river_place
from broker.levels import Level

MINUTE_MS: Final = 60_000
ENDED_SHOWN_MS: Final = 2 * 3_600_000  # an all-clear is read so long

_DAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_MONTHS: Final = (
    "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split()  # noqa: SIM905
)
_ZONES: Final = {
    "WIB": "Waktu Indonesia Barat",
    "WITA": "Waktu Indonesia Tengah",
    "WIT": "Waktu Indonesia Timur",
}
_NOUNS: Final[dict[PublicHazard, str]] = {
    "level": "banjir",
    "tide": "banjir rob",
    "rain": "hujan lebat",
    "air": "udara buruk",
}
_MEANING: Final = {
    Level.WASPADA: "Waspada",
    Level.SIAGA: "Siaga",
    Level.AWAS: "Awas",
}
_KINDS: Final = {"Kel": "Kelurahan", "Kec": "Kecamatan", "RW": "er we", "RT": "er te"}
_DRILL: Final = "Ini latihan. Sekali lagi: ini hanya latihan, bukan kejadian sebenarnya."
_EXAMPLE: Final = "Ini contoh untuk uji coba, bukan peringatan sebenarnya."


class BulletinItem(msgspec.Struct, frozen=True, kw_only=True):
    """One published version of a warning; it holds until ``expires``. Times are ms UTC."""

    alert: str
    public: PublicText
    sent: int
    expires: int
    is_test: bool = False


class BulletinFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the bulletin is made of, as it lies beside the feed."""

    sender: str
    timezone: str
    items: tuple[BulletinItem, ...] = ()
    written_at: int = 0

    def has_run_out(self, now: int) -> bool:
        """Whether something that stands was not renewed: core does not run, and "no warning" would be a lie."""
        return any(item.expires <= now and not item.public.is_over for item in self.items)


def bulletin(facts: BulletinFacts, now: int) -> list[str]:
    """Paragraphs to read aloud now: the worst first, then what is over; never one that has run out."""
    zone = ZoneInfo(facts.timezone)
    items = sorted((item for item in facts.items if item.expires > now), key=_urgency)
    sender = plain_name(facts.sender) or "BPBD"
    if not items:
        call = f"Keadaan darurat, telepon {spoken_digits('112')}."
        return [
            f"Keterangan dari {_spelt(sender)}, {spoken_moment(now, zone)}.",
            f"Saat ini tidak ada peringatan yang berlaku. Tetap ikuti keterangan resmi. {call}",
        ]
    paragraphs = [f"Perhatian, perhatian. Berita dari {_spelt(sender)}, {spoken_moment(now, zone)}."]
    for group in _grouped(items):
        paragraphs += _paragraphs(group, zone)
    return [*paragraphs, f"Sekian berita dari {_spelt(sender)}."]


def _urgency(item: BulletinItem) -> tuple[bool, int, int]:
    return item.public.is_over, -item.public.level, item.sent


def _grouped(items: Sequence[BulletinItem]) -> Iterator[BulletinItem]:
    """What is the same but for its place is said once, of all the places."""
    groups: dict[PublicText, list[BulletinItem]] = {}
    for item in items:
        groups.setdefault(replace(item.public, areas=(), at=0, raised_at=None), []).append(item)
    for members in groups.values():
        names = dict.fromkeys(name for member in members for name in member.public.areas)
        first = members[0]
        at = max(member.public.at for member in members)
        until = min(member.expires for member in members)
        yield msgspec.structs.replace(
            first,
            public=replace(first.public, areas=tuple(names), at=at),
            expires=until,
            is_test=any(member.is_test for member in members),
        )


def _paragraphs(item: BulletinItem, zone: tzinfo) -> Iterator[str]:
    public = item.public
    caution = _DRILL if public.realm == "latihan" else _EXAMPLE if item.is_test else ""
    if caution:
        yield caution
    what, to_do = _what(public), _to_do(public)
    yield " ".join(part for part in (what, _when(public, zone), _water(public, zone), _expected(public, zone)) if part)
    yield to_do
    yield f"Kami ulangi. {what} {to_do}"
    until = "" if public.is_over else f"Keterangan ini berlaku sampai pukul {_time(item.expires, zone)}. "
    yield f"{until}Keadaan darurat, telepon {spoken_digits('112')}."
    if caution:
        yield caution


def _what(public: PublicText) -> str:
    noun, places = _NOUNS[public.hazard], _places(public)
    where = f" untuk {places}" if places else ""
    river = _river(public)
    match public.kind:
        case "ended" if public.lapsed:
            return f"Peringatan {noun}{river}{where} sudah berakhir masa berlakunya."
        case "ended":
            return f"Aman. Peringatan {noun}{river}{where} sudah dicabut."
        case "cancelled":
            return f"Batal. Peringatan {noun}{river}{where} dibatalkan."
        case "lowered":
            return f"Peringatan {noun}{river}{where} turun menjadi {_MEANING[public.level]}. Keadaan belum aman."
        case _:
            least = "Sedikitnya " if public.at_least else ""
            level = _MEANING[public.level]
            return f"{least}{level if not least else level.lower()} {noun}{river}{where}."


def _river(public: PublicText) -> str:
    river = plain_name(public.river or "") if public.hazard in ("level", "tide") else ""
    return f" Sungai {river}" if river else ""


def _places(public: PublicText) -> str:
    names = [name for name in dict.fromkeys(spoken_place(area) for area in public.areas) if name]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} dan {names[-1]}"


def spoken_place(area: str) -> str:
    """``Kelurahan Sebani er we tiga`` for ``Sebani RW03``."""
    words = plain_name(area).split()
    if not words:
        return ""
    if words[0] not in _KINDS:
        words.insert(0, "Kel")
    return " ".join(_spoken_part(word) for word in words)


def _spoken_part(word: str) -> str:
    if word in _KINDS:
        return _KINDS[word]
    if word[:2] in ("RW", "RT") and word[2:].isdigit():
        return f"{_KINDS[word[:2]]} {spoken_number(int(word[2:]))}"
    return word


def _when(public: PublicText, zone: tzinfo) -> str:
    verb = {"ended": "Dicabut", "cancelled": "Dibatalkan"}.get(public.kind, "Diumumkan")
    return f"{verb} pukul {_time(public.at, zone)}."


def _water(public: PublicText, zone: tzinfo) -> str:
    """The value and its trend; nothing of a cancelled warning, whose values are what misled."""
    metres, rate = public.value_m, public.rate_m_per_h
    if public.kind == "cancelled" or public.hazard not in ("level", "tide"):
        return ""
    is_lost = public.at_least and public.is_up
    if metres is None or not math.isfinite(metres) or abs(metres) >= 100:
        return "Alat pengukur terputus." if is_lost else ""
    place = river_place(plain_name(public.river or ""), plain_name(public.station_name))
    at = f" di {place}" if place else ""
    seen_at = public.observed_at
    is_told = seen_at is None or abs(seen_at - public.at) < MINUTE_MS  # with the announcement
    seen = "" if seen_at is None or is_told else f", pukul {_time(seen_at, zone)},"
    opening = "Alat pengukur terputus. Terakhir, tinggi air" if is_lost else "Tinggi air"
    return f"{opening}{at}{seen} {spoken_decimal(metres)} meter{_trend(rate)}."


def _trend(rate: float | None) -> str:
    if rate is None or not math.isfinite(rate) or abs(rate) >= 100:
        return ""
    centimetres = round(rate * 100)
    if centimetres == 0:
        return ", tetap"
    verb = "naik" if centimetres > 0 else "turun"
    return f", {verb} {spoken_number(abs(centimetres))} sentimeter setiap jam"


def _expected(public: PublicText, zone: tzinfo) -> str:
    if not public.is_up or public.at_least or public.eta_from is None:
        return ""
    what = "meluap"
    if public.next_level:
        what = f"mencapai tingkat {_MEANING[public.next_level]}"
    first = _time(public.eta_from, zone)
    last = first if public.eta_to is None else _time(public.eta_to, zone)
    span = f"sekitar pukul {first}" if first == last else f"antara pukul {first} dan pukul {last}"
    return f"Air diperkirakan {what} {span}."


def _to_do(public: PublicText) -> str:
    full = public_clauses.advice(replace(public, language="id"))[0]
    if public.is_over:
        return f"{full[0].upper()}{full[1:]}."
    return f"Warga diminta: {full}."


def spoken_moment(at: int, zone: tzinfo) -> str:
    """``hari Minggu, dua puluh dua November dua ribu dua puluh enam, pukul delapan belas tepat Waktu ...``"""
    local = _local(at, zone)
    name = local.strftime("%Z")
    day = f"{spoken_number(local.day)} {_MONTHS[local.month - 1]} {spoken_number(local.year)}"
    return f"hari {_DAYS[local.weekday()]}, {day}, pukul {_time(at, zone)} {_ZONES.get(name, '')}".rstrip()


def _time(at: int, zone: tzinfo) -> str:
    """``delapan belas lewat empat puluh menit``; at the full hour ``delapan belas tepat``."""
    local = _local(at, zone)
    hour = "nol nol" if local.hour == 0 else spoken_number(local.hour)
    return f"{hour} tepat" if local.minute == 0 else f"{hour} lewat {spoken_number(local.minute)} menit"


def _local(at: int, zone: tzinfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone(zone)


def _spelt(sender: str) -> str:
    """``BPBD Kota Pasuruan``: capitals are for eyes, not for voices; short ones are spelt."""
    return " ".join(
        word if len(word) <= 4 and word in ("BPBD", "BMKG", "DLH") else word.title() for word in sender.split()
    )
