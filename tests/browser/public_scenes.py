"""What core tells while residents look: a kelurahan that is calm, warned, blind, checked, not yet set."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from broker.control import Request
from broker.live import AirView, AlertView, NoticeView, RainSumView, RainView, StationView, TrendView
from tests.browser.scenes import MINUTE, Scene, air, alert, foul_air, health, rain, river, tide

KARANGKETUG, RANDUSARI, SEBANI, BUKIR = "35.75.01.1001", "35.75.01.1006", "35.75.01.1003", "35.75.01.1005"
WIROGUNAN, BLANDONGAN, BAKALAN = "35.75.02.1002", "35.75.03.1001", "35.75.03.1005"
AREAS = {
    KARANGKETUG: "Karangketug",
    SEBANI: "Sebani",
    BUKIR: "Bukir",
    RANDUSARI: "Randusari",
    WIROGUNAN: "Wirogunan",
    BLANDONGAN: "Blandongan",
    BAKALAN: "Bakalan",
}
DISTRICTS = {"35.75.01": "Kec. Gadingrejo", "35.75.02": "Kec. Purworejo", "35.75.03": "Bugul Kidul"}


def public_state(realm: str = "ews", **changes: Any) -> dict[str, Callable[[Request], Any]]:
    """What core answers to ``public-state``."""
    answer = {
        "sender": "BPBD KOTA PASURUAN",
        "site": "Kota Pasuruan",
        "realm": realm,
        "subscribing": True,
        "areas": _named(AREAS),
        "districts": _named(DISTRICTS),
        **changes,
    }
    return {"public-state": lambda _: answer}


def _named(names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"code": code, "name": name} for code, name in names.items()]


def told(alert_id: str, now: int, **changes: Any) -> NoticeView:
    facts: dict[str, Any] = {
        "id": "n7",
        "rev": 0,
        "state": "sent",
        "kind": "raised",
        "level": "SIAGA",
        "areas": ["Karangketug"],
        "alerts": [alert_id],
        "text": "BPBD KOTA PASURUAN: SIAGA BANJIR",
        "septets": 32,
        "parts": 1,
        "made_at": now - 20 * MINUTE,
        "decided_at": now - 19 * MINUTE,
        "decided_by": "Rini",
    }
    return NoticeView(**{**facts, **changes})


def area_alert(area: str, now: int, level: str = "SIAGA", **changes: Any) -> AlertView:
    facts = {"id": f"{area}.area.1", "station": area, "station_name": AREAS[area.partition("/")[0]], "hazard": "area"}
    return alert(now, **{**facts, "level": level, "version": 1, "kind": "raised", "stations": ["welang"], **changes})


def welang(now: int, level_m: float = 1.62, **changes: Any) -> StationView:
    return river("Welang", now, level_m, **{"areas": [KARANGKETUG, RANDUSARI], "tide": tide(now), **changes})


def _rain(now: int) -> StationView:
    sums = [RainSumView(minutes=60, mm=2.4, complete=1.0), RainSumView(minutes=1440, mm=31.2, complete=1.0)]
    return msgspec.structs.replace(rain(now), rain=RainView(sums=sums, hour_class="ringan"))


def _clean_air(now: int) -> StationView:
    index = AirView(
        index=42,
        category="Baik",
        colour="hijau",
        critical="PM2,5",
        advice="Udara baik untuk kegiatan di luar.",
        until=now - 20 * MINUTE,
        computed_at=now - 19 * MINUTE,
        hour_parameter="PM2,5",
        hour_mean_ugm3=14.0,
        hour_word="rendah",
        hour_until=now - 20 * MINUTE,
    )
    return msgspec.structs.replace(air(now), air=index)


def calm(now: int) -> Scene:
    gembong = river("Gembong", now, 0.85, rate=-0.03, areas=[WIROGUNAN])
    unset = river(
        "Petung", now, 0.7, state="BELUM DITETAPKAN", level=None, thresholds={}, areas=[BLANDONGAN], trend=None
    )
    return Scene(health=health(), entities=[welang(now), gembong, unset, _rain(now), _clean_air(now)])


def warned(now: int) -> Scene:
    """Karangketug was told SIAGA; AWAS waits for somebody's word, and Wirogunan for its first one."""
    trend = TrendView(rate_m_per_h=0.45, next_level="AWAS", eta_from=now + 35 * MINUTE, eta_to=now + 70 * MINUTE)
    impact = {"SIAGA": "Jalan Kraton tergenang setinggi lutut."}
    high = welang(now, 4.62, state="SIAGA", level="SIAGA", trend=trend, impact=impact)
    gembong = river("Gembong", now, 2.1, rate=0.2, state="WASPADA", level="WASPADA", areas=[WIROGUNAN])
    silent = river("Petung", now, 1.1, age=94 * MINUTE, state="TIDAK ADA DATA", silent=True, areas=[BLANDONGAN])
    alerts = [
        area_alert(KARANGKETUG, now, "AWAS", kind="raised_higher", version=2),
        area_alert(WIROGUNAN, now, "WASPADA", stations=["gembong"]),
    ]
    notices = [
        told(f"{KARANGKETUG}.area.1", now),
        told(f"{KARANGKETUG}.area.1", now, id="n8", state="waiting", kind="raised_higher", level="AWAS"),
        told(f"{WIROGUNAN}.area.1", now, id="n9", state="waiting", level="WASPADA", areas=["Wirogunan"]),
    ]
    return Scene(health=health(), entities=[high, gembong, silent, _rain(now), foul_air(now), *alerts, *notices])


def awas(now: int) -> Scene:
    over = welang(now, 5.8, state="AWAS", level="AWAS", trend=TrendView(rate_m_per_h=0.45))
    notice = told(f"{KARANGKETUG}.area.1", now, level="AWAS")
    return Scene(health=health(), entities=[over, foul_air(now), area_alert(KARANGKETUG, now, "AWAS"), notice])


def repaired(now: int) -> Scene:
    """The gauge of Karangketug is worked on, in a drill."""
    work: Any = {"since": now - 30 * MINUTE, "until": now + 90 * MINUTE, "by": "Budi", "reason": "ganti baterai"}
    out = welang(now, state="PEMELIHARAAN", maintenance=work)
    return Scene(health=health(realm="latihan"), entities=[msgspec.convert(msgspec.to_builtins(out), StationView)])
