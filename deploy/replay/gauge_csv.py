"""A gauge's record as CSV, made into a recording. Columns, unit, datum and time zone are given, never guessed."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path
from statistics import median
from typing import Final, Literal, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broker.wire import Observation
from deploy.replay.case import CaseThresholds, Place
from deploy.replay.recording import Delivery, Recording

Unit = Literal["m", "cm", "mm", "ft"]
METRES: Final[dict[Unit, float]] = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048}
NAMED_LINES: Final = 20
LEAST_SILENCE_MIN: Final = 10.0
ON_THE_WAY_MS: Final = 200
ANY_SENSOR: Final = "any"  # no type that is known: the codes for "nothing measured" that most sensors share
_remarks: Final = re.compile(r"[A-Za-z* ]+\Z")


class GaugeError(ValueError):
    """The record cannot be read as told; the text names the option, column or line and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the columns of a record mean. ``time`` are one or more columns, joined by a space.

    ``series``: the value is a level above the gauge's zero, or the distance from a sensor ``datum_m`` above it down to
    the water. ``where``: only rows with this text in this column. ``remarks``: letters after a number are the source's
    notes and are dropped. ``sensor`` says which distances are its codes for "nothing measured".
    """

    time: tuple[str, ...]
    value: str
    series: Literal["level_m", "distance_mm"]
    unit: Unit
    timezone: str
    thresholds: CaseThresholds
    datum_m: float | None = None
    sensor: str = ANY_SENSOR
    time_format: str | None = None
    where: tuple[str, str] | None = None
    skip_lines: int = 0
    remarks: bool = False
    silence_minutes: float | None = None


@dataclass(slots=True, kw_only=True)
class Told:
    """What was met in the file and is not in the recording; ``bad`` are sentences that name their line."""

    rows: int = 0
    bad: int = 0
    named: list[str]
    duplicates: int = 0
    unsorted: int = 0

    def name(self, line: int, what: str) -> None:
        self.bad += 1
        if len(self.named) < NAMED_LINES:
            self.named.append(f"line {line}: {what}")


def read_gauge(path: Path, layout: Layout) -> tuple[Recording, Told]:
    """The record in ``path``, sorted, duplicates dropped; raises :class:`GaugeError` when nothing in it can be used."""
    zone = _zone(layout.timezone)
    if (fault := _fault_of(layout)) is not None:
        raise GaugeError(fault)
    told = Told(named=[])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = _sorted(_rows(file, path, layout, zone, told), told)
    except OSError as error:
        raise GaugeError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise GaugeError(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    except csv.Error as error:
        raise GaugeError(f"{path}: not valid CSV: {error}") from None
    if not rows:
        first = told.named[0] if told.named else "no row fits"
        raise GaugeError(f"{path}: not one usable row in {told.rows}; {first}")
    return _recording(path, layout, rows), told


def _fault_of(layout: Layout) -> str | None:
    datum_m, awas = layout.datum_m, layout.thresholds.awas
    if layout.series == "distance_mm" and datum_m is None:
        return "--datum-m is missing: the sensor's height above the gauge's zero, in metres"
    if datum_m is not None and not awas < datum_m < inf:
        return (
            f"--datum-m {datum_m:g} is not above AWAS {awas:g}: write the sensor's height above the gauge's zero, in m"
        )
    if layout.silence_minutes is not None and not 0 < layout.silence_minutes < inf:
        return f"--silence-minutes {layout.silence_minutes:g}: write minutes, more than 0"
    if layout.skip_lines < 0:
        return f"--skip-lines {layout.skip_lines}: write how many lines stand before the header, 0 or more"
    return None


def _recording(path: Path, layout: Layout, rows: list[tuple[int, float | None]]) -> Recording:
    steps = [later[0] - earlier[0] for earlier, later in pairwise(rows)]
    interval_s = max(1.0, median(steps) / 1000) if steps else 60.0
    place = Place(
        id="alat",
        name=path.stem.replace("_", " "),
        datum_m=layout.datum_m if layout.datum_m is not None else layout.thresholds.awas + 100,
        sensor=layout.sensor,
        interval_s=interval_s,
        silence_minutes=layout.silence_minutes or max(LEAST_SILENCE_MIN, 3 * interval_s / 60),
        thresholds=layout.thresholds,
    )
    return Recording(
        name=path.stem,
        title=f"Rekaman {path.name}",
        timezone=layout.timezone,
        stations=(place,),
        happenings=_Rows(rows, layout.series),
        count=len(rows),
        start=rows[0][0],
        end=rows[-1][0] + round(place.silence_minutes * 60_000),
    )


class _Rows:
    """The rows as a node would have sent them, as often as they are asked for: a year of them need not be in memory."""

    def __init__(self, rows: list[tuple[int, float | None]], series: str) -> None:
        self._rows, self._series = rows, series

    def __iter__(self) -> Iterator[Delivery]:
        for seq, (time, value) in enumerate(self._rows):
            yield Delivery(time + ON_THE_WAY_MS, "node-alat", Observation(1, 1, seq, {self._series: value}, time))


def _rows(
    file: TextIO, path: Path, layout: Layout, zone: ZoneInfo, told: Told
) -> Iterator[tuple[int, float | None, int]]:
    """Time, value, line of each row that can be read."""
    for _ in range(layout.skip_lines):
        file.readline()
    reader = csv.reader(file)
    header = [name.strip() for name in next(reader, [])]
    times = [_column(path, header, name, "--time-column") for name in layout.time]
    value = _column(path, header, layout.value, "--level-column" if layout.series == "level_m" else "--distance-column")
    where = None if layout.where is None else (_column(path, header, layout.where[0], "--where"), layout.where[1])
    width = max([*times, value, where[0] if where else 0]) + 1
    factor = METRES[layout.unit] * (1000 if layout.series == "distance_mm" else 1)
    for row in reader:
        line = reader.line_num + layout.skip_lines
        if not row or (where is not None and len(row) >= width and row[where[0]].strip() != where[1]):
            continue
        told.rows += 1
        if len(row) < width:
            told.name(line, f"has {len(row)} columns, {width} are needed")
            continue
        try:
            yield (
                _time(" ".join(row[at].strip() for at in times), layout, zone),
                _value(row[value], factor, layout),
                line,
            )
        except ValueError as error:
            told.name(line, str(error))


def _sorted(rows: Iterator[tuple[int, float | None, int]], told: Told) -> list[tuple[int, float | None]]:
    """By time; of rows with the same time the first in the file stays, and one that says something else is named."""
    found: dict[int, float | None] = {}
    last = None
    for time, value, line in rows:
        if time in found:
            told.duplicates += 1
            if found[time] != value:
                told.name(line, f"a second value {value!r} for a time that has {found[time]!r}; the first is kept")
            continue
        told.unsorted += last is not None and time < last
        last = time
        found[time] = value
    return sorted(found.items())


def _column(path: Path, header: Sequence[str], name: str, option: str) -> int:
    name = name.strip()
    if name not in header:
        there = f"there are {', '.join(map(repr, header))}" if header else "there is none: the file is empty"
        raise GaugeError(f"{path}: {option} {name!r} is not in the header; {there}")
    return header.index(name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise GaugeError(f"--timezone {name!r} is not known; write Asia/Jakarta, UTC or Etc/GMT+5") from None


def _time(text: str, layout: Layout, zone: ZoneInfo) -> int:
    try:
        if layout.time_format is None:
            moment = datetime.fromisoformat(text)
        else:
            moment = datetime.strptime(text, layout.time_format)  # noqa: DTZ007  the zone follows in the next line
    except ValueError:
        form = "ISO 8601; give --time-format" if layout.time_format is None else layout.time_format
        raise ValueError(f"time {text[:40]!r} is not {form}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


def _value(text: str, factor: float, layout: Layout) -> float | None:
    plain = text.strip()
    if layout.remarks:
        plain = _remarks.sub("", plain)
    if not plain:
        return None
    try:
        number = float(plain)
    except ValueError:
        raise ValueError(f"{layout.value} {text[:40]!r} is not a number") from None
    if not isfinite(number):
        return None
    return round(number * factor, 4)
