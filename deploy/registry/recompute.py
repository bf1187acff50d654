"""Old readings computed again from their raw values, with the epochs as they are now. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import msgspec

from broker.quality_flags import Flag
from ingest.calibrate import TEMPERATURE_AGE_MS, calibrated
from ingest.calibration import Calibration
from ingest.history import Point
from ingest.quality import gross_range
from ingest.quality_limits import SeriesLimits

ABOUT_RANGE = ("gross_range", "unit_mix_up")


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A point of history and what it becomes."""

    point: Point
    value: float
    epoch: int
    flag: int
    reason: str | None


class Temperatures:
    """Good air temperatures of a station, by which distances are corrected as they were when they came."""

    def __init__(self, points: Sequence[Point]) -> None:
        good = [(point.time, point.value) for point in points if point.flag in (Flag.GOOD, Flag.NOT_EVALUATED)]
        self._times = [time for time, _ in good]
        self._values = [value for _, value in good]

    def at(self, time: int) -> float | None:
        """The last one, at most 30 minutes old."""
        index = bisect_right(self._times, time) - 1
        if index < 0 or time - self._times[index] > TEMPERATURE_AGE_MS:
            return None
        return self._values[index]


def recomputed(
    points: Sequence[Point], calibration: Calibration, limits: SeriesLimits, air: Temperatures
) -> Iterator[Changed]:
    """The points whose value or epoch changes. Flags stay, but for the test of the value's own span."""
    for point in points:
        if point.raw is None:
            continue
        epoch = calibration.at(point.time)
        value = calibrated(point.raw, epoch, air.at(point.time))
        if value == point.value and epoch.epoch == point.epoch:
            continue
        flag, reason = point.flag, point.reason
        if flag == Flag.GOOD or (reason is not None and reason.startswith(ABOUT_RANGE)):
            flag, reason = gross_range(point.raw, value, limits)
        yield Changed(point=point, value=value, epoch=epoch.epoch, flag=int(flag), reason=reason)


class Summary:
    """What a run changes, or would change."""

    def __init__(self) -> None:
        self.read = self.changed = 0
        self.least = self.most = self.total = 0.0
        self.compared = 0
        self.flags = 0
        self.epochs: dict[int, int] = {}

    def add(self, changed: Changed) -> None:
        self.changed += 1
        self.flags += changed.flag != changed.point.flag
        self.epochs[changed.epoch] = self.epochs.get(changed.epoch, 0) + 1
        if changed.point.value is None:
            return
        shift = changed.value - changed.point.value
        self.least = shift if not self.compared else min(self.least, shift)
        self.most = shift if not self.compared else max(self.most, shift)
        self.total += shift
        self.compared += 1

    def __str__(self) -> str:
        if not self.changed:
            return f"{self.read} readings, none of them changes"
        epochs = ", ".join(f"{count} in epoch {epoch}" for epoch, count in sorted(self.epochs.items()))
        mean = self.total / self.compared if self.compared else 0.0
        shift = f"by {self.least:+.3f} to {self.most:+.3f}, {mean:+.3f} in the mean"
        return f"{self.read} readings, {self.changed} change ({epochs}) {shift}; flags of {self.flags}"
