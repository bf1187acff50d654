"""The CSV of somebody's logger: columns, unit and time zone are told, every line is checked before one is used."""

import csv
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np

from broker.quality_flags import Flag

NAMED: Final = 20  # bad lines that are told one by one
_EMPTY: Final = float("nan")


class BadCsv(Exception):
    """The file as a whole can't be used; the text is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvForm:
    """What somebody says of the file. ``ratio`` turns its unit into the quantity's, ``span`` is what is plausible."""

    time_column: str
    value_column: str
    flag_column: str | None = None
    time_format: str | None = None  # of strptime; None: ISO 8601
    zone: tzinfo
    ratio: tuple[int, int] = (1, 1)
    span: tuple[float, float] | None = None  # in the quantity's unit
    span_says: str = ""  # whose span that is, for the sentence about a line
    before: int  # ms UTC: no line is newer
    delimiter: str = ","
    decimal: str = "."


@dataclass(slots=True, kw_only=True)
class CsvLines:
    """The good lines in the order of time, one a time; of lines with the same time the last in the file counts.

    25 bytes a line. ``values`` are as in the file, NaN where a cell is empty.
    """

    times: "array[int]" = field(default_factory=lambda: array("q"))  # ms UTC
    values: "array[float]" = field(default_factory=lambda: array("d"))
    flags: "array[int]" = field(default_factory=lambda: array("b"))
    numbers: "array[int]" = field(default_factory=lambda: array("q"))  # of the line in the file
    bad: list[str] = field(default_factory=list)  # the first ones, each with its number
    bad_count: int = 0
    same: int = 0  # lines that repeated a time with the same value
    contradicting: int = 0  # lines whose time came again with another value

    def refuse(self, number: int, why: str) -> None:
        self.bad_count += 1
        if self.bad_count <= NAMED:
            self.bad.append(f"line {number}: {why}")


def read(path: Path, form: CsvForm) -> CsvLines:
    """Check every line; raises BadCsv for what concerns no single line."""
    lines = CsvLines()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            _parse(csv.reader(file, delimiter=form.delimiter), path, form, lines)
    except OSError as error:
        raise BadCsv(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadCsv(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except csv.Error as error:
        raise BadCsv(f"{path} is not CSV: {error}") from None
    _sort(lines)
    return lines


def _parse(rows: Iterator[list[str]], path: Path, form: CsvForm, lines: CsvLines) -> None:
    header = [name.strip() for name in next(rows, [])]
    at = [_column(header, name, path) for name in (form.time_column, form.value_column)]
    flag_at = None if form.flag_column is None else _column(header, form.flag_column, path)
    width = max([*at, -1 if flag_at is None else flag_at]) + 1
    for row in rows:
        number = getattr(rows, "line_num", 0)
        if not row or not any(row):
            continue
        try:
            if len(row) < width:
                raise ValueError(f"has {len(row)} of {len(header)} columns")  # noqa: TRY301  (told with its number below)
            time, value = _time(row[at[0]].strip(), form), _value(row[at[1]].strip(), form)
            flag = _flag(None if flag_at is None else row[flag_at].strip(), value)
        except ValueError as error:
            lines.refuse(number, str(error))
            continue
        lines.times.append(time)
        lines.values.append(value)
        lines.flags.append(flag)
        lines.numbers.append(number)


def _column(header: list[str], name: str, path: Path) -> int:
    found = [index for index, column in enumerate(header) if column == name]
    if len(found) == 1:
        return found[0]
    there = ", ".join(repr(column) for column in header) or "nothing: the file is empty"
    how_often = "is there more than once" if found else "is not there"
    raise BadCsv(f"{path}: column {name!r} {how_often}; the first line has {there}")


def _time(text: str, form: CsvForm) -> int:
    try:
        local = datetime.strptime(text, form.time_format) if form.time_format else datetime.fromisoformat(text)  # noqa: DTZ007  (its zone follows)
    except ValueError:
        wanted = form.time_format or "ISO 8601, like 2024-03-01 07:15; say another form with --time-format"
        raise ValueError(f"time {text[:40]!r} is not of the form {wanted}") from None
    if local.tzinfo is None:
        local = local.replace(tzinfo=form.zone)
        if local.utcoffset() != local.replace(fold=1).utcoffset():
            raise ValueError(f"time {text[:40]!r} is there twice or never, because the clock is changed then")
    time = round(local.timestamp() * 1000)
    if time > form.before:
        raise ValueError(f"time {text[:40]!r} is in the future; is the time zone right?")
    return time


def _value(text: str, form: CsvForm) -> float:
    if not text:
        return _EMPTY
    try:
        value = float(text if form.decimal == "." else text.replace(form.decimal, "."))
    except ValueError:
        raise ValueError(f"value {text[:40]!r} is not a number") from None
    if not isfinite(value):
        raise ValueError(f"value {text[:40]!r} is not a finite number; leave the cell empty where nothing was measured")
    if form.span is not None:
        own = in_quantity(value, form.ratio)
        if not form.span[0] <= own <= form.span[1]:
            low, high = form.span
            raise ValueError(
                f"value {text} comes to {own:g}, outside {low:g} to {high:g}{form.span_says}; is the unit right?"
            )
    return value


def _flag(text: str | None, value: float) -> int:
    if value != value:  # noqa: PLR0124  (NaN: the cell is empty)
        return int(Flag.MISSING)
    if text is None:
        return int(Flag.NOT_EVALUATED)
    try:
        return int(Flag(int(text)))
    except ValueError:
        raise ValueError(f"flag {text[:40]!r} is not one of {', '.join(str(int(flag)) for flag in Flag)}") from None


def in_quantity(value: float, ratio: tuple[int, int]) -> float:
    """A value of the file in the quantity's unit; exact decimals stay as short as they were."""
    return value if ratio[0] == ratio[1] else value * ratio[0] / ratio[1]


def _sort(lines: CsvLines) -> None:
    times = np.array(lines.times, dtype=np.int64)
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    is_last = np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)]
    _count_repeats(lines, order, is_last)
    kept = order[is_last]
    for column in (lines.times, lines.values, lines.flags, lines.numbers):
        _pick(column, kept)


def _pick(column: "array[int] | array[float]", kept: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> None:
    chosen = np.array(column, dtype=column.typecode)[kept].tobytes()
    del column[:]
    column.frombytes(chosen)


def _count_repeats(lines: CsvLines, order: Iterable[int], is_last: Iterable[bool]) -> None:
    """Each line that another one of the same time follows: repeated or contradicted by it."""
    repeated: int | None = None
    for index, last in zip(order, is_last, strict=True):
        if repeated is not None:
            before, after = lines.values[repeated], lines.values[index]
            is_same = before == after or (before != before and after != after)  # noqa: PLR0124  (NaN: both are empty)
            lines.same += is_same
            lines.contradicting += not is_same
        repeated = None if last else index
