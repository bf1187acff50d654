"""The limits of quality control: what each test holds a series against, by quantity and sensor type.

No limit here is an official figure. Spans of sensors are the makers'; everything else is an assumption, its ground
named beside it, and can be overridden for each station (:func:`overridden`). A limit that is infinite or 0 switches its
test off, so ``SeriesLimits()`` tests nothing over time.
"""

from collections.abc import Mapping
from math import inf, isfinite
from typing import Final

import msgspec

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000


class Span(msgspec.Struct, frozen=True):
    """A closed range of values."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


class SeriesLimits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Limits of one series in its calibrated unit, durations in ms, rates per hour; ``sensor`` and ``codes`` are raw.

    A step of at most ``noise`` is never too fast. ``confirm`` consistent samples settle a step, ``confirm_supported``
    when rain or a neighbour supports it. Samples that stay within ``box_tolerance`` are a plateau and confirm nothing;
    a plateau that wanders by more than ``box_drift`` is water after all.
    """

    unit: str = ""
    sensor: Span | None = None
    site: Span | None = None
    codes: dict[float, str] = {}  # what the sensor sends instead of a measurement, and what it means
    spike_suspect: float = inf
    spike_fail: float = inf
    max_rise_per_h: float = inf
    max_fall_per_h: float = inf
    noise: float = 0.0
    confirm: int = 3
    confirm_supported: int = 2
    box_tolerance: float = 0.0
    box_drift: float = 0.0
    support_rain_mm: float = 10.0
    support_rain_minutes: int = 180
    support_neighbour_m_per_h: float = 0.3
    flat_tolerance: float = 0.0
    flat_suspect_ms: float = inf
    flat_fail_ms: float = inf
    stuck: Span | None = None  # values that a faulty sensor is known to stay at
    stuck_fault: str = ""
    stuck_suspect_ms: float = inf
    stuck_fail_ms: float = inf
    attenuated_ms: int = 0
    attenuated_suspect: float = 0.0
    attenuated_fail: float = 0.0
    is_amount: bool = False  # each value is a sum since the sample before it (rain), not a state
    clogged_mm: float = inf  # this much at a neighbour while nothing falls here
    clogged_minutes: int = 180
    gap_ms: float = 3 * HOUR_MS  # "last seen over 3 h is down"
    stale_ms: float = 30 * MINUTE_MS

    @property
    def is_watched(self) -> bool:
        """Whether steps between samples are judged at all."""
        return self.max_rise_per_h < inf or self.max_fall_per_h < inf


_GENERAL_CODES: Final = {0.0: "failed", -1.0: "comms", 65535.0: "no_return"}
# Spans: makers' data sheets. 300 is a measurement for every sensor but the MaxBotix, whose nearest distance it is.
_SENSORS: Final[dict[str, tuple[Span | None, dict[float, str]]]] = {
    "a02yyuw": (Span(30, 4500), _GENERAL_CODES),
    "jsn-sr04t": (Span(250, 4500), _GENERAL_CODES),
    "maxbotix": (
        Span(300, 10_000),
        {**_GENERAL_CODES, 300.0: "obstructed", 5000.0: "no_return", 9999.0: "no_return", 10_000.0: "no_return"},
    ),
    "radar": (None, _GENERAL_CODES),
    "logger": (None, {}),  # it sends a level, where 0 and -1 are water
    "": (None, {**_GENERAL_CODES, 5000.0: "no_return", 9999.0: "no_return", 10_000.0: "no_return"}),
}
# Rivers. Fastest rises known: 2.5 m in an hour (Welang at Dhompo), 3.5 m/h (Ellicott City 2018), about 11 m/h
# (Guadalupe 2025); what is faster than 6 m/h is asked to repeat itself. Falls are slower: Dhompo takes 2 h and more.
_LEVEL: Final = SeriesLimits(
    unit="m",
    spike_suspect=0.3,
    spike_fail=0.5,
    max_rise_per_h=6.0,
    max_fall_per_h=1.5,
    noise=0.05,
    box_tolerance=0.05,
    box_drift=0.15,  # more than a day's temperature does to an uncorrected ultrasonic distance of 5 m
    flat_tolerance=0.0005,  # a sensor that resolves 1 mm repeats itself exactly only when it is stuck ...
    flat_suspect_ms=24 * HOUR_MS,  # ... or when the water is behind a gate, or ice-still in the dry season
    flat_fail_ms=7 * 24 * HOUR_MS,
)
_PARTICLES: Final = SeriesLimits(
    unit="ug/m3",
    sensor=Span(0, 1000),  # PMS5003, data sheet
    codes={-1.0: "comms", 65535.0: "comms"},
    spike_suspect=30.0,  # one minute up and back; a plume lasts longer
    spike_fail=300.0,
    flat_tolerance=0.05,
    flat_suspect_ms=6 * HOUR_MS,
    flat_fail_ms=24 * HOUR_MS,
    stuck=Span(0, 0),
    stuck_fault="stuck",
    stuck_suspect_ms=1 * HOUR_MS,
    stuck_fail_ms=6 * HOUR_MS,
)
_QUANTITIES: Final[dict[str, SeriesLimits]] = {
    "level_m": _LEVEL,
    "pm1_ugm3": _PARTICLES,
    "pm25_ugm3": _PARTICLES,
    "pm10_ugm3": _PARTICLES,
    "rain_mm": SeriesLimits(
        unit="mm",
        is_amount=True,
        noise=1.0,
        max_rise_per_h=300.0,  # over an hour of it the world's records lie near this
        flat_tolerance=0.05,
        flat_suspect_ms=2 * HOUR_MS,  # the same tips each time, for so long: a stuck reed
        flat_fail_ms=12 * HOUR_MS,
        clogged_mm=20.0,  # BMKG calls 10-20 mm in an hour heavy; here it is the sum of clogged_minutes
        gap_ms=inf,  # an amount says how much fell since the sample before it, whenever that was
    ),
    "temperature_c": SeriesLimits(
        unit="C",
        sensor=Span(-40, 85),  # BME280, data sheet
        codes={-1000.99: "comms"},
        spike_suspect=3.0,
        spike_fail=10.0,
        max_rise_per_h=20.0,
        max_fall_per_h=60.0,  # the gust before a thunderstorm
        noise=1.0,
        box_tolerance=0.3,
        box_drift=1.5,
        flat_tolerance=0.005,
        flat_suspect_ms=6 * HOUR_MS,
        flat_fail_ms=24 * HOUR_MS,
    ),
    "humidity_pct": SeriesLimits(
        unit="%",
        sensor=Span(0, 100),
        spike_suspect=15.0,
        spike_fail=40.0,
        stuck=Span(99.5, 100),
        stuck_fault="condensed",
        stuck_suspect_ms=12 * HOUR_MS,  # a foggy night is shorter
        stuck_fail_ms=24 * HOUR_MS,
    ),
    "pressure_hpa": SeriesLimits(
        unit="hPa",
        sensor=Span(300, 1100),
        spike_suspect=2.0,
        spike_fail=10.0,
        max_rise_per_h=10.0,
        max_fall_per_h=10.0,
        noise=1.0,
        box_tolerance=0.5,
        box_drift=1.5,
        flat_tolerance=0.005,
        flat_suspect_ms=6 * HOUR_MS,
        flat_fail_ms=24 * HOUR_MS,
    ),
    "batt_mv": SeriesLimits(unit="mV", sensor=Span(0, 30_000)),
}


NO_LIMITS: Final = SeriesLimits()


def default_limits(quantity: str, sensor_type: str = "") -> SeriesLimits:
    """The limits of ``quantity`` (``level_m``) as ``sensor_type`` (``a02yyuw``) measures it.

    A quantity that is not known has no limits. An unknown sensor type is taken for one of distance, with the codes that
    most of them share; "logger" is one that sends the level itself.
    """
    limits = _QUANTITIES.get(quantity, NO_LIMITS)
    if quantity != "level_m":
        return limits
    sensor, codes = _SENSORS.get(sensor_type.lower(), _SENSORS[""])
    return msgspec.structs.replace(limits, sensor=sensor, codes=codes)


class BadLimit(ValueError):
    """An override that cannot be; the text names the key and says what to write instead."""


# What a station may override: key -> field, factor to the field's unit, least and greatest value.
OVERRIDES: Final[dict[str, tuple[str, float, float, float]]] = {
    "spike_suspect": ("spike_suspect", 1, 0, inf),
    "spike_fail": ("spike_fail", 1, 0, inf),
    "max_rise_per_h": ("max_rise_per_h", 1, 0, inf),
    "max_fall_per_h": ("max_fall_per_h", 1, 0, inf),
    "noise": ("noise", 1, 0, inf),
    "confirm_samples": ("confirm", 1, 2, 4),
    "confirm_supported_samples": ("confirm_supported", 1, 1, 4),
    "box_tolerance": ("box_tolerance", 1, 0, inf),
    "box_drift": ("box_drift", 1, 0, inf),
    "support_rain_mm": ("support_rain_mm", 1, 0.1, 1000),
    "support_rain_minutes": ("support_rain_minutes", 1, 10, 1440),
    "support_neighbour_m_per_h": ("support_neighbour_m_per_h", 1, 0.01, 100),
    "flat_tolerance": ("flat_tolerance", 1, 0, inf),
    "flat_suspect_hours": ("flat_suspect_ms", HOUR_MS, 0.1, 8760),
    "flat_fail_hours": ("flat_fail_ms", HOUR_MS, 0.1, 8760),
    "stuck_suspect_hours": ("stuck_suspect_ms", HOUR_MS, 0.1, 8760),
    "stuck_fail_hours": ("stuck_fail_ms", HOUR_MS, 0.1, 8760),
    "attenuated_hours": ("attenuated_ms", HOUR_MS, 1, 720),
    "attenuated_suspect": ("attenuated_suspect", 1, 0, inf),
    "attenuated_fail": ("attenuated_fail", 1, 0, inf),
    "clogged_mm": ("clogged_mm", 1, 1, 1000),
    "clogged_minutes": ("clogged_minutes", 1, 30, 1440),
    "gap_minutes": ("gap_ms", MINUTE_MS, 1, 10_080),
    "stale_minutes": ("stale_ms", MINUTE_MS, 1, 10_080),
}
_WHOLE: Final = frozenset({"confirm", "confirm_supported", "support_rain_minutes", "clogged_minutes", "attenuated_ms"})
_ORDERED: Final = (
    ("spike_suspect", "spike_fail"),
    ("flat_suspect_hours", "flat_fail_hours"),
    ("stuck_suspect_hours", "stuck_fail_hours"),
    ("attenuated_fail", "attenuated_suspect"),
)


def overridden(limits: SeriesLimits, overrides: Mapping[str, float]) -> SeriesLimits:
    """``limits`` with a station's own figures; raises :class:`BadLimit`, one sentence for the first that is wrong."""
    changed: dict[str, float] = {}
    for key, value in overrides.items():
        if key not in OVERRIDES:
            raise BadLimit(f"{key!r} is not a limit; write one of {', '.join(OVERRIDES)}")
        field, factor, low, high = OVERRIDES[key]
        if not isfinite(value) or not low <= value <= high:
            bounds = f"at least {low:g}" if high == inf else f"from {low:g} to {high:g}"
            raise BadLimit(f"{key} = {value:g} cannot be; write a number {bounds}")
        changed[field] = round(value * factor) if field in _WHOLE else value * factor
    result = msgspec.structs.replace(limits, **changed)
    for lesser, greater in _ORDERED:
        if (lesser in overrides or greater in overrides) and _of(result, lesser) > _of(result, greater):
            raise BadLimit(
                f"{lesser} = {_of(result, lesser):g} is over {greater} = {_of(result, greater):g}; write it lower"
            )
    return result


def _of(limits: SeriesLimits, key: str) -> float:
    field, factor, _, _ = OVERRIDES[key]
    return float(getattr(limits, field) / factor)
