"""The simulated installation: four stations of two rivers, two officers. Nothing of it is an official figure."""

from dataclasses import dataclass
from typing import Any, Final

from deploy.channels.settings import Channels
from deploy.settings import Officer, Settings, Site

OFFICERS: Final = ("Petugas Satu", "Petugas Dua")
SILENCE_MINUTES: Final = 10
AUTHOR: Final = "simulasi"
STREET: Final = "35.75.04.1004"  # an area to which no station matters

SETTINGS: Final = Settings(
    site=Site(name="Simulasi"),
    channels=Channels(demo=True),
    officers=[Officer(name=name, phone=f"+62812000000{n:02d}") for n, name in enumerate(OFFICERS, 1)],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A station and its node. ``limits`` are WASPADA, SIAGA and AWAS in metres; without a datum it measures rain."""

    station: str
    node: str
    river: str
    datum_m: float | None = None
    limits: tuple[float, float, float] | None = None
    kelurahan: str | None = None
    area: str | None = None  # its code
    upstream: str | None = None
    hysteresis_m: float = 0.1
    hold_up: int = 2
    hold_down_minutes: float = 15.0

    @property
    def series(self) -> str:
        """What its node sends."""
        return "rain_tips" if self.datum_m is None else "distance_mm"


PLACES: Final = (
    Place(station="hujan", node="node-hujan", river="Satu"),
    Place(
        station="hulu",
        node="node-hulu",
        river="Satu",
        datum_m=8.0,
        limits=(3.0, 4.0, 5.0),
        kelurahan="Karangketug",
        area="35.75.01.1001",
        upstream="hujan",
    ),
    Place(
        station="hilir",
        node="node-hilir",
        river="Satu",
        datum_m=6.0,
        limits=(2.0, 2.8, 3.6),
        kelurahan="Randusari",
        area="35.75.01.1006",
        upstream="hulu",
    ),
    Place(
        station="muara",
        node="node-muara",
        river="Dua",
        datum_m=4.0,
        limits=(1.6, 2.0, 2.5),
        kelurahan="Petamanan",
        area="35.75.04.1008",
    ),
)


def thresholds(limits: tuple[float, float, float], place: Place) -> dict[str, Any]:
    """The table of thresholds as a file would say it."""
    waspada, siaga, awas = limits
    return {
        "waspada": waspada,
        "siaga": siaga,
        "awas": awas,
        "hysteresis_m": place.hysteresis_m,
        "hold_up_samples": place.hold_up,
        "hold_down_minutes": place.hold_down_minutes,
        "author": AUTHOR,
        "reason": AUTHOR,
    }


def table(place: Place) -> dict[str, Any]:
    """A station as a file would say it."""
    said: dict[str, Any] = {
        "id": place.station,
        "name": place.station.title(),
        "river": place.river,
        "silence_minutes": SILENCE_MINUTES,
        "example": True,
    }
    if place.upstream is not None:
        said["neighbours"] = [{"station": place.upstream, "side": "upstream", "travel_minutes": 60}]
    if place.datum_m is None or place.limits is None:
        return said | {"hazard": "rain", "mm_per_tip": 0.2}
    return said | {
        "kelurahan": [place.kelurahan],
        "datum_m": place.datum_m,
        "site_m": [-0.5, place.datum_m],
        "sensor": "radar",
        "sensor_mm": [100, 20_000],
        "thresholds": thresholds(place.limits, place),
    }
