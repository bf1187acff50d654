"""The duty roster: weekly shifts, dates that differ, swaps, and gaps that are named."""

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from alerting.roster import Duty, Roster, Shift, Swap
from deploy.recipients.roster_text import days_text, part_of, time_of_day, weekdays

WIB = ZoneInfo("Asia/Jakarta")
DAY = Shift(weekdays=(0, 1, 2, 3, 4), starts=6 * 60, ends=18 * 60, officers=("p1", "p2"))
NIGHT = Shift(weekdays=tuple(range(7)), starts=18 * 60, ends=6 * 60, officers=("p3",))
WEEKLY = Roster(shifts=(DAY, NIGHT))


def at(text: str, zone: ZoneInfo = WIB) -> int:
    """ms UTC of a moment on the site's clock."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def said(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(WIB).strftime("%a %H:%M")


@pytest.mark.parametrize(
    ("moment", "officers"),
    [
        ("2026-11-23 06:00", ("p1", "p2")),  # Monday
        ("2026-11-23 17:59:59.999", ("p1", "p2")),
        ("2026-11-23 18:00", ("p3",)),
        ("2026-11-24 05:59", ("p3",)),  # the night that began on Monday
        ("2026-11-24 06:00", ("p1", "p2")),
        ("2026-11-28 12:00", ()),  # Saturday noon
        ("2026-11-29 02:00", ("p3",)),
        ("2026-11-23 00:00", ("p3",)),  # Sunday's night
    ],
)
def test_weekly_shifts_hold_from_their_first_to_before_their_last_minute(
    moment: str, officers: tuple[str, ...]
) -> None:
    """Also over midnight and over the end of the week, by the site's clock."""
    assert officers == WEEKLY.on_duty(at(moment), WIB)


def test_a_date_takes_the_place_of_the_weekly_shift_while_it_lasts() -> None:
    """Before and after it the weekly shifts hold."""
    roster = Roster(
        shifts=WEEKLY.shifts,
        duties=(Duty(day=date(2026, 11, 24), starts=8 * 60, ends=12 * 60, officers=("p9",)),),
    )
    moments = ("2026-11-24 07:59", "2026-11-24 08:00", "2026-11-24 12:00")
    assert [("p1", "p2"), ("p9",), ("p1", "p2")] == [roster.on_duty(at(each), WIB) for each in moments]


def test_a_swap_is_of_what_begins_on_its_day() -> None:
    """The night of the 24th is stood in for until the morning of the 25th, the night before is not."""
    roster = Roster(shifts=WEEKLY.shifts, swaps=(Swap(day=date(2026, 11, 24), absent="p3", stands_in="p5"),))
    moments = ("2026-11-24 05:00", "2026-11-24 20:00", "2026-11-25 05:00", "2026-11-25 20:00")
    assert [("p3",), ("p5",), ("p5",), ("p3",)] == [roster.on_duty(at(each), WIB) for each in moments]


def test_a_whole_day_and_two_shifts_at_once() -> None:
    """00:00 to 00:00 and to 24:00 are the day; who stands in two shifts is named once."""
    for ends in (0, 1440):
        roster = Roster(
            duties=(
                Duty(day=date(2026, 11, 24), starts=0, ends=ends, officers=("p1",)),
                Duty(day=date(2026, 11, 24), starts=60, ends=120, officers=("p1", "p2")),
            )
        )
        moments = ("2026-11-23 23:59", "2026-11-24 00:00", "2026-11-24 01:00", "2026-11-24 23:59", "2026-11-25 00:00")
        assert [(), ("p1",), ("p1", "p2"), ("p1",), ()] == [roster.on_duty(at(each), WIB) for each in moments]


def test_stretches_have_no_holes_and_name_the_gaps() -> None:
    """From Friday noon to Monday noon: both days of the weekend are a gap."""
    start, end = at("2026-11-27 12:00"), at("2026-11-30 12:00")
    stretches = list(WEEKLY.stretches(start, end, WIB))
    assert (start, end) == (stretches[0].start, stretches[-1].end)
    assert all(one.end == following.start for one, following in pairwise(stretches))
    gaps = [(said(each.start), said(each.end)) for each in stretches if not each.officers]
    assert [("Sat 06:00", "Sat 18:00"), ("Sun 06:00", "Sun 18:00")] == gaps


@pytest.mark.parametrize("moment", ["2026-11-23 05:59", "2026-11-23 06:00", "2026-11-24 07:00", "2026-11-28 12:00"])
def test_who_holds_the_duty_holds_it_as_long_as_it_says(moment: str) -> None:
    """Minute by minute the same, whatever begins or ends meanwhile."""
    roster = Roster(
        shifts=WEEKLY.shifts,
        duties=(Duty(day=date(2026, 11, 24), starts=8 * 60, ends=12 * 60, officers=("p9",)),),
    )
    held = roster.holding(at(moment), WIB)
    assert held.start < held.end
    assert {held.officers} == {
        roster.on_duty(each, WIB) for each in (*range(held.start, held.end, 60_000), held.end - 1)
    }


def test_a_clock_that_is_put_forward_does_not_move_a_shift() -> None:
    """Where there is summer time, 06:00 stays 06:00 on the wall."""
    zone = ZoneInfo("Europe/Amsterdam")
    roster = Roster(shifts=(Shift(weekdays=(6,), starts=60, ends=360, officers=("p1",)),))
    moments = ("2027-03-28 00:59", "2027-03-28 01:00", "2027-03-28 05:59", "2027-03-28 06:00")
    assert [(), ("p1",), ("p1",), ()] == [roster.on_duty(at(each, zone), zone) for each in moments]


def test_who_left_stands_nowhere_in_the_roster() -> None:
    """A shift that was his alone is gone, in others the rest stay, his swaps are void."""
    roster = Roster(shifts=WEEKLY.shifts, swaps=(Swap(day=date(2026, 11, 24), absent="p1", stands_in="p3"),))
    after = roster.without("p3")
    assert (("p1", "p2"),) == tuple(each.officers for each in after.shifts)
    assert () == after.swaps
    assert frozenset({"p1", "p2"}) == after.officers
    assert (("p2",), ("p3",)) == tuple(each.officers for each in roster.without("p1").shifts)


def test_an_empty_roster_names_nobody() -> None:
    """Then all officers are told; the directory says so."""
    assert Roster().is_empty
    assert () == Roster().on_duty(at("2026-11-23 12:00"), WIB)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("senin", (0,)),
        ("Jum'at", (4,)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("sabtu,minggu", (5, 6)),
        ("sabtu-senin", (0, 5, 6)),
        ("daily", (0, 1, 2, 3, 4, 5, 6)),
        ("Setiap Hari", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_days_as_people_write_them(text: str, days: tuple[int, ...]) -> None:
    """Indonesian and English, single, in a row, and over the end of the week."""
    assert days == weekdays(text)


@pytest.mark.parametrize(
    ("day", "start", "end", "hint"),
    [
        ("funday", "06:00", "14:00", "write senin"),
        ("", "06:00", "14:00", "write senin"),
        ("2026-13-01", "06:00", "14:00", "2026-11-24"),
        ("senin", "6", "14:00", "06:00"),
        ("senin", "06:00", "25:00", "06:00"),
        ("senin", "06:00", "24:01", "06:00"),
    ],
)
def test_what_is_no_shift_is_refused_with_what_to_write(day: str, start: str, end: str, hint: str) -> None:
    """One sentence each."""
    with pytest.raises(ValueError, match=hint):
        part_of(day, start, end, ("p1",))


def test_a_line_is_a_weekly_shift_or_a_date() -> None:
    """06.00 is a time too, as offices write it."""
    assert Shift(weekdays=(5, 6), starts=360, ends=1440, officers=("p1",)) == part_of(
        "sabtu,minggu", "06.00", "24:00", ("p1",)
    )
    assert Duty(day=date(2026, 11, 24), starts=0, ends=360, officers=()) == part_of("2026-11-24", "0:00", "6:00", ())
    assert 1439 == time_of_day("23:59")


def test_days_are_printed_short() -> None:
    """A row of days by its ends."""
    assert ["senin-jumat", "sabtu,minggu", "setiap hari", "rabu"] == [
        days_text(each) for each in ((0, 1, 2, 3, 4), (5, 6), tuple(range(7)), (2,))
    ]
