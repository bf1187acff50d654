"""The words of public notices."""

import hashlib
import re
from dataclasses import astuple, replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.episodes import AirCause, Kind, RainCause
from alerting.public_clauses import PublicText
from alerting.public_templates import TEMPLATES, VERSION, Language, PublicHazard
from alerting.public_texts import length, notice_text
from broker.levels import Level
from deploy.registry.areas import Areas, built_in

AT = 1_764_070_800_000  # 2025-11-25 18:40 WIB
MINUTE = 60_000
LINK = re.compile(r"[A-Za-z0-9]\.[A-Za-z]|://|www\.|@")
SIAGA_NUMBER = re.compile(r"siaga\W*(\d|[ivx]+\b)", re.IGNORECASE)

WELANG = PublicText(
    kind="raised",
    level=Level.AWAS,
    areas=("Karangketug", "Randusari"),
    at=AT,
    timezone="Asia/Jakarta",
    river="Welang",
    station_name="Welang Kraton",
    value_m=5.8,
    rate_m_per_h=0.45,
)
EXPECTED: dict[str, Any] = {"eta_from": AT + 10 * MINUTE, "eta_to": AT + 40 * MINUTE}
RAIN = RainCause(mm=62.0, window="1h", where="here", limit=50.0, complete=1.0)
AIR = AirCause(
    index=215,
    category=3,
    critical="pm25",
    complete=1.0,
    hour_ugm3=None,
    hour_category=None,
    before_ugm3=None,
    limit=3.0,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            (
                "BPBD KOTA PASURUAN: AWAS BANJIR S. Welang di Kraton, 18:40. Air 5,8 m naik 45 cm/jam. "
                "Karangketug, Randusari: mengungsi sekarang. Info 112"
            ),
        ),
        (
            EXPECTED,
            (
                "BPBD: AWAS BANJIR S. Welang di Kraton, 18:40. Air 5,8 m naik 45 cm/jam, bisa meluap jam 18:50-19:20. "
                "Karangketug, Randusari: mengungsi sekarang. Info 112"
            ),
        ),
        (
            {**EXPECTED, "level": Level.SIAGA, "next_level": Level.AWAS, "value_m": 4.5, "areas": ("Sebani", "Kepel")},
            (
                "BPBD KOTA PASURUAN: SIAGA BANJIR S. Welang di Kraton, 18:40. Air 4,5 m naik 45 cm/jam, "
                "bisa AWAS jam 18:50-19:20. Sebani, Kepel: siap mengungsi. Info 112"
            ),
        ),
        (
            {"language": "en", "level": Level.WASPADA, "value_m": 3.6, "areas": ("Kepel",)},
            (
                "BPBD KOTA PASURUAN: WATCH (WASPADA) FLOOD Welang River at Kraton, 18:40. Water 3.6 m, up 45 cm/h. "
                "Kepel: keep away from the river, secure your papers. Info 112"
            ),
        ),
        (
            {"kind": "lowered", "level": Level.WASPADA, "level_before": Level.SIAGA, "rate_m_per_h": -0.2},
            (
                "BPBD: TURUN KE WASPADA BANJIR S. Welang di Kraton, 18:40. Air 5,8 m turun 20 cm/jam. "
                "Karangketug, Randusari: belum aman, jauhi sungai, bersiap. Info 112"
            ),
        ),
        (
            {"kind": "lowered", "level": Level.SIAGA, "level_before": Level.AWAS, "rate_m_per_h": -0.2},
            (
                "BPBD: TURUN KE SIAGA BANJIR S. Welang di Kraton, 18:40. Air 5,8 m turun 20 cm/jam. "
                "Karangketug, Randusari: belum aman, jangan pulang dulu. Info 112"
            ),
        ),
        (
            {"kind": "ended", "level": Level.NORMAL, "value_m": 3.1, "rate_m_per_h": -0.004, "areas": ("Kepel",)},
            (
                "BPBD KOTA PASURUAN: AMAN. Peringatan banjir S. Welang di Kraton dicabut 18:40. Air 3,1 m tetap. "
                "Kepel: hati-hati lumpur dan listrik. Info 112"
            ),
        ),
        (
            {"kind": "cancelled", "level": Level.NORMAL, "level_before": Level.AWAS, "raised_at": AT - 12 * MINUTE},
            (
                "BPBD KOTA PASURUAN: BATAL. Peringatan AWAS banjir S. Welang di Kraton (18:28) dibatalkan 18:40. "
                "Karangketug, Randusari: tidak perlu mengungsi. Info 112"
            ),
        ),
        (
            {"at_least": True, "observed_at": AT - 34 * MINUTE},
            (
                "BPBD: SEDIKITNYA AWAS BANJIR S. Welang di Kraton, 18:40. Alat putus, terakhir 5,8 m (18:06) "
                "naik 45 cm/jam. Karangketug, Randusari: mengungsi sekarang. Info 112"
            ),
        ),
        (
            {"realm": "latihan", "areas": ("Kepel",)},
            (
                "LATIHAN BPBD KOTA PASURUAN: AWAS BANJIR S. Welang di Kraton, 18:40. Air 5,8 m naik 45 cm/jam. "
                "Kepel: mengungsi sekarang. Ini hanya latihan. Info 112"
            ),
        ),
        (
            {"manual": True, "river": None, "station_name": "", "value_m": None, "rate_m_per_h": None},
            (
                "BPBD KOTA PASURUAN: AWAS BANJIR, 18:40, ditetapkan petugas. "
                "Karangketug, Randusari: mengungsi sekarang, bantu lansia dan anak. Info 112"
            ),
        ),
        (
            {
                "hazard": "tide",
                "river": None,
                "station_name": "Pelabuhan",
                "level": Level.SIAGA,
                "value_m": 1.4,
                "areas": ("Mandaranrejo", "Kel. Panggungrejo", "Ngemplakrejo"),
            },
            (
                "BPBD: SIAGA BANJIR ROB di Pelabuhan, 18:40. Air 1,4 m naik 45 cm/jam. "
                "Mandaranrejo, Kel. Panggungrejo, Ngemplakrejo: naikkan barang, siap mengungsi. Info 112"
            ),
        ),
        (
            {"hazard": "rain", "river": None, "station_name": "Bangilan", "rain": RAIN, "areas": ("Bangilan",)},
            (
                "BPBD KOTA PASURUAN: AWAS HUJAN LEBAT di Bangilan, 18:40. Hujan 62 mm dalam 1 jam. "
                "Bangilan: pindah sekarang ke tempat tinggi, jauhi sungai. Info 112"
            ),
        ),
        (
            {"hazard": "air", "river": None, "station_name": "Udara Kota", "air": AIR, "areas": ("Kepel",)},
            (
                "BPBD KOTA PASURUAN: AWAS UDARA BURUK di Kota, 18:40. ISPU 215 Sangat Tidak Sehat (PM2,5). "
                "Kepel: tetap di dalam, tutup pintu dan jendela, pakai masker. Info 112"
            ),
        ),
    ],
)
def test_each_kind_says_who_what_where_when_how_much_and_what_to_do(changes: dict[str, Any], expected: str) -> None:
    """Word for word as a resident reads it."""
    assert expected == notice_text(replace(WELANG, **changes))


ALL_NAMES = sorted(Areas().names(code for code in built_in() if len(code) > 8), key=len, reverse=True)


def worst_cases() -> list[PublicText]:
    """Every level, hazard and kind in both languages, with a wide value, a trend and a forecast; the longest names."""
    return [
        replace(
            WELANG,
            **EXPECTED,
            kind=kind,
            level=Level.NORMAL if kind in ("ended", "cancelled") else level,
            level_before=Level(level + 1) if kind == "lowered" else level,
            next_level=Level(min(level + 1, 3)),
            hazard=hazard,
            language=language,
            areas=tuple(ALL_NAMES),
            value_m=12.8,
            rate_m_per_h=-1.25,
            raised_at=AT - MINUTE,
            observed_at=AT - MINUTE,
            station_name="Kedunglarangan Jembatan Lama",
            river="Kedunglarangan",
            rain=heavy_rain(),
            air=AIR,
            at_least=at_least,
            manual=True,
            realm=realm,
        )
        for kind in get_args(Kind)
        for level in (Level.WASPADA, Level.SIAGA, Level.AWAS)
        for hazard in get_args(PublicHazard)
        for language in get_args(Language)
        for at_least in (False, True)
        for realm in ("ews", "latihan")
        if (kind, level) not in (("raised_higher", Level.WASPADA), ("lowered", Level.AWAS))  # there is no such thing
    ]


def heavy_rain() -> RainCause:
    return RainCause(mm=187.0, window="24h", where="upstream", limit=50.0, complete=1.0)


def test_every_level_hazard_kind_and_language_is_one_part_with_the_longest_names() -> None:
    """Every one of them, and each still says when, what to do, and whom to call."""
    for public in worst_cases():
        text = notice_text(public)
        assert 1 == length(text).parts, text
        assert "18:40" in text
        assert text.endswith("Info 112")
        assert not SIAGA_NUMBER.search(text), text
        assert not LINK.search(text), text
        assert text.startswith("LATIHAN") == (public.realm == "latihan")


def test_what_the_city_has_keeps_a_named_area_in_every_text() -> None:
    """With the city's own longest names and an ordinary station, the list is shortened and never lost."""
    for public in worst_cases():
        river = "Petung" if public.hazard == "level" else None
        ordinary = replace(public, station_name="Petung Blandongan", river=river, manual=False, realm="ews")
        text = notice_text(replace(ordinary, rate_m_per_h=0.45 if ordinary.is_up else -0.45, value_m=5.8))
        assert ALL_NAMES[0] in text, text


def test_the_list_of_areas_is_shortened_last_and_says_how_many_are_left_out() -> None:
    """The full advice, the town and the station go before the first name does."""
    text = notice_text(replace(WELANG, areas=tuple(ALL_NAMES[:12])))
    assert text.startswith("BPBD: AWAS BANJIR S. Welang, 18:40. Air 5,8 m naik 45 cm/jam. ")
    shown, _, rest = text.partition("45 cm/jam. ")[2].partition(" dan ")
    names = shown.split(", ")
    assert ALL_NAMES[: len(names)] == names
    assert rest == f"{12 - len(names)} lainnya: mengungsi sekarang. Info 112"


hostile = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "Karang\r\nketug\r\nBEGIN",
            "https://evil.example/x",
            "www.evil.example",
            "\u202egnatak\u202c",
            "Kebon 🌊🌊🌊 Agung",
            "Siaga 1",
            "SIAGA IV",
            "{level}{0}%s",
            "Kel. x.com",
            "é" * 200,
            "€[]{}|~^" * 20,
            "Tamba’an",  # noqa: RUF001
            "",
        ]
    ),
)


notices = st.builds(
    PublicText,
    areas=st.lists(hostile, max_size=6).map(tuple),
    station_name=hostile,
    river=st.none() | hostile,
    sender=hostile,
    number=hostile,
    value_m=st.none() | st.floats(),
    rate_m_per_h=st.none() | st.floats(),
    kind=st.sampled_from(get_args(Kind)),
    hazard=st.sampled_from(get_args(PublicHazard)),
    language=st.sampled_from(get_args(Language)),
    level=st.sampled_from([Level.WASPADA, Level.SIAGA, Level.AWAS]),
    level_before=st.sampled_from(list(Level)),
    at=st.just(AT),
    timezone=st.just("Asia/Jakarta"),
    realm=st.just("latihan"),
)


@given(public=notices)
def test_no_name_breaks_a_text(public: PublicText) -> None:
    """Line breaks, links, written from right to left, emoji, braces, absurd lengths: one part, our words, no trick."""
    text = notice_text(public)
    assert 1 == length(text).parts
    assert text.isprintable()
    assert not LINK.search(text)
    assert not SIAGA_NUMBER.search(text)
    assert text.startswith("LATIHAN")
    assert re.search(r"Info \d{3,13}$", text)


def test_a_value_that_misled_is_not_repeated_with_the_cancelled_warning() -> None:
    """BATAL says what it was, and not the number that was wrong."""
    text = notice_text(replace(WELANG, kind="cancelled", level=Level.NORMAL, level_before=Level.AWAS))
    assert "AWAS banjir" in text
    assert "5,8" not in text


@pytest.mark.parametrize(
    ("text", "expected"), [("a" * 160, (160, 160, 1)), ("a" * 161, (161, 161, 2)), ("€", (1, 2, 1))]
)
def test_length_is_what_a_phone_counts(text: str, expected: tuple[int, int, int]) -> None:
    """Characters, septets and parts."""
    assert expected == astuple(length(text))


def test_templates_change_only_with_their_version() -> None:
    """A notice keeps the version; two wordings under one number would make that worthless. Raise VERSION, then this."""
    known = {1: "62d3e1985fe09cb7", 2: "5a4271505166a443"}
    found = hashlib.sha256(repr(TEMPLATES).encode()).hexdigest()[:16]
    assert known[VERSION] == found
