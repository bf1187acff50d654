"""Where an event was, as a server-made SVG: every kelurahan a dot, those in danger by shape, the station a square."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, MOST_HEIGHT = 560.0, 420.0
LEFT, TOP, RIGHT = 24.0, 24.0, 120.0  # names stand to the right of their places


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """In the SVG's own units; ``level`` is empty for a place that was not in danger, and its name is not written."""

    x: float
    y: float
    name: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMap:
    width: float
    height: float
    others: tuple[Spot, ...]
    warned: tuple[Spot, ...]
    station: Spot | None


def place_map(
    areas: Sequence[Mapping[str, Any]],
    warned: Mapping[str, str],
    station: tuple[str, float | None, float | None] | None,
) -> PlaceMap | None:
    """``areas`` have code, name, latitude and longitude (degrees); ``warned`` maps a code to its worst level.

    Equirectangular: true to scale at the middle of a city, north up. None when none of the warned lies anywhere.
    """
    placed = [each for each in areas if each["latitude"] is not None and each["longitude"] is not None]
    if not any(each["code"] in warned for each in placed):
        return None
    ground = [(each["longitude"], each["latitude"]) for each in placed]
    marked = station is not None and station[1] is not None and station[2] is not None
    if station is not None and marked:
        ground.append((station[2], station[1]))
    scale = _Scale.over(ground)
    spots = [
        (Spot(x=x, y=y, name=each["name"], level=warned.get(each["code"], "")))
        for each in placed
        for x, y in (scale(each["longitude"], each["latitude"]),)
    ]
    here = None
    if station is not None and marked:
        x, y = scale(float(station[2] or 0), float(station[1] or 0))
        here = Spot(x=x, y=y, name=station[0])
    return PlaceMap(
        width=WIDTH,
        height=scale.height,
        others=tuple(each for each in spots if not each.level),
        warned=tuple(each for each in spots if each.level),
        station=here,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """From degrees to the SVG's units, the same for both directions."""

    west: float
    north: float
    shrink: float  # a degree of longitude against one of latitude
    units: float  # a degree of latitude
    height: float

    @classmethod
    def over(cls, ground: Iterable[tuple[float, float]]) -> "_Scale":
        points = list(ground)
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
        shrink = math.cos(math.radians((south + north) / 2))
        wide, high = max((east - west) * shrink, 1e-4), max(north - south, 1e-4)
        units = min((WIDTH - LEFT - RIGHT) / wide, (MOST_HEIGHT - 2 * TOP) / high)
        return cls(west, north, shrink, units, round(high * units + 2 * TOP, 1))

    def __call__(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = LEFT + (longitude - self.west) * self.shrink * self.units
        return round(x, 1), round(TOP + (self.north - latitude) * self.units, 1)
