"""Silence: told within a second of its deadline, never without one, and a level more when the water rose (I6)."""

from itertools import pairwise
from typing import Final

from deploy.soak.breach import Breaches
from deploy.soak.clock import MINUTE, SECOND
from deploy.soak.oracle_people import PeopleOracle
from deploy.soak.oracle_story import Seen, StoryOracle
from deploy.soak.stations import PLACES, SILENCE_MINUTES

SILENCE_MS: Final = SILENCE_MINUTES * MINUTE
TOGETHER_MS: Final = SILENCE_MS // 2  # nothing from anywhere
RISING_MS: Final = 130 * SECOND  # two intervals of a minute, and what jitter adds to them
BLIND_MS: Final = 100 * SECOND
HIGHEST: Final = 3
REGULAR: Final = 100  # samples in a row without a gap: the wait that is usual is a minute again
STEADY: Final = 20  # of them, over which the rise is looked at
STEADY_M: Final = 0.2  # over twenty minutes
NEAR_MS: Final = (
    150 * MINUTE
)  # of the three hours that count: the next level is surely within reach when the water goes on as it did
EVERYTHING: Final = "semua"


class SilenceOracle:
    """``heard`` is when core took the last sample of a station that says something about now, by core's clock."""

    def __init__(self, breaches: Breaches, story: StoryOracle, people: PeopleOracle) -> None:
        self._breaches, self._story, self._people = breaches, story, people
        self.heard: dict[str, int] = {}
        self.anything = 0
        self.listening = 0

    def listens(self, now: int) -> None:
        """Core could hear nothing until now."""
        self.listening = max(self.listening, now)

    def deadline(self, station: str) -> int | None:
        """When the silence of a station becomes an alarm; None when it was never heard, or is one already.

        Whoever works on it accounts for its silence until he is done.
        """
        heard, work = self.heard.get(station), self._people.works.get(station)
        if heard is None or self._story.scope(station).is_silent:
            return None
        return max(heard, self.listening, 0 if work is None else work.until) + SILENCE_MS

    def deadline_of_all(self) -> int | None:
        """The same of everything together."""
        if not self.anything or self._story.scope(EVERYTHING).is_silent:
            return None
        return max(self.anything, self.listening) + TOGETHER_MS

    def rising_deadline(self, station: str) -> int | None:
        """When silence while rising must have been noticed, if it was rising; None when silence is told already."""
        heard, known = self.heard.get(station), self._story.scope(station)
        if heard is None or known.is_silent or known.at_least:
            return None
        return max(heard, self.listening) + RISING_MS

    def looked(self, now: int) -> None:
        """After a turn in which nothing came: what is overdue?"""
        for name in self._story.gauges:
            self._rose(name, now)
        for place in PLACES:
            deadline = self.deadline(place.station)
            if deadline is not None and now > deadline + SECOND // 2:
                self._breaches.add("I6", f"{place.station}: silent {(now - deadline) / 1000:.1f} s past its deadline")
        together = self.deadline_of_all()
        if together is not None and now > together + SECOND // 2:
            self._breaches.add("I6", f"everything: silent {(now - together) / 1000:.1f} s past its deadline")

    def _rose(self, station: str, now: int) -> None:
        """Whether a station that fell silent while its water rose stands a level higher."""
        gauge, known = self._story.gauges[station], self._story.scope(station)
        last = list(gauge.seen)[-REGULAR:]
        if known.at_least or known.is_silent or known.level not in (1, 2) or len(last) < REGULAR:
            return
        if self._people.is_worked_on(station, now):
            return
        since = max(known.reset_at, self._people.worked_until(station, now))
        quiet = now - max(last[-1].received, self.listening)
        if not RISING_MS < quiet < RISING_MS + MINUTE or not _is_regular(last, since):
            return
        if not _rises(last[-STEADY:], gauge.limits[known.level]):
            return
        text = f"{station}: silent for {quiet // 1000} s while rising at level {known.level}, and no higher level"
        self._breaches.add("I6", text)

    def raised(self, station: str, now: int) -> None:
        """An alarm of silence was decided: was it silent?"""
        if self._people.is_worked_on(station, now):
            self._breaches.add("I6", f"{station}: called silent while somebody works there")
        gauge = self._story.gauges.get(station)
        if gauge is None or not gauge.seen:
            return
        clean = [seen.received for seen in gauge.seen if seen.is_clean and seen.is_in_order]
        # Nothing is above AWAS: a station that goes silent there while the water rises is called silent early.
        least = BLIND_MS if self._story.scope(station).level == HIGHEST else SILENCE_MS - SECOND
        if clean and now - clean[-1] < least:
            self._breaches.add("I6", f"{station}: called silent {(now - clean[-1]) / 1000:.0f} s after a good sample")

    def ended(self, station: str, now: int) -> None:
        """A silence is called over: did something come that says how it is now?"""
        heard = self.heard.get(station)
        if station != EVERYTHING and (heard is None or now - heard > MINUTE):
            self._breaches.add("I4", f"{station}: silence is called over, and nothing came that is not old")


def _is_regular(last: list[Seen], reset_at: int) -> bool:
    return last[0].received > reset_at and all(
        b.is_clean
        and b.is_in_order
        and 30 * SECOND < b.received - a.received < 65 * SECOND
        and 55 * SECOND < b.time - a.time < 65 * SECOND
        for a, b in pairwise(last)
    )


def _rises(last: list[Seen], limit: float) -> bool:
    """Whether the true water rose all the time, and comes to ``limit`` soon if it goes on so."""
    half = len(last) // 2
    risen = last[-1].truth - last[0].truth
    is_steady = min(last[half].truth - last[0].truth, last[-1].truth - last[half].truth) > STEADY_M / 2
    return is_steady and (limit - last[-1].truth) * (last[-1].time - last[0].time) <= risen * NEAR_MS
