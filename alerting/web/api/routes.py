"""The addresses of the API, each joined to what answers it and to what is said of it."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from alerting.web.api import examples, live_lists, past_ranges
from alerting.web.api import problem as problems
from alerting.web.api.answering import cell, table
from alerting.web.api.directory import Directory
from alerting.web.api.documents import ENTITY_KINDS
from alerting.web.api.gate import Gate
from alerting.web.api.live_lists import LATEST_HEADING, LiveLists, heading_of
from alerting.web.api.openapi import Operation, document
from alerting.web.api.past_ranges import PastRanges, Range
from alerting.web.live import LivePage
from alerting.web.past import Past

PREFIX: Final = "/api/v1"
Handler = Callable[[Request], Awaitable[Response]]

ASKED: Final = (problems.BAD_PARAMETER, problems.NOT_ACCEPTABLE, problems.NOT_READY)
OF_STATIONS: Final = (*ASKED, problems.UNKNOWN_STATION)
OF_HISTORY: Final = (
    problems.BAD_PARAMETER,
    problems.NOT_ACCEPTABLE,
    problems.UNKNOWN_STATION,
    problems.UNKNOWN_QUANTITY,
    problems.HISTORY_UNAVAILABLE,
    problems.TOO_BUSY,
)


def operations() -> list[Operation]:
    return [
        Operation(
            path=f"{PREFIX}/stations",
            summary="Stations: place, state, thresholds, outlook",
            description="By id. From core's live state, also while history is away.",
            parameters=live_lists.STATION_PARAMETERS,
            schema="StationsPage",
            example=examples.stations(),
            example_csv=_entities_csv("stations", examples.stations()),
            problems=OF_STATIONS,
        ),
        Operation(
            path=f"{PREFIX}/latest",
            summary="The last reading of every quantity, with its quality in words",
            description="By station and quantity. From core's live state, also while history is away.",
            parameters=live_lists.LATEST_PARAMETERS,
            schema="LatestPage",
            example=examples.latest(),
            example_csv=_rows_csv(LATEST_HEADING, examples.latest().latest),
            problems=(*OF_STATIONS, problems.UNKNOWN_QUANTITY),
        ),
        Operation(
            path=f"{PREFIX}/readings",
            summary="Readings of the past, with flags",
            description="Oldest first, `start` <= time < `end`. As CSV without `limit` the whole range is streamed.",
            parameters=past_ranges.READING_PARAMETERS,
            schema="ReadingsPage",
            example=examples.readings(),
            example_csv=_rows_csv(_heading(None), examples.readings().readings),
            problems=OF_HISTORY,
        ),
        Operation(
            path=f"{PREFIX}/aggregates",
            summary="Minimum, maximum and mean by minute, hour or day",
            description="Oldest first, `start` <= bucket start < `end`; over good readings. Empty buckets are left "
            "out. As CSV without `limit` the whole range is streamed.",
            parameters=past_ranges.AGGREGATE_PARAMETERS,
            schema="AggregatesPage",
            example=examples.aggregates(),
            example_csv=_rows_csv(_heading("hour"), examples.aggregates().aggregates),
            problems=OF_HISTORY,
        ),
        Operation(
            path=f"{PREFIX}/alerts",
            summary="Alerts: the last version of each episode",
            description="By id. Ended ones leave when there are many.",
            parameters=live_lists.ALERT_PARAMETERS,
            schema="AlertsPage",
            example=examples.alerts(),
            example_csv=_entities_csv("alerts", examples.alerts()),
            problems=ASKED,
        ),
        Operation(
            path=f"{PREFIX}/messages",
            summary="Messages and what became of them; addresses are masked",
            description="By id. Old ones leave when there are many.",
            parameters=live_lists.MESSAGE_PARAMETERS,
            schema="MessagesPage",
            example=examples.messages(),
            example_csv=_entities_csv("messages", examples.messages()),
            problems=ASKED,
        ),
    ]


def add_api(app: FastAPI, live: LivePage, past: Past) -> Gate:
    """Join the API to ``app``; the gate is to be closed with it."""
    gate = Gate()
    directory = Directory(live=live, past=past, gate=gate)
    lists, ranges = LiveLists(directory), PastRanges(directory)
    answered: dict[str, Handler] = {
        "stations": lists.stations,
        "latest": lists.latest,
        "readings": ranges.readings,
        "aggregates": ranges.aggregates,
        "alerts": lists.alerts,
        "messages": lists.messages,
    }
    told = document(operations(), problem_example=examples.problem())
    for name, handler in answered.items():
        app.add_route(f"{PREFIX}/{name}", _guarded(handler), methods=["GET"])
    app.add_route(f"{PREFIX}/openapi.json", _description(told), methods=["GET"])
    app.openapi = lambda: told  # type: ignore[method-assign]  # documented way of giving one's own
    return gate


def _guarded(handler: Handler) -> Handler:
    @wraps(handler)
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except problems.Refused as error:
            return problems.response(error.problem)

    return guarded


def _description(told: dict[str, Any]) -> Handler:
    encoded = msgspec.json.encode(told)

    async def description(_: Request) -> Response:
        return Response(encoded, media_type="application/json")

    return description


def _entities_csv(name: str, page: dict[str, Any]) -> str:
    heading = heading_of(ENTITY_KINDS[name])
    return table(heading, ([cell(row[field]) for field in heading] for row in page[name])).decode()


def _rows_csv(heading: tuple[str, ...] | list[str], rows: list[Any]) -> str:
    return table(heading, map(msgspec.structs.astuple, rows)).decode()


def _heading(tier: Any) -> list[str]:
    return Range(station=examples.STATION, quantity=examples.LEVEL, tier=tier, start=0, end=1).heading()
