"""History as CSV, page by page: memory does not grow with what is exported, and no reader stays open."""

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from broker.instant import iso
from broker.quality_flags import Flag
from broker.units import unit_of
from ingest.history import HistoryReader, Point, SeriesExtent

PAGE: Final = 5000
_FLAGS: Final = "; ".join(f"{flag:d} {flag.name.lower().replace('_', ' ')}" for flag in Flag)
HEADER: Final = (
    "station",
    "quantity",
    "unit",
    "time (UTC)",
    "value",
    f"flag ({_FLAGS})",
    "reason",
    "raw (as the node sent it)",
    "node",
    "revision",
    "received_at (UTC)",
    "calibration epoch",
)

Cell = str | int | float | None


class Text(Protocol):
    """Where CSV goes."""

    def write(self, text: str, /) -> object: ...


class _Writer(Protocol):
    def writerows(self, rows: Iterator[tuple[Cell, ...]], /) -> object: ...


def export(
    reader: HistoryReader,
    out: Text,
    series: Sequence[SeriesExtent],
    start: int,
    end: int,
    *,
    progress: Callable[[float], None],
) -> int:
    """Write every point of the series with ``start <= time < end`` (ms UTC) under one header; how many these were.

    Series by series, oldest first. Times are ISO 8601 with offset, numbers as short as they are exact, nulls empty.
    ``progress`` is told the share that is done. Raises what the reader and the file raise.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    count = 0
    for number, each in enumerate(series):
        first, last = max(start, each.first_time), min(end, each.last_time + 1)
        for page in _pages(reader, each, first, end):
            _write(writer, each, page)
            count += len(page)
            within = (page[-1].time - first + 1) / max(1, last - first)
            progress((number + min(1.0, within)) / len(series))
    return count


def _pages(reader: HistoryReader, series: SeriesExtent, start: int, end: int) -> Iterator[list[Point]]:
    while page := reader.range(series.station, series.quantity, start, end, PAGE):
        yield page
        start = page[-1].time + 1


def _write(writer: _Writer, series: SeriesExtent, page: Sequence[Point]) -> None:
    head = series.station, series.quantity, unit_of(series.quantity)
    writer.writerows(
        (
            *head,
            iso(point.time),
            point.value,
            point.flag,
            point.reason,
            point.raw,
            point.node,
            point.revision,
            iso(point.received_at),
            point.epoch,
        )
        for point in page
    )
