"""What a day asks of an officer: alarms an hour, in the worst ten minutes, and how many stand at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deploy.soak.clock import HOUR, MINUTE
from deploy.soak.oracle_story import Alarm

WINDOW_MS: Final = 10 * MINUTE
RAISED: Final = ("raised", "raised_higher")
MOST_AN_HOUR: Final = 6
MOST_IN_TEN: Final = 10
STANDING: Final = 10
OVER: Final = ("ended", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Alarms that an officer must deal with: what rose or fell silent, not what went down or came back."""

    alarms: int
    worst_hour: int
    worst_10min: int
    standing: int

    @property
    def is_bearable(self) -> bool:
        """At most six in an hour and ten in ten minutes, and fewer than ten standing (EEMUA 191)."""
        return self.worst_hour <= MOST_AN_HOUR and self.worst_10min <= MOST_IN_TEN and self.standing < STANDING


def load_of(alarms: Sequence[Alarm]) -> Load:
    raised = [alarm.at for alarm in alarms if alarm.kind in RAISED]
    open_now: set[str] = set()
    standing = 0
    for alarm in alarms:
        if alarm.kind in OVER:
            open_now.discard(alarm.alert)
        else:
            open_now.add(alarm.alert)
        standing = max(standing, len(open_now))
    return Load(
        alarms=len(raised),
        worst_hour=_most_within(raised, HOUR),
        worst_10min=_most_within(raised, WINDOW_MS),
        standing=standing,
    )


def _most_within(times: Sequence[int], span: int) -> int:
    return max((sum(first <= at < first + span for at in times) for first in times), default=0)
