"""Messages that cannot be taken: kept with topic, reason and bytes, counted always, stored at a bounded rate."""

import time
from collections import Counter
from typing import Final

from deploy.arrival import Arrival
from deploy.journal import Group, Journal
from ingest.readings import DEAD_LETTER_BYTES

A_SECOND: Final = 20.0
BURST: Final = 200.0


class DeadLetters:
    """A flood of garbage moves a counter; the disk sees at most 20 rows a second of it."""

    def __init__(self, journal: Journal, counters: Counter[str]) -> None:
        self._journal, self._counters = journal, counters
        self._allowance, self._filled_at = BURST, time.monotonic()

    def add(self, group: Group, arrival: Arrival, reason: str, now: int) -> None:
        self._counters["dead_letters"] += 1
        moment = time.monotonic()
        self._allowance = min(BURST, self._allowance + (moment - self._filled_at) * A_SECOND)
        self._filled_at = moment
        if self._allowance < 1:
            self._counters["dead_letters_not_kept"] += 1
            return
        self._allowance -= 1
        payload = arrival.payload[:DEAD_LETTER_BYTES]
        group.dead_letters.append((self._journal.take_ids(), now, arrival.topic[:256], reason[:500], payload))
