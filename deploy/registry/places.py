"""What belongs together: neighbours in both directions, and the stations of each area. Made from the registry."""

from collections.abc import Iterable

from alerting.blind import EVERYTHING
from alerting.rules import MINUTE_MS, AreaRules, GroupRules
from deploy.registry import Registry


class Places:
    """Looked up for every station that moves, so it is made once and again when a station's document changes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._made_at = -1
        self._upstream: dict[str, list[str]] = {}
        self._downstream: dict[str, list[str]] = {}
        self._members: dict[str, list[str]] = {}
        self._everything: GroupRules | None = None

    def upstream(self, station: str) -> list[str]:
        """Stations from which the water comes; naming a neighbour once, on either side, is enough."""
        self._refresh()
        return self._upstream.get(station, [])

    def downstream(self, station: str) -> list[str]:
        self._refresh()
        return self._downstream.get(station, [])

    def neighbours(self, station: str) -> list[str]:
        return self.upstream(station) + self.downstream(station)

    def areas(self, station: str) -> Iterable[str]:
        """Codes of the areas that a station matters to."""
        self._refresh()
        known = self._registry.stations.get(station)
        return known.kelurahan if known is not None else ()

    def all_areas(self) -> Iterable[str]:
        self._refresh()
        return self._members

    def area_rules(self, area: str) -> AreaRules | None:
        """The rules of an area; where no station matters to it, only people decide. None: no such area is known."""
        self._refresh()
        members = self._members.get(area, ())
        if not members and self._registry.areas.get(area) is None:
            return None
        return AreaRules(area=area, version=1, stations=tuple(members))

    def group_rules(self) -> GroupRules | None:
        """When everything is silent: half of the shortest silence of a station; None where there is only one.

        It must come before the stations' own alarms, or it would not stand for them.
        """
        self._refresh()
        return self._everything

    def gateway_rules(self, group: str, stations: Iterable[str]) -> GroupRules | None:
        """When a gateway is silent: half of the shortest silence of the ``stations`` behind it; None without any."""
        known = [station for name in stations if (station := self._registry.stations.get(name)) is not None]
        if not known:
            return None
        after = int(min(station.silence_minutes for station in known) * MINUTE_MS / 2)
        return GroupRules(group=group, version=1, silence_after_ms=after)

    def _refresh(self) -> None:
        if self._made_at == self._registry.changes:
            return
        self._made_at = self._registry.changes
        self._upstream, self._downstream, self._members = {}, {}, {}
        shortest = min((station.silence_minutes for station in self._registry.stations.values()), default=0.0)
        after = int(shortest * MINUTE_MS / 2)
        is_one_of_many = len(self._registry.stations) > 1
        self._everything = GroupRules(group=EVERYTHING, version=1, silence_after_ms=after) if is_one_of_many else None
        for name, station in self._registry.stations.items():
            for neighbour in station.neighbours:
                upper, lower = neighbour.station, name
                if neighbour.side == "downstream":
                    upper, lower = lower, upper
                _add(self._upstream, lower, upper)
                _add(self._downstream, upper, lower)
            if station.hazard == "level":
                for area in station.kelurahan:
                    _add(self._members, area, name)


def _add(lists: dict[str, list[str]], key: str, value: str) -> None:
    known = lists.setdefault(key, [])
    if value not in known:
        known.append(value)
