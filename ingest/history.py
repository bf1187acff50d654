"""The contract of history: what stays of every reading when the journal has let it go. Documented once, here."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

import msgspec

from ingest.readings import Reading

if TYPE_CHECKING:
    from ingest.history_notes import Notes

# Names go into keys, tags and queries; ids and series of the wire contract are far inside this.
_is_name: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z").match
# The first and last millisecond that an InfluxDB time stamp (64-bit nanoseconds) can hold.
TIME_MIN: Final = -9_223_372_036_854
TIME_MAX: Final = 9_223_372_036_854


class Point(msgspec.Struct, frozen=True, gc=False):
    """What history holds for one station, quantity and time. ``value`` is null when nothing was measured."""

    time: int  # ms UTC
    value: float | None
    raw: float | None
    flag: int  # QARTOD
    reason: str | None
    node: str
    revision: int
    received_at: int  # ms UTC, core's clock
    epoch: int  # calibration epoch


Tier = Literal["minute", "hour", "day"]


class Bucket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one minute, hour or day of a series came to; a bucket without readings does not exist.

    ``min``, ``max`` and ``mean`` are over good values (flags 1 and 2, value not null), null when there is none.
    Minutes and hours begin at UTC's, days at midnight of the site's time zone.
    """

    start: int  # ms UTC
    count: int  # readings, whatever their flags
    good: int  # of these, how many hold a good value
    min: float | None
    max: float | None
    mean: float | None


class SeriesExtent(NamedTuple):
    """One series that history holds points of, and the times (ms UTC) of its first and last."""

    station: str
    quantity: str
    first_time: int
    last_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long each tier stays, in ms; None is for ever. Points go by whole days of the site's time zone."""

    points: int | None = None
    minute: int | None = None
    hour: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far the journal is copied: the id of the last row, and its mark, by which a replaced journal is noticed."""

    id: int = 0
    mark: str = ""


def cursor_at(reading: Reading) -> Cursor:
    return Cursor(
        id=reading.id,
        mark=f"{reading.node}/{reading.boot}/{reading.seq}/{reading.series}/{reading.revision}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyWindow:
    """How much before the cursor is sent again after a restart: whichever reaches less far back.

    The limit in rows bounds the work, so that a sink that restarts again and again still gets ahead. It also bounds
    the protection: a sink that loses more rows than this after having confirmed them keeps a hole.
    """

    milliseconds: int = 600_000  # by received_at
    rows: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    reading: Reading
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """``accepted`` counts readings, not points: two readings of one key are both accepted and the later one stays."""

    accepted: int
    refused: tuple[Refusal, ...] = ()


class HistoryUnavailable(Exception):
    """The sink is down, full or misconfigured; the text is one sentence. Nothing may be taken as written.

    ``timed_out``: it was reached and did not answer in time, so a smaller batch may succeed.
    """

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


class HistoryReader(Protocol):
    """Reading only. Any thread may call; blocking, bounded in time; every method may raise HistoryUnavailable."""

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        """At most ``limit`` points with ``start <= time < end`` (ms UTC), oldest first; page on from the last time + 1.

        An unknown station or quantity has no points.
        """
        ...

    def latest(self, station: str, quantity: str) -> Point | None:
        """The point with the greatest time, whatever its flag."""
        ...

    def aggregates(  # noqa: PLR0917  (as range, with a tier)
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> list[Bucket]:
        """At most ``limit`` buckets with ``start <= bucket.start < end`` (ms UTC), oldest first.

        They hold every point that is there, also those of the bucket that is still open. Late points in a bucket that
        was rolled up show at once in SQLite, and after the next :meth:`History.roll_up` in InfluxDB. Minutes of a
        series that is read once a minute or more rarely are worked out from its points, and go when those go.
        """
        ...

    def series(self) -> list[SeriesExtent]:
        """Every series that has points, by station and quantity."""
        ...

    def close(self) -> None: ...


class History(HistoryReader, Protocol):
    """A sink for readings and the durable cursor of the one process that fills it.

    A point is the station, quantity and time; writing it again replaces it as a whole, a null included, and within one
    write the later reading wins. Flag, reason and the rest are contents, not key. An empty reason reads as none.
    ``window`` is what to send again after a restart: None when the cursor and the points commit together.
    """

    name: str
    window: SafetyWindow | None
    notes: "Notes"  # what stands beside the cursor

    def cursor(self) -> Cursor:
        """The last cursor stored; ``Cursor()`` in a new sink."""
        ...

    def write(self, readings: Sequence[Reading], *, cursor: Cursor | None = None) -> WriteResult:
        """Store the readings durably, then ``cursor`` if given; on return both are safe.

        A reading that the sink will never take is kept in a dead-letter table, named in the result, and does not stop
        the others. Raises HistoryUnavailable: the cursor has not moved, and some of the readings may have arrived.

        A reading of a day whose points retention has taken is refused: its rollups are finished and stay as they are.
        """
        ...

    def roll_up(self, *, now: int) -> int:
        """Bring buckets that have closed by ``now`` (ms UTC) and were touched since up to date, one slice of them.

        Returns how many; 0 when none is left. Killed in between, it does the same again. A finished bucket never gets
        fewer readings than it had.
        """
        ...

    def prune(self, keep: Keep, *, now: int) -> Iterator[int]:
        """One round of retention: removes what is older than ``keep`` slice by slice, yielding how much went.

        What went is counted in rows by SQLite and in days by InfluxDB. Points that are not in their rollups yet stay.
        The horizon moves by at most a week a round, so that a clock that is wrong for an hour can't empty history.
        """
        ...


def defect(reading: Reading) -> str | None:
    """Why no sink may take this reading, or None. Numbers are finite or null, names are plain, text is encodable."""
    for name, text in (("station", reading.station), ("quantity", reading.quantity), ("node", reading.node)):
        if not _is_name(text):
            return f"{name} {text[:40]!r} is not a plain name"
    for name, number in (("value", reading.value), ("raw", reading.raw)):
        if number is not None and not isfinite(number):
            return f"{name} is {number}, not a finite number"
    for name, time in (("time", reading.time), ("received_at", reading.received_at)):
        if not TIME_MIN <= time <= TIME_MAX:
            return f"{name} {time} is outside {TIME_MIN} to {TIME_MAX}"
    return _text_defect(reading.reason)


def _text_defect(text: str | None) -> str | None:
    if not text:
        return None
    if "\0" in text:
        return "reason holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"reason is not encodable as UTF-8: {error.reason}"
    return None


def sift(readings: Sequence[Reading]) -> tuple[list[Reading], list[Refusal]]:
    """Separate what may be written from what has a defect, in order."""
    sound: list[Reading] = []
    refused: list[Refusal] = []
    for reading in readings:
        reason = defect(reading)
        if reason is None:
            sound.append(reading)
        else:
            refused.append(Refusal(reading=reading, reason=reason))
    return sound, refused
