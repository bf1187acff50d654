"""Calling technicians out: which alarms of nodes are told, when, and together with which others. Pure.

What blinds us, and theft, is told at any hour; the rest waits while people sleep. What comes within some minutes is
one call, and there are never more than :data:`MOST_AN_HOUR` of them, so that a storm of alarms is one message.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from deploy.nodes.alarms import HOUR_MS, MINUTE_MS

BLINDING: Final = frozenset({"theft", "silent", "sensor"})  # told at night, too
URGENT: Final = "theft"  # what a thief takes is gone in minutes
GATHERED_MS: Final = 2 * MINUTE_MS  # every node is judged within a minute: a storm is complete by then
CALMLY_GATHERED_MS: Final = 15 * MINUTE_MS
REST_MS: Final = 15 * MINUTE_MS  # between two calls
URGENT_REST_MS: Final = 5 * MINUTE_MS
MOST_AN_HOUR: Final = 3
MOST_URGENT_AN_HOUR: Final = 5  # of all calls, when one more is about a theft
MOST_KEPT: Final = 500  # by name; more are counted
AGAIN_MS: Final = HOUR_MS  # what comes back so soon after it was told waits, and may end meanwhile


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """An alarm that nobody was told of. ``since`` is when its patience began, ms UTC."""

    node: str
    name: str  # among the node's alarms: the kind, or kind and quantity
    kind: str
    since: int

    @property
    def key(self) -> str:
        return f"{self.node}/{self.name}"


class Callouts(msgspec.Struct):
    """What waits and what was told, by node and alarm; ``times`` are those of the calls of the last hour.

    ``beyond`` were raised when so much waited already that only their number was kept.
    """

    waiting: dict[str, Waiting] = {}
    told: dict[str, int] = {}
    times: tuple[int, ...] = ()
    beyond: int = 0

    def raised(self, node: str, name: str, kind: str, now: int) -> None:
        alarm = Waiting(node, name, kind, now)
        if len(self.waiting) < MOST_KEPT or kind == URGENT:
            self.waiting[alarm.key] = alarm
        else:
            self.beyond += 1

    def ended(self, node: str, name: str) -> None:
        """What ends before it was told is told to nobody."""
        self.waiting.pop(f"{node}/{name}", None)

    def forget(self, node: str) -> None:
        """The node is gone, and all that was to be told of it."""
        prefix = f"{node}/"
        self.waiting = {key: alarm for key, alarm in self.waiting.items() if not key.startswith(prefix)}
        self.told = {key: at for key, at in self.told.items() if not key.startswith(prefix)}

    def due(self, now: int, *, is_night: bool, is_held: Callable[[Waiting], bool]) -> list[Waiting]:
        """What is told now, all in one call; nothing while it is too early. ``is_held``: somebody works there."""
        ready = [alarm for alarm in self._free(now, is_held) if not is_night or alarm.kind in BLINDING]
        if not any(now - alarm.since >= _patience(alarm.kind) for alarm in ready):
            return []
        is_urgent = any(alarm.kind == URGENT for alarm in ready)
        rest, most = (URGENT_REST_MS, MOST_URGENT_AN_HOUR) if is_urgent else (REST_MS, MOST_AN_HOUR)
        times = self._recent(now)
        is_resting = bool(times) and now - times[-1] < rest
        return [] if is_resting or len(times) >= most else ready

    def called(self, alarms: Iterable[Waiting], now: int, *, is_sent: bool = True) -> None:
        """They were told, by a call that was made now, or by another message before."""
        self.told = {key: at for key, at in self.told.items() if 0 <= now - at < AGAIN_MS}
        for alarm in alarms:
            self.told[alarm.key] = now
            self.waiting.pop(alarm.key, None)
        if is_sent:
            self.times, self.beyond = (*self._recent(now), now), 0

    def _free(self, now: int, is_held: Callable[[Waiting], bool]) -> list[Waiting]:
        found = []
        for alarm in list(self.waiting.values()):
            if is_held(alarm) or alarm.since > now:  # core's clock was set back
                self.waiting[alarm.key] = Waiting(alarm.node, alarm.name, alarm.kind, now)
            elif not 0 <= now - self.told.get(alarm.key, now - AGAIN_MS) < AGAIN_MS:
                found.append(alarm)
        return found

    def _recent(self, now: int) -> tuple[int, ...]:
        return tuple(at for at in self.times if now - HOUR_MS < at <= now)


def _patience(kind: str) -> int:
    if kind == URGENT:
        return 0
    return GATHERED_MS if kind in BLINDING else CALMLY_GATHERED_MS
