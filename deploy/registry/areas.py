"""Areas by code: kecamatan, kelurahan, RW and RT; the built-in ones and what was added or imported.

``35.75.01`` is a kecamatan, ``35.75.01.1001`` a kelurahan, ``35.75.01.1001/RW03`` and ``35.75.01.1001/RW03/RT02`` are
below it. Gadingrejo, Purworejo, Bugul Kidul and Panggungrejo are names of both kinds: there, a printed name says which.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from deploy.registry.kelurahan import KECAMATAN, KELURAHAN

CODE: Final = re.compile(r"\d\d\.\d\d\.\d\d(\.\d{4}(/RW\d\d(/RT\d\d)?)?)?\Z")


class Area(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``geometry`` is a GeoJSON Polygon or MultiPolygon, longitude before latitude; ``source`` says whose it is."""

    code: str
    name: str
    latitude: float | None = None  # of the centroid
    longitude: float | None = None
    geometry: dict[str, Any] | None = None
    source: str = ""

    @property
    def kind(self) -> str:
        """kecamatan, kelurahan, RW or RT."""
        if "/RT" in self.code:
            return "RT"
        if "/RW" in self.code:
            return "RW"
        return "kelurahan" if len(self.code) > 8 else "kecamatan"


class UnknownArea(ValueError):
    """No area has this code or name; the text names the nearest."""


def built_in() -> dict[str, Area]:
    """Kota Pasuruan, by code."""
    found = {code: Area(code=code, name=name) for code, name in KECAMATAN.items()}
    for code, (name, latitude, longitude) in KELURAHAN.items():
        found[code] = Area(code=code, name=name, latitude=latitude, longitude=longitude)
    return dict(sorted(found.items()))


class Areas:
    """All areas that are known, by code and, for kelurahan, by name."""

    def __init__(self, more: Iterable[Area] = ()) -> None:
        self._by_code = built_in()
        self._kelurahan: dict[str, str] = {}
        self._kecamatan: set[str] = set()
        for area in more:
            self._by_code[area.code] = area
        self._index()

    def put(self, areas: Iterable[Area]) -> None:
        """Add areas, or put them in the place of those with the same code."""
        self._by_code |= {area.code: area for area in areas}
        self._index()

    def _index(self) -> None:
        self._by_code = dict(sorted(self._by_code.items()))
        areas = self._by_code.values()
        self._kelurahan = {plain(area.name): area.code for area in areas if area.kind == "kelurahan"}
        self._kecamatan = {plain(area.name) for area in areas if area.kind == "kecamatan"}

    def all(self) -> list[Area]:
        return list(self._by_code.values())

    def get(self, code: str) -> Area | None:
        return self._by_code.get(code)

    def code_of(self, text: str) -> str:
        """The code of a kelurahan named ``text``, or ``text`` itself when it is a known code; raises UnknownArea."""
        if text in self._by_code:
            return text
        name = plain(text.removeprefix("Kel. "))
        if name in self._kelurahan:
            return self._kelurahan[name]
        near = get_close_matches(name, self._kelurahan, n=1, cutoff=0.6)
        hint = f"did you mean {self._by_code[self._kelurahan[near[0]]].name}?" if near else "see kentongan area list"
        raise UnknownArea(f"no kelurahan or area code {text!r} is known; {hint}")

    def name(self, code: str) -> str:
        """As a message prints it: ``Kel. Gadingrejo`` where a kecamatan has the same name, ``Sebani RW03 RT02``."""
        place, _, below = code.partition("/")
        area = self._by_code.get(place)
        if area is None:
            return code
        name = area.name
        if plain(name) in self._kecamatan:
            name = f"{'Kel.' if area.kind == 'kelurahan' else 'Kec.'} {name}"
        return " ".join([name, *below.split("/")]) if below else name

    def names(self, codes: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.name(code) for code in codes)


def plain(name: str) -> str:
    """For comparing names as people write them: case, apostrophes and spaces aside."""
    return re.sub(r"[^a-z]", "", name.lower())
