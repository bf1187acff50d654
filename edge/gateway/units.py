"""Units of loggers' values, and the one that a series' name says."""

from typing import Final

# By the ending of a series' name: level_m, rain_mm, pm25_ugm3, batt_mv ...; tips are counted.
_OF_ENDING: Final = {
    "m": "m", "mm": "mm", "ugm3": "ug/m3", "mv": "mV", "c": "degC", "pct": "%", "hpa": "hPa", "tips": "tips",
}  # fmt: skip
# What is measured, and how many of the smallest unit here one of it is.
_UNITS: Final = {
    "mm": ("length", 1),
    "cm": ("length", 10),
    "m": ("length", 1000),
    "ug/m3": ("concentration", 1),
    "mg/m3": ("concentration", 1000),
    "mV": ("voltage", 1),
    "V": ("voltage", 1000),
    "Pa": ("pressure", 1),
    "hPa": ("pressure", 100),
    "kPa": ("pressure", 1000),
    "degC": ("temperature", 1),
    "%": ("share", 1),
    "tips": ("count", 1),
}
UNITS: Final = tuple(_UNITS)


class BadUnit(ValueError):
    """A series whose name says no unit, or a unit that cannot become it; the text is one sentence."""


def ratio(unit: str, series: str) -> tuple[int, int]:
    """``value * first / second`` turns a value in ``unit`` into the series' own; raises :class:`BadUnit`."""
    own = _OF_ENDING.get(series.partition(".")[0].rpartition("_")[2])
    if own is None:
        endings = ", ".join(f"_{ending}" for ending in _OF_ENDING)
        raise BadUnit(f"series {series!r} does not say its unit: its name must end in one of {endings}")
    if unit not in _UNITS:
        raise BadUnit(f"unit {unit!r} is not known; write one of {', '.join(UNITS)}")
    (kind, size), (own_kind, own_size) = _UNITS[unit], _UNITS[own]
    if kind != own_kind:
        raise BadUnit(f"{series} is in {own}, a {own_kind}; {unit} is a {kind}")
    return size, own_size
