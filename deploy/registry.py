"""What the settings say of the field, in the words of ingest and of alerting."""

from dataclasses import dataclass
from functools import cache

from alerting.policy import Officer
from deploy.settings import Settings, Station, channel_names
from ingest.calibration import Calibration
from ingest.quality import Limits, Span
from ingest.stations import Channel
from ingest.stations import Station as IngestStation

MAX_TIPS = 500  # between two observations; a tip each 7.2 s is 100 mm/h


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Stations by id, as settings and as ingest sees them, and who is on duty."""

    stations: dict[str, Station]
    ingest: dict[str, IngestStation]
    officers: tuple[Officer, ...]


def build(settings: Settings) -> Registry:
    every_channel = tuple(channel_names(settings))
    return Registry(
        stations={station.id: station for station in settings.stations},
        ingest={station.id: IngestStation(id=station.id, channels=_channels(station)) for station in settings.stations},
        officers=tuple(
            Officer(name=o.name, address=o.phone, channels=tuple(o.channels) or every_channel)
            for o in settings.officers
        ),
    )


@cache
def _rain(mm_per_tip: float) -> Channel:
    calibration = Calibration(quantity="rain_mm", conversion="rain", mm_per_tip=mm_per_tip)
    return Channel(calibration=calibration, limits=Limits(sensor=Span(0, MAX_TIPS)))


def _channels(station: Station) -> dict[str, Channel]:
    """What is this station's own; everything else has its usual meaning."""
    channels = {"rain_tips": _rain(station.mm_per_tip)}
    if station.datum_m is not None:
        site = Span(*station.site_m) if station.site_m else None
        channels["distance_mm"] = Channel(
            calibration=Calibration(quantity="level_m", conversion="level", datum_m=station.datum_m),
            limits=Limits(sensor=Span(*station.sensor_mm), site=site),
        )
    return channels
