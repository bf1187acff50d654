"""Areas by code and name, and the geometry of their polygons."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.registry.area_files import area_of, read_areas
from deploy.registry.areas import CODE, Area, Areas, UnknownArea, built_in
from deploy.registry.polygons import BadPolygon, area_km2, centroid, distance_km, holds, polygons_of
from deploy.registry.station_files import BadFile

SQUARE = [[112.0, -8.0], [112.1, -8.0], [112.1, -7.9], [112.0, -7.9], [112.0, -8.0]]
HOLE = [[112.04, -7.96], [112.06, -7.96], [112.06, -7.94], [112.04, -7.94], [112.04, -7.96]]


def polygon(*rings: list[list[float]]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_the_city_has_four_kecamatan_and_thirty_four_kelurahan() -> None:
    """Every code is well formed, every kelurahan lies in its kecamatan and inside the city's bounds."""
    areas = built_in()
    kinds = [area.kind for area in areas.values()]
    assert (4, 34) == (kinds.count("kecamatan"), kinds.count("kelurahan"))
    for code, area in areas.items():
        assert CODE.match(code)
        assert area.kind == "kecamatan" or code[:8] in areas
        if area.latitude is not None and area.longitude is not None:
            assert -7.6863 < area.latitude < -7.6167
            assert 112.8714 < area.longitude < 112.9531


@pytest.mark.parametrize(
    ("said", "code", "printed"),
    [
        ("Karangketug", "35.75.01.1001", "Karangketug"),
        ("Gadingrejo", "35.75.01.1009", "Kel. Gadingrejo"),
        ("Kel. Bugul Kidul", "35.75.03.1009", "Kel. Bugul Kidul"),
        ("35.75.03", "35.75.03", "Kec. Bugul Kidul"),
        ("Tapaan", "35.75.03.1003", "Tapa'an"),
        ("tapa'an", "35.75.03.1003", "Tapa'an"),
        ("Petamanan", "35.75.04.1008", "Petamanan"),
        ("Petahunan", "35.75.01.1004", "Petahunan"),
        ("Pohjentrek", "35.75.02.1001", "Pohjentrek"),
    ],
)
def test_names_that_are_easily_taken_for_another(said: str, code: str, printed: str) -> None:
    """Kelurahan and kecamatan of one name, apostrophes, near names."""
    areas = Areas()
    assert (code, printed) == (areas.code_of(said), areas.name(areas.code_of(said)))


def test_an_unknown_name_gets_the_nearest() -> None:
    """One letter wrong."""
    with pytest.raises(UnknownArea, match="did you mean Krapyakrejo"):
        Areas().code_of("Krapyakrejjo")


def test_a_square_with_a_hole() -> None:
    """Known area and centre; the hole is outside."""
    made = polygons_of(polygon(SQUARE, HOLE))
    a_degree = 111.32
    expected = 0.1 * a_degree * 0.1 * a_degree * math.cos(math.radians(8)) * (1 - 0.04)
    assert area_km2(made) == pytest.approx(expected, rel=1e-3)
    assert centroid(made) == pytest.approx((112.05, -7.95))
    assert holds(made, (112.02, -7.95))
    assert not holds(made, (112.05, -7.95))
    assert not holds(made, (112.2, -7.95))


@given(st.floats(-0.09, 0.19), st.floats(-0.09, 0.19))
def test_inside_a_square_is_inside_its_bounds(east: float, north: float) -> None:
    """Against the plain comparison, away from the edges themselves."""
    if min(abs(east), abs(east - 0.1), abs(north), abs(north - 0.1)) > 1e-9:
        inside = 0 < east < 0.1 and 0 < north < 0.1
        assert inside == holds(polygons_of(polygon(SQUARE)), (112 + east, -8 + north))


def test_distance_is_in_kilometres() -> None:
    """A tenth of a degree of latitude is 11.1 km."""
    assert distance_km((112.0, -8.0), (112.0, -7.9)) == pytest.approx(11.13, abs=0.01)


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        (None, "missing"),
        ({"type": "Point", "coordinates": [1, 2]}, "Point"),
        (polygon(SQUARE[:-1]), "the last like the first"),
        (polygon([[1, 2], "x"]), "longitude, latitude"),  # type: ignore[list-item]
        (polygon([[200.0, 1.0]] * 4), "is no place"),
        ({"type": "Polygon", "coordinates": []}, "list of rings"),
        ({"type": "MultiPolygon", "coordinates": []}, "no coordinates"),
    ],
)
def test_what_is_no_polygon_is_refused(geometry: object, said: str) -> None:
    """With what is due instead."""
    with pytest.raises(BadPolygon, match=said):
        polygons_of(geometry)


def around(code: str, *, east: float = 0.0, exchanged: bool = False) -> dict[str, object]:
    """A square of two kilometres around the built-in centre of ``code``."""
    area = built_in()[code]
    assert area.longitude is not None
    assert area.latitude is not None
    x, y = area.longitude + east, area.latitude
    ring = [[x - 0.01, y - 0.01], [x + 0.01, y - 0.01], [x + 0.01, y + 0.01], [x - 0.01, y + 0.01]]
    ring = [[b, a] if exchanged else [a, b] for a, b in [*ring, ring[0]]]
    return {"code": code, "name": area.name, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_a_polygon_must_hold_the_centre_of_its_code() -> None:
    """Else two of them were exchanged, or it is another place."""
    area, faults = area_of(around("35.75.01.1001"), Areas())
    assert [] == faults
    assert area is not None
    assert area.geometry is not None
    assert "does not hold" in area_of(around("35.75.01.1001", east=0.03), Areas())[1][0][1]


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"code": "35.75.1.1001"}, "code", "no area code"),
        ({"code": "35.75.01.1055"}, "code", "Karangketug is 35.75.01.1001"),
        ({"code": "35.75.02.1002"}, "name", "is Wirogunan, the file says Karangketug"),
        ({"name": ""}, "name", "missing"),
        (
            {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [50, 0], [50, 50], [0, 0]]]}},
            "geometry",
            "no size",
        ),
    ],
)
def test_what_cannot_be_an_area_is_named(changes: dict[str, object], key: str, said: str) -> None:
    """The key, and what is known instead."""
    area, faults = area_of({**around("35.75.01.1001"), **changes}, Areas())
    assert area is None
    assert key == faults[0][0]
    assert said in faults[0][1]


def test_exchanged_coordinates_are_no_place_of_the_city() -> None:
    """Latitude first is the commonest slip; 112 is no latitude."""
    assert "longitude first" in area_of(around("35.75.01.1001", exchanged=True), Areas())[1][0][1]


def test_another_city_can_be_imported() -> None:
    """Its codes are not built in; its centre is that of its polygon."""
    said = {"code": "35.14.07.2001", "name": "Rejoso", "geometry": polygon(SQUARE)}
    area, faults = area_of(said, Areas())
    assert [] == faults
    assert Area(code="35.14.07.2001", name="Rejoso", longitude=112.05, latitude=-7.95, geometry=polygon(SQUARE)) == area


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 50_000, "not GeoJSON: brackets too deep, or a number too long; export it again"),
        ("1" * 10_000, "not GeoJSON: brackets too deep, or a number too long; export it again"),
        ('{"features": [{"properties": 5}]}', r"features\[0\]: properties is no table; code and name are due in it"),
        ('{"features": [5]}', "a FeatureCollection with features is due"),
        ("{", "not valid JSON"),
    ],
)
def test_a_file_that_is_no_geojson_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    """Whatever stands in it, the file is named and so is what is due."""
    path = tmp_path / "wilayah.geojson"
    path.write_text(text, "utf-8")
    with pytest.raises(BadFile, match=rf"wilayah\.geojson.*{said}"):
        read_areas(path)
