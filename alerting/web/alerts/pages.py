"""One alert: its timetable, its versions, who was told; dealing with it, comments, and the report after it."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.requests import Request

from alerting.web import words
from alerting.web.access import visitor_of
from alerting.web.alerts.archive import Archive, Story, VersionRow
from alerting.web.alerts.list_page import HAZARDS, KINDS, add_list
from alerting.web.alerts.log_words import lines_of
from alerting.web.alerts.past_levels import around, past_levels
from alerting.web.alerts.place_map import place_map
from alerting.web.alerts.plot import level_plot
from alerting.web.alerts.reading import read
from alerting.web.alerts.report import figures
from alerting.web.alerts.timetable import Told, notices_of, timetable, version_of
from alerting.web.alerts.told import letters_of, measure, texts_sent, told_rows
from alerting.web.catalogue import tr
from alerting.web.frame import Frame
from alerting.web.notices.facts import HEADLINES, STATES
from alerting.web.notices.fields import key_of, new_key, said
from alerting.web.notices.refusals import in_words
from broker.control import CommandFailed
from broker.live import StationView

ALERT: Final = "/peringatan/{alert:path}"
TAKE, NOTE, REPORT = f"{ALERT}/tangani", f"{ALERT}/catatan", f"{ALERT}/laporan"
LETTERS: Final = 50
UP: Final = ("raised", "raised_higher")


def add_alerts(app: FastAPI, frame: Frame, archive: Archive | None) -> None:
    """The list, one alert, its report, and the two forms. ``archive`` None: each says that nothing can be read."""
    pages = AlertPages(frame, archive)
    add_list(app, frame, archive)

    @app.post(TAKE)
    async def take_alert(request: Request, alert: str) -> Response:
        return await pages.take(request, alert)

    @app.post(NOTE)
    async def note_on_alert(request: Request, alert: str) -> Response:
        return await pages.note(request, alert)

    @app.get(REPORT)
    async def alert_report(request: Request, alert: str) -> Response:
        return await pages.report(request, alert)

    @app.get(ALERT)
    async def alert_page(request: Request, alert: str) -> Response:
        return await pages.show(request, alert)


@dataclass(frozen=True, slots=True)
class AlertPages:
    frame: Frame
    archive: Archive | None

    async def show(
        self, request: Request, alert: str, *, wrong: str = "", status: int = 200, note: str = ""
    ) -> Response:
        """The alert as it stands, from the archive: also one that ended years ago."""
        story = await self._story(alert)
        version = version_of(story, _number(request, "versi"))
        if version is None:
            raise HTTPException(404, tr("Peringatan ini tidak punya versi itu."))
        now, last = self.frame.clock.now(), story.versions[-1]
        told = await self._told(story, version)
        page, state = _number(request, "halaman") or 0, said(request.query_params, "keadaan") or None
        letters = await read(
            self.archive,
            lambda there: there.messages(
                version.alert, version=version.version, state=state, offset=page * LETTERS, limit=LETTERS + 1
            ),
        )
        officers = letters if not state and not page else ()
        tally = await read(self.archive, lambda there: there.tally(_alerts(story)))
        mine = visitor_of(request)
        return self.frame.page(
            request,
            "alerts_one.html",
            title=title_of(story),
            status=status,
            story=story,
            last=last,
            version=version,
            mark=_mark(last),
            has_station=last.scope in self.frame.live.replica.stations,  # a silence may be everything's
            rows=timetable(story, version, told, now),
            kinds={code: tr(word) for code, word in KINDS.items()},
            texts=texts_sent([] if version.hazard == "area" else list(officers), told.notices),
            tally=told_rows(tally),
            letters=letters_of(letters[:LETTERS]),
            newer=page - 1 if page else None,
            older=page + 1 if len(letters) > LETTERS else None,
            lines=lines_of(story.log),
            states={code: tr(word) for code, word in STATES.items()},
            headlines={code: tr(word) for code, word in HEADLINES.items()},
            measure=measure,
            areas=areas_of(story),
            wrong=wrong,
            done=_done(said(request.query_params, "sudah")),
            note=note,
            key=new_key(),
            may_take=_may_take(story) and mine.may("POST", TAKE),
            may_note=mine.may("POST", NOTE),
        )

    async def take(self, request: Request, alert: str) -> Response:
        """Deal with it ("Saya tangani"), in one's own name."""
        fields = await self.frame.form(request)
        given = {"alert": alert, "by": visitor_of(request).name}
        try:
            await self.frame.ask(request, "alert-acknowledge", key=key_of(fields, "alert-acknowledge", given), **given)
        except CommandFailed as error:
            return await self.show(request, alert, wrong=in_words(str(error)), status=409)
        home = said(fields, "back") == "/"
        return RedirectResponse("/" if home else f"/peringatan/{quote(alert)}?sudah=tangani", 303)

    async def note(self, request: Request, alert: str) -> Response:
        """A comment, kept for good."""
        fields = await self.frame.form(request)
        given = {"alert": alert, "by": visitor_of(request).name, "text": said(fields, "catatan")}
        try:
            await self.frame.ask(request, "alert-comment", key=key_of(fields, "alert-comment", given), **given)
        except CommandFailed as error:
            return await self.show(request, alert, wrong=in_words(str(error)), status=422, note=given["text"])
        return RedirectResponse(f"/peringatan/{quote(alert)}?sudah=catat#catatan", 303)

    async def report(self, request: Request, alert: str) -> HTMLResponse:
        """Everything on one or two sheets of A4, without a hand."""
        story = await self._story(alert)
        now, first, last = self.frame.clock.now(), story.versions[0], story.versions[-1]
        scope = first.scope if first.hazard == "level" else next(iter(first.stations), "")
        station = self.frame.live.replica.stations.get(scope)
        start, end = around(first.decided_at, last.decided_at if last.is_over else now, now)
        levels = await past_levels(request, self.frame, scope, start=start, end=end)
        thresholds = station.thresholds if station is not None else {}
        version = version_of(story, None) or last
        told = await self._told(story, version)
        public = [each for notice in story.notices for each in notice.alerts if notice.kind in UP]
        reached = await read(self.archive, lambda there: there.acceptance(public, public=True))
        tally = await read(self.archive, lambda there: there.tally(_alerts(story)))
        lines = lines_of(story.log)
        return self.frame.page(
            request,
            "alerts_report.html",
            title=tr("Laporan kejadian: {name}", name=title_of(story)),
            story=story,
            last=last,
            figures=figures(story, levels=levels, thresholds=thresholds, public=reached, tally=tally, now=now),
            plot=level_plot(
                levels.buckets, thresholds=thresholds, events=_events(story), start=levels.start, end=levels.end
            ),
            map=place_map(await self._areas(request), _worst(story), _position(station)),
            is_away=levels.is_away,
            station=station,
            rows=timetable(story, version, told, now),
            version=version,
            tally=told_rows(tally),
            texts=texts_sent([], [each for each in story.notices if each.state in ("approved", "sent")]),
            decisions=[line for line in lines if line.is_decision],
            comments=[line for line in lines if line.is_comment],
            areas=areas_of(story),
            kinds={code: tr(word) for code, word in KINDS.items()},
        )

    async def _areas(self, request: Request) -> list[dict[str, Any]]:
        """None while core is away: then the list of names must do."""
        try:
            found: list[dict[str, Any]] = await self.frame.ask(request, "area-list")
        except (CommandFailed, HTTPException):
            return []
        return [each for each in found if each["kind"] == "kelurahan"]

    async def _story(self, alert: str) -> Story:
        story = await read(self.archive, lambda there: there.story(alert))
        if story is None:
            raise HTTPException(404, tr("Peringatan {alert} tidak ada.", alert=alert))
        return story

    async def _told(self, story: Story, version: VersionRow) -> Told:
        notices = notices_of(story, version)
        public = [each for notice in notices for each in notice.alerts]
        own = [(version.alert, version.version)]
        return Told(
            notices=notices,
            public=await read(self.archive, lambda there: there.acceptance(public, public=True)),
            officers=await read(self.archive, lambda there: there.acceptance(own, public=False)),
        )


def title_of(story: Story) -> str:
    """``AWAS Welang Kraton``; when it is over, the word for that and the worst that it was."""
    last = story.versions[-1]
    worst = max((each.level for each in story.versions), key=words.rank)
    subject = tr(HAZARDS.get(last.hazard, last.hazard))
    if last.is_over:
        return f"{last.name}: {worst} {tr(KINDS[last.kind])} ({subject})"
    return f"{last.name}: {last.level} ({subject})"


def _worst(story: Story) -> dict[str, str]:
    """The worst level of each area by its code; of an area's own alert that area."""
    found: dict[str, str] = {}
    for each in (*story.areas, *(one for one in story.versions if one.hazard == "area")):
        if not each.is_over:
            found[each.scope] = max(found.get(each.scope, each.level), each.level, key=words.rank)
    return found


def _position(station: StationView | None) -> tuple[str, float | None, float | None] | None:
    return None if station is None else (station.name, station.latitude, station.longitude)


def areas_of(story: Story) -> list[tuple[str, str, str, str]]:
    """Each area that it brought into danger: alert, name, its worst level, and how it is now."""
    found: dict[str, tuple[str, str, str, str]] = {}
    for each in story.areas:
        before = found.get(each.alert)
        worst = each.level if before is None else max(before[2], each.level, key=words.rank)
        found[each.alert] = (each.alert, each.name, worst, tr(KINDS[each.kind]) if each.is_over else each.level)
    return sorted(found.values(), key=lambda area: (-words.rank(area[2]), area[1]))


def _alerts(story: Story) -> list[str]:
    return list(dict.fromkeys([story.versions[0].alert, *(each.alert for each in story.areas)]))


def _may_take(story: Story) -> bool:
    """Whether core waits for somebody to deal with it; areas' alerts follow those of their stations."""
    last = story.versions[-1]
    return not last.is_over and last.hazard != "area" and not story.acknowledged_by


def _mark(last: VersionRow) -> str:
    return "normal" if last.is_over else words.mark_of(last.level)


def _events(story: Story) -> list[tuple[int, str]]:
    return [(each.decided_at, each.level if each.kind in UP else tr(KINDS[each.kind])) for each in story.versions]


def _number(request: Request, name: str) -> int | None:
    text = said(request.query_params, name)
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _done(code: str) -> str:
    return {"tangani": tr("Tercatat: Anda menangani peringatan ini."), "catat": tr("Catatan disimpan.")}.get(code, "")
