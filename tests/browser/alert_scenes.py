"""Scenes of alerts: a flood with its areas, rain and air, maintenance, and blindness."""

from typing import Any

from broker.live import AlertView, MaintenanceView, RainView, StationView, TrendView, UpstreamRainView
from tests.browser import scenes
from tests.browser.scenes import HOUR, MINUTE, Scene, air, alert, foul_air, health, message, rain, river, tide


def area(name: str, code: int, now: int, level: str = "SIAGA", **changes: Any) -> AlertView:
    """The alert of a kelurahan, as core tells it."""
    facts: dict[str, Any] = {
        "id": f"35.75.01.{code}.area.1",
        "station": f"35.75.01.{code}",
        "station_name": name,
        "hazard": "area",
        "version": 1,
        "kind": "raised",
        "level": level,
        "raised_at": now - 4 * MINUTE,
        "changed_at": now - 4 * MINUTE,
        "why": f"Pukul 18:40 wilayah Kel. {name} menjadi {level} menurut Welang Kraton; didukung hujan (aturan v3).",
        "value": 5.8,
        "latency_ms": None,
    }
    return alert(now, **{**facts, **changes})


def areas(now: int) -> list[AlertView]:
    return [
        area("Bakalan", 1005, now, "WASPADA"),
        area("Karangketug", 1001, now),
        area("Randusari", 1002, now),
        area("Krapyakrejo", 1003, now, "AWAS"),
        area("Sekargadung", 1004, now, kind="cancelled", level="NORMAL", changed_at=now - 2 * MINUTE),
    ]


KELURAHAN = ["Karangketug", "Randusari", "Krapyakrejo", "Sekargadung", "Bakalan"]


def flood(now: int) -> Scene:
    """One flood: a river over AWAS, its upper station at SIAGA, and five kelurahan that follow from them."""
    trend = TrendView(rate_m_per_h=0.45)
    welang = river("Welang", now, 5.8, state="AWAS", level="AWAS", trend=trend, since=now - MINUTE, kelurahan=KELURAHAN)
    soon = TrendView(rate_m_per_h=0.22, next_level="AWAS", eta_from=now + 40 * MINUTE, eta_to=now + 95 * MINUTE)
    dhompo = river(
        "Dhompo", now, 4.3, state="SIAGA", level="SIAGA", trend=soon, kelurahan=KELURAHAN[:2], unverified=True
    )
    doubtful = alert(
        now,
        id="dhompo.level.1",
        station="dhompo",
        station_name="Dhompo",
        version=1,
        kind="raised",
        level="SIAGA",
        why="Pukul 18:31 muka air 4,02 m, 3 pembacaan belum terverifikasi berturut-turut pada atau di atas ambang SIAGA"
        " (4,00 m, aturan v3); belum ke publik: data belum terverifikasi.",
        value=4.02,
    )
    sent = [message(number, now) for number in range(21, 24)]
    return Scene(health=health(), entities=[welang, dhompo, *areas(now), doubtful, alert(now), *sent])


def aftermath(now: int) -> Scene:
    """The river fell, and its areas are held a while longer."""
    welang = river("Welang", now, 2.6, rate=-0.31, kelurahan=KELURAHAN)
    ended = alert(now, version=5, kind="ended", level="NORMAL", active=False, changed_at=now - MINUTE, latency_ms=None)
    return Scene(health=health(), entities=[welang, river("Gembong", now), *areas(now), ended])


def weather(now: int) -> Scene:
    """Alerts of rain and of air, a cancelled one, and rivers without a trend and with what core knows around them."""
    upstream = [UpstreamRainView(minutes=180, mean_mm=44.1, max_mm=61.0, spoke=3, gauges=4)]
    welang = river("Welang", now, 2.1, trend=None, rain=RainView(sums=[], upstream=upstream), tide=tide(now))
    heavy = alert(
        now,
        id="hujan-hulu.rain.2",
        station="hujan-hulu",
        station_name="Hujan Hulu Welang",
        hazard="rain",
        version=1,
        kind="raised",
        level="SIAGA",
        value=14.6,
        why="Pukul 18:40 hujan 14,6 mm dalam 1 jam (batas 10 mm) mencapai batas SIAGA (aturan v2).",
    )
    foul = alert(
        now,
        id="udara.air.1",
        station="udara",
        station_name="Udara Balai Kota",
        hazard="air",
        version=1,
        kind="raised",
        level="WASPADA",
        value=61.4,
        why="Pukul 18:40 ISPU 141 Tidak Sehat, parameter kritis pm25, data 92 %, maka WASPADA (aturan v2).",
    )
    cancelled = alert(
        now,
        kind="cancelled",
        level="NORMAL",
        version=2,
        why='Pukul 18:41 Sari membatalkan peringatan: "Pelampung tersangkut".',
    )
    stations = [welang, river("Gembong", now, 0.9), rain(now), foul_air(now)]
    return Scene(health=health(), entities=[*stations, heavy, foul, cancelled])


def maintenance(now: int) -> Scene:
    """One sensor in somebody's hands reads AWAS; another is worked on while its river stands at SIAGA."""
    work = MaintenanceView(since=now - HOUR, until=now + 3 * HOUR, by="Sari (teknisi)", reason="mengganti sensor jarak")
    state: dict[str, Any] = {"state": "PEMELIHARAAN", "maintenance": work}
    welang = river("Welang", now, 5.8, **state, level="AWAS", since=now - 2 * MINUTE, unverified=True)
    gembong = river("Gembong", now, 4.3, **state, level="SIAGA", since=now - 2 * HOUR, rate=0.1)
    petung = river("Petung", now, None, **state, series=[], trend=None, last_seen=None, since=None)
    tried = alert(
        now,
        version=1,
        kind="raised",
        why="Pukul 18:40 muka air 5,80 m, 3 pembacaan berturut-turut pada atau di atas ambang AWAS (5,00 m, aturan v3);"
        " pemeliharaan oleh Sari (teknisi) sampai 21:40 (mengganti sensor jarak);"
        " tidak ke publik: stasiun dalam pemeliharaan.",
    )
    return Scene(health=health(), entities=[welang, gembong, petung, river("Rejoso", now), air(now), tried])


def silence(station: StationView, now: int, **changes: Any) -> AlertView:
    facts: dict[str, Any] = {
        "id": f"{station.id}.data.1",
        "station": station.id,
        "station_name": station.name,
        "hazard": "data",
        "version": 1,
        "kind": "raised",
        "level": station.level,
        "raised_at": now - 21 * MINUTE,
        "why": "Tidak ada data baik selama 10 menit sampai pukul 18:17; terakhir 1,10 m (aturan v3);"
        " tidak diberitakan sendiri karena semua putus.",
        "value": 1.1,
        "latency_ms": None,
    }
    return alert(now, **{**facts, **changes})


def blind(now: int) -> Scene:
    """Every station silent, the Welang while it was over AWAS and rising; one alert for all of them."""
    welang = river(
        "Welang", now, 5.8, age=34 * MINUTE, rate=0.45, state="TIDAK ADA DATA", level="AWAS", silent=True, at_least=True
    )
    others = [
        river(name, now, 1.1, age=31 * MINUTE, state="TIDAK ADA DATA", silent=True) for name in ("Gembong", "Petung")
    ]
    buta = alert(
        now,
        id="semua.data.1",
        station="semua",
        station_name="Semua stasiun",
        hazard="data",
        version=1,
        kind="raised",
        level="NORMAL",
        raised_at=now - 26 * MINUTE,
        why="BUTA: tidak ada data dari satu stasiun pun selama 5 menit sampai pukul 18:14;"
        " periksa jaringan dan listrik.",
        value=None,
        latency_ms=None,
    )
    told = health(broker_connected=False, problems=["BUTA: tidak ada satu pun stasiun yang mengirim data."])
    silences = [silence(station, now) for station in (welang, *others)]
    return Scene(health=told, entities=[welang, *others, alert(now), buta, *silences])


SHOWN = (flood, aftermath, weather, maintenance, blind)
ALL_SCENES = {**scenes.SCENES, **{scene.__name__: scene for scene in SHOWN}}
