"""What the map is drawn from: areas that lie somewhere, and rivers of a file."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from alerting.web.room.area_map import BadRivers, MapSettings, document_of, read_rivers
from tests.browser.scenes import areas_told

LINE = {"type": "LineString", "coordinates": [[112.87, -7.7], [112.88, -7.63]]}


def rivers(tmp_path: Path, *features: Any) -> Path:
    path = tmp_path / "rivers.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return path


def test_areas_are_drawn_by_their_polygon_or_else_their_middle() -> None:
    """One that lies nowhere is left out; whose polygon it is goes with it."""
    document = document_of(areas_told(), [])
    told = json.loads(document.plain)
    drawn = {each["properties"]["name"]: each["geometry"]["type"] for each in told["features"]}
    assert ("Polygon", "Point") == (drawn["Randusari"], drawn["Karangketug"])
    assert "Gadingrejo" not in drawn
    assert "contoh" == next(each["properties"]["source"] for each in told["features"] if each["properties"]["source"])
    assert document.plain == gzip.decompress(document.packed)


def test_the_same_areas_have_the_same_tag_and_others_another() -> None:
    """A browser asks again only for what changed."""
    one, same, other = document_of(areas_told(), []), document_of(areas_told(), []), document_of(areas_told()[:2], [])
    assert (one.tag, True) == (same.tag, one.tag != other.tag)


def test_rivers_come_from_lines(tmp_path: Path) -> None:
    """Each has its name; what a program wrote beside it is left out."""
    path = rivers(tmp_path, {"type": "Feature", "properties": {"name": "S. Welang", "fid": 3}, "geometry": LINE})
    assert [
        {
            "type": "Feature",
            "properties": {"code": "sungai-1", "name": "S. Welang", "kind": "sungai"},
            "geometry": LINE,
        }
    ] == read_rivers(path)


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}}, "feature 1 is no LineString"),
        ({"geometry": {"type": "LineString", "coordinates": [[693_000, 9_156_000], [1, 2]]}}, "export it in WGS 84"),
        ({"geometry": {"type": "LineString", "coordinates": [[1, 2]]}}, "coordinates"),
        ("river", "feature 1 is no LineString"),
    ],
)
def test_what_is_no_river_is_named_with_the_remedy(tmp_path: Path, feature: Any, said: str) -> None:
    """The file, the feature and what to do."""
    path = rivers(tmp_path, feature)
    with pytest.raises(BadRivers, match=said) as refused:
        read_rivers(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_or_no_geojson_is_named(tmp_path: Path) -> None:
    """One sentence each."""
    with pytest.raises(BadRivers, match="No such file"):
        read_rivers(tmp_path / "none.geojson")
    (tmp_path / "text").write_text("S. Welang")
    with pytest.raises(BadRivers, match="not JSON"):
        read_rivers(tmp_path / "text")
    (tmp_path / "list").write_text("[]")
    with pytest.raises(BadRivers, match="no FeatureCollection"):
        read_rivers(tmp_path / "list")


def test_pictures_may_come_from_one_origin_only() -> None:
    """The policy of pages is widened by the host of the tiles, and by nothing without tiles."""
    settings = MapSettings(tiles="https://tiles.example.org/a/{z}/{x}/{y}.png")
    assert ("https://tiles.example.org", "") == (settings.origin, MapSettings().origin)
