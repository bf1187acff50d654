"""What an officer may be spared: beyond five items an hour what does not go up waits, and comes in one digest."""

from typing import Any, Final

from alerting.messages import Entry
from deploy.soak.breach import Breaches
from deploy.soak.clock import MINUTE
from deploy.soak.stations import OFFICERS

HOUR: Final = 60 * MINUTE
MOST: Final = 5
LONG: Final = 4 * HOUR  # a digest is out by then, though core was away for a while
DIGEST: Final = "ringkasan"

Row = tuple[Any, ...]


def must_go_at_once(row: Row) -> bool:
    """A decision that no officer may wait for: a rise, BUTA, a false alarm. By the journal's row."""
    kind, level, scope = row[5], row[6], row[3]
    return kind == "cancelled" or (kind in ("raised", "raised_higher") and (level > 0 or scope == "semua"))


class DigestsOracle:
    """Times are core's, as decisions and messages carry them; ``breaches.now`` is the world's."""

    def __init__(self, breaches: Breaches) -> None:
        self._breaches = breaches
        self._had: dict[str, list[int]] = {name: [] for name in OFFICERS}
        self._waits: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in OFFICERS}  # version, since when

    def told(self, officer: str, row: Row) -> None:
        """A decision that an officer has a message of."""
        if not must_go_at_once(row) and self._is_full(officer, row[7]):
            self._breaches.add("G23", f"{row[1]} v{row[2]} is told to {officer}, who had {MOST} items within the hour")
        self._waits[officer].pop(row[1], None)
        self._had[officer].append(row[7])

    def kept_back(self, officer: str, row: Row) -> None:
        """A decision that an officer has no message of."""
        if must_go_at_once(row):
            self._breaches.add("I7", f"{row[1]} v{row[2]} goes up and is kept from {officer}")
        elif not self._is_full(officer, row[7]):
            self._breaches.add("I3", f"{row[1]} v{row[2]} is kept from {officer}, who had few items within the hour")
        self._waits[officer][row[1]] = (row[2], self._breaches.now)

    def digest(self, entry: Entry) -> None:
        """A digest was made: it tells of all that waits."""
        waits = self._waits[entry.recipient]
        if f"RINGKASAN {len(waits)} kabar" not in entry.body:
            self._breaches.add("I3", f"{entry.recipient}: {len(waits)} items wait, told is {entry.body!r}")
        waits.clear()
        self._had[entry.recipient].append(entry.created_at)

    def called(self, entry: Entry) -> None:
        """A call about nodes, which is one item of the hour."""
        self._had[entry.recipient].append(entry.created_at)

    def checked(self) -> None:
        """Now and then: nothing waits for ever."""
        for officer, waits in self._waits.items():
            for alert, (version, since) in waits.items():
                if self._breaches.now - since > LONG:
                    self._breaches.add("I3", f"{alert} v{version} was kept from {officer} and never told")

    def _is_full(self, officer: str, at: int) -> bool:
        had = self._had[officer]
        return bool(self._waits[officer]) or sum(at - HOUR < each <= at for each in had) >= MOST
