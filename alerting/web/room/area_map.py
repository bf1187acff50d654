"""What the map is drawn from: areas as core knows them and rivers of a file, as one GeoJSON document."""

import asyncio
import gzip
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from fastapi import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerting.web.frame import Frame
from broker.control import CommandFailed

KEPT_S: Final = 60.0  # an area's polygon changes a few times a year
LINES: Final = ("LineString", "MultiLineString")
MOST_BYTES: Final = 5_000_000
RIVER: Final = "sungai"


class BadRivers(ValueError):
    """One sentence: what is wrong with the file, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSettings:
    """``rivers`` are GeoJSON features. ``tiles`` is a URL with {z}, {x} and {y}; empty: the map is drawn without."""

    rivers: Sequence[dict[str, Any]] = ()
    tiles: str = ""
    credit: str = ""

    @property
    def origin(self) -> str:
        """Where tiles come from, for the policy of pages; empty without tiles."""
        parts = urlsplit(self.tiles)
        return f"{parts.scheme}://{parts.netloc}" if self.tiles else ""


@dataclass(frozen=True, slots=True)
class Document:
    plain: bytes
    packed: bytes
    tag: str


@dataclass(slots=True, kw_only=True)
class AreaMap:
    """Core is asked at most once a minute, whoever looks; while it is away the last answer stays."""

    frame: Frame
    rivers: Sequence[dict[str, Any]]
    _document: Document | None = None
    _asked_at: float = -KEPT_S
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, request: Request) -> Response:
        """The document, packed where the browser can unpack it; 304 when the browser has it; 503 when there is none."""
        document = await self._current(request)
        headers = {"ETag": document.tag, "Cache-Control": "private, max-age=60", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == document.tag:
            return Response(None, 304, headers)
        is_packed = "gzip" in request.headers.get("accept-encoding", "")
        content = document.packed if is_packed else document.plain
        headers |= {"Content-Encoding": "gzip"} if is_packed else {}
        return Response(content, media_type="application/geo+json", headers=headers)

    async def _current(self, request: Request) -> Document:
        async with self._asking:
            if self._document is None or time.monotonic() - self._asked_at > KEPT_S:
                try:
                    areas = await self.frame.ask(request, "area-export")
                    self._document = await asyncio.to_thread(document_of, areas, self.rivers)
                    self._asked_at = time.monotonic()
                except (CommandFailed, HTTPException):
                    if self._document is None:
                        raise HTTPException(503, "Batas wilayah belum dapat dibaca dari inti.") from None
            return self._document


def document_of(areas: Sequence[dict[str, Any]], rivers: Sequence[dict[str, Any]]) -> Document:
    """Areas that lie somewhere, by their polygon or else their middle, then rivers."""
    features = [feature for area in areas if (feature := _feature(area)) is not None]
    plain = msgspec.json.encode({"type": "FeatureCollection", "features": [*features, *rivers]})
    tag = f'"{hashlib.sha256(plain).hexdigest()[:24]}"'
    return Document(plain, gzip.compress(plain, 6, mtime=0), tag)


def _feature(area: dict[str, Any]) -> dict[str, Any] | None:
    geometry = area.get("geometry")
    if geometry is None and area.get("latitude") is not None:
        geometry = {"type": "Point", "coordinates": [area["longitude"], area["latitude"]]}
    if geometry is None:
        return None
    facts = {"code": area["code"], "name": area["name"], "kind": _kind(area["code"]), "source": area.get("source", "")}
    return {"type": "Feature", "properties": facts, "geometry": geometry}


def _kind(code: str) -> str:
    if "/" in code:
        return "RW"
    return "kelurahan" if len(code) > 8 else "kecamatan"


def read_rivers(path: Path) -> list[dict[str, Any]]:
    """Lines of a GeoJSON file in WGS 84, longitude first, each with its property "name"; raises BadRivers."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRivers(f"{path}: over 5 MB; simplify the lines, a metre or two is fine enough")
        said = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadRivers(f"{path}: {error.strerror}; export rivers as GeoJSON and name the file there") from None
    except ValueError:
        raise BadRivers(f"{path}: not JSON in UTF-8; export rivers as GeoJSON") from None
    features = said.get("features") if isinstance(said, dict) else None
    if not isinstance(features, list):
        raise BadRivers(f"{path}: no FeatureCollection; export rivers as GeoJSON")
    return [_river(path, number, feature) for number, feature in enumerate(features, 1)]


def _river(path: Path, number: int, feature: Any) -> dict[str, Any]:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") not in LINES:
        raise BadRivers(f"{path}: feature {number} is no LineString or MultiLineString; keep only the rivers' lines")
    lines = [geometry.get("coordinates")] if geometry["type"] == LINES[0] else geometry.get("coordinates")
    if not isinstance(lines, list) or not all(_is_line(line) for line in lines):
        raise BadRivers(f"{path}: feature {number} has coordinates that are no degrees; export it in WGS 84")
    properties = feature.get("properties") or {}
    facts = {"code": f"{RIVER}-{number}", "name": str(properties.get("name") or ""), "kind": RIVER}
    return {
        "type": "Feature",
        "properties": facts,
        "geometry": {"type": geometry["type"], "coordinates": geometry["coordinates"]},
    }


def _is_line(line: Any) -> bool:
    return isinstance(line, list) and len(line) > 1 and all(_is_position(each) for each in line)


def _is_position(position: Any) -> bool:
    is_pair = isinstance(position, list) and len(position) >= 2
    if not is_pair or not all(isinstance(each, int | float) for each in position[:2]):
        return False
    return bool(abs(position[0]) <= 180 and abs(position[1]) <= 90)
