"""Units: what the name of a series or a quantity says of its own, and how others become it."""

from typing import Final

# By the ending of a name: level_m, rain_mm, pm25_ugm3, batt_mv ...; tips are counted.
UNIT_OF_ENDING: Final = {
    "m": "m",
    "mm": "mm",
    "ugm3": "ug/m3",
    "mv": "mV",
    "c": "degC",
    "pct": "%",
    "hpa": "hPa",
    "tips": "tips",
}
# What is measured, and how many of the smallest unit here one of it is: whole numbers, rounded once at most.
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
    """A name says no unit that is known, or not one that the given unit can become; the text is one sentence."""


def unit_of(name: str) -> str:
    """The unit in which a series or a quantity is kept; empty when its name does not say."""
    return UNIT_OF_ENDING.get(name.partition(".")[0].rpartition("_")[2], "")


def ratio(unit: str, name: str) -> tuple[int, int]:
    """``value * first / second`` turns a value in ``unit`` into that of ``name``; raises :class:`BadUnit`."""
    own = unit_of(name)
    if not own:
        endings = ", ".join(f"_{ending}" for ending in UNIT_OF_ENDING)
        raise BadUnit(f"{name!r} does not say its unit: its name must end in one of {endings}")
    if unit not in _UNITS:
        raise BadUnit(f"unit {unit!r} is not known; write one of {', '.join(UNITS)}")
    (kind, size), (own_kind, own_size) = _UNITS[unit], _UNITS[own]
    if kind != own_kind:
        raise BadUnit(f"{name} is kept in {own}, a {own_kind}; {unit} is a {kind}")
    return size, own_size
