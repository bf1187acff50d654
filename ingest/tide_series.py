"""Levels of the sea from somebody else's CSV file. Columns, unit and time zone are given, never guessed."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Final

METRES: Final = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048}
MISSING: Final = frozenset({"", "-", "nan", "null", "none", "na", "n/a"})
NAMED: Final = 20  # bad lines that are named; the rest is counted
DENSE_MS: Final = 30 * 60_000
MOST_M: Final = 20.0  # no tide on earth reaches so far from its datum


class BadSeries(Exception):
    """The file cannot be read as levels; the text names the file, and the line or column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How a file says time and level. Several time columns are joined by a space; no format means ISO 8601."""

    time: Sequence[str]
    value: str
    unit: str
    zone: tzinfo
    time_format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Levels in metres by ms UTC, as they stood in the file. ``bad`` names lines; ``bad_lines`` counts all of them."""

    times_ms: list[int]
    levels_m: list[float]
    missing: int
    bad_lines: int
    bad: list[str]

    def between(self, start_ms: int | None, end_ms: int | None) -> "Levels":
        """What lies from ``start_ms`` on and before ``end_ms``; raises :class:`BadSeries` when that is nothing."""
        kept = [
            (time, level)
            for time, level in zip(self.times_ms, self.levels_m, strict=True)
            if (start_ms is None or time >= start_ms) and (end_ms is None or time < end_ms)
        ]
        if not kept:
            raise BadSeries("no level lies between the two times that were given")
        return replace(self, times_ms=[time for time, _ in kept], levels_m=[level for _, level in kept])

    @property
    def is_dense(self) -> bool:
        """Whether there are several levels an hour."""
        steps = [after - before for before, after in zip(self.times_ms, self.times_ms[1:], strict=False)]
        return bool(steps) and median(steps) < DENSE_MS


def read_levels(path: Path, columns: Columns) -> Levels:
    """Every level of a CSV file; raises :class:`BadSeries`. A line that cannot be read is named and left out."""
    times, levels, bad, missing, bad_lines = list[int](), list[float](), list[str](), 0, 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            _check_columns(path, rows.fieldnames or [], columns)
            for row in rows:
                try:
                    found = _level(row, columns)
                except ValueError as error:
                    bad_lines += 1
                    bad += [f"{path}:{rows.line_num}: {error}"] if bad_lines <= NAMED else []
                    continue
                if found is None:
                    missing += 1
                    continue
                times.append(found[0])
                levels.append(found[1])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadSeries(f"{path}: cannot be read: {error}") from None
    if not times:
        raise BadSeries("; ".join([f"{path}: no level in {bad_lines + missing} lines", *bad[:1]]))
    return Levels(times_ms=times, levels_m=levels, missing=missing, bad_lines=bad_lines, bad=bad)


def _check_columns(path: Path, there: Sequence[str], columns: Columns) -> None:
    for name in (*columns.time, columns.value):
        if name not in there:
            raise BadSeries(f"{path}: no column {name!r}; there are {', '.join(map(repr, there)) or 'none'}")


def _level(row: dict[str, str | None], columns: Columns) -> tuple[int, float] | None:
    """Time and level of a row; None when its level is missing, ValueError when it cannot be read."""
    text = (row[columns.value] or "").strip()
    if text.lower() in MISSING:
        return None
    moment = _moment(" ".join((row[name] or "").strip() for name in columns.time), columns)
    try:
        level = float(text) * METRES[columns.unit]
    except ValueError:
        raise ValueError(f"{columns.value} {text[:40]!r} is not a number") from None
    if not isfinite(level) or abs(level) > MOST_M:
        raise ValueError(f"{columns.value} {text[:40]} {columns.unit} is not a level of the sea; is the unit right?")
    return int(moment.timestamp() * 1000), level


def _moment(text: str, columns: Columns) -> datetime:
    try:
        if columns.time_format is None:
            moment = datetime.fromisoformat(text)
        else:
            moment = datetime.strptime(text, columns.time_format)  # noqa: DTZ007  the zone follows
    except ValueError:
        raise ValueError(f"time {text[:40]!r} is not {columns.time_format or 'ISO 8601'}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=columns.zone)
