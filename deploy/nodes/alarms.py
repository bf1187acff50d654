"""Alarms about a node that do not flap: raised after its condition has held, ended after it has been gone. Pure.

A condition is True, False or None; None says nothing, and leaves everything as it stands. Limits have two ends as well:
what raises an alarm is worse than what may end it (:func:`is_low`, :func:`is_high`).
"""

from typing import Final, Literal, get_args

import msgspec

from broker.live import NodeAlarm

Kind = Literal[
    "theft", "silent", "sensor", "tilted", "battery", "draining", "lid", "charging", "reboots", "gaps", "temperature",
    "memory", "storage", "signal", "clock", "doubtful",
]  # fmt: skip

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
# How long a condition holds before the alarm, and how long it is gone before its end.
HOLDS_MS: Final[dict[Kind, tuple[int, int]]] = {
    "theft": (0, HOUR_MS),
    "silent": (0, 5 * MINUTE_MS),
    "sensor": (0, 0),  # counted in readings
    "tilted": (0, 10 * MINUTE_MS),
    "battery": (5 * MINUTE_MS, 30 * MINUTE_MS),
    "draining": (0, 0),  # judged once a day
    "lid": (0, 10 * MINUTE_MS),
    "charging": (0, 0),  # counted in days
    "reboots": (0, 0),  # counted in hours
    "gaps": (2 * HOUR_MS, 6 * HOUR_MS),
    "temperature": (15 * MINUTE_MS, HOUR_MS),
    "memory": (15 * MINUTE_MS, HOUR_MS),
    "storage": (0, HOUR_MS),
    "signal": (15 * MINUTE_MS, 30 * MINUTE_MS),
    "clock": (10 * MINUTE_MS, HOUR_MS),
    "doubtful": (0, 0),  # counted in readings
}


class Alarms(msgspec.Struct, gc=False):
    """Those of one node, by name: the kind, or kind and quantity (``sensor:level_m``). Times are ms UTC.

    ``since``: of an alarm to come, since when its condition holds; of a standing one, since when it does not.
    """

    standing: dict[str, NodeAlarm] = {}
    since: dict[str, int] = {}

    def settle(
        self, kind: Kind, holds: bool | None, now: int, *, value: float | None = None, note: str = ""
    ) -> Literal["raised", "ended"] | None:
        """Take the condition as it is now; what became of the alarm. ``value`` and ``note`` are of the condition.

        ``note`` names the quantity of kinds that there may be several of.
        """
        name = name_of(kind, note)
        if holds is None:
            return None
        if name in self.standing:
            known = self.standing[name]
            self.standing[name] = NodeAlarm(kind=kind, since=known.since, value=value, note=note) if holds else known
            return self._stands(kind, name, holds=holds, now=now)
        if not holds:
            self.since.pop(name, None)
            return None
        since = self.since.setdefault(name, now)
        if now - since < HOLDS_MS[kind][0]:
            return None
        del self.since[name]
        self.standing[name] = NodeAlarm(kind=kind, since=since, value=value, note=note)
        return "raised"

    def _stands(self, kind: Kind, name: str, *, holds: bool, now: int) -> Literal["ended"] | None:
        if holds:
            self.since.pop(name, None)
            return None
        if now - self.since.setdefault(name, now) < HOLDS_MS[kind][1]:
            return None
        del self.since[name], self.standing[name]
        return "ended"


def name_of(kind: Kind, note: str) -> str:
    """What an alarm is called among its node's: the kind, or kind and quantity where there may be several of it."""
    return f"{kind}:{note}" if kind in ("sensor", "doubtful") else kind


def is_low(value: float | None, *, below: float, until: float) -> bool | None:
    """True under ``below``, False from ``until`` on, None between them and when nothing is known."""
    if value is None or below <= value < until:
        return None
    return value < below


def is_high(value: float | None, *, above: float, until: float) -> bool | None:
    """True over ``above``, False up to ``until``, None between them and when nothing is known."""
    if value is None or until < value <= above:
        return None
    return value > above
