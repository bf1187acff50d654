"""A station's table as a download of any length, a page of rows at a time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import Response

from alerting.web.api.answering import CsvDownload
from alerting.web.api.gate import Gate
from alerting.web.past import Past
from alerting.web.station.reading import step_of
from alerting.web.station.span import Span, moment
from alerting.web.station.table import csv_buckets, csv_headings, csv_readings, written
from broker.live import StationView

ROWS: Final = 5000  # what is in memory for one download


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a station's address asks to see drawn."""

    station: StationView
    quantity: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Some rows of a download; ``last`` is the moment of the last one, None without rows."""

    table: bytes
    last: int | None
    is_end: bool


async def download(gate: Gate, past: Past, asked: Asked, *, is_raw: bool) -> Response:
    """Every reading, or what a tier holds of the stretch. Its first page is read before the answer begins.

    Raises Refused when history is away or too much is asked for at once.
    """
    gate.begin_stream()
    try:
        first = await gate.read(partial(_piece, past, asked, asked.span.start, is_raw))
    except BaseException:
        gate.end_stream()
        raise
    heading = written([csv_headings(asked.quantity, is_raw=is_raw)])
    answer = CsvDownload(_pieces(gate, past, asked, is_raw, heading, first), at_end=gate.end_stream)
    name = f"{asked.station.id}-{asked.quantity}-{asked.span.preset or moment(asked.span.start)[:10]}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


async def _pieces(  # noqa: PLR0917  what a page needs, and the first two
    gate: Gate, past: Past, asked: Asked, is_raw: bool, heading: bytes, piece: _Piece
) -> AsyncIterator[bytes]:
    yield heading + piece.table
    while not piece.is_end and piece.last is not None:
        piece = await gate.read(partial(_piece, past, asked, piece.last + 1, is_raw), of_stream=True)
        yield piece.table


def _piece(past: Past, asked: Asked, start: int, is_raw: bool) -> _Piece:
    station, quantity, end = asked.station.id, asked.quantity, asked.span.end
    if is_raw:
        readings = past.range(station, quantity, start, end + 1, ROWS)
        last = readings[-1].time if readings else None
        return _Piece(table=csv_readings(readings), last=last, is_end=len(readings) < ROWS)
    tier, _ = step_of(asked.span.length)
    buckets = past.aggregates(station, quantity, start, end, tier, ROWS)
    last = buckets[-1].start if buckets else None
    return _Piece(table=csv_buckets(buckets), last=last, is_end=len(buckets) < ROWS)
