"""The duty roster: who is on duty now, the coming week with its gaps, shifts, dates and swaps."""

import re
from datetime import date
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from alerting.roster import DAY_MINUTES, Duty, Roster, Shift, Swap
from alerting.web.admin.desk import Desk, back
from alerting.web.admin.fields import Form
from alerting.web.catalogue import tr

LIST: Final = "/kelola/jadwal"
DAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
AHEAD: Final = 7  # days


def add(app: FastAPI, desk: Desk) -> None:
    @app.get(LIST, response_class=HTMLResponse)
    async def shown(request: Request) -> Response:
        return await _page(desk, request, Form())

    @app.post(f"{LIST}/giliran", response_class=HTMLResponse)
    async def shift(request: Request) -> Response:
        form = await desk.form(request)
        return await _put(desk, request, form, lambda before: _with_shift(before, form))

    @app.post(f"{LIST}/tukar", response_class=HTMLResponse)
    async def swap(request: Request) -> Response:
        form = await desk.form(request)
        return await _put(desk, request, form, lambda before: _with_swap(before, form))

    @app.post(f"{LIST}/hapus", response_class=HTMLResponse)
    async def remove(request: Request) -> Response:
        form = await desk.form(request)
        return await _put(desk, request, form, lambda before: _without(before, form))


async def _page(desk: Desk, request: Request, form: Form) -> HTMLResponse:
    found = await desk.ask(request, "roster-show", days=AHEAD)
    labels = {each["id"]: each["label"] for each in found["officers"]}
    roster = msgspec.convert(found["roster"], Roster)
    return desk.page(
        request,
        "admin_rota.html",
        title=tr("Jadwal jaga"),
        form=form,
        found=found,
        roster=roster,
        named=lambda ids: ", ".join(labels.get(each, each) for each in ids),
        days=[(str(number), tr(word)) for number, word in enumerate(DAYS)],
        days_text=_days_text,
        clock=_clock,
        # Officers of the settings file are always on duty and stand in no roster.
        officers=[(each["id"], each["label"]) for each in found["officers"] if each["id"].startswith("p")],
        gaps=[each for each in found["stretches"] if not each["officers"]],
    )


async def _put(desk: Desk, request: Request, form: Form, change: Any) -> Response:
    """The roster that the form was made from, changed; core refuses when somebody else has changed it since."""
    version = form.whole("version", due=True)
    found = await desk.ask(request, "roster-show", days=1)
    after = change(msgspec.convert(found["roster"], Roster))
    reason = form.text("reason") or "roster"
    said = {"roster": msgspec.to_builtins(after), "version": version, "reason": reason}
    if form.is_good and version != found["version"]:
        form.refuse(tr("Jadwal baru saja diubah orang lain. Lihat lagi di bawah, lalu ulangi."))
    made = await desk.tried(form, lambda: desk.ask(request, "roster-put", **said))
    return await _page(desk, request, form) if made is None else back(LIST, "tersimpan")


def _with_shift(before: Roster, form: Form) -> Roster:
    """A weekly shift, or the duty of a date; the same days and times again replace who stood there."""
    starts, ends = _minutes(form, "starts"), _minutes(form, "ends")
    officers = tuple(dict.fromkeys(form.many("officer")))
    if not officers:
        form.refuse(tr("Pilih paling sedikit satu petugas."), "officer")
    day = _date(form, "day", due=False)
    weekdays = tuple(sorted({int(each) for each in form.many("weekday") if each.isdecimal()}))
    if day is not None:
        duty = Duty(day=day, starts=starts, ends=ends, officers=officers)
        kept = tuple(each for each in before.duties if (each.day, each.starts, each.ends) != (day, starts, ends))
        return msgspec.structs.replace(before, duties=(*kept, duty))
    if not weekdays:
        form.refuse(tr("Pilih hari, atau isi satu tanggal."), "weekday")
    shift = Shift(weekdays=weekdays, starts=starts, ends=ends, officers=officers)
    same = (weekdays, starts, ends)
    others = tuple(each for each in before.shifts if (each.weekdays, each.starts, each.ends) != same)
    return msgspec.structs.replace(before, shifts=(*others, shift))


def _with_swap(before: Roster, form: Form) -> Roster:
    day, absent, stands_in = _date(form, "swap_day"), form.text("absent", due=True), form.text("stands_in", due=True)
    if absent and absent == stands_in:
        form.refuse(tr("Pilih dua petugas yang berbeda."), "stands_in")
    if day is None:
        return before
    kept = tuple(each for each in before.swaps if (each.day, each.absent) != (day, absent))
    return msgspec.structs.replace(before, swaps=(*kept, Swap(day=day, absent=absent, stands_in=stands_in)))


def _without(before: Roster, form: Form) -> Roster:
    """Without one line, by its kind and place in the version that was shown."""
    kind, place = form.chosen("kind", ("shifts", "duties", "swaps")), form.whole("place", due=True)
    if not form.is_good or place is None:
        return before
    lines = list(getattr(before, kind))
    if not 0 <= place < len(lines):
        form.refuse(tr("Baris itu sudah tidak ada."))
        return before
    del lines[place]
    return msgspec.structs.replace(before, **{kind: tuple(lines)})


def _minutes(form: Form, name: str) -> int:
    """After midnight; 24:00 is the end of the day."""
    value = form.text(name, due=True)
    found = re.fullmatch(r"([0-9]{1,2})[:.]([0-5][0-9])", value)
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    if value and minutes > DAY_MINUTES:
        form.refuse(tr("Tulis jam, misalnya 06:00."), name)
    return min(minutes, DAY_MINUTES)


def _date(form: Form, name: str, *, due: bool = True) -> date | None:
    value = form.text(name, due=due)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        form.refuse(tr("Tulis tanggal, misalnya 2026-11-24."), name)
        return None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _days_text(days: tuple[int, ...]) -> str:
    """``Senin-Jumat`` for what goes on without a break, else the days."""
    names = [tr(DAYS[day]) for day in days]
    if len(days) == 7:
        return tr("setiap hari")
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]}-{names[-1]}"
    return ", ".join(names)
