"""How far a level sensor has come away from the staff gauge beside it. Pure."""

from collections.abc import Sequence
from statistics import median
from typing import Final

import msgspec

COMPARED: Final = 7  # the last comparisons that count
TOGETHER_MS: Final = 15 * 60_000  # a reading of the sensor this near in time is compared
KEPT: Final = 50  # readings of a station's gauge that core remembers


class GaugeRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row of ``staff_gauge``: what a person read, and what the sensor said then (metres)."""

    id: int
    station: str
    time: int
    level_m: float
    sensor_m: float | None
    epoch: int
    read_by: str
    note: str


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """``drift_m``: the median of sensor less gauge; positive: the sensor says more water than there is.

    ``since``: the first of the last comparisons that all deviate in this direction (ms UTC).
    """

    drift_m: float
    since: int
    compared: int
    last: int


def drifts(rows: Sequence[GaugeRow]) -> Drift | None:
    """Over the last comparisons of the sensor's last epoch; ``rows`` in the order of their time."""
    compared = [row for row in rows if row.sensor_m is not None]
    if not compared:
        return None
    epoch = max(row.epoch for row in compared)
    used = [row for row in compared if row.epoch == epoch][-COMPARED:]
    differences = [(row.sensor_m or 0.0) - row.level_m for row in used]
    middle = round(median(differences), 3)
    since = used[-1].time
    for row, difference in zip(reversed(used), reversed(differences), strict=True):
        if difference * middle <= 0 and middle != 0:
            break
        since = row.time
    return Drift(drift_m=middle, since=since, compared=len(used), last=used[-1].time)
