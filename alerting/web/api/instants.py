"""Moments as the API writes and reads them: ISO 8601 with an offset, never without."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from broker.instant import iso

__all__ = ["iso", "parse"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
LAST: Final = 9_223_372_036_854  # the last millisecond that every history can hold (64-bit nanoseconds), in 2262
EXAMPLE: Final = "2026-11-22T18:40:00+07:00"

# A plus sign in an address means a blank: "T18:40:00 07:00" is what arrives when nobody wrote %2B.
_moment: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(?:([Zz])|([+ -])(\d\d):?(\d\d))?)?\Z", re.ASCII
)


def parse(text: str) -> int:
    """Milliseconds UTC, parts of them cut off; raises ValueError with one Indonesian sentence."""
    found = _moment.match(text)
    if found is None:
        raise ValueError(f"bukan waktu ISO 8601, misalnya {EXAMPLE}")
    date, clock, zulu, sign, hours, minutes = found.groups()
    if clock is None:
        raise ValueError(f"hanya tanggal; tulis juga jam dan offset, misalnya {EXAMPLE}")
    if zulu is None and sign is None:
        raise ValueError("tanpa offset; tambahkan +07:00 untuk WIB, atau Z untuk UTC")
    offset = "+00:00" if zulu else f"{'-' if sign == '-' else '+'}{hours}:{minutes}"
    try:
        ms = (datetime.fromisoformat(f"{date}T{clock}{offset}") - EPOCH) // MILLISECOND
    except ValueError:
        raise ValueError("tidak ada di kalender atau di jam; periksa tanggal, jam dan offset") from None
    if not 0 <= ms <= LAST:
        raise ValueError("di luar tahun 1970 sampai 2262")
    return ms
