"""Routes of stations: the list, one station, its line and its table. A part that cannot be had says so in its place."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from alerting.web import assets, words
from alerting.web.access import visitor_of
from alerting.web.api.gate import Gate
from alerting.web.api.problem import Refused
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.readings import LEVEL
from alerting.web.station import typed, view
from alerting.web.station.confirmations import Confirmations
from alerting.web.station.dossier import Dossier, Episode, RecordsUnavailable, StationRecords
from alerting.web.station.download import Asked, download
from alerting.web.station.drawing import draw
from alerting.web.station.photos import MOST_BYTES, PhotoStore
from alerting.web.station.picture import Picture, columns, picture_of
from alerting.web.station.reading import RAIN, Drawn, RainBars, read_curve, read_rain
from alerting.web.station.roll import HAZARDS, STATES, Wanted, roll
from alerting.web.station.span import PRESETS, BadSpan, said, span_of
from alerting.web.station.table import listing
from alerting.web.station_card import station_card
from alerting.web.station_facts import facts_of
from broker.control import CommandFailed
from broker.live import StationView

NO_RECORDS: Final = "Catatan stasiun tidak tersedia di server ini."
NO_CORE: Final = "Inti tidak menjawab, jadi alasannya belum dapat ditampilkan. Muat lagi sebentar."
UNKNOWN: Final = "Stasiun itu tidak dikenal. Lihat daftar stasiun di /stasiun."
GONE: Final = "{name} tidak diukur lagi sejak {since}; riwayatnya tetap disimpan."
NOT_YET: Final = "Keadaan pertama belum lengkap. Muat lagi sebentar."
MOST_GAUGES: Final = 4  # of rain, whose mean is drawn


@dataclass(slots=True, kw_only=True)
class StationPages:
    """``records`` and ``photos`` are None where the application was started without them."""

    frame: Frame
    records: StationRecords | None
    photos: PhotoStore | None
    gate: Gate
    confirmations: Confirmations = field(default_factory=Confirmations)

    @property
    def stations(self) -> dict[str, StationView]:
        return self.frame.live.replica.stations

    async def roll(self, request: Request) -> HTMLResponse:
        """All stations, with a filter in the address."""
        query = request.query_params
        wanted = Wanted(text=query.get("cari", "")[:60], hazard=query.get("jenis", ""), state=query.get("keadaan", ""))
        weather = {name: list(alerts) for name, alerts in self.frame.live.board.alerts.weather.items()}
        return self.frame.page(
            request,
            "station_list.html",
            title=tr("Stasiun"),
            rows=roll(self.stations.values(), wanted, weather),
            total=len(self.stations),
            wanted=wanted,
            hazards={name: tr(word) for name, word in HAZARDS.items()},
            states={name: tr(word) for name, word in STATES.items()} | {name: name for name in words.MARKS},
        )

    async def page(self, request: Request, station: str) -> HTMLResponse:
        return await self.show(request, await self.known(station))

    async def known(self, station: str) -> StationView:
        """Raises HTTPException with a sentence for one that is unknown, or measured no more."""
        found = self.stations.get(station)
        if found is not None:
            return found
        dossier, _ = await self._dossier(station)
        if dossier is not None and dossier.retired_at is not None:
            since = words.minute(dossier.retired_at, self.frame.clock.now())
            raise HTTPException(
                404,
                tr(
                    "{name} tidak diukur lagi sejak {since}; riwayatnya tetap disimpan.", name=dossier.name, since=since
                ),
            )
        if not self.frame.live.link.ready.is_set():
            raise HTTPException(503, tr(NOT_YET))
        raise HTTPException(404, tr(UNKNOWN))

    async def show(
        self,
        request: Request,
        station: StationView,
        *,
        status: int = 200,
        wrong: dict[str, str] | None = None,
        filled: dict[str, str] | None = None,
    ) -> HTMLResponse:
        """The whole page; ``wrong`` are sentences by form, ``filled`` what was typed there."""
        asked, bad_span = self._asked(request, station)
        (dossier, no_records), (reasons, no_reasons) = await asyncio.gather(
            self._dossier(station.id), self._reasons(request, station.id)
        )
        drawn, picture, no_history = await self._drawn(asked, dossier)
        now = self.frame.clock.now()
        weather = self.frame.live.board.alerts.weather.get(station.id, ())
        card = station_card(station, weather=weather, tail=self.frame.live.last_hour.tail(station.id), now=now)
        return self.frame.page(
            request,
            "station_page.html",
            title=station.name,
            status=status,
            station=station,
            card=card,
            sentence=view.sentence(station, card, now=now),
            reasons=reasons,
            no_reasons=no_reasons,
            measures=view.explained(station),
            rungs=view.rungs(station, dossier, now=now),
            trend_why=view.trend_why(station),
            facts=facts_of(station, now=now),
            facts_why=view.facts_why(station),
            asked=asked,
            presets={name: tr(word) for name, (_, word) in PRESETS.items()},
            span_said=said(asked.span, now),
            earlier=asked.span.moved(-asked.span.length // 2, now).query,
            later=None if asked.span.is_live else asked.span.moved(asked.span.length // 2, now).query,
            bad_span=bad_span,
            picture=picture,
            drawing=None if picture is None else draw(picture),
            listing=None if drawn is None else listing(drawn, asked.quantity),
            no_history=no_history,
            dossier=dossier,
            no_records=no_records,
            near=[] if dossier is None else view.near(dossier, self.stations),
            gauges=[] if dossier is None else view.gauges(dossier.comparisons),
            nodes=[] if dossier is None else view.nodes(station, dossier, now=now),
            lengths={number: tr(word) for number, word in typed.LENGTHS.items()},
            levels=typed.LEVELS,
            most_mb=MOST_BYTES // 1024**2,
            wrong=wrong or {},
            astray=_astray(wrong or {}, dossier),
            filled=filled or {},
            speed=self.frame.clock.speed,
            key=secrets.token_urlsafe(12),
            done=self.confirmations.read(visitor_of(request).name, request.query_params.get("hasil")),
            has_plot=assets.are_present(),
        )

    async def state(self, station: str) -> HTMLResponse:
        """What changes by itself on the page, for a browser that keeps it alive."""
        now, found = self.frame.clock.now(), await self.known(station)
        weather = self.frame.live.board.alerts.weather.get(station, ())
        card = station_card(found, weather=weather, tail=self.frame.live.last_hour.tail(station), now=now)
        html = self.frame.templates.get_template("station_state.html").render(
            station=found,
            card=card,
            sentence=view.sentence(found, card, now=now),
            now=now,
            speed=self.frame.clock.speed,
            lost=self.frame.live.link.outage() is not None,
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def line(self, request: Request, station: str) -> Response:
        """The picture for the browser's own drawing; what cannot be had is a sentence with a status."""
        asked, bad_span = self._asked(request, await self.known(station))
        if bad_span is not None:
            return _json({"detail": bad_span}, status=422)
        dossier, _ = await self._dossier(station)
        drawn, picture, no_history = await self._drawn(asked, dossier)
        if picture is None or drawn is None:
            return _json({"detail": no_history}, status=503)
        table = self.frame.templates.get_template("station_listing.html").render(
            station=asked.station, asked=asked, listing=listing(drawn, asked.quantity)
        )
        return _json(columns(picture) | {"said": said(asked.span, self.frame.clock.now()), "listing": table})

    async def csv(self, request: Request, station: str) -> Response:
        """The table as a download of any length: readings, or with ``isi=rata-rata`` the means of a long stretch."""
        asked, bad_span = self._asked(request, await self.known(station))
        if bad_span is not None:
            raise HTTPException(422, bad_span)
        is_raw = request.query_params.get("isi") != "rata-rata"
        try:
            return await download(self.gate, self.frame.past, asked, is_raw=is_raw)
        except Refused as error:
            raise HTTPException(503, str(error)) from None

    async def photo(self, photo: str) -> Response:
        found = None if self.photos is None else await asyncio.to_thread(self.photos.find, photo)
        if found is None:
            raise HTTPException(404, tr("Foto itu tidak ada lagi."))
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}  # its name is its content
        return FileResponse(found, media_type="image/jpeg", headers=headers)

    # -- what a page is made of ------------------------------------------------------------------------------------

    def _asked(self, request: Request, station: StationView) -> tuple[Asked, str | None]:
        """What to draw; a bad address is one sentence, and the usual stretch instead."""
        now, query = self.frame.clock.now(), request.query_params
        known = [series.quantity for series in station.series]
        usual = known[0] if known else "level_m"
        wanted = query.get("besaran", usual)
        quantity = wanted if wanted in known else usual
        try:
            return Asked(station=station, quantity=quantity, span=span_of(query, now=now)), None
        except BadSpan as error:
            return Asked(station=station, quantity=quantity, span=span_of({}, now=now)), str(error)

    async def _dossier(self, station: str) -> tuple[Dossier | None, str | None]:
        if self.records is None:
            return None, tr(NO_RECORDS)
        try:
            return await asyncio.to_thread(self.records.dossier, station), None
        except RecordsUnavailable as error:
            return None, str(error)

    async def _episodes(self, asked: Asked) -> list[Episode]:
        if self.records is None:
            return []
        try:
            return await asyncio.to_thread(self.records.episodes, asked.station.id, asked.span.start, asked.span.end)
        except RecordsUnavailable:
            return []  # the page says already that the records are away

    async def _reasons(self, request: Request, station: str) -> tuple[list[str], str | None]:
        try:
            answer = await self.frame.ask(request, "why", about=station)
        except (HTTPException, CommandFailed):
            return [], tr(NO_CORE)
        return list(answer["sentences"]), None

    async def _drawn(self, asked: Asked, dossier: Dossier | None) -> tuple[Drawn | None, Picture | None, str | None]:
        gauges = self._rain_gauges(asked, dossier)

        def read() -> tuple[Drawn, RainBars | None]:
            past = self.frame.past
            return read_curve(past, asked.station.id, asked.quantity, asked.span), read_rain(past, gauges, asked.span)

        try:
            drawn, rain = await self.gate.read(read)
        except Refused as error:
            return None, None, str(error)
        picture = picture_of(
            asked.station,
            asked.quantity,
            asked.span,
            curve=drawn.curve,
            rain=rain,
            limits=[] if dossier is None else dossier.limits,
            episodes=await self._episodes(asked),
            now=self.frame.clock.now(),
        )
        return drawn, picture, None

    def _rain_gauges(self, asked: Asked, dossier: Dossier | None) -> Sequence[tuple[str, str]]:
        """Of water: its own gauge, or those upstream of it."""
        station = asked.station
        if asked.quantity != LEVEL:
            return ()
        if any(series.quantity == RAIN for series in station.series):
            return ((station.id, station.name),)
        near = () if dossier is None else dossier.near
        upstream = [self.stations[each.station] for each in near if each.is_upstream and each.station in self.stations]
        rain = [(each.id, each.name) for each in upstream if any(series.quantity == RAIN for series in each.series)]
        return rain[:MOST_GAUGES]


def add_pages(app: FastAPI, pages: StationPages) -> None:
    app.get("/stasiun", response_class=HTMLResponse)(pages.roll)
    app.get("/stasiun/{station}", response_class=HTMLResponse)(pages.page)
    app.get("/stasiun/{station}/keadaan", response_class=HTMLResponse)(pages.state)
    app.get("/stasiun/{station}/garis")(pages.line)
    app.get("/stasiun/{station}/tabel.csv")(pages.csv)
    app.get("/foto/{photo}")(pages.photo)


def _astray(wrong: dict[str, str], dossier: Dossier | None) -> list[str]:
    """What is wrong with a form that is not on the page any more."""
    shown = set() if dossier is None else {f"hapus-{each.id}" for each in dossier.sightings}
    return [sentence for form, sentence in wrong.items() if form.startswith("hapus-") and form not in shown]


def _json(content: Any, *, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(content), status, media_type="application/json", headers=headers)
