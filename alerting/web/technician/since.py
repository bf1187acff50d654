"""Since when a fault lasts, from history: the beginning of the run of readings that show it."""

from collections.abc import Callable, Sequence
from typing import Final

from alerting.web.past import Past, PastReading
from alerting.web.technician.faults import LOW_MV, Fault
from alerting.web.words import DAY_MS
from broker.quality_flags import Flag

SPAN_MS: Final = 7 * DAY_MS
MOST: Final = 12_000  # readings: a week of minutes

_SHOWS: Final[dict[str, Callable[[PastReading], bool]]] = {
    "sensor": lambda each: each.flag in (Flag.FAIL, Flag.MISSING),
    "doubtful": lambda each: each.flag == Flag.SUSPECT,
    "battery": lambda each: each.value is not None and each.value < LOW_MV,
    "lid": lambda each: bool(each.value),
    "tilted": lambda each: bool(each.value),
}


def since_of(past: Past, station: str, fault: Fault, now: int) -> int | None:
    """ms UTC of the first reading of the run that goes on; None when history does not tell.

    Blocking, to be called in a thread; raises readings.ReadingsUnavailable.
    """
    shows = _SHOWS.get(fault.kind)
    if fault.since is not None or shows is None or fault.quantity is None:
        return fault.since
    return began(past.range(station, fault.quantity, now - SPAN_MS, now + 1, MOST), shows)


def began(readings: Sequence[PastReading], shows: Callable[[PastReading], bool]) -> int | None:
    """Time of the first of the last readings in a row that show it."""
    found = None
    for each in reversed(readings):
        if not shows(each):
            break
        found = each.time
    return found
