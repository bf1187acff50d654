"""A node's battery and panel by local day, and what the last days say of the next ones. Pure.

The lowest voltage of each day is compared, not the last one: sun and clouds lift the others as they please.
"""

from itertools import combinations
from statistics import median
from typing import Final

import msgspec

DAY_MS: Final = 86_400_000
KEPT: Final = 14  # days
LOW_MV: Final = 3500.0  # of one lithium-ion cell: below it a node measures every five minutes only
LEAST_READINGS: Final = 12  # of a day that counts
LEAST_DAYS: Final = 4
FALLING_MV: Final = 10.0  # a day; a cell's own ups and downs between two days are as great
STEADY_MV: Final = 5.0
SOON_DAYS: Final = 14.0
FAR_DAYS: Final = 21.0
DAYLIGHT: Final = range(9, 15)  # local hours in which a panel that works is above its battery
CHARGED: Final = 5  # readings of a day's light with the panel above the battery, that make it a day of charging
DARK_DAYS: Final = 2


class Day(msgspec.Struct):
    low_mv: float
    readings: int = 0
    light: int = 0  # readings by daylight of both battery and panel
    charging: int = 0  # those of them with the panel above the battery


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """``days_left`` until the node measures slowly, None unless the voltage falls."""

    mv_a_day: float
    days_left: float | None


class BatteryDays(msgspec.Struct):
    """By number of the local day; ``offset_ms`` is local time less UTC."""

    days: dict[int, Day] = {}

    def take(self, time: int, offset_ms: int, battery_mv: float, solar_mv: float | None) -> None:
        number, into = divmod(time + offset_ms, DAY_MS)
        day = self.days.get(number)
        if day is None:
            if self.days and number <= max(self.days) - KEPT:
                return
            day = self.days[number] = Day(battery_mv)
            for old in [each for each in self.days if each <= max(self.days) - KEPT]:
                del self.days[old]
        day.low_mv = min(day.low_mv, battery_mv)
        day.readings += 1
        if solar_mv is not None and into * 24 // DAY_MS in DAYLIGHT:
            day.light += 1
            day.charging += solar_mv > battery_mv

    def trend(self, now: int, offset_ms: int) -> Trend | None:
        """Over the days before today; None while they are too few.

        The slope is the median of those between any two days (Theil 1950, Sen 1968): one odd day does not bend it.
        """
        today = (now + offset_ms) // DAY_MS
        lows = sorted((n, d.low_mv) for n, d in self.days.items() if n < today and d.readings >= LEAST_READINGS)
        if len(lows) < LEAST_DAYS:
            return None
        slope = median((later[1] - first[1]) / (later[0] - first[0]) for first, later in combinations(lows, 2))
        left = max(lows[-1][1] - LOW_MV, 0.0) / -slope if slope < 0 else None
        return Trend(mv_a_day=slope, days_left=left)

    def drains(self, trend: Trend | None) -> bool | None:
        """True while the battery falls towards its end within two weeks; None: neither this nor its contrary."""
        if trend is None:
            return None
        if trend.days_left is None or trend.mv_a_day > -STEADY_MV or trend.days_left > FAR_DAYS:
            return False
        return True if trend.mv_a_day <= -FALLING_MV and trend.days_left <= SOON_DAYS else None

    def dark_days(self, now: int, offset_ms: int) -> int | None:
        """How many days in a row the panel has not charged, today's light included once it is over; None: no panel."""
        today, into = divmod(now + offset_ms, DAY_MS)
        is_over = into * 24 // DAY_MS >= DAYLIGHT.stop
        days = self.days.items()
        lit = sorted((n for n, d in days if d.light >= LEAST_READINGS or d.charging >= CHARGED), reverse=True)
        if not lit:
            return None
        dark = 0
        for number in lit:
            if self.days[number].charging >= CHARGED:
                break
            dark += number < today or is_over
        return dark

    def is_dark(self, dark: int | None) -> bool | None:
        """True after two days without charging, False once one has charged."""
        if dark is None:
            return None
        return True if dark >= DARK_DAYS else (False if dark == 0 else None)
