"""Lines of a logger's CSV as samples. Pure: which column is what is given, and nothing is guessed."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from edge.gateway.sample import FAILED, MISSING, Sample
from edge.gateway.value import ValueRule


class BadHeader(ValueError):
    """The header lacks a column that the mapping names; the text says which, and what there is."""


class BadRow(ValueError):
    """A line that is no row; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """``words`` are texts that the logger writes where it has no number."""

    name: str
    rule: ValueRule
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlan:
    """How a row is read. ``times`` are joined by a space and read with ``time_format``, local to ``zone``."""

    delimiter: str
    decimal: str
    times: tuple[str, ...]
    time_format: str
    zone: ZoneInfo
    columns: tuple[Column, ...]
    before_header: int = 0  # lines of a file that stand before its header
    after_header: int = 0  # lines behind it that are no rows either, such as those of units

    def cells(self, line: str) -> list[str]:
        """The cells of one line, without the blanks around them."""
        return [cell.strip() for cell in next(csv.reader([line], delimiter=self.delimiter), [])]

    def is_header(self, cells: Sequence[str]) -> bool:
        """Whether a line names columns: a known name stands in it, or no cell begins as a number or time does."""
        names = {*self.times, *(column.name for column in self.columns)}
        return not names.isdisjoint(cells) or not any(cell[:1].isdigit() or cell[:1] in "+-." for cell in cells)

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """Where each column stands; raises :class:`BadHeader`."""
        wanted = [*self.times, *(column.name for column in self.columns)]
        lacking = [name for name in wanted if name not in header]
        doubled = [name for name in wanted if list(header).count(name) > 1]
        shown = ", ".join(header)[:200]
        if lacking:
            raise BadHeader(f"there is no column {', '.join(map(repr, lacking))}; the header says: {shown}")
        if doubled:
            raise BadHeader(f"column {doubled[0]!r} stands twice; the header says: {shown}")
        return {name: header.index(name) for name in wanted}

    def sample(self, cells: Sequence[str], places: Mapping[str, int]) -> Sample:
        """The sample of a row; raises :class:`BadRow`. Rows with equal time and numbers have equal keys."""
        if max(places.values()) >= len(cells):
            raise BadRow(f"it has {len(cells)} cells, and column {max(places.values()) + 1} is needed")
        time_ms = self._time_ms(" ".join(cells[places[name]] for name in self.times))
        values: dict[str, float | None] = {}
        faults: dict[str, str] = {}
        for column in self.columns:
            value, fault = self._value(column, cells[places[column.name]])
            values[column.rule.series] = value
            if fault:
                faults[column.rule.series] = fault
        key = hashlib.blake2b(repr((time_ms, sorted(values.items()), sorted(faults.items()))).encode(), digest_size=16)
        return Sample(time_ms=time_ms, values=values, faults=faults, key=key.digest())

    def _time_ms(self, text: str) -> int:
        try:
            local = datetime.strptime(text, self.time_format).replace(tzinfo=self.zone)
        except ValueError:
            raise BadRow(f"time {text[:40]!r} is not like {self.time_format!r}") from None
        return round(local.timestamp() * 1000)

    def _value(self, column: Column, cell: str) -> tuple[float | None, str]:
        if not cell or cell in column.words:
            return None, MISSING
        if self.decimal == ",":
            if "." in cell:
                return None, FAILED
            cell = cell.replace(",", ".")
        try:
            return column.rule.read(float(cell))
        except ValueError:
            return None, FAILED
