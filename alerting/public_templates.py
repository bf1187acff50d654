"""The approved words of public notices, as data: a notice is never anything else than these, filled.

``VERSION`` rises with every change of a word, and is kept with each notice beside its text. ``{level}`` has the word
WASPADA, SIAGA or AWAS in every language: it is what the loudspeaker says. Advice comes in a full form and in
shorter ones; each says what to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from broker.levels import Level

VERSION: Final = 2

Language = Literal["id", "en"]
PublicHazard = Literal["level", "tide", "rain", "air"]
Advice = tuple[str, ...]
"""From the full to the barest form, two at least, without a capital: names may stand before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """One language. ``{place}``, ``{time}`` and the like are filled by :mod:`alerting.public_clauses`."""

    drill: tuple[str, str]  # in front, and a closing sentence where there is room for it
    example: str
    levels: Mapping[Level, str]
    nouns: Mapping[PublicHazard, str]
    raised: str
    raised_higher: str
    lowered: str
    at_least: str
    ended: Mapping[PublicHazard, str]
    lapsed: str  # in place of the first sentence of ``ended``: nothing was measured that says it is safe
    cancelled: str
    river: tuple[str, str]  # with the station, without it
    station: str
    when: str
    when_ended: str
    when_lapsed: str
    when_cancelled: tuple[str, str]  # when the cancelled warning was given, when that is not known
    by_officer: str
    water: str
    last_water: tuple[str, str]  # the last value, when there is none
    rising: str
    falling: str
    steady: str
    rain: str
    rain_upstream: str
    windows: Mapping[str, str]
    index: str
    hour: str
    worse: str
    categories: tuple[str, str, str, str, str]
    may_reach: str
    may_overflow: str
    between: str
    at: str
    not_before: str
    more_areas: str
    advice: Mapping[PublicHazard, Mapping[Level, Advice]]
    advice_lowered: Mapping[PublicHazard, Advice]  # from AWAS; else the level's own after ``not_safe_yet``
    not_safe_yet: str
    advice_ended: Mapping[PublicHazard, Advice]
    advice_lapsed: Advice
    advice_cancelled: Mapping[PublicHazard, Advice]
    closing: str
    refuge: tuple[str, str]  # where to go, as whoever decides adds it; with the time by which


_EVACUATED: Final = ("belum aman, yang mengungsi jangan pulang dulu", "belum aman, jangan pulang dulu")
_MUD: Final = ("hati-hati lumpur dan listrik saat kembali ke rumah", "hati-hati lumpur dan listrik")
_STAY: Final = ("tidak perlu mengungsi, mohon maaf atas kabar tadi", "tidak perlu mengungsi")

INDONESIAN: Final = Templates(
    drill=("LATIHAN", "Ini hanya latihan."),
    example="CONTOH",
    levels={Level.WASPADA: "WASPADA", Level.SIAGA: "SIAGA", Level.AWAS: "AWAS"},
    nouns={"level": "BANJIR", "tide": "BANJIR ROB", "rain": "HUJAN LEBAT", "air": "UDARA BURUK"},
    raised="{level} {noun}",
    raised_higher="NAIK KE {level} {noun}",
    lowered="TURUN KE {level} {noun}",
    at_least="SEDIKITNYA {level} {noun}",
    ended={
        "level": "AMAN. Peringatan banjir",
        "tide": "AMAN. Peringatan banjir rob",
        "rain": "HUJAN REDA. Peringatan hujan lebat",
        "air": "UDARA MEMBAIK. Peringatan udara buruk",
    },
    lapsed="SELESAI. Peringatan {noun}",
    cancelled="BATAL. Peringatan {level} {noun}",
    river=("S. {river} di {station}", "S. {river}"),
    station="di {station}",
    when=", {time}",
    when_ended=" dicabut {time}",
    when_lapsed=" berakhir {time}",
    when_cancelled=(" ({raised}) dibatalkan {time}", " dibatalkan {time}"),
    by_officer=", ditetapkan petugas",
    water="Air {value} m{trend}",
    last_water=("Alat putus, terakhir {value} m{taken}{trend}", "Alat putus"),
    rising=" naik {rate} cm/jam",
    falling=" turun {rate} cm/jam",
    steady=" tetap",
    rain="Hujan {mm} mm dalam {window}",
    rain_upstream="Hujan di hulu {mm} mm dalam {window}",
    windows={"10min": "10 menit", "1h": "1 jam", "3h": "3 jam", "6h": "6 jam", "24h": "24 jam"},
    index="ISPU {index} {category}{critical}",
    hour="Rata-rata 1 jam {hour} ug/m3 (indikatif)",
    worse="Dari {before} ke {hour} ug/m3 dalam 1 jam (indikatif)",
    categories=("Baik", "Sedang", "Tidak Sehat", "Sangat Tidak Sehat", "Berbahaya"),
    may_reach="bisa {level} {times}",
    may_overflow="bisa meluap {times}",
    between="jam {first}-{last}",
    at="jam {first}",
    not_before="mulai jam {first}",
    more_areas="{names} dan {count} lainnya",
    advice={
        "level": {
            Level.WASPADA: ("jauhi sungai, amankan barang dan surat penting", "jauhi sungai, bersiap"),
            Level.SIAGA: ("siap mengungsi, bawa obat dan surat penting", "siap mengungsi"),
            Level.AWAS: ("mengungsi sekarang, bantu lansia dan anak", "mengungsi sekarang"),
        },
        "tide": {
            Level.WASPADA: ("naikkan barang, pindahkan kendaraan", "naikkan barang"),
            Level.SIAGA: (
                "naikkan barang, siap mengungsi, bawa obat dan surat",
                "naikkan barang, siap mengungsi",
                "siap mengungsi",
            ),
            Level.AWAS: ("mengungsi sekarang, matikan listrik rumah", "mengungsi sekarang"),
        },
        "rain": {
            Level.WASPADA: ("jauhi sungai dan selokan, awas genangan", "jauhi sungai dan selokan"),
            Level.SIAGA: (
                "jauhi sungai, siap mengungsi, jangan terjang genangan",
                "jauhi sungai, siap mengungsi",
                "siap mengungsi",
            ),
            Level.AWAS: ("pindah sekarang ke tempat tinggi, jauhi sungai", "pindah sekarang ke tempat tinggi"),
        },
        "air": {
            Level.WASPADA: ("kurangi kegiatan di luar, pakai masker", "pakai masker di luar"),
            Level.SIAGA: ("tetap di rumah, pakai masker bila harus keluar", "tetap di rumah, pakai masker"),
            Level.AWAS: (
                "tetap di dalam, tutup pintu dan jendela, pakai masker",
                "tetap di dalam, tutup pintu dan jendela",
            ),
        },
    },
    advice_lowered={
        "level": _EVACUATED,
        "tide": _EVACUATED,
        "rain": ("belum aman, jauhi sungai dan selokan", "belum aman, jauhi sungai"),
        "air": ("masih buruk, pakai masker bila keluar", "masih buruk, pakai masker"),
    },
    not_safe_yet="belum aman, {advice}",
    advice_ended={
        "level": _MUD,
        "tide": _MUD,
        "rain": ("sungai masih bisa naik, tetap ikuti kabar", "sungai masih bisa naik"),
        "air": ("anak, lansia dan yang sakit tetap hati-hati", "tetap jaga kesehatan"),
    },
    advice_lapsed=("tetap hati-hati dan ikuti kabar", "tetap hati-hati"),
    advice_cancelled={
        "level": _STAY,
        "tide": _STAY,
        "rain": _STAY,
        "air": ("boleh keluar rumah seperti biasa, mohon maaf atas kabar tadi", "boleh keluar rumah seperti biasa"),
    },
    closing="Info {number}",
    refuge=("Tempat aman: {place}", "Tempat aman: {place}, sebelum jam {time}"),
)

_EVACUATED_EN: Final = ("not safe yet, do not go home", "not safe yet, do not go home")
_MUD_EN: Final = ("mind mud and live wires when you go home", "mind mud and live wires")
_STAY_EN: Final = ("no need to leave, we are sorry", "no need to leave")

ENGLISH: Final = Templates(
    drill=("LATIHAN (drill)", "This is only a drill."),
    example="CONTOH (example)",
    levels={Level.WASPADA: "WATCH (WASPADA)", Level.SIAGA: "GET READY (SIAGA)", Level.AWAS: "DANGER (AWAS)"},
    nouns={"level": "FLOOD", "tide": "TIDAL FLOOD", "rain": "HEAVY RAIN", "air": "BAD AIR"},
    raised="{level} {noun}",
    raised_higher="NOW {level} {noun}",
    lowered="LOWERED: {level} {noun}",
    at_least="AT LEAST {level} {noun}",
    ended={
        "level": "ALL CLEAR (AMAN). Flood warning",
        "tide": "ALL CLEAR (AMAN). Tidal flood warning",
        "rain": "RAIN EASES. Heavy rain warning",
        "air": "AIR IMPROVES. Bad air warning",
    },
    lapsed="OVER (SELESAI). {noun} warning",
    cancelled="CANCELLED (BATAL). {level} {noun} warning",
    river=("{river} River at {station}", "{river} River"),
    station="at {station}",
    when=", {time}",
    when_ended=" ended {time}",
    when_lapsed=" ended {time}",
    when_cancelled=(" ({raised}) withdrawn {time}", " withdrawn {time}"),
    by_officer=", set by an officer",
    water="Water {value} m{trend}",
    last_water=("Gauge lost, last {value} m{taken}{trend}", "Gauge lost"),
    rising=", up {rate} cm/h",
    falling=", down {rate} cm/h",
    steady=", steady",
    rain="Rain {mm} mm in {window}",
    rain_upstream="Rain upstream {mm} mm in {window}",
    windows={"10min": "10 min", "1h": "1 hour", "3h": "3 hours", "6h": "6 hours", "24h": "24 hours"},
    index="ISPU {index} {category}{critical}",
    hour="1-hour mean {hour} ug/m3 (indicative)",
    worse="From {before} to {hour} ug/m3 in 1 hour (indicative)",
    categories=("good", "moderate", "unhealthy", "very unhealthy", "hazardous"),
    may_reach="may be {level} {times}",
    may_overflow="may overflow {times}",
    between="at {first}-{last}",
    at="at {first}",
    not_before="from {first}",
    more_areas="{names} +{count}",
    advice={
        "level": {
            Level.WASPADA: ("keep away from the river, secure your papers", "avoid the river"),
            Level.SIAGA: ("be ready to leave, pack medicine and papers", "be ready to leave"),
            Level.AWAS: ("leave now, help the old and the young", "leave now"),
        },
        "tide": {
            Level.WASPADA: ("raise your goods, move your vehicle", "raise your goods"),
            Level.SIAGA: (
                "raise your goods, be ready to leave, pack papers",
                "raise your goods, be ready to leave",
                "be ready to leave",
            ),
            Level.AWAS: ("leave now, switch off the power", "leave now"),
        },
        "rain": {
            Level.WASPADA: ("keep away from rivers and drains, mind flooded roads", "avoid rivers and drains"),
            Level.SIAGA: (
                "keep away from rivers, be ready to leave, do not cross water",
                "avoid rivers, be ready to leave",
                "be ready to leave",
            ),
            Level.AWAS: ("move to high ground now, keep away from rivers", "move to high ground now"),
        },
        "air": {
            Level.WASPADA: ("do less outdoors, wear a mask", "wear a mask outdoors"),
            Level.SIAGA: ("stay at home, wear a mask if you must go out", "stay at home, wear a mask"),
            Level.AWAS: ("stay inside, shut doors and windows, wear a mask", "stay inside, shut doors and windows"),
        },
    },
    advice_lowered={
        "level": _EVACUATED_EN,
        "tide": _EVACUATED_EN,
        "rain": ("not safe yet, keep away from rivers and drains", "not safe yet, avoid rivers"),
        "air": ("still bad, wear a mask outdoors", "still bad, wear a mask"),
    },
    not_safe_yet="not safe yet, {advice}",
    advice_ended={
        "level": _MUD_EN,
        "tide": _MUD_EN,
        "rain": ("rivers may still rise, follow the news", "rivers may still rise"),
        "air": ("the young, old and sick should still take care", "still take care"),
    },
    advice_lapsed=("stay careful and follow the news", "stay careful"),
    advice_cancelled={
        "level": _STAY_EN,
        "tide": _STAY_EN,
        "rain": _STAY_EN,
        "air": ("you may go out as usual, we are sorry", "you may go out as usual"),
    },
    closing="Info {number}",
    refuge=("Safe place: {place}", "Safe place: {place}, before {time}"),
)

TEMPLATES: Final[Mapping[Language, Templates]] = {"id": INDONESIAN, "en": ENGLISH}
