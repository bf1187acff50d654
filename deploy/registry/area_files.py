"""Areas in GeoJSON files, and whether what such a file says can be true."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.registry.areas import CODE, Area, Areas, plain
from deploy.registry.kelurahan import KECAMATAN
from deploy.registry.polygons import BadPolygon, Position, area_km2, centroid, distance_km, holds, polygons_of
from deploy.registry.station_files import BadFile

CITY: Final = "35.75."  # whose codes are all built in
NEAR_KM: Final = 0.5  # a built-in centroid may lie so far outside a crooked boundary's own
AREA_KM2: Final = (0.001, 500.0)


def read_areas(path: Path) -> list[dict[str, Any]]:
    """The features of a GeoJSON file; raises BadFile."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadFile(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadFile(f"{path}:{error.lineno}: not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in brackets
        raise BadFile(f"{path}: not GeoJSON: brackets too deep, or a number too long; export it again") from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features or not all(isinstance(each, dict) for each in features):
        raise BadFile(f"{path}: a FeatureCollection with features is due")
    for number, each in enumerate(features):
        if not isinstance(each.get("properties") or {}, dict):
            raise BadFile(f"{path}: features[{number}]: properties is no table; code and name are due in it")
    source = document.get("source")
    named = {"source": source if isinstance(source, str) else path.name}
    return [{**named, **(each.get("properties") or {}), "geometry": each.get("geometry")} for each in features]


def area_of(said: dict[str, Any], areas: Areas) -> tuple[Area | None, list[tuple[str, str]]]:
    """The area that a feature describes, and what is wrong with it, as (key, text)."""
    code, name = said.get("code"), said.get("name")
    if not isinstance(code, str) or not CODE.match(code):
        return None, [("code", f"{code!r} is no area code; write 35.75.01.1001, and below it /RW03 or /RW03/RT02")]
    if not isinstance(name, str) or not name.strip():
        return None, [("name", "is missing")]
    faults = list(_about_the_name(code, name, areas))
    known = areas.get(code)
    geometry = said.get("geometry")
    is_placed = isinstance(geometry, dict) and geometry.get("type") != "Point"
    if not is_placed:  # as kentongan area export writes what has no polygon
        geometry = None if known is None else known.geometry
    try:
        middle = _middle(geometry, known, faults) if is_placed else None
    except BadPolygon as error:
        faults.append(("geometry", str(error)))
    if faults:
        return None, faults
    source = said.get("source")
    made = known or _named(code, name.strip(), middle)
    if is_placed:
        made = msgspec.structs.replace(made, geometry=geometry, source=source if isinstance(source, str) else "")
    return made, []


def _middle(geometry: Any, known: Area | None, faults: list[tuple[str, str]]) -> Position:
    polygons = polygons_of(geometry)
    middle = centroid(polygons)
    faults += _about_the_place(known, polygons, middle)
    return middle


def _named(code: str, name: str, middle: Position | None) -> Area:
    if middle is None:
        return Area(code=code, name=name)
    return Area(code=code, name=name, longitude=round(middle[0], 5), latitude=round(middle[1], 5))


def _about_the_name(code: str, name: str, areas: Areas) -> list[tuple[str, str]]:
    known = areas.get(code)
    if known is not None:
        if plain(name) == plain(known.name) or "/" in code:
            return []
        return [("name", f"{code} is {known.name}, the file says {name}: one of the two is another place")]
    if code.startswith(CITY) and "/" not in code:
        near = get_close_matches(name, [area.name for area in areas.all()], n=1)
        hint = f"; {near[0]} is {areas.code_of(near[0])}" if near and near[0] not in KECAMATAN.values() else ""
        return [("code", f"no area of Kota Pasuruan has the code {code}{hint}")]
    return [] if _has_parent(code, areas) else [("code", f"the area above {code} is not known; add it first")]


def _has_parent(code: str, areas: Areas) -> bool:
    return "/" not in code or areas.get(code.rpartition("/")[0]) is not None


def _about_the_place(known: Area | None, polygons: list[Any], middle: Position) -> list[tuple[str, str]]:
    size = area_km2(polygons)
    if not AREA_KM2[0] <= size <= AREA_KM2[1]:
        return [("geometry", f"{size:g} km2 is no size of an area; degrees are due, longitude first")]
    if known is None or known.longitude is None or known.latitude is None:
        return []
    place = (known.longitude, known.latitude)
    if holds(polygons, place) or distance_km(place, middle) <= NEAR_KM:
        return []
    if holds(polygons, (place[1], place[0])):
        return [("geometry", "latitude and longitude are exchanged; GeoJSON has longitude first")]
    away = distance_km(place, middle)
    return [("geometry", f"it lies {away:.1f} km from {known.name} and does not hold {place[1]}, {place[0]}")]


def geojson_text(areas: Sequence[dict[str, Any]]) -> str:
    """A feature an area: its polygon, or its centre where no polygon was imported."""
    features = []
    for area in areas:
        geometry = area.get("geometry")
        if geometry is None and area.get("latitude") is not None:
            geometry = {"type": "Point", "coordinates": [area["longitude"], area["latitude"]]}
        properties = {key: area[key] for key in ("code", "name", "source") if key in area}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False) + "\n"
