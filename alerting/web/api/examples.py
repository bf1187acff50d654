"""The examples of the API's description: made by the same code as real answers, from values of the demonstration."""

from typing import Any, Final

import msgspec

from alerting.web.api.documents import (
    AggregatesPage,
    BucketRow,
    LatestPage,
    ReadingRow,
    ReadingsPage,
    entity,
    latest_row,
)
from alerting.web.api.instants import iso, parse
from alerting.web.api.problem import UNKNOWN_STATION, refused
from broker.live import AlertView, MessageView, SeriesView, StationView, TrendView

NOW: Final = parse("2026-11-22T18:41:07+07:00")
MINUTE: Final = 60_000
STATION: Final = "welang-kraton"
LEVEL: Final = "level_m"
SPIKE: Final = "spike: 1.64 over 0.50 m"

_station: Final = StationView(
    id=STATION,
    rev=41_213,
    name="Welang Kraton",
    hazard="level",
    state="WASPADA",
    level="WASPADA",
    since=NOW - 12 * MINUTE,
    series=[
        SeriesView(
            quantity=LEVEL,
            value=3.62,
            raw=2880.0,
            time=NOW - 7000,
            received_at=NOW - 6600,
            flag=3,
            reason=SPIKE,
            why="Bacaan ini belum terverifikasi: meloncat 1,64 m dari bacaan di sekitarnya.",
            node="node-welang",
            epoch=1,
        )
    ],
    trend=TrendView(rate_m_per_h=0.45, next_level="SIAGA", eta_from=NOW + 38 * MINUTE, eta_to=NOW + 71 * MINUTE),
    thresholds={"WASPADA": 3.5, "SIAGA": 4.5, "AWAS": 5.5},
    low_m=1.5,
    high_m=6.5,
    example=True,
    nodes=["node-welang"],
    last_seen=NOW - 6600,
    river="Welang",
    kelurahan=["Karangketug", "Randusari"],
    datum="contoh",
    datum_m=6.5,
)
_alert: Final = AlertView(
    id="welang-kraton.level.1",
    rev=41_101,
    station=STATION,
    station_name="Welang Kraton",
    hazard="level",
    version=1,
    kind="raised",
    level="WASPADA",
    raised_at=NOW - 12 * MINUTE,
    changed_at=NOW - 12 * MINUTE,
    active=True,
    why="3 bacaan berturut-turut pada atau di atas ambang WASPADA 3,50 m.",
    value=3.52,
    observed_at=NOW - 12 * MINUTE - 400,
    received_at=NOW - 12 * MINUTE,
    latency_ms=38.2,
    example=True,
)
_message: Final = MessageView(
    id=7,
    rev=41_103,
    alert="welang-kraton.level.1",
    version=1,
    recipient="Petugas piket",
    address="+62*********001",
    channel="demo",
    state="accepted",
    text="CONTOH BPBD: WASPADA S.Welang 18:29. Air 3,5 m naik 45 cm/jam. Info 112",
    created_at=NOW - 12 * MINUTE,
    settled_at=NOW - 12 * MINUTE + 38,
    latency_ms=38.2,
)


def _live(name: str, rows: list[Any]) -> dict[str, Any]:
    return {"now": iso(NOW), "rev": 41_213, "fresh": True, name: rows, "next": None}


def stations() -> dict[str, Any]:
    return _live("stations", [entity(_station)])


def alerts() -> dict[str, Any]:
    return _live("alerts", [entity(_alert)])


def messages() -> dict[str, Any]:
    return _live("messages", [entity(_message)])


def latest() -> LatestPage:
    row = latest_row(_station, _station.series[0], now=NOW)
    return LatestPage(now=iso(NOW), rev=41_213, fresh=True, latest=[row], next=None)


def readings() -> ReadingsPage:
    return ReadingsPage(
        station=STATION,
        quantity=LEVEL,
        unit="m",
        start="2026-11-21T17:00:00.000+00:00",
        end="2026-11-22T05:00:00.000+00:00",
        readings=[_reading(0, 1.62, 4880.0), _reading(MINUTE, 3.26, 3240.0, flag=3, reason=SPIKE)],
        next="/api/v1/readings?station=welang-kraton&quantity=level_m&start=2026-11-21T17%3A01%3A00.001%2B00%3A00"
        "&end=2026-11-22T05%3A00%3A00.000%2B00%3A00&limit=2",
    )


def _reading(after: int, value: float, raw: float, *, flag: int = 1, reason: str | None = None) -> ReadingRow:
    at = parse("2026-11-22T00:00:00+07:00") + after
    return ReadingRow(
        time=iso(at),
        value=value,
        raw=raw,
        flag=flag,
        reason=reason,
        node="node-welang",
        epoch=1,
        revision=0,
        received_at=iso(at + 400),
    )


def aggregates() -> AggregatesPage:
    hour = parse("2026-11-22T00:00:00+07:00")
    return AggregatesPage(
        station=STATION,
        quantity=LEVEL,
        unit="m",
        tier="hour",
        start="2026-11-21T17:00:00.000+00:00",
        end="2026-11-22T05:00:00.000+00:00",
        aggregates=[BucketRow(start=iso(hour), count=60, good=59, min=1.58, max=1.71, mean=1.64)],
        next=None,
    )


def problem() -> dict[str, Any]:
    wrong = refused(
        UNKNOWN_STATION,
        'Stasiun "welang-keraton" tidak dikenal.',
        remedy="Mungkin welang-kraton.",
        parameter="station",
        given="welang-keraton",
        known=["welang-kraton"],
    )
    told: dict[str, Any] = msgspec.to_builtins(wrong.problem)
    return told
