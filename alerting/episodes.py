"""What the engine remembers of a station, and what it decides: versions of episodes, each with its cause."""

from typing import Literal

import msgspec

from alerting.motion import Eta, Motion, Trend
from alerting.rules import Where, Window
from alerting.samples import NO_SAMPLES, unpacked

Kind = Literal["raised", "raised_higher", "lowered", "ended", "cancelled"]
Why = Literal[
    "threshold",  # samples in a row at or above it
    "trend",  # AWAS expected soon
    "silent_rising",  # nothing heard while the water rose
    "observed",  # somebody saw it
    "operator",  # somebody decided it
    "rules",  # the rule that it rested on is no more
    "fell",  # fresh good data below it
    "silence",
    "doubtful",  # data come, and none of them can be believed
    "heard",
    "worked",  # somebody works on what fell silent
    "retired",  # nothing is measured there any more
    "rain",
    "rain_fell",
    "air",  # ISPU
    "air_hour",  # indicative hour
    "air_worse",  # worsening from one hour to the next
    "air_fell",
    "stations",  # an area's stations
    "over",  # a level that somebody decided until then
    "all_silent",  # a gateway, or everything
    "all_heard",
]
Hazard = Literal["level", "data", "rain", "air", "area"]
Support = Literal["rain", "neighbour", "second", "operator", "stations"]
PublicWhy = Literal[
    "supported",
    "below_awas",  # one station is enough
    "persistent",  # a mean over a day
    "goes_down",
    "too_short",  # not enough good samples in a row
    "no_support",
    "step",  # a jump that nothing supports
    "unverified",
    "at_least",  # raised by silence, and nothing supports it
    "maintenance",
    "not_public",  # node health is no warning
]


class Doubt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Samples in a row that are not verified: the last one, and how many of them stand at or above each threshold.

    The last ``climb`` of them rose, from ``climb_from`` metres on.
    """

    time: int
    received_at: int
    value: float
    above: tuple[int, int, int]
    climb: int = 1
    climb_from: float = 0.0


class Aids(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What may speak for this station besides its own sensor, and when it last did."""

    rain_at: int = 0
    rain_mm: float = 0.0
    neighbour_at: int = 0
    neighbour: str = ""
    second_at: int = 0
    second: float = 0.0
    observed_at: int = 0
    observed: float = 0.0


class Maintenance(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``floor`` is the level at its beginning: data of a sensor that is worked on may not lower it.

    ``is_installation``: the sensor is being put up, and what it says raises nothing until the work is over.
    """

    since: int
    until: int
    by: str
    reason: str
    floor: int = 0
    is_installation: bool = False


class Manual(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A level that somebody decided: not below ``least`` until then, nor raised by data to ``most`` or less."""

    at: int
    until: int
    by: str
    least: int = 0
    most: int = 0


class Episode(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An alert of rain or air: counters outlive it, so that no id is used twice."""

    level: int = 0
    since: int = 0
    number: int = 0
    version: int = 0
    below_since: int | None = None
    last: float | None = None  # air: the indicative hour before
    dismissed_level: int = 0  # somebody cancelled it: not raised again to this level or a lower one until then
    dismissed_until: int = 0


class StationState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything the engine remembers of a station; written to the journal as it is. New fields go last."""

    level: int = 0
    level_since: int | None = None
    level_episode: int = 0
    level_version: int = 0
    silent_since: int | None = None
    silence_episode: int = 0
    silence_version: int = 0
    last_time: int = 0
    last_seen: int | None = None  # when a fresh good reading last came, core's clock
    last_value: float | None = None
    above: tuple[int, int, int] = (0, 0, 0)  # samples in a row at or above each threshold
    below_since: tuple[int | None, int | None, int | None] = (None, None, None)  # first sample below each exit
    samples: bytes = NO_SAMPLES  # the last good ones: alerting.samples
    verified_level: int = 0  # what good samples or a named person have shown
    public_level: int = 0  # what the public may be told on this station's word alone
    at_least: bool = False  # raised by silence while rising, and not heard of since
    looked: bool = False  # the silence now going on was looked at, and the water had not been rising
    interval_ms: int = 0  # learned
    rules_version: int = 0
    rules_changed_at: int | None = None  # during this episode
    step_from: float | None = None  # the value before a jump that nothing supports
    inhibited_by: str | None = None  # why this silence was told to nobody
    excused_until: int = 0  # silence counts from here at the earliest
    tide: tuple[int, int] | None = None
    motion: Motion | None = None
    doubt: Doubt | None = None
    aids: Aids | None = None
    maintenance: Maintenance | None = None
    manual: Manual | None = None
    rain: Episode | None = None
    air: Episode | None = None
    look_at: int = 0  # silent after a rise: when the next level comes within reach of it
    reach_at: int = 0  # raised by silence: when the water is expected to be there, at its last rate
    is_doubtful: bool = False  # the silence now going on is one of good data only
    heard_since: int | None = None  # data come again, and must last before the alert of the silence ends
    heard_at: int = 0  # when the last silence was over
    relapses: int = 0  # silences that followed the one before closely
    worked_until: int = 0  # when the last maintenance was over
    worked_since: int = 0  # when it had begun

    def is_worked_on(self, at: int) -> bool:
        """Whether somebody worked here at ``at``: in the maintenance that goes on, or in the one before it."""
        work = self.maintenance
        is_now = work is not None and work.since <= at < work.until
        return is_now or 0 < self.worked_since <= at < self.worked_until

    @property
    def times(self) -> tuple[int, ...]:
        """Of the last good samples, ms UTC, oldest first."""
        return unpacked(self.samples)[0]

    @property
    def values(self) -> tuple[float, ...]:
        """Of the last good samples, oldest first."""
        return unpacked(self.samples)[1]


class RainCause(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    mm: float
    window: Window
    where: Where
    limit: float
    complete: float


class AirCause(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``limit`` is the category that begins the level, or the worsening in ug/m3."""

    index: int | None
    category: int | None
    critical: str | None
    complete: float
    hour_ugm3: float | None
    hour_category: int | None
    before_ugm3: float | None
    limit: float


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A new version of an episode, with what caused it. ``level`` is where the station stands after it.

    ``station`` is the id of a station, an area or a group. Everything that "Kenapa?" says is in here.
    """

    station: str
    hazard: Hazard
    episode: int
    version: int
    kind: Kind
    level: int
    why: Why
    rules_version: int
    at: int  # the event's own time
    received_at: int
    value: float | None
    value_at: int | None  # when it was measured
    limit: float | None = None
    samples: int | None = None
    trend: Trend | None = None
    next_level: int | None = None
    eta: Eta | None = None
    silent_for_ms: int | None = None
    lasting_ms: int | None = None  # how long data must come, or have come, before the alert of a silence ends
    level_before: int | None = None
    verified: bool = True
    at_least: bool = False
    support: tuple[Support, ...] = ()
    public_ok: bool = False
    public_why: PublicWhy = "not_public"
    values: tuple[float, ...] = ()  # the samples that completed the rule, oldest first
    below_since: int | None = None
    interval_ms: int | None = None
    tide: tuple[int, int] | None = None  # the high-water window whose thresholds were in force
    rules_changed_at: int | None = None  # the rules were edited during the episode
    inhibited_by: str | None = None
    maintenance: Maintenance | None = None
    by: str | None = None
    note: str | None = None
    rain: RainCause | None = None
    air: AirCause | None = None
    stations: tuple[str, ...] = ()


Decided = tuple[StationState, tuple[Decision, ...]]
