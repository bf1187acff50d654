"""Rosters as people write them: days, dates and times of day, in Indonesian or English; from options and CSV files."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from alerting.roster import DAY_MINUTES, Duty, Roster, Shift
from deploy.recipients.csv_file import BadCsv, Columns, read

WEEKDAYS: Final = (
    ("senin", "mon", "monday"),
    ("selasa", "tue", "tuesday"),
    ("rabu", "wed", "wednesday"),
    ("kamis", "thu", "thursday"),
    ("jumat", "fri", "friday", "jum'at"),
    ("sabtu", "sat", "saturday"),
    ("minggu", "sun", "sunday", "ahad"),
)
EVERY_DAY: Final = ("setiaphari", "semua", "daily", "all", "every day", "setiap hari")
COLUMNS: Final[Columns] = {
    "day": ("day", "days", "date", "hari", "tanggal"),
    "from": ("from", "start", "dari", "mulai", "jammulai"),
    "to": ("to", "end", "until", "sampai", "selesai", "jamselesai"),
    "officer": ("officer", "officers", "petugas", "nama"),
}
EXAMPLE: Final = "day,from,to,officer"


def weekdays(text: str) -> tuple[int, ...]:
    """0 is Monday: of ``senin``, ``mon-fri``, ``sabtu,minggu`` or ``daily``; raises ValueError with a sentence."""
    plain = text.strip().casefold()
    if plain in EVERY_DAY:
        return tuple(range(7))
    found: dict[int, None] = {}
    for part in re.split(r"[,\s;]+", plain):
        first, _, last = part.partition("-")
        start, end = _weekday(first), _weekday(last or first)
        found |= dict.fromkeys((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(found))


def _weekday(word: str) -> int:
    for number, names in enumerate(WEEKDAYS):
        if word in names:
            return number
    raise ValueError(f"{word[:20]!r} is no day; write senin, mon-fri, sabtu,minggu, daily, or a date like 2026-11-24")


def time_of_day(text: str) -> int:
    """Minutes after midnight of ``06:00``, ``6.00`` or ``24:00``; raises ValueError with a sentence."""
    match = re.fullmatch(r"([0-9]{1,2})[:.]([0-5][0-9])", text.strip())
    minutes = int(match[1]) * 60 + int(match[2]) if match else DAY_MINUTES + 1
    if minutes > DAY_MINUTES:
        raise ValueError(f"{text[:20]!r} is no time of day; write it like 06:00")
    return minutes


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def days_text(days: tuple[int, ...]) -> str:
    """``senin-jumat`` for what goes on without a break, else the days."""
    names = [WEEKDAYS[day][0] for day in days]
    if len(days) == 7:
        return "setiap hari"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]}-{names[-1]}"
    return ",".join(names)


def part_of(day: str, start: str, end: str, officers: tuple[str, ...]) -> Shift | Duty:
    """A weekly shift, or the duty of a date; raises ValueError with a sentence."""
    starts, ends = time_of_day(start), time_of_day(end)
    if re.match(r"[0-9]", day.strip()):
        try:
            return Duty(day=date.fromisoformat(day.strip()), starts=starts, ends=ends, officers=officers)
        except ValueError:
            raise ValueError(f"{day[:20]!r} is no date; write it like 2026-11-24") from None
    return Shift(weekdays=weekdays(day), starts=starts, ends=ends, officers=officers)


def read_roster(path: Path, officer_of: Callable[[str], str]) -> Roster:
    """The roster of a CSV file, a line a shift; raises BadCsv naming every bad line.

    ``officer_of`` gives the id of an officer by id or name, or raises ValueError with a sentence.
    """
    sheet = read(path, COLUMNS, example=EXAMPLE)
    if missing := [word for word in COLUMNS if word not in sheet.headings]:
        raise BadCsv(f"{path}: the column {' and '.join(missing)} is missing; write a heading: {EXAMPLE}")
    shifts: list[Shift] = []
    duties: list[Duty] = []
    bad: list[str] = []
    for line in sheet.lines:
        try:
            part = _part(line.values, officer_of)
        except ValueError as error:
            bad.append(f"{path}:{line.number}: {error}")
            continue
        if isinstance(part, Shift):
            shifts.append(part)
        else:
            duties.append(part)
    if bad:
        raise BadCsv("\n".join([*bad, "nothing was imported"]))
    return Roster(shifts=tuple(shifts), duties=tuple(duties))


def _part(values: Mapping[str, str], officer_of: Callable[[str], str]) -> Shift | Duty:
    named = [each.strip() for each in values.get("officer", "").split(";") if each.strip()]
    if not named:
        raise ValueError("officer: is missing; write an id or a name")
    officers = tuple(dict.fromkeys(officer_of(each) for each in named))
    return part_of(values.get("day", ""), values.get("from", ""), values.get("to", ""), officers)
