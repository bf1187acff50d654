"""A moment as text, alike in the API, in exports and in files: ``2026-11-22T11:40:00.000+00:00``."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Put together from parts that are there: an export formats two moments a reading, and that was most of its time.
_MINUTES: Final = tuple(f"{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440))
_SECONDS: Final = tuple(f"{second:02d}." for second in range(60))
_MILLISECONDS: Final = tuple(f"{millisecond:03d}+00:00" for millisecond in range(1000))


def iso(ms: int) -> str:
    """Milliseconds UTC of the years 1 to 9999 as ISO 8601, always with milliseconds and offset."""
    day, rest = divmod(ms, 86_400_000)
    minute, rest = divmod(rest, 60_000)
    second, rest = divmod(rest, 1000)
    return _date(day) + _MINUTES[minute] + _SECONDS[second] + _MILLISECONDS[rest]


@lru_cache(1024)
def _date(day: int) -> str:
    """Kept, because the moments of one answer lie close together."""
    return f"{(_EPOCH + timedelta(days=day)).date().isoformat()}T"
