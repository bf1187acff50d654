"""Beyond the one reading: a station's areas and neighbours, rain upstream, the silence of all, and time. Pure.

Everything here follows from what a station's step changed, or from a tick. A scope is a station, an area (its code) or
a group of stations; the names of the three never meet.
"""

from collections.abc import Callable, Iterable
from typing import Final

from alerting.area import area_deadline, area_step
from alerting.area_state import AreaState
from alerting.blind import EVERYTHING, GATEWAY, group_deadline, group_step, is_group
from alerting.engine import Decision, StationState, moved, silence_deadline, step, was_rising
from alerting.engine import standing as standing_of
from alerting.events import (
    AreaEvent,
    Event,
    GroupEvent,
    GroupHeard,
    GroupLeft,
    GroupTicked,
    NeighbourMoved,
    RainSummed,
    StationMoved,
    Sums,
    Ticked,
)
from alerting.group_state import GroupState
from alerting.rules import GroupRules
from deploy.memory import Memory, ScopeState
from deploy.registry.places import Places
from ingest.rain import MINUTE_MS, RainGauge, RainSums
from ingest.rain_area import area_rain

HEARD_MS: Final = 1000  # a group need not hear of every reading
WET_MS: Final = MINUTE_MS  # how often rain sums are given at least while it rains ...
DRY_MS: Final = 10 * MINUTE_MS  # ... and while it does not
SPOKEN_MS: Final = 30 * MINUTE_MS  # a station that stays up says so again to its neighbours

Decided = Callable[[str, ScopeState, tuple[Decision, ...], int], None]


class Scopes:
    """``decided(name, state, decisions, now)`` must put the new state into memory, or raise and leave it as it was."""

    def __init__(self, places: Places, memory: Memory, decided: Decided) -> None:
        self.places, self._memory, self._decided = places, memory, decided
        self._summed: dict[str, tuple[int, bool]] = {}  # when sums were last given for a gauge, and whether it was wet
        self._spoken: dict[str, int] = {}  # when a station last said to its neighbours that it is up

    # -- stations ------------------------------------------------------------------------------------------------

    def step(self, station: str, event: Event, now: int) -> None:
        """Let a station take an event, and those around it what has changed there."""
        before = self._memory.states[station]
        rules = self._memory.rules[station]
        after, decisions = step(before, rules, event)
        if after is before:
            return
        self._decided(station, after, decisions, now)
        change = moved(before, after, rules, now)
        if change is not None:
            self._pass_on(station, after, change, now)
        elif after.verified_level and now - self._spoken.get(station, 0) >= SPOKEN_MS:
            self._tell_neighbours(station, is_up=True, now=now)

    def _pass_on(self, station: str, after: StationState, change: StationMoved, now: int) -> None:
        for area in self.places.areas(station):
            self.area(area, change, now)
        is_up = change.verified_level > 0 or was_rising(after, self._memory.rules[station])
        self._tell_neighbours(station, is_up=is_up, now=now)

    def _tell_neighbours(self, station: str, *, is_up: bool, now: int) -> None:
        self._spoken[station] = now
        for neighbour in self.places.neighbours(station):
            if neighbour in self._memory.rules:
                self.step(neighbour, NeighbourMoved(now, station, is_up), now)

    # -- areas and groups ----------------------------------------------------------------------------------------

    def area(self, area: str, event: AreaEvent, now: int) -> None:
        """Let an area take an event: where a station stands, rain, time, or what somebody decided about it."""
        rules = self.places.area_rules(area)
        if rules is None:
            return
        before = self._memory.areas.get(area) or AreaState()
        after, decisions = area_step(before, rules, event)
        if after is not before:
            self._decided(area, after, decisions, now)

    def group(self, group: str, event: GroupEvent, now: int) -> None:
        """Let everything, or a gateway, take an event."""
        rules = self._group_rules(group)
        if rules is None and not isinstance(event, GroupLeft):
            return
        before = self._memory.groups.get(group) or GroupState()
        after, decisions = group_step(before, rules or GroupRules(group=group, version=1), event)
        if after is not before:
            self._decided(group, after, decisions, now)

    def heard(self, now: int, gateway: str = "") -> None:
        """Something came from a node, perhaps through a gateway."""
        self._heard(EVERYTHING, now)
        if gateway:
            self._heard(GATEWAY + gateway, now)

    def _heard(self, group: str, now: int) -> None:
        state = self._memory.groups.get(group)
        if state is None or state.silent_since is not None or now - (state.heard_at or 0) >= HEARD_MS:
            self.group(group, GroupHeard(now), now)
            if group == EVERYTHING and state is not None and state.silent_since is not None:
                for gateway in self._memory.gateways():  # nothing was said of one alone meanwhile
                    known = self._memory.groups.get(GATEWAY + gateway)
                    if known is not None:
                        self._decided(GATEWAY + gateway, known, (), now)

    def _group_rules(self, group: str) -> GroupRules | None:
        if group == EVERYTHING:
            return self.places.group_rules()
        nodes = self._memory.behind(group.removeprefix(GATEWAY))
        return self.places.gateway_rules(group, {self._memory.nodes[node].station for node in nodes})

    def _is_silent(self, group: str) -> bool:
        state = self._memory.groups.get(group)
        return state is not None and state.silent_since is not None

    def _cut_by(self, station: str) -> str | None:
        """What is known to be lost between a station and core: everything, or the gateways of all its nodes."""
        if self._is_silent(EVERYTHING):
            return EVERYTHING
        ways = [self._memory.nodes[node].gateway for node in self._memory.nodes_of(station)]
        is_cut = bool(ways) and all(way and self._is_silent(GATEWAY + way) for way in ways)
        return GATEWAY + ways[0] if is_cut else None

    # -- rain ----------------------------------------------------------------------------------------------------

    def rained(self, station: str, mm: float, now: int) -> None:
        """A gauge has given a good reading: its station and those below it take the sums, when they may matter."""
        at, was_wet = self._summed.get(station, (0, False))
        if mm == 0 and now - at < (WET_MS if was_wet else DRY_MS):
            return
        here = self._memory.rain[station].sums(now)
        self._summed[station] = (now, bool(here.mm_1h))
        for name in (station, *self.places.downstream(station)):
            if name not in self._memory.rules:
                continue
            gauge = self._memory.rain.get(name)
            event = RainSummed(
                now,
                None if gauge is None else _sums(gauge.sums(now)),
                upstream_sums(self._memory.rain, self.places.upstream(name), now),
            )
            self.step(name, event, now)
            if event.upstream is not None:
                for area in self.places.areas(name):
                    self.area(area, event, now)

    # -- time ----------------------------------------------------------------------------------------------------

    def tick(self, name: str, now: int, *, listening_since: int, linked_since: int) -> None:
        """Time has passed for a scope. ``linked_since``: when the link to the broker last came or went."""
        if name in self._memory.states:
            self.step(name, Ticked(now, listening_since, self._cut_by(name)), now)
        elif is_group(name):
            self.group(EVERYTHING, GroupTicked(now, linked_since), now)  # it stands for every gateway
            if name != EVERYTHING and not self._is_silent(EVERYTHING):
                self.group(name, GroupTicked(now, linked_since), now)
        else:
            self.area(name, Ticked(now, listening_since), now)

    def deadline(self, name: str, *, listening_since: int, linked_since: int) -> int | None:
        """When a tick may decide something about a scope; None when only an event can."""
        state = self._memory.states.get(name)
        if state is not None:
            return silence_deadline(state, self._memory.rules[name], listening_since)
        if is_group(name):
            group = self._group_rules(name)
            known = self._memory.groups.get(name) or GroupState()
            if group is None or (name != EVERYTHING and self._is_silent(EVERYTHING)):
                return None
            return group_deadline(known, group, linked_since)
        rules = self.places.area_rules(name)
        return None if rules is None else area_deadline(self._memory.areas.get(name) or AreaState(), rules)

    def begin(self, now: int) -> None:
        """After a restart: areas hear where each of their stations stands, and the group when anything last came."""
        for area in list(self.places.all_areas()):
            rules = self.places.area_rules(area)
            for station in rules.stations if rules is not None else ():
                if (known := self._memory.rules.get(station)) is not None:
                    self.area(area, standing_of(self._memory.states[station], known, now), now)
        self._begin_group(EVERYTHING, self._memory.nodes, now)
        for gateway, nodes in self._memory.gateways().items():
            self._begin_group(GATEWAY + gateway, nodes, now)

    def _begin_group(self, group: str, nodes: Iterable[str], now: int) -> None:
        last = max((self._memory.nodes[node].last_arrival for node in nodes), default=0)
        known = self._memory.groups.get(group) or GroupState()
        if last and known.silent_since is None:
            self._decided(group, GroupState(last, None, known.episode, known.version), (), now)


def upstream_sums(gauges: dict[str, RainGauge], names: Iterable[str], now: int) -> Sums | None:
    """The mean of the gauges at ``names``, and which share of them spoke; None without any gauge."""
    known = [gauge.sums(now) for name in names if (gauge := gauges.get(name)) is not None]
    if not known:
        return None
    areas = area_rain(known)
    mm = [area.mean_mm or 0.0 for area in areas]
    complete = [area.spoke / area.gauges for area in areas]
    return _of_windows(mm, complete)


def _sums(sums: RainSums) -> Sums:
    mm = (sums.mm_10min, sums.mm_1h, sums.mm_3h, sums.mm_6h, sums.mm_24h)
    complete = (sums.complete_10min, sums.complete_1h, sums.complete_3h, sums.complete_6h, sums.complete_24h)
    return _of_windows([each or 0.0 for each in mm], complete)


def _of_windows(mm: Iterable[float], complete: Iterable[float]) -> Sums:
    a, b, c, d, e = mm
    a_share, b_share, c_share, d_share, e_share = complete
    return Sums(
        mm_10min=a,
        mm_1h=b,
        mm_3h=c,
        mm_6h=d,
        mm_24h=e,
        complete_10min=a_share,
        complete_1h=b_share,
        complete_3h=c_share,
        complete_6h=d_share,
        complete_24h=e_share,
    )
