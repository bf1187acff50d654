"""What people write down at a station: gauge, sighting, level, maintenance; core's answer in words that confirm it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from alerting.web import words
from alerting.web.access import visitor_of
from alerting.web.api.problem import Refused
from alerting.web.catalogue import tr
from alerting.web.readings import LEVEL
from alerting.web.station import typed, view
from alerting.web.station.curve import UNUSABLE
from alerting.web.station.pages import StationPages
from alerting.web.station.photos import MOST_BYTES, PhotoRefused
from alerting.web.station.typed import Mistyped
from alerting.web.words import MINUTE_MS
from broker.control import CommandFailed
from broker.live import StationView

ROOM_BYTES: Final = 64 * 1024  # of a form with a photo, for everything else in it
TOGETHER_MS: Final = 15 * MINUTE_MS  # a sensor's reading this near is compared with the gauge's
LIVE_MS: Final = MINUTE_MS  # what was read just now is compared by core itself
TOO_LARGE: Final = "Foto lebih besar dari {most} MB; kirim yang lebih kecil."
_is_key: Final = re.compile(r"[A-Za-z0-9_-]{8,40}").fullmatch

Do = Callable[[Request, StationView, FormData], Awaitable[str]]


class StationEntries:
    """Each form does one thing whole or not at all; what was typed comes back with what is wrong with it."""

    def __init__(self, pages: StationPages) -> None:
        self._pages, self._frame = pages, pages.frame

    async def gauge(self, request: Request, station: str) -> Response:
        return await self._answer(request, station, "papan", self._read_gauge)

    async def sighting(self, request: Request, station: str) -> Response:
        return await self._answer(request, station, "pengamatan", self._note_sighting, files=1)

    async def remove(self, request: Request, station: str, number: int) -> Response:
        async def do(request: Request, _: StationView, fields: FormData) -> str:
            return await self._remove_sighting(request, number, fields)

        return await self._answer(request, station, f"hapus-{number}", do)

    async def level(self, request: Request, station: str) -> Response:
        return await self._answer(request, station, "tetapkan", self._set_level)

    async def maintenance(self, request: Request, station: str) -> Response:
        return await self._answer(request, station, "pemeliharaan", self._maintain)

    async def _answer(self, request: Request, station: str, form: str, do: Do, *, files: int = 0) -> Response:
        """Do it, then show the page anew under its own address; or the form again with what is wrong."""
        _refuse_too_large(request)
        try:
            fields = await self._frame.form(request, files=files)
            known = await self._pages.known(station)
            wrong, sentence = await _tried(do(request, known, fields))
        finally:
            await request.close()  # files that were sent
        if wrong is None:
            token = self._pages.confirmations.say(visitor_of(request).name, sentence)
            return RedirectResponse(f"/stasiun/{known.id}?hasil={token}#hasil", 303)
        filled = {name: said for name, said in fields.multi_items() if isinstance(said, str) and name != "csrf"}
        return await self._pages.show(request, known, status=422, wrong={form: wrong}, filled=filled)

    async def _ask(self, request: Request, fields: FormData, name: str, **arguments: Any) -> Any:
        said = _text(fields, "kunci")
        key = f"web:{visitor_of(request).name}:{said}" if _is_key(said) else None
        return await self._frame.ask(request, name, key=key, by=visitor_of(request).name, **arguments)

    async def _read_gauge(self, request: Request, station: StationView, fields: FormData) -> str:
        level_m = typed.metres(_text(fields, "tinggi"))
        now = self._frame.clock.now()
        at = typed.time_of_day(_text(fields, "waktu"), now=now)
        note = typed.note(_text(fields, "catatan"), of=tr("Catatan"))
        more: dict[str, Any] = {} if at is None else {"at": at}
        if at is not None and now - at > LIVE_MS and (sensor := await self._sensor_at(station, at)) is not None:
            more["sensor_m"] = sensor
        answer = await self._ask(request, fields, "station-observe", id=station.id, level_m=level_m, note=note, **more)
        read = tr(
            "Tercatat: papan duga {level} m pukul {when} oleh {by}.",
            level=words.number(level_m, 2),
            when=words.minute(answer["time"], now),
            by=visitor_of(request).name,
        )
        return " ".join([read, *_compared(level_m, answer, now), *_decided(answer)])

    async def _sensor_at(self, station: StationView, at: int) -> float | None:
        """What the sensor said nearest to a moment past, from history; None when nothing usable is near."""
        start, end = at - TOGETHER_MS, at + TOGETHER_MS + 1
        try:
            found = await self._pages.gate.read(lambda: self._frame.past.range(station.id, LEVEL, start, end, 2000))
        except Refused:
            return None
        usable = [each for each in found if each.value is not None and each.flag not in UNUSABLE]
        nearest = min(usable, key=lambda each: abs(each.time - at), default=None)
        return None if nearest is None else nearest.value

    async def _note_sighting(self, request: Request, station: StationView, fields: FormData) -> str:
        upload = fields.get("foto")
        content = await upload.read(MOST_BYTES + 1) if isinstance(upload, UploadFile) and upload.filename else b""
        note = typed.note(_text(fields, "catatan"), of=tr("Pengamatan"), most=typed.MOST_SIGHTING, must=not content)
        at = typed.time_of_day(_text(fields, "waktu"), now=self._frame.clock.now())
        more: dict[str, Any] = {} if at is None else {"at": at}
        photo, is_new = await self._keep(content) if content else ("", False)
        try:
            answer = await self._ask(request, fields, "sighting-add", id=station.id, note=note, photo=photo, **more)
        except BaseException:
            if is_new:
                await self._forget(photo)
            raise
        return tr(
            "Tersimpan: {what} pukul {when} oleh {by}.",
            what=tr("foto") if photo else tr("pengamatan"),
            when=words.minute(answer["time"], self._frame.clock.now()),
            by=visitor_of(request).name,
        )

    async def _keep(self, content: bytes) -> tuple[str, bool]:
        """The photo's hash, and whether it was not there before."""
        store = self._pages.photos
        if store is None:
            raise PhotoRefused(tr("Server ini tidak menyimpan foto; kirim tanpa foto."))
        if len(content) > MOST_BYTES:
            raise PhotoRefused(tr(TOO_LARGE, most=MOST_BYTES // 1024**2))
        return await asyncio.to_thread(store.keep, content)

    async def _forget(self, photo: str) -> None:
        if self._pages.photos is not None:
            await asyncio.to_thread(self._pages.photos.forget, photo)

    async def _remove_sighting(self, request: Request, number: int, fields: FormData) -> str:
        reason = typed.note(_text(fields, "alasan"), of=tr("Alasan"), must=True)
        answer = await self._ask(request, fields, "sighting-remove", sighting=number, reason=reason)
        if answer["photo"] and not answer["is_used"]:
            await self._forget(answer["photo"])
        return tr(
            "Dihapus oleh {by}: {reason}. Catatan penghapusan disimpan.", by=visitor_of(request).name, reason=reason
        )

    async def _set_level(self, request: Request, station: StationView, fields: FormData) -> str:
        level = typed.level(_text(fields, "tingkat"))
        note = typed.note(_text(fields, "catatan"), of=tr("Yang terlihat"), must=True)
        if _text(fields, "yakin") != "ya":
            raise Mistyped(tr("Centang dulu bahwa tingkat ini akan diberitakan, lalu tekan lagi."))
        answer = await self._ask(request, fields, "alert-raise", scope=station.id, level=level, note=note)
        said = tr("{name} ditetapkan {level} oleh {by}.", name=station.name, level=level, by=visitor_of(request).name)
        return " ".join([said, *_decided(answer)])

    async def _maintain(self, request: Request, station: StationView, fields: FormData) -> str:
        now, by = self._frame.clock.now(), visitor_of(request).name
        if _text(fields, "aksi") == "selesai":
            answer = await self._ask(request, fields, "station-maintain", id=station.id, end=True)
            said = tr("Pemeliharaan diakhiri oleh {by}.", by=by)
        else:
            reason = typed.note(_text(fields, "alasan"), of=tr("Alasan"), must=True)
            length = typed.minutes(_text(fields, "lama"))
            answer = await self._ask(request, fields, "station-maintain", id=station.id, minutes=length, reason=reason)
            until = words.minute(answer["until"], now)
            said = tr("Pemeliharaan sampai {until} oleh {by}: {reason}.", until=until, by=by, reason=reason)
        return " ".join([said, *_decided(answer)])


async def _tried(work: Awaitable[str]) -> tuple[str | None, str]:
    """What is wrong with what was asked, or None and what confirms it."""
    try:
        return None, await work
    except (Mistyped, PhotoRefused) as error:
        return str(error), ""
    except CommandFailed as error:
        return tr("Inti menolaknya: {error}.", error=str(error).rstrip(".")), ""


def _text(fields: FormData, name: str) -> str:
    said = fields.get(name, "")
    return said.strip() if isinstance(said, str) else ""


def _refuse_too_large(request: Request) -> None:
    """Before anything of it is read; a server never hands on more than it was told."""
    said = request.headers.get("content-length", "")
    if not said.isdecimal():
        raise HTTPException(411, tr("Formulir ini tidak menyebut panjangnya; kirim dari halaman kami."))
    if int(said) > MOST_BYTES + ROOM_BYTES:
        raise HTTPException(413, tr(TOO_LARGE, most=MOST_BYTES // 1024**2))


def _compared(level_m: float, answer: dict[str, Any], now: int) -> list[str]:
    """The gauge beside the sensor, and what all comparisons come to."""
    sensor, drift = answer["sensor_m"], answer["drift"]
    if sensor is None:
        return [tr("Alat tidak mengukur pada waktu itu, jadi belum dibandingkan.")]
    apart = view.difference(level_m, sensor)
    said = [tr("Alat membaca {sensor} m: {apart}.", sensor=words.number(sensor, 2), apart=apart)]
    if drift is not None and drift["compared"] > 1:
        cm = words.number(drift["drift_m"] * 100, 0)
        since = words.minute(drift["since"], now)
        said.append(
            tr(
                "Median {count} perbandingan: {cm} cm, searah sejak {since}.",
                count=drift["compared"],
                cm=cm,
                since=since,
            )
        )
    return said


def _decided(answer: dict[str, Any]) -> list[str]:
    """What came of it: each decision in core's words, and how many are told."""
    said = [str(each["why"]) for each in answer.get("decided", [])]
    if answer.get("messages"):
        said.append(tr("{count} pesan ke petugas masuk antrean.", count=answer["messages"]))
    return said


def add_entries(app: FastAPI, entries: StationEntries) -> None:
    app.post("/stasiun/{station}/papan-duga")(entries.gauge)
    app.post("/stasiun/{station}/pengamatan")(entries.sighting)
    app.post("/stasiun/{station}/pengamatan/{number}/hapus")(entries.remove)
    app.post("/stasiun/{station}/tetapkan")(entries.level)
    app.post("/stasiun/{station}/pemeliharaan")(entries.maintenance)
