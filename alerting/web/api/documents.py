"""The rows of the API. Live entities are core's own words with their moments written out; the rest is declared here."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from alerting.web import words
from alerting.web.api.instants import iso
from alerting.web.api.units import unit_of
from alerting.web.past import PastBucket, PastReading
from broker.live import AlertView, MessageView, SeriesView, StationView
from broker.quality_flags import Flag

Instant = Annotated[str, Meta(description="ISO 8601, UTC, with offset", extra_json_schema={"format": "date-time"})]
QartodFlag = Annotated[int, Meta(description="QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing")]

# Fields of live entities that are milliseconds inside and moments outside.
MOMENTS: Final = frozenset(
    {
        "time",
        "received_at",
        "observed_at",
        "since",
        "last_seen",
        "eta_from",
        "eta_to",
        "raised_at",
        "changed_at",
        "created_at",
        "settled_at",
        "computed_at",
        "drift_since",
        "until",
        "hour_until",
        "high_at",
        "low_at",
        "above_from",
        "above_until",
        "acknowledged_at",
        "made_at",
        "decided_at",
        "due_at",
        "onset",
        "expires",
    }
)


View = StationView | AlertView | MessageView
UNTOLD: Final = frozenset({"health"})  # of a station: what is wrong with a box is for technicians, and helps a thief
ENTITY_KINDS: Final[dict[str, type[View]]] = {
    "stations": StationView,
    "alerts": AlertView,
    "messages": MessageView,
}


class LatestRow(msgspec.Struct, frozen=True, kw_only=True):
    """The last reading of a quantity. Under flag 9 it is the last good one, with that one's time and age."""

    station: str
    quantity: str
    value: float | None
    unit: str | None
    raw: float | None
    time: Instant
    age_s: Annotated[int, Meta(description="whole seconds between time and now")]
    received_at: Instant
    flag: QartodFlag
    quality: Annotated[str, Meta(description="the flag's name")]
    reason: Annotated[str | None, Meta(description="the test, its limit and the value that set the flag")]
    why: Annotated[str, Meta(description="the same as one Indonesian sentence")]
    node: str | None
    epoch: Annotated[int | None, Meta(description="calibration epoch")]


class ReadingRow(msgspec.Struct, frozen=True, kw_only=True):
    time: Instant
    value: float | None
    raw: Annotated[float | None, Meta(description="as the sensor sent it, in the unit of its own series")]
    flag: QartodFlag
    reason: str | None
    node: str
    epoch: int
    revision: Annotated[int, Meta(description="0, or how often its flag or value was changed")]
    received_at: Instant


class BucketRow(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics over good readings (flags 1 and 2); they are null when there is none."""

    start: Instant
    count: Annotated[int, Meta(description="readings of any flag")]
    good: Annotated[int, Meta(description="how many of them are good")]
    min: float | None
    max: float | None
    mean: float | None


class Live(msgspec.Struct, frozen=True, kw_only=True):
    now: Instant
    rev: Annotated[int, Meta(description="journal id up to which this is whole")]
    fresh: Annotated[bool, Meta(description="false while nothing comes from core: this is the last known state")]
    next: Annotated[str | None, Meta(description="address of the next page")]


class LatestPage(Live, frozen=True, kw_only=True):
    latest: list[LatestRow]


class ReadingsPage(msgspec.Struct, frozen=True, kw_only=True):
    station: str
    quantity: str
    unit: str | None
    start: Instant
    end: Instant
    readings: list[ReadingRow]
    next: str | None


class AggregatesPage(msgspec.Struct, frozen=True, kw_only=True):
    station: str
    quantity: str
    unit: str | None
    tier: str
    start: Instant
    end: Instant
    aggregates: list[BucketRow]
    next: str | None


def latest_row(station: StationView, series: SeriesView, *, now: int) -> LatestRow:
    nodes = station.nodes
    return LatestRow(
        station=station.id,
        quantity=series.quantity,
        value=series.value,
        unit=unit_of(series.quantity),
        raw=series.raw,
        time=iso(series.time),
        age_s=max(now - series.time, 0) // 1000,
        received_at=iso(series.received_at),
        flag=series.flag,
        quality=quality_of(series.flag),
        reason=series.reason,
        why=words.why(series.flag, said=series.why, reason=series.reason),
        node=series.node or (nodes[0] if len(nodes) == 1 else None),
        epoch=series.epoch,
    )


def quality_of(flag: int) -> str:
    try:
        return Flag(flag).name.lower().replace("_", " ")
    except ValueError:
        return "unknown"


def reading_row(reading: PastReading) -> ReadingRow:
    return ReadingRow(
        time=iso(reading.time),
        value=reading.value,
        raw=reading.raw,
        flag=reading.flag,
        reason=reading.reason,
        node=reading.node,
        epoch=reading.epoch,
        revision=reading.revision,
        received_at=iso(reading.received_at),
    )


def bucket_row(bucket: PastBucket) -> BucketRow:
    return BucketRow(
        start=iso(bucket.start),
        count=bucket.count,
        good=bucket.good,
        min=bucket.min,
        max=bucket.max,
        mean=bucket.mean,
    )


def entity(view: View) -> dict[str, Any]:
    """Core's own words with moments instead of milliseconds; of a station's series only what there is of them."""
    told: dict[str, Any] = with_moments(msgspec.to_builtins(view))
    if isinstance(view, StationView):
        told = {name: value for name, value in told.items() if name != "series" and name not in UNTOLD}
        told["quantities"] = [series.quantity for series in view.series]
    return told


def with_moments(told: Any) -> Any:
    if isinstance(told, list):
        return [with_moments(each) for each in told]
    if not isinstance(told, dict):
        return told
    return {
        name: iso(value) if name in MOMENTS and isinstance(value, int) else with_moments(value)
        for name, value in told.items()
    }
