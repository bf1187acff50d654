"""When time itself may decide something: the next deadline of each station, area and group, in one heap."""

import heapq
from typing import Final

from alerting.blind import EVERYTHING
from alerting.engine import StationState
from alerting.engine_silence import SILENT_INTERVALS
from alerting.rules import LEAST_INTERVAL_MS
from deploy.memory import Memory, ScopeState
from deploy.scopes import Scopes

SOONEST_MS: Final = SILENT_INTERVALS * LEAST_INTERVAL_MS  # after a good reading nothing is due before, but silence


class Deadlines:
    """``listening_since`` is when core last began to hear, ``linked_since`` when its broker last came or went."""

    def __init__(self, scopes: Scopes, memory: Memory, now: int) -> None:
        self._scopes, self._memory = scopes, memory
        self.listening_since = self.linked_since = now
        self._is_linked = False
        self._heap: list[tuple[int, str]] = []
        self._kept: dict[str, int] = {}

    def listen_anew(self, now: int) -> None:
        """Count silence from ``now``: core could not hear in the time before."""
        self.listening_since = self.linked_since = now

    def watch(self, name: str) -> None:
        """Keep the next deadline of a scope; one that moves to later is noticed when the old one comes."""
        self._keep(name, self._of(name))

    def watch_after(self, name: str, state: ScopeState, now: int) -> None:
        """The same for a scope that has just taken an event.

        A station that gave a good reading now need not be asked when what is kept comes before all that can follow.
        """
        kept = self._kept.get(name)
        if kept is not None and isinstance(state, StationState) and state.last_seen == now:
            silence = self._memory.rules[name].silence_after_ms
            if kept <= now + min(SOONEST_MS, silence) and state.maintenance is None:
                return
        self.watch(name)

    def tick(self, now: int, *, is_linked: bool) -> None:
        """Let every scope whose deadline has passed decide; stations and areas only while they can be heard."""
        if is_linked != self._is_linked:
            self._is_linked, self.linked_since = is_linked, now
            self.watch(EVERYTHING)
        if not is_linked:
            self.listening_since = now
        unheard = []
        while self._heap and self._heap[0][0] < now:
            known, name = heapq.heappop(self._heap)
            if self._kept.get(name) != known:
                continue  # it was moved to earlier since
            del self._kept[name]
            deadline = self._of(name)
            if deadline is not None and deadline < now:  # it had not moved to later, as it does with every reading
                if not is_linked and name != EVERYTHING:
                    unheard.append(name)
                    continue
                self._scopes.tick(name, now, listening_since=self.listening_since, linked_since=self.linked_since)
                deadline = self._of(name)
            self._keep(name, deadline)
        for name in unheard:
            self.watch(name)

    def _of(self, name: str) -> int | None:
        return self._scopes.deadline(name, listening_since=self.listening_since, linked_since=self.linked_since)

    def _keep(self, name: str, deadline: int | None) -> None:
        known = self._kept.get(name)
        if deadline is not None and (known is None or deadline < known):
            self._kept[name] = deadline
            heapq.heappush(self._heap, (deadline, name))
