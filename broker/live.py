"""What core tells those who watch: entities by id, each with the journal id of its last change.

A follower that knows journal id N asks for what changed after N and misses nothing, because an entity's last state
replaces its earlier ones. The stream begins with every entity changed after N, then goes on live.
"""

from typing import Literal

import msgspec

EntityKind = Literal["station", "alert", "message", "notice", "health"]


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """The last reading of one quantity at a station."""

    quantity: str  # level_m, rain_mm, pm25_ugm3, temperature_c, battery_mv ...
    value: float | None
    raw: float | None
    time: int  # ms UTC under which history files it
    received_at: int
    flag: int  # QARTOD
    reason: str | None = None
    why: str | None = None  # the flag and its reason as one Indonesian sentence; None when the flag is good
    node: str | None = None  # which node measured it
    epoch: int | None = None  # calibration epoch it was computed under


class TrendView(msgspec.Struct, frozen=True, kw_only=True):
    """Rate of change and, when rising, the time to the next threshold; null when there is not enough data."""

    rate_m_per_h: float | None
    next_level: str | None = None
    eta_from: int | None = None
    eta_to: int | None = None


class AirParameterView(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of the index: its 24-hour mean, how many of the hours were observed, and its sub-index if any."""

    parameter: str  # pm25 | pm10 | so2 | co | o3 | no2 | hc
    label: str  # PM2,5
    mean_ugm3: float | None
    hours: int  # of 24
    index: int | None = None  # None: too few hours
    until: int  # ms UTC, the end of its 24 hours


class AirView(msgspec.Struct, frozen=True, kw_only=True):
    """ISPU, a 24-hour figure, and apart from it the last hour's indicative value, which is never an ISPU.

    ``index`` is None while it cannot be computed, and ``reason`` says why in one Indonesian sentence.
    """

    index: int | None
    category: str | None = None  # Baik, Sedang ...
    colour: str | None = None  # hijau, biru, kuning, merah, hitam
    critical: str | None = None  # label of the parameter that sets the index
    advice: str | None = None  # what to do, one Indonesian sentence
    complete: float | None = None  # share of the critical parameter's 24 hours that was observed
    until: int | None = None  # ms UTC, the end of the 24 hours
    computed_at: int
    parameters: list[AirParameterView] = []
    reason: str | None = None
    hour_parameter: str | None = None  # label of what the indicative value is of
    hour_mean_ugm3: float | None = None
    hour_word: str | None = None  # rendah, agak tinggi ...
    hour_until: int | None = None  # ms UTC, the end of that hour
    hour_raw_ugm3: float | None = None  # the sensor's own mean of that hour, before correction
    hour_humidity_pct: float | None = None
    correction: str | None = None  # version of the humidity correction; None: not corrected
    uncorrected_hours: int = 0  # hours in the 24 that could not be corrected for humidity


class RainSumView(msgspec.Struct, frozen=True, kw_only=True):
    """Rain in a window that ends now; null where no gauge spoke, which is not 0 mm."""

    minutes: int
    mm: float | None
    complete: float  # share of the window that was observed


class UpstreamRainView(msgspec.Struct, frozen=True, kw_only=True):
    """Rain over the area upstream in a window that ends now."""

    minutes: int
    mean_mm: float | None
    max_mm: float | None
    spoke: int  # gauges that observed the window
    gauges: int


class RainView(msgspec.Struct, frozen=True, kw_only=True):
    sums: list[RainSumView]  # 10, 60, 180, 360 and 1440 minutes
    hour_class: str | None = None  # BMKG's class of the last hour, in Indonesian
    day_mm: float | None = None  # since 07:00 local
    day_class: str | None = None
    upstream: list[UpstreamRainView] = []


class TideView(msgspec.Struct, frozen=True, kw_only=True):
    """The predicted tide: astronomy alone, without wind, rain or river."""

    height_m: float  # now
    rising: bool
    high_at: int | None = None  # ms UTC, the next high water
    high_m: float | None = None
    low_at: int | None = None
    low_m: float | None = None
    above_m: float | None = None  # the height that matters here
    above_from: int | None = None  # ms UTC, the next time at or over it; before now when it is over it already
    above_until: int | None = None
    datum: str  # what heights are counted from
    rms_m: float | None = None  # how far the prediction was off where it was fitted


class MaintenanceView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody works on the station; it warns nobody in public until then."""

    since: int
    until: int
    by: str
    reason: str


class NodeAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something is wrong with a node itself: for technicians, never for the public."""

    kind: str
    since: int  # ms UTC
    value: float | None = None  # what shows it, in the kind's own unit
    note: str = ""  # the quantity, or why


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
    behind_ms: dict[str, int] = {}  # nodes of which the clock is wrong, and by how much it is behind
    health: dict[str, list[NodeAlarm]] = {}  # what is wrong with nodes themselves
    last_seen: int | None = None
    river: str | None = None
    kelurahan: list[str] = []
    areas: list[str] = []  # their codes, in the same order
    latitude: float | None = None  # degrees, WGS 84
    longitude: float | None = None
    datum: str | None = None  # name of what levels are counted from
    datum_m: float | None = None  # height of the sensor over it, of the epoch in force
    owner: str | None = None
    impact: dict[str, str] = {}  # what happens at a level: WASPADA, SIAGA, AWAS -> one sentence
    drift_m: float | None = None  # sensor less staff gauge, median of the last comparisons; positive: it reads too high
    drift_since: int | None = None  # ms UTC
    air: AirView | None = None
    rain: RainView | None = None
    tide: TideView | None = None
    unverified: bool = False  # BELUM TERVERIFIKASI: what it stands at, or its last sample, rests on doubtful data
    maintenance: MaintenanceView | None = None
    retired: bool = False  # measured no more: it leaves every screen


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an episode; the id stays, the version grows."""

    id: str  # <station>.<hazard>.<episode>
    rev: int
    station: str
    station_name: str
    hazard: str
    version: int
    kind: str  # raised | raised_higher | lowered | ended | cancelled
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
    verified: bool = True  # False: BELUM TERVERIFIKASI
    inhibited_by: str | None = None  # what stands for it, so that nobody was told of this one
    stations: list[str] = []  # of an area: the stations that caused it
    acknowledged_by: str = ""  # the officer who deals with this version
    acknowledged_at: int | None = None


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    rev: int
    alert: str
    version: int
    recipient: str  # a name or role; numbers are masked
    address: str  # masked
    channel: str  # demo | twilio
    state: str  # queued | sending | accepted | delivered | undelivered | expired | unknown | dead
    text: str
    created_at: int
    changed_at: int | None = None  # ms UTC, when it came into its state
    settled_at: int | None = None
    reason: str | None = None
    latency_ms: float | None = None  # sensor to acceptance, real milliseconds


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A text for the public, and whether it goes out."""

    id: str  # n<journal id>
    rev: int
    state: str  # waiting | veto | approved | vetoed | replaced | sent
    kind: str  # of its alerts: raised | raised_higher | lowered | ended | cancelled
    level: str
    areas: list[str]  # names, the nearest to the hazard first
    alerts: list[str]
    text: str  # exactly what goes out, in Indonesian
    septets: int
    parts: int
    made_at: int
    due_at: int | None = None  # ms UTC: when it goes out by itself unless vetoed, or after a quiet night
    manual: bool = False  # somebody raised it; it takes two people
    approvals: list[str] = []
    decided_by: str = ""
    decided_at: int | None = None
    audience: int = 0
    told: int = 0  # how many of them have their message in the outbox
    active: bool = True


class NowcastView(msgspec.Struct, frozen=True, kw_only=True):
    """A warning of another authority over our areas, as BMKG's of heavy rain. Times are ms UTC."""

    sender: str
    event: str
    headline: str
    onset: int
    expires: int
    areas: list[str]  # as people say them
    is_rain: bool


class ChannelView(msgspec.Struct, frozen=True, kw_only=True):
    """A way out, its queue, and what its last probe found wrong (one Indonesian sentence)."""

    name: str
    state: str  # works | stalled | gone
    since: int | None = None  # ms UTC, of a stalled one
    waiting: int  # messages without a last word
    pace_per_s: float | None = None  # messages a second: measured, else configured
    remaining_s: float | None = None  # until the last of them has left at this pace; null: nobody can say
    problem: str | None = None


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
    nowcasts: list[NowcastView] = []  # the earliest first
    ways: list[ChannelView] = []  # out of the outbox, the preferred first
    drill: str = ""  # what the last drill came to: "latihan 1 Des 2026 10.02: lulus"
    id: str = "core"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change: the whole entity as it is now. ``id`` is the journal id, the Last-Event-ID of server-sent events."""

    id: int
    kind: EntityKind
    data: msgspec.Raw
