"""The duty roster: who of the officers is on duty when. Pure; times of day are those of the site's zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

DAY_MINUTES: Final = 1440


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Of every week: on ``weekdays`` (0 is Monday) from ``starts`` to ``ends``, in minutes after midnight.

    An end not after the start is on the next day; 0 to 0 is the whole day.
    """

    weekdays: tuple[int, ...]
    starts: int
    ends: int
    officers: tuple[str, ...]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Of one date: it takes the place of the weekly shifts as long as it lasts."""

    day: date
    starts: int
    ends: int
    officers: tuple[str, ...]


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """In whatever begins on ``day``, ``stands_in`` takes the place of ``absent``."""

    day: date
    absent: str
    stands_in: str


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """From ``start`` until before ``end``, ms UTC, these officers are on duty; nobody: a gap."""

    start: int
    end: int
    officers: tuple[str, ...]


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """Weekly shifts, what differs on single dates, and swaps."""

    shifts: tuple[Shift, ...] = ()
    duties: tuple[Duty, ...] = ()
    swaps: tuple[Swap, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.shifts and not self.duties

    def on_duty(self, now_ms: int, zone: ZoneInfo) -> tuple[str, ...]:
        """Ids of those on duty, each once; nobody in a gap."""
        if self.is_empty:
            return ()
        today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).date()
        days = (today - timedelta(days=1), today)
        dated = [each for day in days for each in self._dated(day, zone)]
        weekly = [each for day in days for each in self._weekly(day, zone)]
        for stretches in (dated, weekly):
            if found := [each for each in stretches if each.start <= now_ms < each.end]:
                return tuple(dict.fromkeys(officer for each in found for officer in each.officers))
        return ()

    def holding(self, now_ms: int, zone: ZoneInfo) -> Stretch:
        """Who is on duty, and until when that certainly holds: the next moment at which anything begins or ends."""
        tomorrow = now_ms + DAY_MINUTES * 60_000
        moments = () if self.is_empty else self._moments(now_ms, tomorrow, zone)
        return Stretch(start=now_ms, end=min(moments, default=tomorrow), officers=self.on_duty(now_ms, zone))

    def stretches(self, start_ms: int, end_ms: int, zone: ZoneInfo) -> Iterator[Stretch]:
        """Who is on duty from ``start_ms`` until ``end_ms``, without a hole: a gap is a stretch with nobody."""
        open_since, officers = start_ms, self.on_duty(start_ms, zone)
        for moment in self._moments(start_ms, end_ms, zone):
            now = self.on_duty(moment, zone)
            if now != officers:
                yield Stretch(start=open_since, end=moment, officers=officers)
                open_since, officers = moment, now
        if open_since < end_ms:
            yield Stretch(start=open_since, end=end_ms, officers=officers)

    def without(self, officer: str) -> "Roster":
        """The roster when somebody has left."""
        shifts = [_less(each, officer) for each in self.shifts if each.officers != (officer,)]
        duties = [_less(each, officer) for each in self.duties if each.officers != (officer,)]
        swaps = [each for each in self.swaps if officer not in (each.absent, each.stands_in)]
        return Roster(shifts=tuple(shifts), duties=tuple(duties), swaps=tuple(swaps))

    @property
    def officers(self) -> frozenset[str]:
        """Everybody whom it names."""
        everything: tuple[Shift | Duty, ...] = (*self.shifts, *self.duties)
        swapped = {officer for each in self.swaps for officer in (each.absent, each.stands_in)}
        return frozenset(swapped.union(*(each.officers for each in everything)))

    def _moments(self, start_ms: int, end_ms: int, zone: ZoneInfo) -> list[int]:
        first = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(zone).date() - timedelta(days=1)
        count = (end_ms - start_ms) // (DAY_MINUTES * 60_000) + 3
        days = [first + timedelta(days=step) for step in range(count)]
        found = [each for day in days for each in (*self._dated(day, zone), *self._weekly(day, zone))]
        moments = {moment for each in found for moment in (each.start, each.end)}
        return sorted(moment for moment in moments if start_ms < moment < end_ms)

    def _dated(self, day: date, zone: ZoneInfo) -> list[Stretch]:
        return [self._stretch(each, day, zone) for each in self.duties if each.day == day]

    def _weekly(self, day: date, zone: ZoneInfo) -> list[Stretch]:
        return [self._stretch(each, day, zone) for each in self.shifts if day.weekday() in each.weekdays]

    def _stretch(self, of: Shift | Duty, day: date, zone: ZoneInfo) -> Stretch:
        swapped = {swap.absent: swap.stands_in for swap in self.swaps if swap.day == day}
        ends = of.ends if of.ends > of.starts else of.ends + DAY_MINUTES
        return Stretch(
            start=_moment(day, of.starts, zone),
            end=_moment(day, ends, zone),
            officers=tuple(swapped.get(officer, officer) for officer in of.officers),
        )


def _less(of: Any, officer: str) -> Any:
    return msgspec.structs.replace(of, officers=tuple(each for each in of.officers if each != officer))


def _moment(day: date, minutes: int, zone: ZoneInfo) -> int:
    """``minutes`` after midnight of ``day`` in ``zone``; on the wall clock, so that a shift keeps its times."""
    at = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minutes)
    return int(at.timestamp() * 1000)
