"""What a field sends, in the order in which it arrives: the common form of cases, scenarios and gauge records."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from alerting.events import AirIndexed
from alerting.rules import StationRules
from broker.station import Station
from broker.wire import Observation
from deploy.replay.case import Place
from deploy.replay.truth import Span
from firmware_sim.rain import Series


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One observation as it reaches core."""

    received_at: int  # ms UTC
    node: str
    observation: Observation


class UpkeepNote(msgspec.Struct, frozen=True):
    """A technician begins, or with ``until`` None ends, his work at a station."""

    received_at: int
    station: str
    until: int | None
    author: str
    reason: str


class TideNote(msgspec.Struct, frozen=True):
    """The next predicted high water of a station is known."""

    received_at: int
    station: str
    window: tuple[int, int]  # ms UTC


class AirNote(msgspec.Struct, frozen=True):
    """The index of a station's air has been worked out."""

    received_at: int
    station: str
    index: AirIndexed


Happening = Delivery | UpkeepNote | TideNote | AirNote


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueWater:
    """The noise-free water of one station, and when it stood at or above each of its thresholds."""

    times: Series  # ms UTC
    level_m: Series
    above: dict[int, tuple[Span, ...]]  # by level, WASPADA to AWAS


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """``happenings`` are in order of arrival, and may be read again.

    A station of an installation brings its own ``documents`` and ``rules``; other stations are made from their places.
    """

    name: str
    title: str
    timezone: str
    stations: tuple[Place, ...]
    happenings: Iterable[Happening]
    count: int  # of happenings, for the progress bar
    start: int  # ms UTC
    end: int
    truth: dict[str, TrueWater] = field(default_factory=dict)
    documents: dict[str, Station] = field(default_factory=dict)
    rules: dict[str, StationRules] = field(default_factory=dict)
