"""Time that core did not live through: its process was stopped, its machine slept, or somebody set the clock.

Whoever fell silent meanwhile cannot be told from whoever was not heard. Silence is then counted from now, as after a
start. A clock that was set also moves what waits by it (:meth:`deploy.core.Core.turn`).
"""

import time
from typing import Final

import msgspec

MISSED_S: Final = 10.0  # turns are a quarter of a second apart, or as long as one takes
STEPPED_S: Final = 5.0  # what keeps a clock right by itself moves it by less


def since_boot() -> float:
    """Seconds by a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Missed(msgspec.Struct, frozen=True):
    """``what`` happened, as the end of a sentence about core; by how much its clock was set, negative: back."""

    what: str
    ahead_s: float


class MissedTime:
    """Looked at once a turn, with a clock that nobody sets and the clock of the day, both in seconds.

    ``missed_s`` is longer than any two turns are apart while all is well.
    """

    def __init__(self, monotonic_s: float, of_day_s: float, *, missed_s: float = MISSED_S) -> None:
        self._monotonic_s, self._of_day_s, self._missed_s = monotonic_s, of_day_s, missed_s

    def look(self, monotonic_s: float, of_day_s: float) -> Missed | None:
        """What happened since the last look; None: nothing."""
        passed_s, by_day_s = monotonic_s - self._monotonic_s, of_day_s - self._of_day_s
        self._monotonic_s, self._of_day_s = monotonic_s, of_day_s
        ahead_s = by_day_s - passed_s
        said = [f"did nothing for {passed_s:.0f} s"] if passed_s > self._missed_s else []
        if abs(ahead_s) > STEPPED_S:
            said.append(f"finds its clock {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} where it was")
        else:
            ahead_s = 0.0
        return Missed(" and ".join(said), ahead_s) if said else None
