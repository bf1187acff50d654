"""Units: what a quantity's name says of its own, and how others become it."""

from typing import Final

# By the ending of a quantity's name: level_m, rain_mm, pm25_ugm3, batt_mv ...
UNIT_OF_ENDING: Final = {
    "m": "m",
    "mm": "mm",
    "ugm3": "ug/m3",
    "mv": "mV",
    "c": "degC",
    "pct": "%",
    "hpa": "hPa",
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
}
UNITS: Final = tuple(_UNITS)


class BadUnit(ValueError):
    """A quantity has no unit that is known, or not one that the given unit can become; the text is one sentence."""


def unit_of(quantity: str) -> str:
    """The unit in which history keeps a quantity; empty when its name does not say."""
    return UNIT_OF_ENDING.get(quantity.partition(".")[0].rpartition("_")[2], "")


def ratio(unit: str, quantity: str) -> tuple[int, int]:
    """``value * first / second`` turns a value in ``unit`` into the quantity's own; raises BadUnit."""
    own = unit_of(quantity)
    if not own:
        endings = ", ".join(f"_{ending}" for ending in UNIT_OF_ENDING)
        raise BadUnit(f"quantity {quantity!r} does not say its unit: its name must end in one of {endings}")
    if unit not in _UNITS:
        raise BadUnit(f"unit {unit!r} is not known; there is {', '.join(_UNITS)}")
    (kind, size), (own_kind, own_size) = _UNITS[unit], _UNITS[own]
    if kind != own_kind:
        raise BadUnit(f"{quantity} is kept in {own}, a {own_kind}; {unit} is a {kind}")
    return size, own_size
