"""What can happen to a station, an area or a group, as the engine takes it in. Times are ms UTC."""

from typing import Literal

import msgspec

from alerting.rules import Window

DISMISSED_MS = 30 * 60_000


class ReadingTaken(msgspec.Struct, frozen=True, gc=False):
    """A qualified reading of the quantity that the station's rules read.

    ``is_live`` is False for backlog: it is kept, and it never warns.
    """

    time: int
    received_at: int
    value: float | None
    flag: int
    is_live: bool = True


class ReadingRevised(msgspec.Struct, frozen=True, gc=False):
    """Quality control settled an earlier sample. Given before the reading that settled it, oldest first."""

    time: int
    received_at: int
    value: float | None
    flag: int


class SecondTaken(msgspec.Struct, frozen=True, gc=False):
    """The second sensor of the same quantity at the station."""

    time: int
    received_at: int
    value: float | None
    flag: int


class Sums(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Rain of the last 10 min, 1, 3, 6 and 24 h in mm, and the share of each window that was observed."""

    mm_10min: float
    mm_1h: float
    mm_3h: float
    mm_6h: float
    mm_24h: float
    complete_10min: float = 1.0
    complete_1h: float = 1.0
    complete_3h: float = 1.0
    complete_6h: float = 1.0
    complete_24h: float = 1.0

    def of(self, window: Window) -> tuple[float, float]:
        """Millimetres and completeness of a window."""
        match window:
            case "10min":
                return self.mm_10min, self.complete_10min
            case "1h":
                return self.mm_1h, self.complete_1h
            case "3h":
                return self.mm_3h, self.complete_3h
            case "6h":
                return self.mm_6h, self.complete_6h
            case "24h":
                return self.mm_24h, self.complete_24h


class RainSummed(msgspec.Struct, frozen=True, gc=False):
    """Rain here and as the mean of the gauges upstream; None where no gauge speaks."""

    at: int
    here: Sums | None
    upstream: Sums | None = None


class RainExpected(msgspec.Struct, frozen=True, gc=False):
    """A forecast of rain over an area, as BMKG's nowcast, from ``start`` to ``end``; both 0: it no longer stands."""

    at: int
    start: int
    end: int


class TideWindow(msgspec.Struct, frozen=True, gc=False):
    """The predicted high-water window that is open or comes next; None when there is no prediction."""

    at: int
    window: tuple[int, int] | None


class AirIndexed(msgspec.Struct, frozen=True, gc=False):
    """The station's ISPU, and the last hour, which is indicative only. Categories are 0 Baik .. 4 Berbahaya."""

    at: int
    index: int | None = None
    category: int | None = None
    critical: str | None = None
    complete: float = 0.0
    hour_ugm3: float | None = None
    hour_category: int | None = None


class NeighbourMoved(msgspec.Struct, frozen=True, gc=False):
    """An up- or downstream neighbour: whether it speaks for high water here."""

    at: int
    station: str
    is_up: bool  # rising, or above NORMAL, on good data


class Observed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Somebody with a name saw the water (``value``), or decides a level (``level``; 0 cancels).

    A level that was decided stands until ``until``, or until somebody decides lower; after a decision to go down the
    same level is not raised again for half an hour, unless the water leaves it first. An alert of rain or of air can
    only be cancelled (``hazard``, with ``level`` 0). ``is_over`` with level 0, of an area: it was so and has passed.
    """

    at: int
    by: str
    note: str = ""
    value: float | None = None
    level: int | None = None
    until: int | None = None
    hazard: Literal["level", "rain", "air"] = "level"
    is_over: bool = False


class Maintained(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Maintenance begins and lasts until ``until``, or is over (None). ``is_installation``: the sensor is put up."""

    at: int
    by: str
    reason: str
    until: int | None
    is_installation: bool = False


class Retired(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Nothing is measured here any more: whoever says so ends what stands."""

    at: int
    by: str
    reason: str


class Ticked(msgspec.Struct, frozen=True, gc=False):
    """The clock moved. ``listening_since`` is when the core could last begin to hear this station.

    ``cut_by`` names what is known to be lost between the station and core: its gateway, or everything.
    """

    now: int
    listening_since: int
    cut_by: str | None = None


class RulesChanged(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The rules given with this event are new."""

    at: int
    author: str
    reason: str = ""


class StationMoved(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a station of an area stands: see ``engine.moved``."""

    at: int
    station: str
    level: int
    public_level: int
    verified_level: int
    is_fresh: bool  # neither silent nor under maintenance
    at_least: bool = False
    value: float | None = None
    value_at: int | None = None


class GroupHeard(msgspec.Struct, frozen=True, gc=False):
    """Something came from a member of the group."""

    at: int


class GroupTicked(msgspec.Struct, frozen=True, gc=False):
    """The clock moved. ``since``: when core could begin to hear; while the broker is away, when it was lost."""

    now: int
    since: int


class GroupLeft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The last member is heard some other way from now on."""

    at: int
    by: str


Event = (
    ReadingTaken
    | ReadingRevised
    | SecondTaken
    | RainSummed
    | TideWindow
    | AirIndexed
    | NeighbourMoved
    | Observed
    | Maintained
    | Retired
    | Ticked
    | RulesChanged
)
AreaEvent = StationMoved | RainSummed | RainExpected | Observed | Ticked | RulesChanged
GroupEvent = GroupHeard | GroupTicked | GroupLeft
