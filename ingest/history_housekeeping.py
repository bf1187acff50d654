"""What history does when nothing waits to be copied: rollups and retention, a slice at a time."""

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ingest.history import History, HistoryUnavailable, Keep

if TYPE_CHECKING:
    from collections.abc import Iterator

log: Final = logging.getLogger(__name__)

ROLL_UP_S: Final = 5.0  # between two looks for buckets that have closed
ROUND_S: Final = 3600.0  # between two rounds of retention
RETRY_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    rolled: int = 0  # buckets
    removed: int = 0  # rows in SQLite, days in InfluxDB


class Housekeeping:
    """Times here are real seconds; ``now`` of a turn is core's clock in ms UTC, 0 while it is not known."""

    def __init__(self, history: History, keep: Keep) -> None:
        self._history = history
        self._keep = keep
        self._roll_at = 0.0
        self._round_at = 0.0
        self._round: Iterator[int] | None = None
        self._problem: str | None = None

    def turn(self, now: int) -> Done:
        """One slice of what is due. A sink that fails here is logged and asked again later: copying comes first."""
        if now == 0 or min(self._roll_at, self._round_at) > time.monotonic():
            return Done()
        try:
            done = self._slice(now)
        except HistoryUnavailable as error:
            self._round = None
            self._roll_at = self._round_at = time.monotonic() + RETRY_S
            if self._problem is None:
                log.warning("rollups and retention of history wait: %s", error)
            self._problem = str(error)
            return Done()
        if self._problem is not None:
            log.warning("rollups and retention of history go on")
            self._problem = None
        return done

    def _slice(self, now: int) -> Done:
        if self._roll_at <= time.monotonic():
            rolled = self._history.roll_up(now=now)
            if rolled:
                return Done(rolled=rolled)
            self._roll_at = time.monotonic() + ROLL_UP_S
        if self._round_at > time.monotonic():
            return Done()
        self._round = self._round or self._history.prune(self._keep, now=now)
        removed = next(self._round, None)
        if removed is None:
            self._round, self._round_at = None, time.monotonic() + ROUND_S
        return Done(removed=removed or 0)
