"""The unit of a quantity, in the codes of UCUM. It is part of the quantity's name; nothing is converted here."""

from typing import Final

# Longest ending first: mm_per_h before h.
UNITS: Final = (
    ("_mm_per_h", "mm/h"),
    ("_m_per_h", "m/h"),
    ("_ugm3", "ug/m3"),
    ("_pct", "%"),
    ("_hpa", "hPa"),
    ("_dbm", "dB[mW]"),
    ("_mv", "mV"),
    ("_mm", "mm"),
    ("_cm", "cm"),
    ("_m", "m"),
    ("_c", "Cel"),
)


def unit_of(quantity: str) -> str | None:
    """None when the name tells no unit."""
    return next((unit for ending, unit in UNITS if quantity.endswith(ending)), None)
