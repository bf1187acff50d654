"""What core may say, as whole scenes: the river calm, rising and over, and the ways of being blind."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from alerting.web.past import Tier
from alerting.web.readings import Point
from broker.live import (
    AirView,
    AlertView,
    HealthView,
    MessageView,
    NoticeView,
    RainSumView,
    RainView,
    SeriesView,
    StationView,
    TideView,
    TrendView,
    UpstreamRainView,
)

MINUTE = 60_000
HOUR = 60 * MINUTE
# Where the stations of scenes stand: made up, beside the river of that name.
PLACES = {"welang": (-7.641, 112.874), "gembong": (-7.646, 112.909), "petung": (-7.655, 112.927)}
THRESHOLDS = {"WASPADA": 3.0, "SIAGA": 4.0, "AWAS": 5.0}
SMS = (
    "BPBD KOTA PASURUAN: AWAS BANJIR S.Welang 18:40. Air 5,8 m naik 45 cm/jam, diperkirakan meluap +/-40 mnt. "
    "Karangketug, Randusari: mengungsi sekarang. Info 112"
)


DOUBT = "Bacaan ini belum terverifikasi: naik 1,70 m dalam 1 menit, tanpa hujan dan tanpa kenaikan di stasiun lain."


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    health: HealthView
    entities: list[StationView | AlertView | MessageView | NoticeView] = field(default_factory=list)


def health(**changes: Any) -> HealthView:
    facts: dict[str, Any] = {
        "rev": 0,
        "now": 0,
        "speed": 1.0,
        "demo": True,
        "realm": "ews",
        "site": "Kota Pasuruan",
        "broker_connected": True,
        "channels": ["demo"],
        "problems": [],
        "counters": {"readings": 12_345, "dead_letters": 0},
        "history_lag": 0,
    }
    return HealthView(**{**facts, **changes})


def series(quantity: str, value: float | None, time: int, flag: int = 1, reason: str | None = None) -> SeriesView:
    return SeriesView(
        quantity=quantity, value=value, raw=value, time=time, received_at=time + 400, flag=flag, reason=reason
    )


def river(
    name: str, now: int, level_m: float | None = 1.2, *, age: int = 40_000, rate: float = 0.0, **changes: Any
) -> StationView:
    """A level station; ``changes`` are fields of StationView."""
    facts: dict[str, Any] = {
        "id": name.lower(),
        "rev": 0,
        "name": "Welang Kraton" if name == "Welang" else name,
        "hazard": "level",
        "state": "NORMAL",
        "level": "NORMAL",
        "since": now - 5 * HOUR,
        "series": [series("level_m", level_m, now - age), series("battery_mv", 3910, now - age)],
        "trend": TrendView(rate_m_per_h=rate),
        "thresholds": THRESHOLDS,
        "low_m": 0.0,
        "high_m": 6.5,
        "example": True,
        "nodes": [f"node-{name.lower()}"],
        "last_seen": now - age,
        "latitude": PLACES.get(name.lower(), (None, None))[0],
        "longitude": PLACES.get(name.lower(), (None, None))[1],
        "river": name,
        "kelurahan": ["Karangketug", "Randusari"] if name == "Welang" else [],
    }
    return StationView(**{**facts, **changes})


def tide(now: int) -> TideView:
    return TideView(
        height_m=1.1,
        rising=True,
        high_at=now + 4 * HOUR,
        high_m=1.32,
        above_m=1.2,
        above_from=now + 3 * HOUR,
        above_until=now + 5 * HOUR,
        datum="muka laut rata-rata",
        rms_m=0.06,
    )


def rain(now: int) -> StationView:
    sums = [(10, 3.2, 1.0), (60, 14.6, 1.0), (180, 22.8, 0.7), (360, 22.8, 0.35), (1440, None, 0.0)]
    return StationView(
        id="hujan-hulu",
        rev=0,
        name="Hujan Hulu Welang",
        hazard="rain",
        state="BELUM DITETAPKAN",
        since=None,
        series=[series("rain_mm", 0.4, now - 50_000), series("battery_mv", 3710, now - 50_000, 2)],
        example=True,
        rain=RainView(
            sums=[RainSumView(minutes=minutes, mm=mm, complete=complete) for minutes, mm, complete in sums],
            hour_class="lebat",
            day_mm=22.8,
            day_class="sedang",
        ),
    )


def foul_air(now: int) -> StationView:
    index = AirView(
        index=141,
        category="Tidak Sehat",
        colour="kuning",
        critical="PM2,5",
        advice="Kurangi kegiatan di luar dan pakai masker.",
        complete=0.92,
        until=now - 20 * MINUTE,
        computed_at=now - 19 * MINUTE,
        hour_parameter="PM2,5",
        hour_mean_ugm3=61.4,
        hour_word="tinggi",
        hour_until=now - 20 * MINUTE,
        hour_raw_ugm3=118.9,
        hour_humidity_pct=78.0,
        correction="epa-2021",
    )
    stuck = series("humidity_pct", 100.0, now - 70_000, 3, "condensed: 100 for 6 h")
    return StationView(**{**_fields(air(now)), "air": index, "series": [*air(now).series[:3], stuck]})


def air(now: int) -> StationView:
    measured = [
        series("pm25_ugm3", 38.2, now - 70_000),
        series("pm10_ugm3", 61.0, now - 70_000),
        series("temperature_c", 28.9, now - 70_000),
        series("humidity_pct", 81.0, now - 70_000),
    ]
    return StationView(
        id="udara",
        rev=0,
        name="Udara Balai Kota",
        hazard="air",
        state="BELUM DITETAPKAN",
        since=None,
        series=measured,
        example=True,
    )


def alert(now: int, **changes: Any) -> AlertView:
    facts: dict[str, Any] = {
        "id": "welang.level.1",
        "rev": 0,
        "station": "welang",
        "station_name": "Welang Kraton",
        "hazard": "level",
        "version": 3,
        "kind": "raised_higher",
        "level": "AWAS",
        "raised_at": now - 48 * MINUTE,
        "changed_at": now - 62_000,
        "active": True,
        "why": "Pukul 18:40 muka air 5,80 m, 3 pembacaan berturut-turut pada atau di atas ambang AWAS 5,00 m.",
        "value": 5.8,
        "observed_at": now - 62_400,
        "received_at": now - 62_000,
        "latency_ms": 412.0,
        "example": True,
    }
    return AlertView(**{**facts, **changes})


def message(number: int, now: int, **changes: Any) -> MessageView:
    facts: dict[str, Any] = {
        "id": number,
        "rev": 0,
        "alert": "welang.level.1",
        "version": 3,
        "recipient": f"Petugas piket {number}",
        "address": f"+62*********{number:03d}",
        "channel": "demo",
        "state": "accepted",
        "text": SMS,
        "created_at": now - 61_000,
        "settled_at": now - 60_500,
        "latency_ms": 412.0,
    }
    return MessageView(**{**facts, **changes})


def notice(now: int, **changes: Any) -> NoticeView:
    facts: dict[str, Any] = {
        "id": "n41",
        "rev": 0,
        "state": "veto",
        "kind": "raised_higher",
        "level": "AWAS",
        "areas": ["Karangketug", "Randusari"],
        "alerts": ["35.75.01.1001.area.1"],
        "text": SMS,
        "septets": 152,
        "parts": 1,
        "made_at": now - 48_000,
        "due_at": now + 8 * MINUTE,
        "audience": 1240,
    }
    return NoticeView(**{**facts, **changes})


def areas_told() -> list[dict[str, Any]]:
    """What core exports: one kelurahan with a polygon, the others by their middle."""
    middles = {
        "35.75.01.1001": ("Karangketug", -7.63114, 112.88283),
        "35.75.01.1006": ("Randusari", -7.63899, 112.8802),
        "35.75.01.1007": ("Krapyakrejo", -7.64977, 112.87715),
        "35.75.01.1005": ("Bukir", -7.65466, 112.88535),
        "35.75.02.1005": ("Kebonagung", -7.65687, 112.89443),
        "35.75.02.1006": ("Purworejo", -7.65035, 112.89898),
    }
    told: list[dict[str, Any]] = [
        {"code": code, "name": name, "latitude": latitude, "longitude": longitude}
        for code, (name, latitude, longitude) in middles.items()
    ]
    ring = [[112.876, -7.634], [112.885, -7.634], [112.885, -7.643], [112.876, -7.643], [112.876, -7.634]]
    told[1] |= {"geometry": {"type": "Polygon", "coordinates": [ring]}, "source": "contoh"}
    return [*told, {"code": "35.75.01", "name": "Gadingrejo"}]


def empty(now: int) -> Scene:
    return Scene(health=health(demo=False))


def calm(now: int) -> Scene:
    gembong = river("Gembong", now, 0.85, rate=-0.03)
    rain = [*gembong.series, series("rain_mm", 0.4, now - 50_000)]
    gembong = StationView(**{**_fields(gembong), "series": rain})
    return Scene(health=health(), entities=[river("Welang", now, 1.62), gembong, river("Petung", now, 0.7), air(now)])


def rising(now: int) -> Scene:
    trend = TrendView(rate_m_per_h=0.45, next_level="SIAGA", eta_from=now + 35 * MINUTE, eta_to=now + 70 * MINUTE)
    welang = river("Welang", now, 3.62, state="WASPADA", level="WASPADA", trend=trend, since=now - 20 * MINUTE)
    gembong = river("Gembong", now, 1.9, rate=0.12)
    doubtful = series("level_m", 2.4, now - 30_000, 3, "kenaikan 1,7 m dalam 60 detik melebihi batas 0,5 m")
    petung = river("Petung", now, 2.4, series=[doubtful])
    raised = alert(now, version=1, kind="raised", level="WASPADA", value=3.02, raised_at=now - 20 * MINUTE)
    sent = [message(number, now, version=1) for number in (1, 2)]
    return Scene(health=health(), entities=[welang, gembong, petung, air(now), raised, *sent])


def awas(now: int) -> Scene:
    trend = TrendView(rate_m_per_h=0.45)
    welang = river("Welang", now, 5.8, state="AWAS", level="AWAS", trend=trend, since=now - MINUTE)
    second = TrendView(rate_m_per_h=0.22, next_level="AWAS", eta_from=now + 90 * MINUTE, eta_to=None)
    gembong = river("Gembong", now, 4.3, state="SIAGA", level="SIAGA", trend=second, since=now - 9 * MINUTE)
    silent = river("Petung", now, 2.91, age=34 * MINUTE, rate=0.3, state="TIDAK ADA DATA", silent=True, at_least=True)
    petung = StationView(**{**_fields(silent), "level": "WASPADA", "since": now - 24 * MINUTE})
    others = [
        alert(now, id="gembong.level.1", station="gembong", station_name="Gembong", version=2, level="SIAGA"),
        alert(
            now,
            id="petung.data.1",
            station="petung",
            station_name="Petung",
            hazard="data",
            version=1,
            kind="raised",
            level="WASPADA",
            raised_at=now - 24 * MINUTE,
            latency_ms=None,
            why="Tidak ada data baik selama 10 menit sampai pukul 18:17; terakhir 2,91 m, sedang naik 30 cm/jam.",
        ),
        alert(
            now,
            id="welang.level.0",
            kind="ended",
            active=False,
            level="NORMAL",
            version=4,
            raised_at=now - 30 * HOUR,
            changed_at=now - 26 * HOUR,
        ),
    ]
    sent = [message(number, now) for number in range(21, 24)]
    twilio = [
        message(number, now, version=2, channel="twilio", state=state, reason=reason, latency_ms=latency)
        for number, state, reason, latency in (
            (11, "queued", None, None),
            (12, "accepted", None, 843.0),
            (13, "delivered", None, 1240.0),
            (14, "dead", "nomor tidak dapat menerima SMS (21614)", None),
            (15, "unknown", "batas waktu habis setelah dikirim", None),
        )
    ]
    return Scene(health=health(), entities=[welang, gembong, petung, air(now), alert(now), *others, *sent, *twilio])


def quality(now: int) -> Scene:
    """Every way in which a number can be less than good, with and without core's own sentence."""
    doubtful = msgspec.structs.replace(
        series("level_m", 3.9, now - 30_000, 3, "rate_of_change: 102 over 6 m/h"),
        why=DOUBT,
        node="node-welang",
        epoch=2,
    )
    low = series("battery_mv", 1.0, now - 30_000, 4, "gross_range: 1 outside sensor 2500..5500")
    welang = river(
        "Welang", now, series=[doubtful, low], rate=0.9, tide=tide(now), drift_m=0.04, drift_since=now - HOUR
    )
    failed = series("level_m", 65.0, now - 20_000, 4, "gross_range: 65 outside site 0..8")
    upstream = UpstreamRainView(minutes=180, mean_mm=24.1, max_mm=41.0, spoke=3, gauges=4)
    gembong = river("Gembong", now, series=[failed], rain=RainView(sums=[], upstream=[upstream]))
    gone = river("Petung", now, series=[series("level_m", 1.14, now - 9 * MINUTE, 9, "missing: no_return")], trend=None)
    unset = river("Rejoso", now, 0.66, state="BELUM DITETAPKAN", level=None, thresholds={})
    never = river("Kedunglarangan", now, series=[], state="TIDAK ADA DATA", level=None, trend=None, last_seen=None)
    return Scene(health=health(), entities=[welang, gembong, gone, unset, never, rain(now), foul_air(now)])


def no_channel(now: int) -> Scene:
    queued = message(1, now, state="queued", channel="none", latency_ms=None, settled_at=None)
    welang = river("Welang", now, 5.8, rate=0.45, state="AWAS", level="AWAS")
    return Scene(health=health(demo=False, channels=[]), entities=[welang, alert(now, latency_ms=None), queued])


SCENES = {scene.__name__: scene for scene in (empty, calm, rising, awas, quality, no_channel)}


def past(station: str, quantity: str, start_ms: int, end_ms: int, limit: int) -> list[Point]:
    """A made-up history: a river that has been rising for three hours, a value a minute."""
    top = {"welang": 3.6, "gembong": 1.8, "petung": 2.2, "dhompo": 2.6, "rejoso": 1.2}.get(station, 30.0)
    points: list[Point] = []
    for time in range(start_ms, end_ms, MINUTE):
        share = max(0.0, 1 - (end_ms - time) / (3 * HOUR))
        points.append((time, round(top * (0.4 + 0.6 * share), 3), 1))
    return points[:limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPoint:
    time: int
    value: float | None
    raw: float | None
    flag: int
    reason: str | None
    node: str = "node-1"
    revision: int = 0
    received_at: int
    epoch: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMean:
    start: int
    count: int = 60
    good: int = 59
    min: float | None = None
    max: float | None = None
    mean: float | None


class PastOfScenes:
    """The same history for the API: every third reading suspect, hours and days worked out from the minutes."""

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[PastPoint]:
        return [_past_point(*each) for each in _minutes(station, quantity, start, end, limit)]

    def aggregates(  # noqa: PLR0917  as the port has it
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> list[PastMean]:
        length = {"minute": MINUTE, "hour": HOUR, "day": 24 * HOUR}[tier]
        first = -(-start // length) * length
        starts = range(first, end, length) if (station, quantity) in self.series() else []
        return [PastMean(start=each, mean=each / length % 7) for each in starts[:limit]]

    def series(self) -> list[tuple[str, str]]:
        return [(station, "level_m") for station in ("welang", "gembong", "petung", "lama")]


def _minutes(station: str, quantity: str, start: int, end: int, limit: int) -> list[tuple[int, float]]:
    if (station, quantity) not in PastOfScenes().series():
        return []
    first = -(-start // MINUTE) * MINUTE
    return [(time, time // MINUTE % 400 / 100) for time in range(first, end, MINUTE)[:limit]]


def _past_point(time: int, value: float) -> PastPoint:
    number = time // MINUTE
    if number % 11 == 0:
        return PastPoint(time=time, value=None, raw=None, flag=9, reason="missing: no_return", received_at=time + 400)
    reason = 'spike: "1.6", over 0.5' if number % 3 == 0 else None
    flag = 3 if reason else 1
    return PastPoint(time=time, value=value, raw=value * 1000, flag=flag, reason=reason, received_at=time + 400)


def _fields(station: StationView) -> dict[str, Any]:
    return {name: getattr(station, name) for name in station.__struct_fields__}
