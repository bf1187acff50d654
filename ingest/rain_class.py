"""Classes of rain by BMKG, and the day of rain that begins at 07:00. Pure."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

MORNING: Final = time(7)
NO_RAIN: Final = "tidak hujan"

# BMKG's upper bounds, each inside its class: 20 mm a day is still ringan, ekstrem is over 150.
_DAY: Final = ((20, "ringan"), (50, "sedang"), (100, "lebat"), (150, "sangat lebat"))
_DAY_LEAST: Final = 0.5
_HOUR: Final = ((5, "ringan"), (10, "sedang"), (20, "lebat"))
_HOUR_LEAST: Final = 1.0
_BELOW: Final = "sangat ringan"  # ours: BMKG's lowest class begins higher


def class_of_day(mm: float) -> str:
    """BMKG's class of a day's rain in millimetres: ringan 0.5-20, sedang -50, lebat -100, sangat lebat -150, ekstrem.

    Under 0.5 mm BMKG has no class: rain that was measured is "sangat ringan", a word of ours.
    """
    return _class(mm, _DAY_LEAST, _DAY, "ekstrem")


def class_of_hour(mm: float) -> str:
    """The class of an hour's rain in millimetres: ringan 1-5, sedang -10, lebat -20, sangat lebat above."""
    return _class(mm, _HOUR_LEAST, _HOUR, "sangat lebat")


def _class(mm: float, least: float, classes: tuple[tuple[float, str], ...], above: str) -> str:
    if mm <= 0:
        return NO_RAIN
    if mm < least:
        return _BELOW
    return next((name for most, name in classes if mm <= most), above)


def rain_day(time_ms: int, zone: tzinfo) -> tuple[int, int]:
    """First and end millisecond of the day of rain that holds ``time_ms``: 07:00 to 07:00 in ``zone``.

    Where clocks change in between, the day has 23 or 25 hours.
    """
    local = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(zone)
    day = local.date() if local.time() >= MORNING else local.date() - timedelta(days=1)
    first, end = (datetime.combine(each, MORNING, zone) for each in (day, day + timedelta(days=1)))
    return int(first.timestamp() * 1000), int(end.timestamp() * 1000)
