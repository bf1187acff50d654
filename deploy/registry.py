"""What the settings say of the field, in the words of ingest and of alerting."""

from dataclasses import dataclass

from alerting.policy import Officer
from deploy.settings import Settings, Station, channel_names
from ingest.calibration import Calibration
from ingest.quality import Limits, Span
from ingest.stations import Channel
from ingest.stations import Station as IngestStation

PARTICLES = Span(0, 1000)  # ug/m3, the span of the PMS5003's data sheet
SPANS = {
    "pm1_ugm3": PARTICLES,
    "pm25_ugm3": PARTICLES,
    "pm10_ugm3": PARTICLES,
    "temperature_c": Span(-40, 85),  # BME280
    "humidity_pct": Span(0, 100),
    "pressure_hpa": Span(300, 1100),
    "batt_mv": Span(0, 30_000),
}
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


def _channels(station: Station) -> dict[str, Channel]:
    channels = {
        series: Channel(calibration=Calibration(quantity=series), limits=Limits(sensor=span))
        for series, span in SPANS.items()
    }
    channels["rain_tips"] = Channel(
        calibration=Calibration(quantity="rain_mm", conversion="rain", mm_per_tip=station.mm_per_tip),
        limits=Limits(sensor=Span(0, MAX_TIPS)),
    )
    if station.datum_m is not None:
        site = Span(*station.site_m) if station.site_m else None
        channels["distance_mm"] = Channel(
            calibration=Calibration(quantity="level_m", conversion="level", datum_m=station.datum_m),
            limits=Limits(sensor=Span(*station.sensor_mm), site=site),
        )
    return channels
