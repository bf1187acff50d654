"""What is kept of a station besides its readings, as its page needs it: the port to the journal."""

from dataclasses import dataclass, field
from typing import Protocol


class RecordsUnavailable(Exception):
    """The records cannot be read now; the text is one Indonesian sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Thresholds that counted from ``since`` (ms UTC) on; metres by level."""

    since: int
    metres: dict[str, float]
    author: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """An epoch: how one series is made into values from ``since`` on; None: it counts from the beginning."""

    number: int
    series: str
    since: int | None
    datum_m: float | None
    mm_per_tip: float | None
    author: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What somebody read from the staff gauge, and what the sensor said then."""

    time: int
    level_m: float
    sensor_m: float | None
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NearStation:
    """Another station of the same water. ``is_upstream`` of this one; the water takes ``minutes`` between them."""

    station: str
    is_upstream: bool
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingNode:
    """A node that serves the station, and when core last heard of it (ms UTC)."""

    node: str
    hardware: str
    firmware: str
    gateway: str
    last_heard: int | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Part of an alert: the level that it had from ``start`` on; ``end`` is None while it stands."""

    alert: str
    hazard: str
    level: str
    start: int
    end: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a person saw at the station, in words, with a photo (by the hash of its content), or both."""

    id: int
    time: int
    by: str
    note: str
    photo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the station warns by, beside its thresholds."""

    version: int
    hysteresis_m: float | None = None
    hold_up_samples: int | None = None
    hold_down_minutes: float | None = None
    early_siaga_minutes: float | None = None
    silence_minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything newest first, except near stations, which stand as the water flows."""

    limits: list[Limits] = field(default_factory=list)
    calibrations: list[Calibration] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    near: list[NearStation] = field(default_factory=list)
    nodes: list[ServingNode] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    rule: Rule | None = None
    retired_at: int | None = None
    name: str = ""


class StationRecords(Protocol):
    """Blocking, called in threads; both raise RecordsUnavailable."""

    def dossier(self, station: str, /) -> Dossier | None:
        """None when no such station was ever known."""
        ...

    def episodes(self, station: str, start: int, end: int, /) -> list[Episode]:
        """What was warned of at the station between two moments (ms UTC), the oldest first."""
        ...
