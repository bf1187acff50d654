"""Outlines: how they are simplified, and when two of them touch."""

from itertools import pairwise
from math import cos, radians, sin, tau

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.cap import CapArea, Circle, Position
from alerting.cap_areas import MOST_POSITIONS, Ring, _to_line_km, distance_km, holds, overlap, simplified
from deploy.cap.places import CENTROID_RADIUS_KM, CapPlaces
from deploy.registry.areas import Area, Areas

CENTRE = (-7.65, 112.90)
CORNERS = st.tuples(st.floats(-7.70, -7.60), st.floats(112.85, 112.95))


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def star(positions: int, *, centre: Position = CENTRE, size: float = 0.02, wobble: float = 0.3) -> Ring:
    """A closed, crooked ring."""
    ring = [
        (
            centre[0] + size * (1 + wobble * sin(9 * tau * n / positions)) * cos(tau * n / positions),
            centre[1] + size * (1 + wobble * sin(7 * tau * n / positions)) * sin(tau * n / positions),
        )
        for n in range(positions)
    ]
    return (*ring, ring[0])


def box(south: float, west: float, size: float = 0.01) -> CapArea:
    ring = ((south, west), (south, west + size), (south + size, west + size), (south + size, west), (south, west))
    return CapArea(description="x", polygons=(ring,))


def circle(lat: float, lon: float, km: float) -> CapArea:
    return CapArea(description="x", circles=(Circle(latitude=lat, longitude=lon, radius_km=km),))


@pytest.mark.parametrize("positions", [5, 101, 5000])
def test_a_long_outline_is_shortened_and_stays_where_it_is(positions: int) -> None:
    """Closed, at most a hundred positions, all of them its own, and nowhere far from it."""
    ring = star(positions)
    short = simplified(ring)
    assert len(short) <= max(MOST_POSITIONS, 6)
    assert short[0] == short[-1]
    assert set(short) <= set(ring)
    edges = list(pairwise(short))
    assert max(min(_to_line_km(each, *edge) for edge in edges) for each in ring[::7]) < 0.1


@PATIENT
@given(st.lists(CORNERS, min_size=3, max_size=300))
def test_any_outline_becomes_one_that_cap_can_hold(corners: list[Position]) -> None:
    """Thread-like, repeated and crossing ones too."""
    short = simplified((*corners, corners[0]), 20)
    assert short[0] == short[-1]
    assert 4 <= len(short) <= 40
    CapArea(description="x", polygons=(short,))


@PATIENT
@given(CORNERS, CORNERS, st.floats(0.001, 0.05))
def test_two_boxes_touch_when_their_sides_do(one: Position, other: Position, size: float) -> None:
    """As plain comparison of their sides has it, whichever comes first."""
    first, second = box(*one, size), box(*other, size)
    apart = max(abs(one[0] - other[0]), abs(one[1] - other[1])) - size
    if abs(apart) > 1e-9:
        assert (apart < 0) == overlap(first, second)
    assert overlap(first, second) == overlap(second, first)


def test_one_inside_the_other_touches_it() -> None:
    """Though no side crosses another."""
    outer, inner = box(-7.70, 112.85, 0.1), box(-7.66, 112.89, 0.01)
    assert overlap(outer, inner)
    assert overlap(inner, outer)


def test_two_that_cross_without_a_corner_inside_touch() -> None:
    """A cross of two long bars."""
    tall = CapArea(description="x", polygons=(((0, 4), (9, 4), (9, 5), (0, 5), (0, 4)),))
    wide = CapArea(description="x", polygons=(((4, 0), (4, 9), (5, 9), (5, 0), (4, 0)),))
    assert overlap(tall, wide)


def test_a_circle_touches_what_is_within_its_radius() -> None:
    """Outlines, other circles, and an outline that lies inside it; not what is a little farther."""
    south_side = box(-7.60, 112.85, 0.1)  # 0.05 degrees of latitude are 5.566 km
    assert overlap(circle(-7.65, 112.90, 5.6), south_side)
    assert not overlap(circle(-7.65, 112.90, 5.5), south_side)
    assert overlap(circle(-7.55, 112.90, 30.0), south_side)
    assert overlap(circle(-7.65, 112.90, 1.0), circle(-7.66, 112.90, 0.2))
    assert not overlap(circle(-7.65, 112.90, 0.9), circle(-7.66, 112.90, 0.2))


def test_what_has_no_outline_touches_nothing() -> None:
    """An area that is only a name."""
    assert not overlap(CapArea(description="x"), box(-7.6, 112.9))


def test_a_point_lies_in_a_ring_or_not() -> None:
    """Also in a crooked one."""
    ring = star(200)
    assert holds(ring, CENTRE)
    assert not holds(ring, (-7.65, 112.95))
    assert all(holds(ring, ((a[0] + CENTRE[0]) / 2, (a[1] + CENTRE[1]) / 2)) for a, _ in pairwise(ring))


def test_an_area_is_its_polygon_or_a_circle_around_its_centroid() -> None:
    """Latitude first, the kelurahan's code for everything in it, an RW without a polygon as large as its kelurahan."""
    ring = [[112.88, -7.63], [112.89, -7.63], [112.89, -7.64], [112.88, -7.63]]
    drawn = Area(
        code="35.75.01.1002", name="Gentong", geometry={"type": "MultiPolygon", "coordinates": [[ring], [ring]]}
    )
    places = CapPlaces(Areas([drawn, Area(code="35.75.01.1002/RW01", name="RW01")]))
    assert ((-7.63, 112.88), (-7.63, 112.89), (-7.64, 112.89), (-7.63, 112.88)) == places.of(drawn.code).polygons[0]
    assert 2 == len(places.of("35.75.01.1002/RW01").polygons)
    assert (("Kemendagri", "35.75.01.1002"),) == places.of("35.75.01.1002/RW01").geocodes
    bare = places.of("35.75.01.1001")
    assert (Circle(latitude=-7.63114, longitude=112.88283, radius_km=CENTROID_RADIUS_KM),) == bare.circles
    assert "Kec. Gadingrejo" == places.of("35.75.01").description
    assert "Kel. Gadingrejo, Kec. Gadingrejo" == places.of("35.75.01.1009").description
    assert "Kel. Karangketug, Kec. Gadingrejo" == places.of("35.75.01.1001").description
    assert "Kel. Gentong RW01, Kec. Gadingrejo" == places.of("35.75.01.1002/RW01").description
    assert (7, 2) == (len(places.of("35.75.01").circles), len(places.of("35.75.01").polygons))
    assert 34 == len(list(places.all()))


def test_an_outline_that_is_imported_again_is_taken() -> None:
    """The simplified one is remembered for its own document only."""
    ring = [[112.88, -7.63], [112.89, -7.63], [112.89, -7.64], [112.88, -7.63]]
    moved = [[lon + 1, lat] for lon, lat in ring]
    areas = Areas([Area(code="35.75.01.1002", name="Gentong", geometry={"type": "Polygon", "coordinates": [ring]})])
    places = CapPlaces(areas)
    assert 112.88 == places.of("35.75.01.1002").polygons[0][0][1]
    areas.put([Area(code="35.75.01.1002", name="Gentong", geometry={"type": "Polygon", "coordinates": [moved]})])
    assert 113.88 == places.of("35.75.01.1002").polygons[0][0][1]


def test_distances_are_flat_and_near_enough() -> None:
    """A degree of latitude is 111.3 km, one of longitude less by the cosine."""
    assert pytest.approx(11.132) == distance_km((-7.6, 112.9), (-7.7, 112.9))
    assert pytest.approx(11.132 * cos(radians(7.6)), rel=1e-3) == distance_km((-7.6, 112.9), (-7.6, 113.0))
