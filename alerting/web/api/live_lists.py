"""/stations, /latest, /alerts and /messages: answered from the live replica, whatever history does."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from alerting.web.api import parameters as p
from alerting.web.api.answering import FLAG_HEADING, answer, cell, next_address, table
from alerting.web.api.asking import CSV, JSON, Asked, Parameter, read, wanted_form
from alerting.web.api.directory import Directory, unknown_quantity
from alerting.web.api.documents import ENTITY_KINDS, UNTOLD, LatestPage, LatestRow, View, entity, latest_row
from alerting.web.api.instants import iso
from broker.live import SeriesView, StationView

STATION_PARAMETERS: Final = (p.ONE_STATION, p.HAZARD, p.ENTITY_LIMIT, p.AFTER)
LATEST_PARAMETERS: Final = (p.ONE_STATION, p.ONE_QUANTITY, p.HAZARD, p.ENTITY_LIMIT, p.AFTER)
ALERT_PARAMETERS: Final = (p.ENTITY_LIMIT, p.AFTER)
MESSAGE_PARAMETERS: Final = (p.ENTITY_LIMIT, p.AFTER_NUMBER)
FORMS: Final = (JSON, CSV)
LATEST_HEADING: Final = tuple(FLAG_HEADING if name == "flag" else name for name in LatestRow.__struct_fields__)


class LiveLists:
    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.live = directory.live

    async def stations(self, request: Request) -> Response:
        form, asked = self._begin(request, STATION_PARAMETERS)
        after = asked.text("after") or ""
        found = (view for view in self._chosen(asked, since=after) if view.id != after)
        return self._entities(request, asked, form, name="stations", found=found)

    async def alerts(self, request: Request) -> Response:
        form, asked = self._begin(request, ALERT_PARAMETERS)
        after = asked.text("after") or ""
        alerts = self.live.replica.alerts
        found = (alerts[each] for each in sorted(alerts) if each > after)
        return self._entities(request, asked, form, name="alerts", found=found)

    async def messages(self, request: Request) -> Response:
        form, asked = self._begin(request, MESSAGE_PARAMETERS)
        after = asked.whole("after", default=0, most=999_999_999)
        messages = self.live.replica.messages
        found = (messages[each] for each in sorted(messages) if each > after)
        return self._entities(request, asked, form, name="messages", found=found)

    async def latest(self, request: Request) -> Response:
        form, asked = self._begin(request, LATEST_PARAMETERS)
        limit = _limit(asked)
        pairs = list(islice(self._series(asked), limit + 1))
        page, more = pairs[:limit], len(pairs) > limit
        following = next_address(request, after=_key(*page[-1])) if more else None
        now = self.live.clock.now()

        def body() -> bytes:
            rows = [latest_row(station, series, now=now) for station, series in page]
            if form == CSV:
                return table(LATEST_HEADING, (msgspec.structs.astuple(row) for row in rows))
            whole = LatestPage(**self._freshness(now), latest=rows, next=following)
            return msgspec.json.encode(whole)

        made_of = [self._is_fresh(), more, [(station.id, station.nodes, series) for station, series in page]]
        return answer(request, form=form, made_of=made_of, following=following, body=body)

    def _begin(self, request: Request, parameters: Sequence[Parameter]) -> tuple[str, Asked]:
        form = wanted_form(request.headers.get("accept"), FORMS)
        asked = read(request, parameters)
        self.directory.require_state()
        return form, asked

    def _chosen(self, asked: Asked, *, since: str) -> Iterator[StationView]:
        hazard = asked.choice("hazard", p.HAZARDS)
        station = asked.text("station")
        found = self.directory.stations(since=since) if station is None else iter([self.directory.named(station)])
        return (view for view in found if hazard in (None, view.hazard) and view.id >= since)

    def _series(self, asked: Asked) -> Iterator[tuple[StationView, SeriesView]]:
        """Series by station and quantity, after the key ``station/quantity`` that was given."""
        station, _, last = (asked.text("after") or "").partition("/")
        quantity = asked.text("quantity")
        self._check(asked.text("station"), quantity)
        for view in self._chosen(asked, since=station):
            for series in sorted(view.series, key=lambda each: each.quantity):
                if quantity in (None, series.quantity) and (view.id, series.quantity) > (station, last):
                    yield view, series

    def _check(self, station: str | None, quantity: str | None) -> None:
        """A quantity that this one station does not have is a mistake; over all stations it is an empty list."""
        if station is not None and quantity is not None:
            known = sorted(series.quantity for series in self.directory.named(station).series)
            if quantity not in known:
                raise unknown_quantity(station, quantity, known)

    def _entities(self, request: Request, asked: Asked, form: str, *, name: str, found: Iterator[View]) -> Response:
        limit = _limit(asked)
        views = list(islice(found, limit + 1))
        page, more = views[:limit], len(views) > limit
        following = next_address(request, after=str(page[-1].id)) if more else None

        def body() -> bytes:
            rows = [entity(view) for view in page]
            if form == CSV:
                heading = heading_of(ENTITY_KINDS[name])
                return table(heading, ([cell(row[field]) for field in heading] for row in rows))
            return msgspec.json.encode({**self._freshness(self.live.clock.now()), name: rows, "next": following})

        made_of = [self._is_fresh(), more, page]
        return answer(request, form=form, made_of=made_of, following=following, body=body)

    def _is_fresh(self) -> bool:
        return self.live.link.outage() is None

    def _freshness(self, now: int) -> dict[str, Any]:
        return {"now": iso(now), "rev": self.live.replica.last_id, "fresh": self._is_fresh()}


def heading_of(kind: type[View]) -> list[str]:
    """Columns of a table of entities: core's own words; a station's quantities in place of its series."""
    names = [name for name in kind.__struct_fields__ if name not in UNTOLD]
    return ["quantities" if name == "series" else name for name in names]


def _limit(asked: Asked) -> int:
    return asked.whole("limit", default=p.ENTITIES, most=p.MAX_ENTITIES)


def _key(station: StationView, series: SeriesView) -> str:
    return f"{station.id}/{series.quantity}"
