"""Places of CAP: an area's outline as CAP can say it, and whether two outlines touch. Pure.

An area without an imported polygon is a circle around its centroid. Everything is small enough to be flat: distances
are off by less than 0.1 % over 50 km at this latitude. A hole in a polygon is left out, because CAP has none: the hole
is warned too.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, radians
from typing import Final

from alerting.cap import CapArea, Circle, Position

KM_A_DEGREE: Final = 111.32
MOST_POSITIONS: Final = 100  # of an outline in a message; a reader's map shows no more
FINEST_KM: Final = 0.005  # how far a simplified outline departs, doubled until it is short enough

Ring = tuple[Position, ...]
Shape = Ring | Circle
Box = tuple[float, float, float, float]


def simplified(ring: Sequence[Position], most: int = MOST_POSITIONS) -> Ring:
    """A closed ring with at most ``most`` positions that stays as near to the given one as it can (Douglas-Peucker)."""
    kept, departs_km = tuple(ring), FINEST_KM
    while len(kept) > max(most, 4):
        shorter = _shorter(ring, departs_km)
        if len(shorter) < 4:
            return kept if len(kept) <= 2 * most else _every(ring, most)
        kept, departs_km = shorter, departs_km * 2
    return kept


def _every(ring: Sequence[Position], most: int) -> Ring:
    """A thread-like outline, whose far sides are as near as the tolerance: positions taken at even steps."""
    step = -(-len(ring) // (max(most, 4) - 1))
    return (*ring[:-1:step], ring[0])


def _shorter(ring: Sequence[Position], departs_km: float) -> Ring:
    # A closed ring begins where it ends: cut it at the position farthest from there.
    far = max(range(len(ring)), key=lambda index: distance_km(ring[0], ring[index]))
    return (*_thinned(ring[: far + 1], departs_km)[:-1], *_thinned(ring[far:], departs_km))


def _thinned(line: Sequence[Position], departs_km: float) -> Ring:
    keep = {0, len(line) - 1}
    open_parts = [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        between = range(first + 1, last)
        if not between:
            continue
        far = max(between, key=lambda index: _to_line_km(line[index], line[first], line[last]))
        if _to_line_km(line[far], line[first], line[last]) > departs_km:
            keep.add(far)
            open_parts += [(first, far), (far, last)]
    return tuple(line[index] for index in sorted(keep))


def bounds(areas: Iterable[CapArea], margin: float = 0.0) -> Box | None:
    """South, west, north and east of all of them, and ``margin`` degrees more; None when they have no outline."""
    boxes = [_box(shape) for area in areas for shape in _shapes(area)]
    if not boxes:
        return None
    souths, wests, norths, easts = zip(*boxes, strict=True)
    return min(souths) - margin, min(wests) - margin, max(norths) + margin, max(easts) + margin


def may_touch(shape: Shape, box: Box) -> bool:
    """Whether an outline may reach into ``box``: False is certain."""
    return _boxes_touch(_box(shape), box)


def overlap(one: CapArea, other: CapArea) -> bool:
    """Whether two areas have a place in common. Names are not looked at: many places share one."""
    return any(_touch(shape, each) for shape in _shapes(one) for each in _shapes(other))


def _shapes(area: CapArea) -> Iterator[Shape]:
    yield from area.polygons
    yield from area.circles


def _touch(one: Shape, other: Shape) -> bool:
    if not _boxes_touch(_box(one), _box(other)):
        return False
    match one, other:
        case Circle(), Circle():
            apart = distance_km(_centre(one), _centre(other))
            return apart <= one.radius_km + other.radius_km
        case Circle(), tuple():
            return _circle_touches(one, other)
        case tuple(), Circle():
            return _circle_touches(other, one)
        case tuple(), tuple():
            return _rings_touch(one, other)
    raise AssertionError("a shape is a ring or a circle")


def _circle_touches(circle: Circle, ring: Ring) -> bool:
    centre = _centre(circle)
    return holds(ring, centre) or any(_to_line_km(centre, a, b) <= circle.radius_km for a, b in pairwise(ring))


def _rings_touch(one: Ring, other: Ring) -> bool:
    if holds(one, other[0]) or holds(other, one[0]):
        return True
    box = _box(other)
    near = [(a, b) for a, b in pairwise(one) if _boxes_touch(_box((a, b)), box)]
    return any(_cross(a, b, c, d) for a, b in near for c, d in pairwise(other))


def holds(ring: Ring, point: Position) -> bool:
    """Whether a point lies in a closed ring: by the number of edges that a ray crosses."""
    y, x = point
    crossings = sum(
        (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 for (y1, x1), (y2, x2) in pairwise(ring)
    )
    return crossings % 2 == 1


def distance_km(one: Position, other: Position) -> float:
    """Between two near places, on a plane."""
    east = (one[1] - other[1]) * cos(radians(one[0])) * KM_A_DEGREE
    return hypot(east, (one[0] - other[0]) * KM_A_DEGREE)


def _cross(a: Position, b: Position, c: Position, d: Position) -> bool:
    """Whether the two edges meet."""
    sides = _side(a, b, c) * _side(a, b, d), _side(c, d, a) * _side(c, d, b)
    return sides[0] <= 0 and sides[1] <= 0 and _boxes_touch(_box((a, b)), _box((c, d)))


def _side(a: Position, b: Position, point: Position) -> float:
    return (b[1] - a[1]) * (point[0] - a[0]) - (b[0] - a[0]) * (point[1] - a[1])


def _to_line_km(point: Position, a: Position, b: Position) -> float:
    """From a point to the nearest place of an edge."""
    width = cos(radians(point[0])) * KM_A_DEGREE
    ax, ay = (a[1] - point[1]) * width, (a[0] - point[0]) * KM_A_DEGREE
    bx, by = (b[1] - point[1]) * width, (b[0] - point[0]) * KM_A_DEGREE
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / length))
    return hypot(ax + share * dx, ay + share * dy)


def _centre(circle: Circle) -> Position:
    return circle.latitude, circle.longitude


def _box(shape: Shape) -> Box:
    """South, west, north, east."""
    if isinstance(shape, Circle):
        high = shape.radius_km / KM_A_DEGREE
        wide = high / max(cos(radians(shape.latitude)), 0.01)
        lat, lon = _centre(shape)
        return lat - high, lon - wide, lat + high, lon + wide
    lats, lons = [lat for lat, _ in shape], [lon for _, lon in shape]
    return min(lats), min(lons), max(lats), max(lons)


def _boxes_touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
