"""What is known of one node's own health, from what it says and what it measures; which alarms that makes. Pure.

Limits are ours, chosen for an ESP32 on a lithium-ion cell; none of them is official. While somebody works on the
station, an open lid and a restart are his.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from broker import wire
from broker.live import NodeAlarm
from broker.quality_flags import Flag
from deploy.nodes.alarms import HOUR_MS, MINUTE_MS, Alarms, Kind, is_high, is_low, name_of
from deploy.nodes.battery_days import LOW_MV, BatteryDays, Trend
from ingest.rain_worked_on import is_not_counted
from ingest.readings import Reading

BATTERY: Final = ("batt_mv", "battery_mv")
SOLAR, LID, TILTED = "solar_mv", "lid_open", "tilted"
RECOVERED_MV: Final = 3600.0
GONE_MV: Final = 1000.0  # no cell that is still connected has so little
TOGETHER: Final = 3  # readings of a series in a row that make it lost, or sound again
THEFT_MS: Final = 30 * MINUTE_MS  # within which two signs of theft must come
STARTS_MS: Final = 6 * HOUR_MS
MOST_STARTS, CALM_STARTS = 4, 1  # within six hours: a loop, and its end
WEAK_DBM, FAIR_DBM = -80.0, -75.0
RSSI_SHARE: Final = 0.3  # of the newest in the mean: it wanders by some dBm by itself
LEAST_FREE, FAIR_FREE = 6_144, 10_240
LEAST_FLASH, FAIR_FLASH = 65_536, 98_304
HOT_C, WARM_C = 80.0, 72.0
NO_TIME_MS: Final = HOUR_MS
LOST_HOURS: Final = 24
LEAST_LOST, LOST_SHARE, FINE_SHARE = 30, 0.05, 0.02  # of the observations of a day
DRAINING: Final = 100  # observations in the ring: the missing ones are still on their way
BOOTS: Final = 8
SOUND, SUSPECT = int(Flag.NOT_EVALUATED), int(Flag.SUSPECT)  # plain numbers: each reading is compared with them
CONTACTS: Final = (LID, TILTED)
OF_NODES: Final = frozenset({*BATTERY, SOLAR, *CONTACTS})

Settled = tuple[str, Kind, str]  # its name among the alarms, its kind, what became of it: raised or ended


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What a node's health is judged by besides itself. ``silent_ms`` is the patience of its station; 0: none."""

    now: int
    offset_ms: int = 7 * HOUR_MS  # local time less UTC
    is_linked: bool = True  # to the broker: without it nobody is heard, and nobody is silent
    silent_ms: int = 0
    last_arrival: int = 0
    listening_since: int = 0  # before it nobody could be heard
    behind_ms: int = 0


class NodeHealth(msgspec.Struct, gc=False):
    """Of one node; kept over a restart of core. Times are ms UTC of core's clock unless they say otherwise.

    There may be a hundred thousand of them, nearly all well: what a node has not shown yet is None and takes no room.
    """

    alarms: Alarms | None = None
    status: wire.Status | None = None  # the last one that said more than "offline"
    is_online: bool = True
    is_calm: bool = False  # nothing that time alone could make an alarm of, or end
    rssi_dbm: float | None = None  # mean of the last ones
    boots: tuple[int, ...] = ()  # the last ones
    starts: tuple[int, ...] = ()
    boot: int = -1  # of the last observation
    next_seq: int = 0  # after the greatest of that boot
    older: dict[int, int] | None = None  # the same of other boots
    hour: int = 0
    expected: int = 0  # observations of this hour
    came: int = 0
    hourly: int = 0  # expected in the last whole hour
    missing: dict[int, int] | None = None  # by hour: what did not come, less what came late
    no_time_since: int | None = None
    battery: BatteryDays | None = None
    battery_mv: float | None = None
    contacts: dict[str, bool] | None = None  # lid and tilt as they are
    signs: dict[str, int] | None = None  # of theft, and when each came
    runs: dict[str, tuple[str, int]] | None = None  # of series that failed lately: how, and how often in a row
    trend: Trend | None = None
    trend_day: int = -1

    @property
    def standing(self) -> dict[str, NodeAlarm]:
        return {} if self.alarms is None else self.alarms.standing

    @property
    def is_worth_keeping(self) -> bool:
        """Whether it holds more than counters of the last hours."""
        return self.alarms is not None or self.battery is not None or bool(self.boots)

    # -- what it says ----------------------------------------------------------------------------------------------

    def hear(self, status: wire.Status, now: int, *, is_maintained: bool) -> None:
        """Take a status."""
        was_online, self.is_online, self.is_calm = self.is_online, status.online, False
        if not status.online:
            if was_online and not is_maintained:
                self._sign("gone", now)
            return
        self.status = status
        if self.signs is not None:
            self.signs.pop("gone", None)
        if status.rssi_dbm is not None:
            before = self.rssi_dbm if self.rssi_dbm is not None else float(status.rssi_dbm)
            self.rssi_dbm = before + RSSI_SHARE * (status.rssi_dbm - before)
        if status.boot is None or status.boot in self.boots:
            return
        if self.boots and not is_maintained:  # the first that core hears of is no restart
            self.starts = (*self.starts, now)
        self.boots = (*self.boots, status.boot)[-BOOTS:]

    def count(self, boot: int, seq: int, now: int, *, has_time: bool) -> None:
        """An observation came for the first time."""
        hour = now // HOUR_MS
        if hour != self.hour:
            self._turn(hour)
        if boot != self.boot:
            self._change_boot(boot, seq)
        self.came += 1
        if seq >= self.next_seq:
            self.expected += seq - self.next_seq + 1
            self.next_seq = seq + 1
        if not has_time:
            if self.no_time_since is None:
                self.no_time_since, self.is_calm = now, False
        elif self.no_time_since is not None:
            self.no_time_since, self.is_calm = None, False

    def take(self, rows: Sequence[Reading], offset_ms: int, *, is_maintained: bool) -> bool:
        """Take what was made of an observation, where it :func:`tells` something; whether to judge at once."""
        battery = solar = None
        is_urgent = False
        for row in rows:
            if row.revision:
                continue  # of an earlier observation, judged again
            if row.quantity in BATTERY:
                battery = row
            elif row.quantity == SOLAR:
                solar = row.value
            elif row.quantity in CONTACTS:
                is_urgent |= self._contact(row, is_maintained=is_maintained)
            if not is_not_counted(row.reason):
                is_urgent |= self._run(row)
        if battery is not None and battery.value is not None:
            if self.battery is None:
                self.battery = BatteryDays()
            if battery.value >= GONE_MV:
                self.battery.take(battery.time, offset_ms, battery.value, solar)
            is_urgent |= self._power(battery.value, battery.time, is_maintained=is_maintained)
        return is_urgent

    def tells(self, rows: Sequence[Reading]) -> bool:
        """Whether anything in it is about the node itself. Most observations are a good reading of water."""
        for row in rows:
            if row.flag > SOUND or row.quantity in OF_NODES or (self.runs and row.quantity in self.runs):
                return True
        return False

    def _turn(self, hour: int) -> None:
        lost = self.expected - self.came
        if lost:
            self.missing = {} if self.missing is None else self.missing
            self.missing[self.hour] = lost
            self.is_calm = False
        self.hour, self.hourly, self.expected, self.came = hour, self.expected, 0, 0

    def _change_boot(self, boot: int, seq: int) -> None:
        if self.boot != -1:
            self.older = {} if self.older is None else self.older
            self.older[self.boot] = self.next_seq
            if len(self.older) > BOOTS:
                del self.older[next(iter(self.older))]
        self.boot, self.next_seq = boot, seq if self.older is None else self.older.pop(boot, seq)

    def _contact(self, row: Reading, *, is_maintained: bool) -> bool:
        if row.value is None:
            return False
        self.contacts = {} if self.contacts is None else self.contacts
        was, away = self.contacts.get(row.quantity, False), bool(row.value)
        self.contacts[row.quantity] = away
        if away and not was and not is_maintained:
            self._sign(row.quantity, row.time)
        return away != was

    def _power(self, battery_mv: float, time: int, *, is_maintained: bool) -> bool:
        before, self.battery_mv = self.battery_mv, battery_mv
        if battery_mv < RECOVERED_MV:
            self.is_calm = False
        is_torn = battery_mv < GONE_MV or (before is not None and battery_mv < before / 2)
        if is_torn and (before is None or before >= GONE_MV) and not is_maintained:
            self._sign("battery", time)
        return is_torn

    def _sign(self, sign: str, at: int) -> None:
        self.signs = {} if self.signs is None else self.signs
        self.signs[sign] = at

    def _run(self, row: Reading) -> bool:
        """Count readings of a series that are alike in a row; whether that settles something."""
        how = "sound" if row.flag <= SOUND else "doubtful" if row.flag == SUSPECT else "lost"
        if self.runs is None:
            if how == "sound":
                return False
            self.runs = {}
        elif how == "sound" and row.quantity not in self.runs:
            return False
        known, count = self.runs.get(row.quantity, (how, 0))
        if known == how and count == TOGETHER:
            return False
        count = count + 1 if known == how else 1
        self.runs[row.quantity] = (how, count)
        return count == TOGETHER

    # -- what that makes -------------------------------------------------------------------------------------------

    def judge(self, about: Circumstances) -> list[Settled]:
        """Bring the alarms up to now; those that were raised or ended."""
        self._forget(about)
        alarms = Alarms() if self.alarms is None else self.alarms
        found: list[Settled] = []
        for kind, holds, value, note in self._conditions(about):
            became = alarms.settle(kind, holds, about.now, value=value, note=note)
            if became is not None:
                found.append((name_of(kind, note), kind, became))
        self.alarms = alarms if alarms.standing or alarms.since else None
        runs = {name: run for name, run in (self.runs or {}).items() if run != ("sound", TOGETHER)}
        self.runs = runs or None
        self.is_calm = not (
            self.alarms or self.runs or self.signs or self.starts or self.missing or self.no_time_since is not None
        )
        return found

    def _conditions(self, about: Circumstances) -> Iterator[tuple[Kind, bool | None, float | None, str]]:
        yield "silent", self._silent(about), None, ""
        yield "theft", self._stolen(about), None, ",".join(sorted(self.signs or {}))
        for quantity, (how, count) in (self.runs or {}).items():
            if count >= TOGETHER:
                yield "sensor", how == "lost", None, quantity
                yield "doubtful", how == "doubtful", None, quantity
        contacts, status = self.contacts or {}, self.status
        yield "lid", contacts.get(LID), None, ""
        yield "tilted", contacts.get(TILTED), None, ""
        if self.battery is not None:
            yield "battery", is_low(self.battery_mv, below=LOW_MV, until=RECOVERED_MV), self.battery_mv, ""
            days_left = None if self.trend is None else self.trend.days_left
            yield "draining", self.battery.drains(self.trend), days_left, ""
            dark = self.battery.dark_days(about.now, about.offset_ms)
            yield "charging", self.battery.is_dark(dark), dark, ""
        reset = "" if status is None else status.reset or ""
        yield "reboots", self._restarts(), float(len(self.starts)), reset
        lost, share = self._lost()
        yield "gaps", lost, share, ""
        yield "clock", bool(about.behind_ms) or self._has_no_time(about.now), float(about.behind_ms), ""
        yield "signal", is_low(self.rssi_dbm, below=WEAK_DBM, until=FAIR_DBM), self.rssi_dbm, ""
        if status is not None:
            yield "memory", is_low(status.free_bytes, below=LEAST_FREE, until=FAIR_FREE), status.free_bytes, ""
            flash = status.flash_free_bytes
            yield "storage", is_low(flash, below=LEAST_FLASH, until=FAIR_FLASH), flash, ""
            yield "temperature", is_high(status.chip_c, above=HOT_C, until=WARM_C), status.chip_c, ""

    def _silent(self, about: Circumstances) -> bool | None:
        """Whose silence is known stays silent over a restart of core, until something comes from it."""
        if not about.is_linked or not about.silent_ms or not about.last_arrival:
            return None
        is_known = "silent" in self.standing
        since = about.last_arrival if is_known else max(about.last_arrival, about.listening_since)
        return about.now - since > about.silent_ms

    def _stolen(self, about: Circumstances) -> bool | None:
        """Two signs within half an hour, one of them at the box; over when it is closed, upright, powered and heard."""
        if "theft" in self.standing:
            away = any((self.contacts or {}).values()) or (self.battery_mv is not None and self.battery_mv < GONE_MV)
            return away or not self.is_online or bool(self._silent(about))
        signs = dict(self.signs or {})
        if self._silent(about):
            signs.setdefault("gone", about.last_arrival)
        if not signs.keys() - {"gone"}:
            return False
        ordered = sorted(signs.values())
        return any(later - first <= THEFT_MS for first, later in pairwise(ordered))

    def _restarts(self) -> bool | None:
        count = len(self.starts)
        return True if count >= MOST_STARTS else (False if count <= CALM_STARTS else None)

    def _lost(self) -> tuple[bool | None, float | None]:
        """Whether observations never came, and what share of a day's."""
        if self.status is not None and (self.status.stored or 0) > DRAINING:
            return None, None
        lost = max(0, sum((self.missing or {}).values()) + self.expected - self.came)
        if not lost:
            return False, 0.0
        if not self.hourly:
            return None, None
        share = lost / (LOST_HOURS * self.hourly)
        if lost >= LEAST_LOST and share >= LOST_SHARE:
            return True, share
        return (False if share < FINE_SHARE else None), share

    def _has_no_time(self, now: int) -> bool:
        return self.no_time_since is not None and now - self.no_time_since >= NO_TIME_MS

    def _forget(self, about: Circumstances) -> None:
        now = about.now
        if self.starts:
            self.starts = tuple(at for at in self.starts if now - at < STARTS_MS)
        if self.missing:
            oldest = now // HOUR_MS - LOST_HOURS
            self.missing = {hour: lost for hour, lost in self.missing.items() if hour > oldest} or None
        if self.signs and "theft" not in self.standing:
            self.signs = {name: at for name, at in self.signs.items() if now - at <= 2 * THEFT_MS} or None
        day = (now + about.offset_ms) // (24 * HOUR_MS)
        if self.battery is not None and day != self.trend_day:
            self.trend_day, self.trend = day, self.battery.trend(now, about.offset_ms)
