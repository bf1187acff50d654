"""The bulletin: sentences that can be read aloud without a digit in them."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.bulletin import BulletinFacts, BulletinItem, bulletin, spoken_place
from alerting.public_clauses import PublicText
from alerting.spoken import spoken_decimal, spoken_digits, spoken_number
from broker.levels import Level

T0 = 1_795_000_000_000  # Wednesday 2026-11-18 18:06:40 WIB
MINUTE = 60_000
HOUR = 60 * MINUTE


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def item(area: str = "Karangketug", **changes: Any) -> BulletinItem:
    fields: dict[str, Any] = {
        "kind": "raised",
        "level": Level.AWAS,
        "areas": (area,),
        "at": T0,
        "timezone": "Asia/Jakarta",
        "river": "Welang",
        "station_name": "Welang Kraton",
        "value_m": 5.8,
        "observed_at": T0,
        "rate_m_per_h": 0.45,
        "eta_from": T0 + 24 * MINUTE,
        "eta_to": T0 + 54 * MINUTE,
    }
    public = PublicText(**(fields | changes))
    return BulletinItem(alert=f"{area}.area.1", public=public, sent=T0, expires=T0 + HOUR)


def read(*items: BulletinItem, now: int = T0) -> list[str]:
    facts = BulletinFacts(sender="BPBD KOTA PASURUAN", timezone="Asia/Jakarta", items=items)
    return bulletin(facts, now)


def test_an_announcer_reads_it_as_it_stands() -> None:
    """Who, what, where, when, how high, what is expected, what to do; twice what matters; until when; whom to call."""
    assert [
        (
            "Perhatian, perhatian. Berita dari BPBD Kota Pasuruan, hari Rabu, delapan belas November dua ribu dua "
            "puluh enam, pukul delapan belas lewat enam menit Waktu Indonesia Barat."
        ),
        (
            "Awas banjir Sungai Welang untuk Kelurahan Karangketug dan Kelurahan Randusari. Diumumkan pukul delapan "
            "belas lewat enam menit. Tinggi air di Kraton lima koma delapan meter, "
            "naik empat puluh lima sentimeter setiap jam. Air diperkirakan meluap antara pukul delapan belas "
            "lewat tiga puluh menit dan pukul sembilan belas tepat."
        ),
        "Warga diminta: mengungsi sekarang, bantu lansia dan anak.",
        (
            "Kami ulangi. Awas banjir Sungai Welang untuk Kelurahan Karangketug dan Kelurahan Randusari. Warga "
            "diminta: mengungsi sekarang, bantu lansia dan anak."
        ),
        (
            "Keterangan ini berlaku sampai pukul sembilan belas lewat enam menit. Keadaan darurat, telepon satu satu "
            "dua."
        ),
        "Sekian berita dari BPBD Kota Pasuruan.",
    ] == read(item(), item("Randusari"))


def test_the_all_clear_is_read_too() -> None:
    """Without a time until which it holds, and with what to beware of."""
    told = "\n".join(read(item(kind="ended", level=Level.NORMAL, value_m=3.1, rate_m_per_h=-0.2)))
    assert "Aman. Peringatan banjir Sungai Welang untuk Kelurahan Karangketug sudah dicabut." in told
    assert "Hati-hati lumpur dan listrik saat kembali ke rumah." in told
    assert "turun dua puluh sentimeter setiap jam" in told
    assert "berlaku sampai" not in told


def test_what_only_lapsed_is_not_called_safe() -> None:
    """An officer's warning whose time is over says nothing of the water."""
    told = "\n".join(read(item(kind="ended", level=Level.NORMAL, lapsed=True)))
    assert "sudah berakhir masa berlakunya" in told
    assert "Aman" not in told


def test_a_false_alarm_is_called_off_without_its_values() -> None:
    """The values are what misled."""
    told = "\n".join(read(item(kind="cancelled", level=Level.NORMAL, level_before=Level.AWAS)))
    assert "Batal. Peringatan banjir Sungai Welang untuk Kelurahan Karangketug dibatalkan." in told
    assert "meter" not in told


def test_nothing_stands() -> None:
    """Said in so many words; what has run out is not read."""
    (_, told) = read()
    assert told.startswith("Saat ini tidak ada peringatan yang berlaku.")
    assert "tidak ada peringatan" in read(item(), now=T0 + HOUR)[1]


def test_the_worst_is_read_first() -> None:
    """Levels from the highest, then what is over."""
    items = [
        item("Sebani", kind="ended", level=Level.NORMAL),
        item("Gentong", level=Level.WASPADA),
        item("Bukir", level=Level.AWAS),
    ]
    told = "\n".join(read(*items))
    assert told.index("Bukir") < told.index("Gentong") < told.index("Sebani")


def test_a_drill_begins_and_ends_with_the_word() -> None:
    """Whoever switches on in the middle hears it too."""
    told = read(item(realm="latihan"))
    drills = [number for number, each in enumerate(told) if "latihan" in each]
    assert [1, len(told) - 2] == drills
    example = "\n".join(read(msgspec.structs.replace(item(), is_test=True)))
    assert 2 == example.count("Ini contoh untuk uji coba, bukan peringatan sebenarnya.")


def test_a_silent_gauge_is_said() -> None:
    """The level is the least that it may be, the value the last one."""
    told = "\n".join(read(item(at_least=True, observed_at=T0 - 10 * MINUTE)))
    assert "Sedikitnya awas banjir Sungai Welang" in told
    assert "Alat pengukur terputus. Terakhir, tinggi air di Kraton, pukul" in told
    assert "diperkirakan" not in told


@PATIENT
@given(
    st.sampled_from(["raised", "raised_higher", "lowered", "ended", "cancelled"]),
    st.sampled_from([Level.WASPADA, Level.SIAGA, Level.AWAS]),
    st.sampled_from(["level", "tide", "rain", "air"]),
    st.floats(-90, 90) | st.just(float("nan")) | st.none(),
    st.floats(-90, 90) | st.just(float("inf")) | st.none(),
    st.integers(0, 3 * HOUR),
)
def test_there_is_no_digit_in_it(  # noqa: PLR0917 - as hypothesis gives them
    kind: str, level: Level, hazard: str, value: float | None, rate: float | None, later: int
) -> None:
    """Every number is a word, whatever stands."""
    standing = Level.NORMAL if kind in ("ended", "cancelled") else level
    made = item(
        "Sebani RW03 RT12", kind=kind, level=standing, hazard=hazard, value_m=value, rate_m_per_h=rate, at=T0 - later
    )
    for paragraph in read(made):
        assert re.search(r"\d", paragraph) is None, paragraph
        assert "  " not in paragraph
        assert paragraph.endswith(".")


@pytest.mark.parametrize(
    ("area", "spoken"),
    [
        ("Kel. Gadingrejo", "Kelurahan Gadingrejo"),
        ("Kec. Purworejo", "Kecamatan Purworejo"),
        ("Tapa'an", "Kelurahan Tapa'an"),
        ("Sebani RW03 RT12", "Kelurahan Sebani er we tiga er te dua belas"),
        ("", ""),
    ],
)
def test_places_are_said_with_what_they_are(area: str, spoken: str) -> None:
    """Four names are those of a kelurahan and of a kecamatan."""
    assert spoken == spoken_place(area)


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        (0, "nol"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (12, "dua belas"),
        (20, "dua puluh"),
        (45, "empat puluh lima"),
        (100, "seratus"),
        (111, "seratus sebelas"),
        (640, "enam ratus empat puluh"),
        (1000, "seribu"),
        (1945, "seribu sembilan ratus empat puluh lima"),
        (2026, "dua ribu dua puluh enam"),
        (11_000, "sebelas ribu"),
        (1_000_000, "satu juta"),
    ],
)
def test_numbers_are_said_as_people_say_them(number: int, spoken: str) -> None:
    """Seratus and seribu, not satu ratus."""
    assert spoken == spoken_number(number)


def test_decimals_and_digits() -> None:
    """One decimal with a comma; telephone numbers digit by digit; beyond words a refusal."""
    assert "lima koma delapan" == spoken_decimal(5.8)
    assert "enam" == spoken_decimal(5.96)
    assert "minus nol koma tiga" == spoken_decimal(-0.3)
    assert "nol" == spoken_decimal(-0.01)
    assert "satu satu dua" == spoken_digits("112")
    with pytest.raises(ValueError, match="has no words"):
        spoken_number(-1)
