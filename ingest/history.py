"""The contract of history: what stays of every reading when the journal has let it go. Documented once, here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final, Protocol

import msgspec

from ingest.readings import Reading

# Names go into keys, tags and queries; ids and series of the wire contract are far inside this.
_is_name: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z").match
# The first and last millisecond that an InfluxDB time stamp (64-bit nanoseconds) can hold.
_TIME_MIN: Final = -9_223_372_036_854
_TIME_MAX: Final = 9_223_372_036_854


class Point(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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

    def close(self) -> None: ...


class History(HistoryReader, Protocol):
    """A sink for readings and the durable cursor of the one process that fills it.

    A point is the station, quantity and time; writing it again replaces it as a whole, a null included, and within one
    write the later reading wins. Flag, reason and the rest are contents, not key. An empty reason reads as none.
    ``window`` is what to send again after a restart: None when the cursor and the points commit together.
    """

    name: str
    window: SafetyWindow | None

    def cursor(self) -> Cursor:
        """The last cursor stored; ``Cursor()`` in a new sink."""
        ...

    def write(self, readings: Sequence[Reading], *, cursor: Cursor | None = None) -> WriteResult:
        """Store the readings durably, then ``cursor`` if given; on return both are safe.

        A reading that the sink will never take is kept in a dead-letter table, named in the result, and does not stop
        the others. Raises HistoryUnavailable: the cursor has not moved, and some of the readings may have arrived.
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
        if not _TIME_MIN <= time <= _TIME_MAX:
            return f"{name} {time} is outside {_TIME_MIN} to {_TIME_MAX}"
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
