"""From a station's document to what ingest must know of its series."""

from functools import lru_cache
from typing import Final

import msgspec

from broker.station import LEVEL_SERIES, MM_PER_TIP, RAIN_SERIES, Epoch, Station
from ingest.calibration import Calibration, Conversion
from ingest.quality_limits import SeriesLimits, Span, default_limits, overridden
from ingest.stations import Channel
from ingest.stations import Station as IngestStation

MAX_TIPS: Final = 500.0  # between two observations; a tip each 7.2 s is 100 mm/h
USUAL_SENSOR: Final = "a02yyuw"  # of a level station that does not name its own
PARTICLES: Final = "pm25_ugm3"

Pair = tuple[float, float]
Own = tuple[tuple[str, float], ...]  # limits that are a station's own
TIPS: Final[Pair] = (0.0, MAX_TIPS)


class IngestStations(dict[str, IngestStation]):
    """Stations as ingest sees them, each made from its document when it is first needed: most are not, at a start."""

    def __init__(self, stations: dict[str, Station]) -> None:
        super().__init__()
        self._stations = stations

    def __missing__(self, station: str) -> IngestStation:
        made = self[station] = ingest_station(self._stations[station])
        return made


def ingest_station(station: Station) -> IngestStation:
    """What the document says of series; those that it does not mention keep their usual meaning."""
    channels: dict[str, Channel] = {}
    for series, epochs in _by_series(station).items():
        conversion: Conversion = "rain" if series.startswith(RAIN_SERIES) else "level"
        calibration = _calibration(series, conversion, epochs)
        channels[series] = Channel(calibration=calibration, limits=limits_of(station, calibration.quantity))
    if RAIN_SERIES not in channels:
        channels[RAIN_SERIES] = _usual_rain(_own_limits(station, "rain_mm"))
    if station.hazard == "air" and station.quality:
        channels[PARTICLES] = Channel(calibration=Calibration(quantity=PARTICLES), limits=limits_of(station, PARTICLES))
    return IngestStation(id=station.id, channels=channels)


def limits_of(station: Station, quantity: str) -> SeriesLimits:
    """Limits of quality control: by quantity and sensor type, with what the station says of its own.

    ``station.quality`` is about what the station is for; raises BadLimit when it cannot be.
    """
    plain = quantity.partition(".")[0]
    own = _own_limits(station, plain)
    if plain == "level_m":
        return _limits(plain, station.sensor or USUAL_SENSOR, station.sensor_mm, station.site_m, own)
    return _limits(plain, "", TIPS if plain == "rain_mm" else None, None, own)


def _own_limits(station: Station, quantity: str) -> Own:
    return tuple(sorted(station.quality.items())) if quantity == _main_quantity(station) else ()


def _main_quantity(station: Station) -> str:
    return "level_m" if station.measures_water else "rain_mm" if station.hazard == "rain" else PARTICLES


@lru_cache(maxsize=4096)
def _limits(quantity: str, sensor: str, span: Pair | None, site: Pair | None, own: Own) -> SeriesLimits:
    """Shared by all stations that say the same."""
    limits = default_limits(quantity, sensor)
    if span is not None:
        limits = msgspec.structs.replace(limits, sensor=Span(*span))
    if site is not None:
        limits = msgspec.structs.replace(limits, site=Span(*site))
    return overridden(limits, dict(own))


def _by_series(station: Station) -> dict[str, list[Epoch]]:
    found: dict[str, list[Epoch]] = {}
    for epoch in sorted(station.epochs, key=lambda epoch: epoch.number):
        found.setdefault(epoch.series, []).append(epoch)
    return found


def _calibration(series: str, conversion: Conversion, epochs: list[Epoch]) -> Calibration:
    """The last epoch's, with those before it behind it."""
    kind, mark, number = series.partition(".")
    quantity = {LEVEL_SERIES: "level_m", RAIN_SERIES: "rain_mm"}[kind] + mark + number
    found: Calibration | None = None
    for epoch in epochs:
        found = Calibration(
            quantity=quantity,
            conversion=conversion,
            datum_m=epoch.datum_m or 0.0,
            mm_per_tip=epoch.mm_per_tip or MM_PER_TIP,
            epoch=epoch.number,
            sound_reference_c=epoch.sound_reference_c,
            since=epoch.effective_from,
            before=found,
        )
    assert found is not None  # noqa: S101  a series is here because an epoch names it
    return found


@lru_cache(maxsize=4096)
def _usual_rain(own: Own) -> Channel:
    """Of a gauge of which nothing else is said; shared by all stations."""
    calibration = Calibration(quantity="rain_mm", conversion="rain", mm_per_tip=MM_PER_TIP)
    return Channel(calibration=calibration, limits=_limits("rain_mm", "", TIPS, None, own))
