"""Readings: acknowledged means stored, stored means once; garbage and drills leave no trace (I1, I8, I10)."""

from collections.abc import Iterable

from deploy.soak.breach import Breaches
from deploy.soak.field import DRILL_BOOT, Key, Sample
from ingest.readings import Reading


class ReadingsOracle:
    """``made`` is everything that nodes measured, ``stored`` what a commit held, ``rows`` the stored rows."""

    def __init__(self, breaches: Breaches) -> None:
        self._breaches = breaches
        self.made: dict[Key, Sample] = {}
        self.stored: set[Key] = set()
        self.acknowledged: set[Key] = set()
        self.rows: dict[int, Key] = {}
        self.garbage = 0  # bad messages in the turns of this core
        self._counted = 0

    def committed(self, readings: Iterable[Reading]) -> None:
        for row in readings:
            key = (row.node, row.boot, row.seq)
            sample = self.made.get(key)
            if sample is None:
                is_drill = row.boot == DRILL_BOOT
                self._breaches.add("I8" if is_drill else "I10", f"a reading of nobody is stored: {key} {row.value}")
            elif row.revision:
                continue
            elif key in self.stored:
                self._breaches.add("I1", f"{key} is stored twice")
            else:
                self._compare(sample, row)
            self.stored.add(key)

    def _compare(self, sample: Sample, row: Reading) -> None:
        is_level = row.quantity == "level_m"
        if is_level and (row.value is None or abs(row.value - sample.value) > 0.0011):
            self._breaches.add("I1", f"{sample.key} said {sample.value} and is stored as {row.value}")

    def told(self, node: str, boot: int, first: int, last: int) -> None:
        """Core has acknowledged a range to a node."""
        for seq in range(first, last + 1):
            key = (node, boot, seq)
            if key not in self.stored:
                self._breaches.add("I1", f"{key} was acknowledged and is not stored")
            self.acknowledged.add(key)

    def started(self) -> None:
        """A core begins to count anew."""
        self.garbage = 0

    def counted(self, dead_letters: int) -> None:
        """After a turn: every bad message has moved the counter, and nothing else has."""
        if dead_letters != self.garbage:
            text = f"{self.garbage} bad messages came and {dead_letters} were counted"
            self._breaches.add("I10" if dead_letters < self.garbage else "I1", text)

    def ended(self, stored: Iterable[Key], rings: Iterable[Sample]) -> None:
        """At the end of a day: the journal as it stands, and what nodes still hold."""
        seen: set[Key] = set()
        for key in stored:
            if key in seen:
                self._breaches.add("I1", f"{key} stands twice in the journal")
            seen.add(key)
        lost = self.acknowledged - seen
        if lost:
            self._breaches.add("I1", f"{min(lost)} and {len(lost) - 1} more were acknowledged and are not stored")
        for sample in rings:
            if self._breaches.now - sample.at > 15 * 60_000:
                self._breaches.add("I1", f"{sample.key} was never acknowledged, {sample.tries} tries")
                return
