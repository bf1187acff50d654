"""Routes of the technician's phone: the list, one node, its readings each second, and what can be asked of it."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from alerting.web.access import visitor_of
from alerting.web.api.gate import Gate
from alerting.web.api.problem import Refused
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.technician.battery import BatteryLine, battery_line
from alerting.web.technician.faults import RESETS
from alerting.web.technician.live_node import lines_of, told_of
from alerting.web.technician.roll import NodeRow, roll, row_of, unserved
from alerting.web.technician.visit_words import VisitLine, visit_line
from alerting.web.technician.visits import Visits, VisitsUnavailable
from broker.control import CommandFailed
from broker.live import StationView

MOST_VISITS: Final = 12
UNKNOWN: Final = "Node itu tidak dikenal, atau tidak melayani stasiun. Lihat daftarnya di /teknisi."
NO_VISITS: Final = "Catatan kunjungan tidak tersedia di server ini."
# What a technician may ask of a node, with how long it lasts in seconds; None: it is over at once.
ORDERS: Final[Mapping[str, int | None]] = {"live": 600, "identify": 60, "siren-test": None, "reboot": None}
LENGTHS: Final = ("30", "60", "120", "240")  # minutes


def add_technician(app: FastAPI, frame: Frame, gate: Gate, visits: Visits | None) -> None:
    """``/teknisi`` and below. ``visits`` is None where the journal is not at hand."""
    pages = TechnicianPages(frame, gate, visits)

    @app.get("/teknisi", response_class=HTMLResponse)
    async def listing(request: Request) -> Response:
        if "simpul" in request.query_params:  # a label that the phone's own camera opened
            return RedirectResponse(f"/pemasangan?{urlencode({'kode': str(request.url)})}", 303)
        return await pages.listing(request)

    @app.get("/teknisi/{node}", response_class=HTMLResponse)
    async def one(request: Request, node: str) -> HTMLResponse:
        return await pages.one(request, node)

    @app.get("/teknisi/{node}/langsung")
    async def live(node: str) -> Response:
        return pages.live(node)

    @app.post("/teknisi/{node}/perintah")
    async def order(request: Request, node: str) -> Response:
        return await pages.order(request, node)

    @app.post("/teknisi/{node}/pemeliharaan")
    async def maintain(request: Request, node: str) -> Response:
        return await pages.maintain(request, node)


@dataclass(frozen=True, slots=True)
class TechnicianPages:
    frame: Frame
    gate: Gate
    visits: Visits | None

    async def listing(self, request: Request) -> HTMLResponse:
        now, stations = self.frame.clock.now(), self.frame.live.replica.stations.values()
        ill, well = roll(stations, now)
        return self.frame.page(
            request,
            "technician_list.html",
            title=tr("Teknisi"),
            ill=[(row, row.faults) for row in ill],
            well=well,
            unserved=unserved(stations),
        )

    async def one(
        self,
        request: Request,
        node: str,
        *,
        wrong: str = "",
        filled: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        """The page of a node; ``wrong`` is core's sentence about a form, ``filled`` what was typed into it."""
        station, now = self._station(node), self.frame.clock.now()
        row = row_of(station, node, now)
        state, (visits, untold), battery = await asyncio.gather(
            self._state(request, node), self._visits(node, station.id), self._battery(row, now)
        )
        return self.frame.page(
            request,
            "technician_node.html",
            title=node,
            status=status,
            row=row,
            station=station,
            faults=row.faults,
            state=state,
            battery=battery,
            lines=lines_of(station, node),
            visits=visits,
            untold=untold,
            wrong=wrong,
            filled=filled or {},
            done=request.query_params.get("selesai", "")[:20] if request.method == "GET" else "",
            lengths=LENGTHS,
            resets=RESETS,
            key=secrets.token_hex(8),
        )

    def live(self, node: str) -> Response:
        """What the page shows anew each second."""
        told = told_of(
            self._station(node), node, self.frame.clock.now(), is_lost=self.frame.live.link.outage() is not None
        )
        return Response(msgspec.json.encode(told), media_type="application/json", headers={"Cache-Control": "no-store"})

    async def order(self, request: Request, node: str) -> Response:
        fields, _ = await self.frame.form(request), self._station(node)
        do = str(fields.get("perintah", ""))
        if do not in ORDERS:
            raise HTTPException(422, tr("Perintah itu tidak dikenal."))
        length = {} if ORDERS[do] is None else {"for_s": ORDERS[do]}
        try:
            await self.frame.ask(request, "node-command", key=_key(fields), node=node, do=do, **length)
        except CommandFailed as error:
            return await self.one(request, node, wrong=str(error), status=409)
        return RedirectResponse(f"/teknisi/{node}?selesai={do}", 303)

    async def maintain(self, request: Request, node: str) -> Response:
        """Begin or end maintenance of the station."""
        fields, station = await self.frame.form(request), self._station(node)
        minutes, reason = str(fields.get("menit", "")), str(fields.get("alasan", "")).strip()
        arguments: dict[str, Any] = {"id": station.id, "by": visitor_of(request).name, "reason": reason}
        if fields.get("akhiri"):
            arguments["end"] = True
        elif minutes not in LENGTHS or not reason:
            sentence = tr("Isi apa yang dikerjakan dan berapa lama.")
            return await self.one(
                request, node, wrong=sentence, filled={"alasan": reason, "menit": minutes}, status=422
            )
        else:
            arguments["minutes"] = int(minutes)
        try:
            await self.frame.ask(request, "station-maintain", key=_key(fields), **arguments)
        except CommandFailed as error:
            return await self.one(
                request, node, wrong=str(error), filled={"alasan": reason, "menit": minutes}, status=409
            )
        return RedirectResponse(f"/teknisi/{node}?selesai={'akhir' if 'end' in arguments else 'mulai'}", 303)

    def _station(self, node: str) -> StationView:
        """Which station the node serves; raises 404."""
        stations = self.frame.live.replica.stations.values()
        found = next((station for station in stations if node in station.nodes), None)
        if found is None:
            raise HTTPException(404, tr(UNKNOWN))
        return found

    async def _battery(self, row: NodeRow, now: int) -> BatteryLine | None:
        """None where there is no battery, or history has nothing of it or cannot be read now."""
        battery = row.battery
        if battery is None:
            return None
        try:
            return await self.gate.read(lambda: battery_line(self.frame.past, row.station, battery, now))
        except Refused:
            return None

    async def _state(self, request: Request, node: str) -> dict[str, Any] | None:
        """What core knows of the node; None while core does not answer."""
        try:
            state: dict[str, Any] = await self.frame.ask(request, "node-state", node=node)
        except (CommandFailed, HTTPException):
            return None
        return state

    async def _visits(self, node: str, station: str) -> tuple[Sequence[VisitLine], str]:
        """The last visits, and why there are none to be had."""
        if self.visits is None:
            return (), tr(NO_VISITS)
        try:
            found = await asyncio.to_thread(self.visits.of, node, station, MOST_VISITS)
        except VisitsUnavailable as error:
            return (), str(error)
        return [visit_line(visit) for visit in found], ""


def _key(fields: Any) -> str | None:
    key = fields.get("kunci")
    return key if isinstance(key, str) and key else None
