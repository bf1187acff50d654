"""Polygons of GeoJSON, small enough to be flat: area, centroid, and whether a point lies inside. Pure."""

from itertools import pairwise
from math import cos, radians
from typing import Any, Final

KM_A_DEGREE: Final = 111.32
MIN_POSITIONS: Final = 4

Position = tuple[float, float]  # longitude, latitude
Ring = list[Position]


class BadPolygon(ValueError):
    """Coordinates that are no polygon; the text says what is wrong and the remedy."""


def polygons_of(geometry: Any) -> list[list[Ring]]:
    """The polygons of a Polygon or MultiPolygon, each an outer ring and its holes; raises BadPolygon."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadPolygon(f"the geometry is {kind or 'missing'}; a Polygon or MultiPolygon is due")
    coordinates = geometry.get("coordinates")
    many = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(many, list) or not many:
        raise BadPolygon("the geometry has no coordinates")
    return [[_ring(ring) for ring in _list(polygon)] for polygon in many]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise BadPolygon("a polygon must be a list of rings")
    return value


def _ring(positions: Any) -> Ring:
    try:
        ring = [(float(position[0]), float(position[1])) for position in positions]
    except (TypeError, ValueError, IndexError, KeyError):
        raise BadPolygon("a ring must be a list of [longitude, latitude]") from None
    if len(ring) < MIN_POSITIONS or ring[0] != ring[-1]:
        raise BadPolygon("a ring must have at least four positions, the last like the first")
    for longitude, latitude in ring:
        if not (abs(longitude) <= 180 and abs(latitude) <= 90):
            raise BadPolygon(f"{longitude:g}, {latitude:g} is no place: degrees are due, longitude first")
    return ring


def holds(polygons: list[list[Ring]], point: Position) -> bool:
    """Whether ``point`` lies in a polygon and in none of its holes: by the number of edges that a ray crosses."""
    return any(sum(_crossings(ring, point) for ring in polygon) % 2 == 1 for polygon in polygons)


def _crossings(ring: Ring, point: Position) -> int:
    x, y = point
    return sum(
        (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 for (x1, y1), (x2, y2) in pairwise(ring)
    )


def area_km2(polygons: list[list[Ring]]) -> float:
    """Holes taken away; on a plane that touches the earth at the first position."""
    return sum(
        abs(_moments(polygon[0])[0]) - sum(abs(_moments(hole)[0]) for hole in polygon[1:]) for polygon in polygons
    )


def centroid(polygons: list[list[Ring]]) -> Position:
    """Of the outer rings, weighed by their areas."""
    moments = [_moments(polygon[0]) for polygon in polygons]
    total = sum(abs(area) for area, _, _ in moments)
    if total == 0:
        raise BadPolygon("the polygon has no area")
    return (
        sum(abs(area) * x for area, x, _ in moments) / total,
        sum(abs(area) * y for area, _, y in moments) / total,
    )


def _moments(ring: Ring) -> tuple[float, float, float]:
    """Signed area in km2, and the centroid in degrees (shoelace formula)."""
    x0, y0 = ring[0]
    width = KM_A_DEGREE * cos(radians(y0))
    doubled = x_sum = y_sum = 0.0
    for (x1, y1), (x2, y2) in pairwise([(x - x0, y - y0) for x, y in ring]):
        cross = x1 * y2 - x2 * y1
        doubled += cross
        x_sum += (x1 + x2) * cross
        y_sum += (y1 + y2) * cross
    if doubled == 0:
        return 0.0, x0, y0
    return doubled / 2 * width * KM_A_DEGREE, x0 + x_sum / (3 * doubled), y0 + y_sum / (3 * doubled)


def distance_km(one: Position, other: Position) -> float:
    """Between two near places, on a plane."""
    east = (one[0] - other[0]) * cos(radians(one[1])) * KM_A_DEGREE
    north = (one[1] - other[1]) * KM_A_DEGREE
    return float((east**2 + north**2) ** 0.5)
