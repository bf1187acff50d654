"""The words of an SMS."""

import re
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.episodes import AirCause, Kind, RainCause, Why
from alerting.gsm7 import transliterated
from alerting.text_clauses import Hazard
from alerting.texts import LIMIT, AlertText, septets, sms
from broker.levels import Level

AT = 1_764_070_800_000  # 2025-11-25 18:40 WIB
MINUTE = 60_000

WELANG = AlertText(
    kind="raised",
    level=Level.AWAS,
    station_name="Welang Kraton",
    river="Welang",
    value_m=5.8,
    rate_m_per_h=0.45,
    eta_from=None,
    eta_to=None,
    at=AT,
    kelurahan=("Karangketug", "Randusari"),
    example=False,
    realm="ews",
    timezone="Asia/Jakarta",
)
EXPECTED: dict[str, Any] = {"eta_from": AT + 10 * MINUTE, "eta_to": AT + 40 * MINUTE}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            (
                "BPBD KOTA PASURUAN: AWAS BANJIR S. Welang Kraton, 18:40 WIB. Air 5,80 m naik 45 cm/jam. "
                "Karangketug, Randusari: ungsikan sekarang. Info 112"
            ),
        ),
        (
            {"level": Level.WASPADA, "value_m": 3.62, "rate_m_per_h": 0.306, **EXPECTED, "kelurahan": ("Kepel",)},
            (
                "BPBD KOTA PASURUAN: WASPADA BANJIR S. Welang Kraton, 18:40 WIB. Air 3,62 m naik 31 cm/jam, "
                "SIAGA diperkirakan 18:50-19:20. Kepel: pantau, bersiap. Info 112"
            ),
        ),
        (
            {"kind": "raised_higher", "level": Level.SIAGA, "value_m": 4.5, "kelurahan": ()},
            (
                "BPBD KOTA PASURUAN: NAIK KE SIAGA BANJIR S. Welang Kraton, 18:40 WIB. Air 4,50 m naik 45 cm/jam. "
                "Siapkan pengungsian. Info 112"
            ),
        ),
        (
            {"kind": "lowered", "level": Level.WASPADA, "value_m": 4.1, "rate_m_per_h": -0.2, "kelurahan": ("Kepel",)},
            (
                "BPBD KOTA PASURUAN: TURUN KE WASPADA BANJIR S. Welang Kraton, 18:40 WIB. Air 4,10 m turun 20 cm/jam. "
                "Kepel: belum aman, pantau, bersiap. Info 112"
            ),
        ),
        (
            {"kind": "ended", "level": Level.NORMAL, "value_m": 3.1, "rate_m_per_h": -0.004},
            (
                "BPBD KOTA PASURUAN: AMAN. Peringatan banjir S. Welang Kraton dicabut 18:40 WIB. Air 3,10 m tetap. "
                "Hati-hati lumpur dan listrik. Info 112"
            ),
        ),
        (
            {"silent": True, "level": Level.NORMAL, "observed_at": AT - 34 * MINUTE},
            (
                "BPBD: TIDAK ADA DATA S. Welang Kraton, 18:40 WIB. Terakhir 5,80 m (18:06) naik 45 cm/jam. "
                "Bukan tanda aman, pantau langsung, periksa alat. Info 112"
            ),
        ),
        (
            {"silent": True, "at_least": True, "observed_at": AT - 34 * MINUTE, "kelurahan": ()},
            (
                "BPBD KOTA PASURUAN: SEDIKITNYA AWAS, NAIK: banjir S. Welang Kraton, 18:40 WIB. "
                "Data putus, terakhir 5,80 m (18:06) naik 45 cm/jam. Ungsikan sekarang. Info 112"
            ),
        ),
        (
            {"kind": "ended", "silent": True, "level": Level.NORMAL, "value_m": 2.91, "rate_m_per_h": None},
            (
                "BPBD KOTA PASURUAN: DATA KEMBALI S. Welang Kraton, 18:40 WIB. Air 2,91 m. "
                "Pantauan berjalan lagi. Info 112"
            ),
        ),
        (
            {"kind": "ended", "silent": True, "at_least": True, "level": Level.SIAGA, "rate_m_per_h": None},
            (
                "BPBD KOTA PASURUAN: DATA KEMBALI S. Welang Kraton, 18:40 WIB. Air 5,80 m. "
                "Masih SIAGA, siapkan pengungsian. Info 112"
            ),
        ),
        (
            {"silent": True, "station_name": "Udara Kota", "river": None, "value_m": None, "rate_m_per_h": None},
            (
                "BPBD KOTA PASURUAN: TIDAK ADA DATA Udara Kota, 18:40 WIB. "
                "Bukan tanda aman, pantau langsung, periksa alat. Info 112"
            ),
        ),
    ],
)
def test_each_kind_says_who_what_where_when_how_much_and_what_to_do(changes: dict[str, Any], expected: str) -> None:
    """Word for word as an officer reads it."""
    assert expected == sms(replace(WELANG, **changes))


def test_silence_while_the_water_fell_is_not_called_rising() -> None:
    """NAIK is said when the last data rose, and not otherwise."""
    falling = sms(replace(WELANG, silent=True, at_least=True, rate_m_per_h=-0.1))
    assert "SEDIKITNYA AWAS: banjir" in falling
    assert "NAIK" not in falling


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"level": Level.SIAGA, **EXPECTED}, "AWAS diperkirakan 18:50-19:20."),
        ({"level": Level.AWAS, **EXPECTED}, "meluap diperkirakan 18:50-19:20."),
        ({"level": Level.SIAGA, "next_level": Level.SIAGA, **EXPECTED}, "ambang SIAGA diperkirakan 18:50-19:20."),
        ({"eta_from": AT + 5 * MINUTE, "eta_to": AT + 5 * MINUTE + 900}, "meluap diperkirakan 18:45."),
        ({"eta_from": AT + 5 * MINUTE}, "meluap paling cepat 18:45."),
        ({"eta_from": AT + 310 * MINUTE, "eta_to": AT + 330 * MINUTE}, "meluap diperkirakan 23:50-00:10."),
    ],
)
def test_what_is_expected_is_told_by_the_clock(changes: dict[str, Any], clause: str) -> None:
    """A range of the clock stays true however long the message travels."""
    assert clause in sms(replace(WELANG, sender="BPBD", kelurahan=(), **changes))


@pytest.mark.parametrize("kind", ["lowered", "ended"])
def test_a_falling_river_gets_no_forecast_of_rising(kind: Any) -> None:
    """An all-clear with a time of flooding would be absurd."""
    assert "diperkirakan" not in sms(replace(WELANG, kind=kind, level=Level.WASPADA, **EXPECTED))


@pytest.mark.parametrize(("timezone", "time"), [("Asia/Makassar", "19:40 WITA"), ("Asia/Jayapura", "20:40 WIT")])
def test_the_time_is_the_sites(timezone: str, time: str) -> None:
    """With the zone's own name."""
    assert time in sms(replace(WELANG, timezone=timezone))


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_value_that_is_none_is_left_out(value: float | None) -> None:
    """Neither "nan" nor an empty clause is ever printed."""
    text = sms(replace(WELANG, value_m=value, rate_m_per_h=float("nan")))
    assert "WIB. Karangketug, Randusari: ungsikan sekarang. Info 112" in text


def test_a_drill_and_an_example_say_so_first() -> None:
    """Before who speaks."""
    prefixes = [
        sms(replace(WELANG, realm=realm, example=example)).split("BPBD")[0]
        for realm in ("ews", "latihan")
        for example in (False, True)
    ]
    assert prefixes == ["", "CONTOH ", "LATIHAN ", "LATIHAN CONTOH "]


def test_the_last_kelurahan_is_left_out_first() -> None:
    """By whole names, with a word that there are more; then the sender's town, then the names, then the forecast."""
    many = replace(WELANG, kelurahan=("Karangketug", "Randusari", "Krapyakrejo", "Petahunan"))
    texts = [
        sms(many),
        sms(replace(many, **EXPECTED)),
        sms(replace(many, level=Level.SIAGA, realm="latihan", example=True, **EXPECTED)),
        sms(replace(many, kind="raised_higher", station_name="Jembatan Kraton sisi hulu", example=True, **EXPECTED)),
    ]
    assert texts == [
        (
            "BPBD KOTA PASURUAN: AWAS BANJIR S. Welang Kraton, 18:40 WIB. Air 5,80 m naik 45 cm/jam. "
            "Karangketug, Randusari, Krapyakrejo dll: ungsikan sekarang. Info 112"
        ),
        (
            "BPBD: AWAS BANJIR S. Welang Kraton, 18:40 WIB. Air 5,80 m naik 45 cm/jam, "
            "meluap diperkirakan 18:50-19:20. Karangketug dll: ungsikan sekarang. Info 112"
        ),
        (
            "LATIHAN CONTOH BPBD: SIAGA BANJIR S. Welang Kraton, 18:40 WIB. Air 5,80 m naik 45 cm/jam, "
            "AWAS diperkirakan 18:50-19:20. Siapkan pengungsian. Info 112"
        ),
        (
            "CONTOH BPBD: NAIK KE AWAS BANJIR S. Welang Jembatan Kraton sisi hulu, 18:40 WIB. "
            "Air 5,80 m naik 45 cm/jam. Ungsikan sekarang. Info 112"
        ),
    ]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Tapa\u2019an", "Tapa'an"),
        ("Bugul   Kidul", "Bugul Kidul"),
        ("Karang\r\nketug", "Karang ketug"),
        ("Kraton 🌊", "Kraton"),
        ("\u201cKraton\u201d \u2013 hulu", "Kraton - hulu"),
        ("Ngemplakrejo\u202e", "Ngemplakrejo"),
        ("Kratōn", "Kraton"),
        ("Pos Siaga 1", "Pos Siaga"),
        ("Siaga IV hulu", "Siaga hulu"),
        ("http://x.id/a", "http x id a"),
        ("evil.com", "evil com"),
    ],
)
def test_a_name_is_printed_as_far_as_an_sms_can_carry_it(name: str, printed: str) -> None:
    """Curly quotes, emoji, line breaks, links and Siaga numbers in a name do no harm."""
    assert f". {printed}: ungsikan" in sms(replace(WELANG, rate_m_per_h=None, kelurahan=(name,)))


def test_a_river_named_in_the_station_is_not_named_twice() -> None:
    """Whatever way the station's name puts it."""
    stations = ["Welang Kraton", "S. Welang Kraton", "Sungai Welang, Kraton", "Kraton"]
    places = {sms(replace(WELANG, station_name=name)).split("BANJIR ")[1].split(",")[0] for name in stations}
    assert places == {"S. Welang Kraton"}


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("BPBD", 4), ("é§à", 3), ("[]", 4), ("€5", 3), ("^{}\\[~]|", 16), ("baris\n", 6), ("'", 1)],
)
def test_extension_characters_count_twice(text: str, length: int) -> None:
    """They are sent with an escape before them."""
    assert length == septets(text)


@pytest.mark.parametrize("character", ["\u2019", "°", "`", "ā", "🌊", "\t"])
def test_a_character_outside_the_alphabet_has_no_length(character: str) -> None:
    """It would turn 160 characters into 70."""
    with pytest.raises(ValueError, match="GSM"):
        septets(f"BPBD {character}")


NAME_ALPHABET = st.one_of(
    st.sampled_from(
        list("abz AZ09.:/@-,'\u2019\u201c\u201d\u2013\u2014…°`\u200b\u202e\r\n\t🌊😀ñéāß€[]{}|~^\\_=#%&+<>")
    ),
    st.characters(codec="utf-8"),
)
NAMES = st.one_of(
    st.text(NAME_ALPHABET, max_size=60),
    st.sampled_from(["Siaga 1", "siaga", "1 Ilir", "I", "SIAGA-IV", "www.bmkg.go.id", "https://a.id", "S. Welang", ""]),
    st.text("abcdefghij", min_size=150, max_size=200),
)
ALERTS = st.builds(
    AlertText,
    kind=st.sampled_from(get_args(Kind)),
    hazard=st.sampled_from(get_args(Hazard)),
    why=st.none() | st.sampled_from(get_args(Why)),
    by=st.none() | NAMES,
    verified=st.booleans(),
    in_maintenance=st.booleans(),
    silent_for_ms=st.none() | st.integers(0, 10**9),
    rain=st.none() | st.builds(RainCause, mm=st.floats(0, 3000), complete=st.floats(0, 1)),
    air=st.none() | st.builds(AirCause, category=st.none() | st.integers(0, 4), critical=st.none() | NAMES),
    level=st.sampled_from(Level),
    station_name=NAMES,
    river=st.none() | NAMES,
    value_m=st.none() | st.floats(),
    rate_m_per_h=st.none() | st.floats(allow_nan=True),
    eta_from=st.none() | st.integers(0, 4_000_000_000_000),
    eta_to=st.none() | st.integers(0, 4_000_000_000_000),
    at=st.integers(0, 4_000_000_000_000),
    kelurahan=st.lists(NAMES, max_size=8).map(tuple),
    example=st.booleans(),
    realm=st.sampled_from(["ews", "latihan"]),
    timezone=st.sampled_from(["Asia/Jakarta", "Asia/Jayapura", "UTC"]),
    sender=NAMES,
    at_least=st.booleans(),
    silent=st.booleans(),
    observed_at=st.none() | st.integers(0, 4_000_000_000_000),
    next_level=st.none() | st.sampled_from(Level),
)


@given(ALERTS)
def test_every_text_is_one_part_on_one_line(alert: AlertText) -> None:
    """Whatever the names and numbers, and with the number to call at its end."""
    text = sms(alert)
    assert septets(text) <= LIMIT
    assert text.endswith(". Info 112")
    assert "\n" not in text
    assert "\r" not in text
    assert "  " not in text


@given(ALERTS)
def test_no_text_holds_a_siaga_number(alert: AlertText) -> None:
    """Siaga 1 is the worst level in one city and the lowest in another."""
    assert re.search(r"siaga[ .:#/-]*(\d|[ivx]+\b)", sms(alert), re.IGNORECASE) is None


@given(ALERTS)
def test_no_text_holds_anything_that_a_phone_makes_a_link_of(alert: AlertText) -> None:
    """A warning with a link is what fraudsters send."""
    assert re.search(r"\.[^ ]|://|@|\d:\d\d\.\d", sms(alert)) is None


@given(ALERTS)
def test_no_drill_and_no_example_goes_out_unmarked(alert: AlertText) -> None:
    """However short the text had to become."""
    text = sms(alert)
    assert (alert.realm == "latihan") == text.startswith("LATIHAN ")
    assert not alert.example or "CONTOH " in text[:16]


@given(ALERTS)
def test_a_silent_station_is_never_called_safe(alert: AlertText) -> None:
    """AMAN is said only when fresh data ended a warning."""
    silent = replace(alert, silent=True, sender="BPBD", station_name="Kraton", river="Welang", kelurahan=())
    assert "AMAN" not in sms(silent)


@given(
    ALERTS, st.lists(st.sampled_from(["Karangketug", "Bugul Kidul", "Tapa'an", "Randusari"]), max_size=6, unique=True)
)
def test_names_are_never_cut(alert: AlertText, kelurahan: list[str]) -> None:
    """Of the kelurahan, the first ones stand whole and in their order, or none does."""
    named = replace(
        alert, kelurahan=tuple(kelurahan), sender="BPBD", station_name="Kraton", river="Welang", silent=False
    )
    text = sms(named)
    shown = [name for name in kelurahan if name in text]
    assert kelurahan[: len(shown)] == shown
    listed = re.search(r"\. ([A-Z][^.:]*): (?!banjir)", text)
    assert ", ".join(shown) == (listed[1].removesuffix(" dll") if listed else "")


@given(st.text(NAME_ALPHABET))
def test_transliteration_leaves_only_characters_that_an_sms_can_carry(text: str) -> None:
    """Or spaces, which names are then split at."""
    septets("".join(transliterated(text).split()))


@given(st.text("abcxyz ABCXYZ0189-'()&"))
def test_plain_text_needs_no_transliteration(text: str) -> None:
    """What the alphabet has stays as it is."""
    assert text == transliterated(text)
