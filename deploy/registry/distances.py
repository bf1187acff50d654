"""Which areas are nearest to what threatens them."""

import math
from collections.abc import Sequence

from alerting.engine import Decision
from broker.station import Station
from deploy.registry import Registry


def nearest_first(decisions: Sequence[Decision], registry: Registry) -> list[Decision]:
    """Decisions of areas by the distance of their centroids to the station that caused them.

    Where a position is not known they stay in the order in which the station names its areas; without a station, by
    code.
    """
    causes = (registry.stations.get(name) for each in decisions for name in each.stations)
    cause = next((station for station in causes if station is not None), None)
    if cause is None:
        return sorted(decisions, key=lambda each: each.station)
    listed = {code: place for place, code in enumerate(cause.kelurahan)}
    away = {each.station: _metres(cause, each.station, registry) for each in decisions}
    if any(metres is None for metres in away.values()):
        return sorted(decisions, key=lambda each: listed.get(each.station, len(listed)))
    return sorted(decisions, key=lambda each: (away[each.station] or 0.0, each.station))


def _metres(station: Station, code: str, registry: Registry) -> float | None:
    """On a plane, which is true enough inside a city."""
    area = registry.areas.get(code)
    if area is None or area.latitude is None or area.longitude is None:
        return None
    if station.latitude is None or station.longitude is None:
        return None
    north = (area.latitude - station.latitude) * 111_195
    east = (area.longitude - station.longitude) * 111_195 * math.cos(math.radians(station.latitude))
    return math.hypot(north, east)
