"""/readings and /aggregates: ranges of history, page by page as JSON or CSV, or a whole range as one download."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from alerting.web.api import parameters as p
from alerting.web.api.answering import FLAG_HEADING, CsvDownload, answer, next_address, table
from alerting.web.api.asking import CSV, JSON, Asked, Parameter, bad_span, read, wanted_form
from alerting.web.api.directory import Directory
from alerting.web.api.documents import (
    AggregatesPage,
    BucketRow,
    ReadingRow,
    ReadingsPage,
    bucket_row,
    reading_row,
)
from alerting.web.api.instants import iso
from alerting.web.api.units import unit_of
from alerting.web.past import Past, Tier
from alerting.web.words import DAY_MS

READING_PARAMETERS: Final = (p.STATION, p.QUANTITY, p.START, p.END, p.READINGS_LIMIT)
AGGREGATE_PARAMETERS: Final = (p.STATION, p.QUANTITY, p.TIER, p.START, p.END, p.READINGS_LIMIT)
FORMS: Final = (JSON, CSV)
DOWNLOAD_ROWS: Final = 5000  # a page of a download: what is in memory for one client
DEFAULT_SPAN_MS: Final[dict[str | None, int]] = {"hour": 7 * DAY_MS, "day": 366 * DAY_MS}

Row = ReadingRow | BucketRow


class Source(Protocol):
    """Rows from ``start`` on, at most ``limit``, each with the moment that it is filed under."""

    def __call__(self, start: int, limit: int, /) -> list[tuple[int, Row]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    station: str
    quantity: str
    tier: Tier | None
    start: int
    end: int

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "station": self.station,
            "quantity": self.quantity,
            "unit": unit_of(self.quantity),
            "start": iso(self.start),
            "end": iso(self.end),
        }

    def source(self, past: Past) -> Source:
        return partial(_buckets, past, self) if self.tier else partial(_readings, past, self)

    def heading(self) -> list[str]:
        """Column names with the unit of the quantity and the meaning of the flags."""
        unit = f" [{unit_of(self.quantity)}]" if unit_of(self.quantity) else ""
        if self.tier:
            return ["start", "count", "good", f"min{unit}", f"max{unit}", f"mean{unit}"]
        names = {"value": f"value{unit}", "flag": FLAG_HEADING}
        return [names.get(name, name) for name in ReadingRow.__struct_fields__]


def _readings(past: Past, of: Range, start: int, limit: int) -> list[tuple[int, Row]]:
    found = past.range(of.station, of.quantity, start, of.end, limit)
    return [(each.time, reading_row(each)) for each in found]


def _buckets(past: Past, of: Range, start: int, limit: int) -> list[tuple[int, Row]]:
    found = past.aggregates(of.station, of.quantity, start, of.end, cast("Tier", of.tier), limit)
    return [(each.start, bucket_row(each)) for each in found]


class PastRanges:
    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.gate = directory.gate

    async def readings(self, request: Request) -> Response:
        return await self._answer(request, READING_PARAMETERS)

    async def aggregates(self, request: Request) -> Response:
        return await self._answer(request, AGGREGATE_PARAMETERS)

    async def _answer(self, request: Request, parameters: Sequence[Parameter]) -> Response:
        form = wanted_form(request.headers.get("accept"), FORMS)
        asked = read(request, parameters)
        of = self._range(asked)
        limit = asked.whole("limit", default=p.READINGS, most=p.MAX_READINGS)
        if form == CSV and asked.text("limit") is None and request.method == "GET":
            return await self._download(of)
        return await self._page(request, of, form, limit)

    def _range(self, asked: Asked) -> Range:
        tier = asked.choice("tier", p.TIERS)
        end = asked.instant("end")
        end = self.directory.live.clock.now() if end is None else end
        start = asked.instant("start")
        start = max(end - DEFAULT_SPAN_MS.get(tier, DAY_MS), 0) if start is None else start
        if start >= end:
            raise bad_span(asked)
        return Range(
            station=asked.values["station"],
            quantity=asked.values["quantity"],
            tier=cast("Tier | None", tier),
            start=start,
            end=end,
        )

    async def _page(self, request: Request, of: Range, form: str, limit: int) -> Response:
        def make() -> tuple[bool, Response]:
            rows = of.source(self.directory.past)(of.start, limit + 1)
            return bool(rows), _page_of(request, of, form, rows, limit)

        has_rows, page = await self.gate.read(make)
        if not has_rows:
            await self.directory.explain_nothing(of.station, of.quantity)
        return page

    async def _download(self, of: Range) -> Response:
        """The first page is read before the answer begins, so that a fault can still be said properly."""
        self.gate.begin_stream()
        try:
            first = await self.gate.read(partial(self._piece, of, of.start, of.heading()))
            if first.last is None:
                await self.directory.explain_nothing(of.station, of.quantity)
        except BaseException:
            self.gate.end_stream()
            raise
        return CsvDownload(self._pieces(of, first), at_end=self.gate.end_stream)

    async def _pieces(self, of: Range, piece: "Piece") -> AsyncIterator[bytes]:
        yield piece.table
        while not piece.is_end and piece.last is not None:
            piece = await self.gate.read(partial(self._piece, of, piece.last + 1, None), of_stream=True)
            yield piece.table

    def _piece(self, of: Range, start: int, heading: list[str] | None) -> "Piece":
        rows = of.source(self.directory.past)(start, DOWNLOAD_ROWS)
        written = table(heading, (msgspec.structs.astuple(row) for _, row in rows))
        return Piece(table=written, last=rows[-1][0] if rows else None, is_end=len(rows) < DOWNLOAD_ROWS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some rows of a download, written; ``last`` is the moment of the last one, None without rows."""

    table: bytes
    last: int | None
    is_end: bool


def _page_of(request: Request, of: Range, form: str, rows: list[tuple[int, Row]], limit: int) -> Response:
    """``rows`` hold one more than the page when there is a next one."""
    page, more = rows[:limit], len(rows) > limit
    following = next_address(request, start=iso(page[-1][0] + 1), end=iso(of.end)) if more else None
    found = [row for _, row in page]

    def body() -> bytes:
        if form == CSV:
            return table(of.heading(), map(msgspec.structs.astuple, found))
        return msgspec.json.encode(_whole(of, found, following))

    # An end that was left open moves with the clock: it is not part of what the answer is made of.
    made_of = (more, of.station, of.quantity, of.tier, found)
    return answer(request, form=form, made_of=made_of, following=following, body=body)


def _whole(of: Range, found: list[Row], following: str | None) -> ReadingsPage | AggregatesPage:
    if of.tier:
        buckets = cast("list[BucketRow]", found)
        return AggregatesPage(**of.facts, tier=of.tier, aggregates=buckets, next=following)
    return ReadingsPage(**of.facts, readings=cast("list[ReadingRow]", found), next=following)
