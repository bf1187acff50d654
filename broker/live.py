"""What core tells those who watch: entities by id, each with the journal id of its last change.

A follower that knows journal id N asks for what changed after N and misses nothing, because an entity's last state
replaces its earlier ones. The stream begins with every entity changed after N, then goes on live.
"""

from typing import Literal

import msgspec

EntityKind = Literal["station", "alert", "message", "health"]


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """The last reading of one quantity at a station."""

    quantity: str  # level_m, rain_mm, pm25_ugm3, temperature_c, battery_mv ...
    value: float | None
    raw: float | None
    time: int  # ms UTC under which history files it
    received_at: int
    flag: int  # QARTOD
    reason: str | None = None


class TrendView(msgspec.Struct, frozen=True, kw_only=True):
    """Rate of change and, when rising, the time to the next threshold; null when there is not enough data."""

    rate_m_per_h: float | None
    next_level: str | None = None
    eta_from: int | None = None
    eta_to: int | None = None


class StationView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    rev: int
    name: str
    hazard: str  # level | rain | air
    state: str  # broker.levels.State value
    level: str | None = None  # the level it stands at, latched through silence
    since: int | None
    at_least: bool = False  # silent while rising: "sedikitnya X, naik"
    silent: bool = False
    series: list[SeriesView]
    trend: TrendView | None = None
    thresholds: dict[str, float] = {}  # WASPADA, SIAGA, AWAS in metres
    low_m: float | None = None  # ends of the ladder
    high_m: float | None = None
    example: bool = False  # levels and thresholds are examples, not official
    nodes: list[str] = []
    last_seen: int | None = None
    river: str | None = None
    kelurahan: list[str] = []


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an episode; the id stays, the version grows."""

    id: str  # <station>.<hazard>.<episode>
    rev: int
    station: str
    station_name: str
    hazard: str
    version: int
    kind: str  # raised | raised_higher | lowered | ended
    level: str
    raised_at: int  # ms, when the episode began
    changed_at: int  # ms, when this version was decided
    active: bool
    why: str  # one Indonesian sentence made from the stored cause
    value: float | None = None
    observed_at: int | None = None
    received_at: int | None = None
    latency_ms: float | None = None  # sensor to first message accepted, real milliseconds
    example: bool = False


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    rev: int
    alert: str
    version: int
    recipient: str  # a name or role; numbers are masked
    address: str  # masked
    channel: str  # demo | twilio
    state: str  # queued | sending | accepted | delivered | undelivered | unknown | dead
    text: str
    created_at: int
    settled_at: int | None = None
    reason: str | None = None
    latency_ms: float | None = None  # sensor to acceptance, real milliseconds


class HealthView(msgspec.Struct, frozen=True, kw_only=True):
    rev: int
    now: int
    speed: float
    demo: bool
    realm: str
    site: str
    broker_connected: bool
    channels: list[str]  # empty: nobody can be told, said loudly
    problems: list[str]  # one Indonesian sentence each, worst first
    counters: dict[str, int]
    history_lag: int | None = None  # journal ids not yet in history
    id: str = "core"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change: the whole entity as it is now. ``id`` is the journal id, the Last-Event-ID of server-sent events."""

    id: int
    kind: EntityKind
    data: msgspec.Raw
