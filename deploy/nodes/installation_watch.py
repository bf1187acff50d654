"""What a node sends while it is put up: its last values, what was lost on the way, how long its data were good. Pure.

Fed with rows of the journal's log in their order, revisions included. What a node kept and sends late counts for
nothing here: only what arrives as it is measured shows how the place is.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from broker.quality_flags import Flag, explain_flag
from ingest.rain_worked_on import is_not_counted

KEPT: Final = 2000  # observations: half an hour of seconds
LIVE_MS: Final = 30_000  # arrived so soon after it was measured
QUIET_MS: Final = 180_000  # three samples missed at the usual beat: the run of good data is broken
LINK_MS: Final = 120_000  # for so long signal and loss are measured
LEAST: Final = 2  # observations, before anything is said of loss
COLUMNS: Final = "id, boot, seq, quantity, time, received_at, raw, value, flag, reason"


class Value(msgspec.Struct, frozen=True, array_like=True):
    """One series of an observation, under the name of its quantity."""

    quantity: str
    time: int
    raw: float | None
    value: float | None
    flag: int
    reason: str | None


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """``expected`` by the gaps in seq, ``heard`` of them; ``restarted``: the node began anew meanwhile."""

    heard: int
    expected: int
    restarted: bool

    @property
    def missing(self) -> int:
        return self.expected - self.heard


class GoodRun(msgspec.Struct, frozen=True, kw_only=True):
    """``since`` when every reading has been good, ms UTC; None, and ``why`` in Indonesian, while there is no run."""

    since: int | None
    why: str = ""


class NodeWatch:
    """``last_id`` is the journal id up to which rows were taken."""

    def __init__(self, last_id: int = 0) -> None:
        self.last_id = last_id
        self.latest: dict[str, Value] = {}
        self.heard_at: int | None = None
        self._observations: dict[tuple[int, int], tuple[int, dict[str, Value]]] = {}

    def take(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows of one node in the order of :data:`COLUMNS`."""
        for row_id, boot, seq, quantity, time, received_at, raw, value, flag, reason in rows:
            self.last_id = row_id
            if received_at - time > LIVE_MS:
                continue
            said = Value(quantity, time, raw, value, flag, reason)
            at, values = self._observations.setdefault((boot, seq), (received_at, {}))
            values[quantity] = said
            known = self.latest.get(quantity)
            if known is None or time >= known.time:
                self.latest[quantity] = said
            self.heard_at = max(self.heard_at or 0, at)
        while len(self._observations) > KEPT:
            del self._observations[next(iter(self._observations))]

    def count(self, since: int) -> int:
        """Observations that arrived from then on."""
        return sum(at >= since for at, _ in self._observations.values())

    def around(self, start: int, end: int) -> list[Value]:
        """Every series of what arrived in [start, end]."""
        return [value for at, values in self._observations.values() if start <= at <= end for value in values.values()]

    def link(self, start: int, end: int) -> Link | None:
        """Loss by the gaps in seq among what arrived in (start, end]; None when too little was heard to say."""
        found = [key for key, (at, _) in self._observations.items() if start < at <= end]
        if len(found) < LEAST:
            return None
        boots = {boot for boot, _ in found}
        boot = found[-1][0]
        numbers = [seq for of_boot, seq in found if of_boot == boot]
        return Link(heard=len(numbers), expected=max(numbers) - min(numbers) + 1, restarted=len(boots) > 1)

    def good_run(self, quantity: str, now: int, not_before: int) -> GoodRun:
        """The unbroken run of good readings of ``quantity`` that reaches until now, begun after ``not_before``."""
        found = [values[quantity] for _, values in self._observations.values() if quantity in values]
        found = sorted((each for each in found if each.time >= not_before), key=lambda each: each.time)
        if not found:
            return GoodRun(since=None, why="Belum ada bacaan sejak langkah terakhir; node belum terdengar.")
        if now - found[-1].time > QUIET_MS:
            return GoodRun(since=None, why=f"Node diam sejak {(now - found[-1].time) // 60_000} menit.")
        since, last = None, found[-1].time
        for each in reversed(found):
            is_good = each.flag == Flag.GOOD or is_not_counted(each.reason)  # water poured through a rain gauge
            if not is_good or last - each.time > QUIET_MS:
                break
            since = last = each.time
        if since is None:
            return GoodRun(since=None, why=explain_flag(found[-1].flag, found[-1].reason))
        return GoodRun(since=since)
