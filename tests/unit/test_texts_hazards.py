"""The words of an SMS about rain, air, silence of many, doubt, maintenance and what people decide."""

import re
from dataclasses import replace
from itertools import product
from typing import Any, get_args

import pytest

from alerting.episodes import AirCause, Kind, RainCause
from alerting.gsm7 import septets
from alerting.text_clauses import OVER, AlertText, Hazard
from alerting.texts import LIMIT, sms
from broker.levels import Level
from deploy.registry.areas import Areas
from deploy.registry.kelurahan import KELURAHAN

AT = 1_764_070_800_000  # 2025-11-25 18:40 WIB
MINUTE = 60_000
NAMES = Areas().names(KELURAHAN)
RAIN = RainCause(mm=62.5, window="3h", where="here", limit=60.0, complete=1.0)
UPSTREAM = RainCause(mm=40.0, window="1h", where="upstream", limit=40.0, complete=1.0)
AIR = AirCause(
    index=142,
    category=2,
    critical="pm25",
    complete=0.9,
    hour_ugm3=180.4,
    hour_category=3,
    before_ugm3=60.2,
    limit=2.0,
)
WORSE = AirCause(
    index=242,
    category=3,
    critical="pm25",
    complete=0.9,
    hour_ugm3=280.4,
    hour_category=4,
    before_ugm3=260.2,
    limit=3.0,
)
WATER = AlertText(
    kind="raised",
    level=Level.SIAGA,
    station_name="Welang Kraton",
    river="Welang",
    value_m=4.6,
    rate_m_per_h=0.45,
    eta_from=None,
    eta_to=None,
    at=AT,
    kelurahan=("Karangketug", "Randusari"),
    example=False,
    realm="ews",
    timezone="Asia/Jakarta",
)
SHOWER = replace(WATER, hazard="rain", river=None, value_m=None, rate_m_per_h=None, rain=RAIN)
SMOG = replace(SHOWER, hazard="air", why="air", station_name="Udara Kota", kelurahan=(), rain=None, air=AIR)
GROUP = replace(
    SHOWER,
    hazard="group",
    level=Level.NORMAL,
    station_name="",
    kelurahan=(),
    rain=None,
    silent=True,
    silent_for_ms=7 * MINUTE,
)


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        (
            replace(SHOWER, level=Level.WASPADA),
            (
                "BPBD KOTA PASURUAN: WASPADA HUJAN Welang Kraton, 18:40 WIB. Hujan 62,5 mm dalam 3 jam. "
                "Karangketug, Randusari: pantau sungai dan genangan. Info 112"
            ),
        ),
        (
            replace(SHOWER, kind="raised_higher", rain=UPSTREAM),
            (
                "BPBD: NAIK KE SIAGA HUJAN Welang Kraton, 18:40 WIB. Hujan di hulu 40 mm dalam 1 jam. "
                "Karangketug, Randusari: jauhi sungai, siapkan pengungsian. Info 112"
            ),
        ),
        (
            replace(SHOWER, kind="ended", level=Level.NORMAL),
            (
                "BPBD KOTA PASURUAN: HUJAN REDA. Peringatan hujan Welang Kraton dicabut 18:40 WIB. "
                "Hujan 62,5 mm dalam 3 jam. Sungai masih bisa naik, tetap pantau. Info 112"
            ),
        ),
        (
            replace(SMOG, level=Level.WASPADA),
            (
                "BPBD KOTA PASURUAN: WASPADA UDARA Kota, 18:40 WIB. ISPU 142 Tidak Sehat (PM2,5). "
                "Kurangi keluar rumah, pakai masker. Info 112"
            ),
        ),
        (
            replace(SMOG, level=Level.WASPADA, why="air_hour"),
            (
                "BPBD KOTA PASURUAN: WASPADA UDARA Kota, 18:40 WIB. "
                "Rata-rata 1 jam 180 ug/m3 (indikatif). Kurangi keluar rumah, pakai masker. Info 112"
            ),
        ),
        (
            replace(SMOG, level=Level.WASPADA, why="air_worse"),
            (
                "BPBD KOTA PASURUAN: WASPADA UDARA Kota, 18:40 WIB. "
                "Dari 60 ke 180 ug/m3 dalam 1 jam (indikatif). Kurangi keluar rumah, pakai masker. Info 112"
            ),
        ),
        (
            replace(SMOG, kind="ended", level=Level.NORMAL, why="air_fell"),
            (
                "BPBD KOTA PASURUAN: UDARA MEMBAIK. Peringatan udara Kota dicabut 18:40 WIB. "
                "ISPU 142 Tidak Sehat (PM2,5). Kelompok rentan hati-hati. Info 112"
            ),
        ),
        (
            replace(SMOG, silent=True, level=Level.NORMAL),
            "BPBD KOTA PASURUAN: TIDAK ADA DATA Udara Kota, 18:40 WIB. Bukan tanda aman, periksa alat. Info 112",
        ),
        (
            GROUP,
            (
                "BPBD: BUTA, tidak ada data dari semua stasiun, 18:40 WIB. Terakhir 18:33. "
                "Bukan tanda aman, pantau langsung, periksa jaringan dan listrik. Info 112"
            ),
        ),
        (
            replace(GROUP, station_name="gw-barat"),
            (
                "BPBD KOTA PASURUAN: GATEWAY PUTUS gw-barat, 18:40 WIB. Terakhir 18:33. "
                "Bukan tanda aman, pantau langsung, periksa jaringan dan listrik. Info 112"
            ),
        ),
        (
            replace(GROUP, kind="ended"),
            "BPBD KOTA PASURUAN: DATA KEMBALI, 18:40 WIB. Putus 7 menit. Periksa keadaan tiap stasiun. Info 112",
        ),
        (
            replace(WATER, verified=False),
            (
                "BPBD: SIAGA BANJIR BELUM TERVERIFIKASI S. Welang Kraton, 18:40 WIB. Air 4,60 m naik 45 cm/jam. "
                "Karangketug dll: cek di lokasi, siapkan pengungsian. Info 112"
            ),
        ),
        (
            replace(WATER, in_maintenance=True, verified=False),
            (
                "BPBD KOTA PASURUAN: SIAGA BANJIR (PEMELIHARAAN) S. Welang Kraton, 18:40 WIB. "
                "Air 4,60 m naik 45 cm/jam. Alat sedang dikerjakan, pastikan di lokasi. Info 112"
            ),
        ),
        (
            replace(WATER, why="operator", by="Rini", kind="raised_higher"),
            (
                "BPBD: NAIK KE SIAGA BANJIR S. Welang Kraton, 18:40 WIB, ditetapkan Rini. Air 4,60 m naik 45 cm/jam. "
                "Karangketug, Randusari: siapkan pengungsian. Info 112"
            ),
        ),
        (
            replace(WATER, why="observed", by="Slamet", rate_m_per_h=None),
            (
                "BPBD KOTA PASURUAN: SIAGA BANJIR S. Welang Kraton, 18:40 WIB, dilihat Slamet. Air 4,60 m. "
                "Karangketug, Randusari: siapkan pengungsian. Info 112"
            ),
        ),
        (
            replace(WATER, why="operator", by="Rini", kind="cancelled", level=Level.NORMAL),
            (
                "BPBD KOTA PASURUAN: BATAL. Peringatan banjir S. Welang Kraton dibatalkan 18:40 WIB oleh Rini. "
                "Air 4,60 m naik 45 cm/jam. Tetap pantau. Info 112"
            ),
        ),
        (
            replace(WATER, hazard="tide", river=None, station_name="Pantai Mandaranrejo", kelurahan=("Mandaranrejo",)),
            (
                "BPBD KOTA PASURUAN: SIAGA BANJIR ROB Pantai Mandaranrejo, 18:40 WIB. Air 4,60 m naik 45 cm/jam. "
                "Mandaranrejo: siapkan pengungsian. Info 112"
            ),
        ),
    ],
)
def test_word_for_word(alert: AlertText, expected: str) -> None:
    """As an officer reads it at night: who, what, where, when, how much, what to do, and the number."""
    assert expected == sms(alert)


BASES: list[tuple[AlertText, dict[str, Any]]] = [
    (WATER, {}),
    (WATER, {"verified": False}),
    (WATER, {"in_maintenance": True}),
    (WATER, {"at_least": True}),
    (WATER, {"silent": True, "observed_at": AT - MINUTE}),
    (WATER, {"why": "operator", "by": "Rini Wulandari"}),
    (WATER, {"eta_from": AT + 9 * MINUTE, "eta_to": AT + 40 * MINUTE}),
    (replace(WATER, hazard="tide"), {}),
    (SHOWER, {}),
    (SMOG, {}),
    (replace(SMOG, air=WORSE), {}),
    (SMOG, {"silent": True}),
    (GROUP, {}),
]
EVERYTHING = [
    replace(base, kind=kind, level=level, **more)
    for base, more in BASES
    for kind, level in product(get_args(Kind), Level)
    if more.get("silent") or base.silent or (kind in OVER) == (level is Level.NORMAL)
] + [replace(SMOG, level=Level.WASPADA, why=why) for why in ("air_hour", "air_worse")]  # they raise no more than that


MARKS: list[dict[str, Any]] = [{}, {"example": True, "realm": "latihan"}]


@pytest.mark.parametrize("name", [name for name, _, _ in KELURAHAN.values()])
def test_every_text_fits_with_every_kelurahan(name: str) -> None:
    """Hazard, kind and level by the name of each kelurahan, as station and as place: one part that keeps its place."""
    for alert in EVERYTHING:
        if alert.hazard == "group":
            continue
        for marks in MARKS:
            text = sms(replace(alert, station_name=name, river=None, kelurahan=(name, *NAMES[:4]), **marks))
            assert septets(text) <= LIMIT
            assert name in text
            assert text.endswith(". Info 112")
            assert not re.search(r"  |\.\.|,\.|None|siaga ?\d", text, re.IGNORECASE)


@pytest.mark.parametrize("hazard", get_args(Hazard))
def test_every_hazard_has_its_own_word(hazard: Any) -> None:
    """Rain is never called a flood, air never water."""
    found = sms(replace(GROUP if hazard == "group" else replace(WATER, rain=RAIN, air=AIR), hazard=hazard))
    word = {"level": "BANJIR", "tide": "BANJIR ROB", "rain": "HUJAN", "air": "UDARA", "group": "BUTA"}[hazard]
    assert word in found


@pytest.mark.parametrize("why", ["air_hour", "air_worse"])
def test_an_hour_is_never_called_an_index(why: Any) -> None:
    """An ISPU is a mean of 24 hours."""
    text = sms(replace(SMOG, why=why))
    assert "indikatif" in text
    assert "ISPU" not in text
    assert "Tidak Sehat" not in text


def test_who_decided_is_kept_longer_than_the_kelurahan_but_not_than_the_place() -> None:
    """The officer on duty may call who decided; without the place nobody can act."""
    long = replace(WATER, why="operator", by="Raden Mas Suryadiningrat", example=True, realm="latihan")
    assert "ditetapkan Raden Mas Suryadiningrat" in sms(long)
    assert "Randusari" not in sms(long)
    longer = sms(replace(long, station_name="Jembatan Kraton hulu", realm="ews", verified=False))
    assert "ditetapkan" not in longer
    assert "S. Welang Jembatan Kraton" in longer
