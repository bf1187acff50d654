"""What ingest must know of a station and of the nodes that serve it."""

from dataclasses import dataclass, field

from ingest.calibration import Calibration
from ingest.node_clock import NodeClock
from ingest.pace import Pace
from ingest.quality_limits import NO_LIMITS, SeriesLimits
from ingest.quality_state import SeriesState
from ingest.received import Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One series of a node at its station: how it is calibrated, and the limits of its quality control."""

    calibration: Calibration
    limits: SeriesLimits = NO_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """``channels`` maps a node's series (``distance_mm``) to its meaning here; other series are kept as they are."""

    id: str
    channels: dict[str, Channel]


@dataclass(slots=True, kw_only=True)
class Node:
    """A known node, the station it serves, and what was taken from it. The one mutable record of ingest."""

    id: str
    station: str
    received: Received = field(default_factory=Received)
    last_arrival: int = 0  # core's clock, ms
    last_filed: int = 0  # the last time given to an observation without one of its own
    series: dict[str, SeriesState] = field(default_factory=dict)  # by series and calibration epoch
    clock: NodeClock | None = None  # None: nothing is known since core began
    pace: Pace | None = None  # None: its last observation had a time that can be true
    gateway: str = ""  # through which it is heard; "": on its own
