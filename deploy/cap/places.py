"""Areas of the registry as CAP says them."""

from collections.abc import Iterator
from typing import Final

from alerting.cap import CapArea, Circle
from alerting.cap_areas import Ring, simplified
from alerting.text_names import area_name
from deploy.registry.areas import Area, Areas
from deploy.registry.polygons import polygons_of

CENTROID_RADIUS_KM: Final = 0.8  # ours: no boundary; a mean kelurahan of the city as a circle has 0.6
GEOCODE: Final = "Kemendagri"  # the code that BMKG calls adm4 (kelurahan) or adm3 (kecamatan)


class CapPlaces:
    """Outlines are simplified once for each document of an area: a long one takes a tenth of a second, so not between
    the turns of core. A thread may ask while core changes an area; it gets the old outline or the new one.
    """

    def __init__(self, areas: Areas) -> None:
        self._areas = areas
        self._rings: dict[str, tuple[Area, tuple[Ring, ...]]] = {}

    def of(self, code: str) -> CapArea:
        """The area with its imported polygon, else as a circle around its centroid or around those below it.

        An RW or RT without a polygon is as large as its kelurahan.
        """
        shapes = list(self._shapes(code))
        return CapArea(
            description=self._description(code),
            polygons=tuple(shape for shape in shapes if isinstance(shape, tuple)),
            circles=tuple(shape for shape in shapes if isinstance(shape, Circle)),
            geocodes=((GEOCODE, code.partition("/")[0]),),
        )

    def all(self) -> Iterator[tuple[str, CapArea]]:
        """Every kelurahan by its code."""
        for area in self._areas.all():
            if area.kind == "kelurahan":
                yield area.code, self.of(area.code)

    def _description(self, code: str) -> str:
        """``Kel. Purworejo, Kec. Purworejo``: a feed is read where other places have the same names."""
        name = area_name(self._areas.name(code))
        district = self._areas.get(code[:8])
        if not name or district is None or code == district.code:
            return name or code
        kind = "" if name.startswith("Kel. ") else "Kel. "
        return f"{kind}{name}, Kec. {area_name(district.name)}"

    def _shapes(self, code: str) -> Iterator[Ring | Circle]:
        area = self._areas.get(code)
        if area is not None and area.geometry is not None:
            yield from self._outlines(area)
        elif "/" in code:
            yield from self._shapes(code.rpartition("/")[0])
        elif area is not None and area.kind == "kecamatan":
            for each in self._areas.all():
                if each.kind == "kelurahan" and each.code.startswith(f"{code}."):
                    yield from self._shapes(each.code)
        elif area is not None and area.latitude is not None and area.longitude is not None:
            yield Circle(latitude=area.latitude, longitude=area.longitude, radius_km=CENTROID_RADIUS_KM)

    def _outlines(self, area: Area) -> tuple[Ring, ...]:
        known = self._rings.get(area.code)
        if known is None or known[0] is not area:
            outer = [polygon[0] for polygon in polygons_of(area.geometry)]
            rings = tuple(simplified([(lat, lon) for lon, lat in ring]) for ring in outer)
            known = self._rings[area.code] = (area, rings)
        return known[1]
