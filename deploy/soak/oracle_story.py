"""The story that decisions tell, held against the water and what was delivered (I2, I4, I5, I7, I9).

Shares no code with the engine: a level is right when the last samples say so, and may be left when every sample of the
hold says so.
"""

import json
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from deploy.soak.breach import Breaches
from deploy.soak.clock import HOUR, MINUTE
from deploy.soak.field import Key, Sample
from deploy.soak.oracle_people import PeopleOracle
from deploy.soak.stations import PLACES, Place

EARLIEST: Final = 1_577_836_800_000
AHEAD_MS: Final = 5 * MINUTE
HORIZON_MS: Final = 15 * MINUTE
BURST_MS: Final = 5000
NEVER_MS: Final = 5 * MINUTE  # a level that is still missing then was not late, but overlooked
KEPT: Final = 160
OVER: Final = ("ended", "cancelled")
OF_A_SAMPLE: Final = ("threshold", "trend", "fell", "heard")
SETTLED_MS: Final = 7 * MINUTE  # six doubted samples may be settled later; then they count from their own time on
JITTER_MS: Final = 4000  # of samples whose clock core has to guess
EPSILON: Final = 0.0011  # a node's millimetre

Row = tuple[Any, ...]


class Seen(msgspec.Struct, gc=False, eq=False):
    """A sample as core took it, with core's clocks. ``is_stored`` when its commit is on disk."""

    key: Key
    time: int
    received: int
    value: float
    truth: float
    is_clean: bool
    is_in_order: bool
    is_stored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a station, an area or everything stands, by what was decided."""

    level: int = 0
    is_silent: bool = False
    reset_at: int = 0  # samples received before say nothing about now
    at_least: bool = False


@dataclass(slots=True, kw_only=True)
class Gauge:
    """A station of water: its limits in force and its latest samples."""

    place: Place
    limits: tuple[float, float, float]
    limits_at: int = 0
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=KEPT))
    missing_since: int | None = None
    had_fault: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """A decision, as far as an officer's load is concerned."""

    at: int
    alert: str
    kind: str


@dataclass(frozen=True, slots=True)
class Told:
    """A row of ``alerts``."""

    alert: str
    version: int
    name: str
    hazard: str
    kind: str
    level: int
    at: int
    cause: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.alert} v{self.version} {self.kind} level {self.level} ({self.cause['why']})"


class StoryOracle:
    """Time is core's clock, except in what is reported."""

    def __init__(self, breaches: Breaches, people: PeopleOracle) -> None:
        self._breaches, self._people = breaches, people
        self.gauges = {p.station: Gauge(place=p, limits=p.limits) for p in PLACES if p.limits is not None}
        self.scopes: dict[str, Scope] = {}
        self.versions: dict[str, int] = {}
        self.alarms: list[Alarm] = []
        self._stored: tuple[dict[str, Scope], dict[str, int], int] = ({}, {}, 0)
        self.told: list[str] = []
        self._told: set[int] = set()
        self._unstored: set[Key] = set()
        self._last_arrival: dict[str, int] = {}
        self._last_time: dict[str, int] = {}
        self._skew: dict[str, int] = {}  # of nodes whose dates cannot be true: their clock to core's

    def scope(self, name: str) -> Scope:
        return self.scopes.get(name) or Scope()

    # -- what core takes -----------------------------------------------------------------------------------------

    def took(self, sample: Sample, now: int) -> bool:
        """A sample that is new to core is in this turn; whether it says something about now."""
        node = sample.key[0]
        before, self._last_arrival[node] = self._last_arrival.get(node, 0), now
        time = sample.stated
        is_own = time is not None and EARLIEST <= time <= now + AHEAD_MS and time >= now - 400 * 24 * HOUR
        may_count, is_sure = (True, True) if is_own else self._without_time(sample, now, before)
        if not may_count:
            return False
        time = time if is_own and time is not None else now
        if is_own:
            self._skew.pop(node, None)
            is_sure = -AHEAD_MS <= now - time <= HORIZON_MS
        if is_own and not is_sure:
            # A clock that is behind may be put right by core, or not: such a sample may count, and need not.
            if self._breaches.now - sample.at > HORIZON_MS:
                return False
            time = now
        gauge = self.gauges.get(sample.station)
        if gauge is not None and sample.key not in self._unstored:
            self._unstored.add(sample.key)
            in_order = time > self._last_time.get(sample.station, 0)
            self._last_time[sample.station] = max(time, self._last_time.get(sample.station, 0))
            is_clean = sample.is_clean and is_sure
            if sample.value < gauge.limits[0] - gauge.place.hysteresis_m + EPSILON:
                self._people.left(sample.station)
            gauge.seen.append(Seen(sample.key, time, now, sample.value, sample.truth, is_clean, in_order))
        return True

    def _without_time(self, sample: Sample, now: int, before: int) -> tuple[bool, bool]:
        """Whether a sample without a time that can be true may count, and whether it must.

        One in a burst counts only by the time that its node says, and not when it is old; one that must is of now, and
        its node's clock is as wrong as it was.
        """
        is_spaced, age = now - before >= BURST_MS, self._breaches.now - sample.at
        if sample.stated is None:
            return is_spaced, True
        node, skew = sample.key[0], sample.stated - sample.at + self._breaches.now - now
        was, self._skew[node] = self._skew.get(node), skew
        is_as_before = was is not None and abs(skew - was) < BURST_MS
        return is_spaced or age <= HORIZON_MS, is_spaced and age < BURST_MS and is_as_before

    def stored(self, keys: dict[Key, int]) -> None:
        """A commit is on disk: ``keys`` with their flags."""
        self._unstored.difference_update(keys)
        for gauge in self.gauges.values():
            for seen in reversed(gauge.seen):
                if seen.is_stored:
                    break
                flag = keys.get(seen.key)
                if flag is not None:
                    seen.is_stored = True
                    seen.is_clean = seen.is_clean and (flag == 1 or not gauge.had_fault)

    def committed(self, alerts: list[Row], audited: set[str]) -> None:
        """And in it decisions, with what the audit log says of them; after :meth:`stored`."""
        for row in alerts:
            if f"{row[1]} v{row[2]}" not in audited:
                self._breaches.add("I9", f"{row[1]} v{row[2]} ({row[5]}) is not in the audit log")
            self.decided(row)
        self._stored = (dict(self.scopes), dict(self.versions), len(self.alarms))

    def crashed(self) -> None:
        """What was not on disk never was."""
        scopes, versions, alarms = self._stored
        self.scopes, self.versions = dict(scopes), dict(versions)
        del self.alarms[alarms:]
        self._told.clear()
        self._unstored.clear()
        for gauge in self.gauges.values():
            kept = [seen for seen in gauge.seen if seen.is_stored]
            gauge.seen.clear()
            gauge.seen.extend(kept)
            gauge.missing_since = None

    def rules_changed(self, station: str, limits: tuple[float, float, float], now: int) -> None:
        gauge = self.gauges[station]
        gauge.limits, gauge.limits_at = limits, now
        self.scopes[station] = replace(self.scope(station), reset_at=now)
        gauge.missing_since = None

    # -- what core decides ---------------------------------------------------------------------------------------

    def is_told(self, row: Row) -> bool:
        """Whether a row of ``alerts`` was judged already."""
        return row[0] in self._told

    def decided(self, row: Row) -> None:
        """A row of ``alerts``, committed or waiting for a disk."""
        if row[0] in self._told:
            return
        self._told.add(row[0])
        _, alert, version, name, hazard, kind, level, at, cause, *_ = row
        told = Told(alert, version, name, hazard, kind, level, at, json.loads(cause))
        known = self.scope(told.name)
        self.told.append(str(told))
        if told.version != self.versions.get(told.alert, 0) + 1:
            self._breaches.add("I9", f"{told} follows v{self.versions.get(told.alert, 0)}")
        self.versions[told.alert] = told.version
        if not told.cause.get("inhibited_by") and told.hazard in ("level", "data"):
            self.alarms.append(Alarm(told.at, told.alert, told.kind))
        age = told.at - told.cause["at"]
        if told.cause["why"] in OF_A_SAMPLE and age > HORIZON_MS:
            self._breaches.add("I4", f"{told}, for a sample {age // MINUTE} min old")
        if told.hazard == "data":
            is_silent = told.kind not in OVER
            reset = told.at if is_silent else known.reset_at
            self.scopes[told.name] = replace(known, is_silent=is_silent, reset_at=reset)
            return
        if told.cause.get("level_before", 0) != known.level:
            self._breaches.add("I9", f"{told} leaves {told.cause.get('level_before')}, the level was {known.level}")
        wrong = self._people.decided(told.name, known.level, told.level, told.at, told.cause)
        if wrong is not None:
            self._breaches.add("I5", f"{told} from {known.level}, {wrong}")
        at_least = bool(told.cause.get("at_least")) and told.level > 0
        self.scopes[told.name] = replace(known, level=told.level, at_least=at_least)
        if told.hazard == "level":
            self._judge(told, known)
        elif told.level < known.level and not told.cause.get("by"):
            self._judge_area(told)

    def _judge(self, told: Told, known: Scope) -> None:
        gauge, why = self.gauges[told.name], told.cause["why"]
        if told.level < known.level:
            since = max(known.reset_at - SETTLED_MS, self._people.worked_until(told.name, told.at))
            if not told.cause.get("by") and not self._may_leave(gauge, told.level, since, told.at):
                text = f"{told} from {known.level}, without a hold of fresh good samples; {_last(gauge)}"
                self._breaches.add("I5", text)
            return
        if why == "threshold" and not self._has_cause(gauge, told.level):
            self._breaches.add("I2", f"{told} from {known.level}, and no samples say so; {_last(gauge)}")
        clean = next((seen.received for seen in reversed(gauge.seen) if seen.is_clean), None)
        if why == "silent_rising" and clean is not None and told.at - clean < MINUTE - 1000:
            self._breaches.add("I2", f"{told}, and it is not silent; {_last(gauge)}")

    def _judge_area(self, told: Told) -> None:
        """An area goes down only when each of its stations that stands higher gives data."""
        for gauge in self.gauges.values():
            station = gauge.place.station
            known = self.scope(station)
            is_blind = known.is_silent or self._people.is_worked_on(station, told.at)
            if gauge.place.area == told.name and is_blind and known.level > told.level:
                self._breaches.add("I5", f"{told} while {station} is silent or worked on at level {known.level}")

    def _has_cause(self, gauge: Gauge, level: int) -> bool:
        """Whether as many samples as it takes stand at the limit, one after the other."""
        limit, run = gauge.limits[level - 1] - EPSILON, 0
        for seen in sorted(gauge.seen, key=lambda each: each.time):
            run = run + 1 if seen.value >= limit else (run if not seen.is_clean else 0)
            if run >= gauge.place.hold_up:
                return True
        return False

    def _may_leave(self, gauge: Gauge, level: int, reset_at: int, now: int) -> bool:
        """Whether every sample of the hold is below the exit above ``level``, and the last one is fresh."""
        edge = gauge.limits[level] - gauge.place.hysteresis_m + EPSILON
        run: list[Seen] = []
        for seen in sorted(gauge.seen, key=lambda each: -each.time):
            if seen.received < max(reset_at, gauge.limits_at):
                break
            if seen.value < edge:
                run.append(seen)
            elif seen.is_clean:
                break
        if not run or now - max(seen.received for seen in run) > 2 * MINUTE:
            return False
        slack = 1 if all(seen.is_clean for seen in run) else JITTER_MS
        return run[0].time - run[-1].time >= gauge.place.hold_down_minutes * MINUTE - slack

    def told_by_a_person(self, scope: str, level: int) -> None:
        """Core has answered that somebody's word counts."""
        stands = self.scope(scope).level
        if stands != level:
            self._breaches.add("I5", f"{scope}: somebody decided level {level}, and it stands at {stands}")

    def is_over(self, scope: str, now: int) -> None:
        """A scope without stations stands no longer than people say."""
        stands = self.scope(scope).level
        if stands and now > self._people.standing[scope].least_until:
            self._breaches.add("I2", f"{scope}: level {stands} was held until now, and stands")

    # -- what core must have decided -----------------------------------------------------------------------------

    def turned(self, station: str, now: int) -> None:
        """After a turn that took samples of ``station``: going up is never delayed."""
        gauge = self.gauges[station]
        known = self.scope(station)
        needed = self._needed(gauge, known, now)
        if self._people.may_deny(station, needed, now):
            needed = 0
        if needed <= known.level:
            if gauge.missing_since is not None and needed:
                text = f"{station}: level {needed} came {(now - gauge.missing_since) / 1000:.0f} s late"
                self._breaches.add("I7", text)
            gauge.missing_since = None
        elif gauge.missing_since is None:
            gauge.missing_since = now
        elif now - gauge.missing_since >= NEVER_MS:
            text = f"{station}: samples at level {needed} since {NEVER_MS // MINUTE} min, level is {known.level}"
            self._breaches.add("I2", f"{text}; {_last(gauge)}")

    def _needed(self, gauge: Gauge, known: Scope, now: int) -> int:
        station = gauge.place.station
        if self._people.is_worked_on(station, now):
            return 0
        if len(gauge.seen) < gauge.place.hold_up or gauge.seen[-1].value < gauge.limits[0]:
            return 0
        last = [gauge.seen[-n] for n in range(1, gauge.place.hold_up + 1)]
        since = max(known.reset_at, gauge.limits_at, self._people.worked_until(station, now))
        if any(not (seen.is_clean and seen.is_in_order and seen.received > since) for seen in last):
            return 0
        lowest = min(seen.value for seen in last)
        return sum(lowest >= limit + EPSILON for limit in gauge.limits)


def _last(gauge: Gauge) -> str:
    said = ", ".join(f"{seen.value:.3f}{'' if seen.is_clean else '?'}" for seen in list(gauge.seen)[-4:])
    return f"limits {gauge.limits}, last samples {said}"
