"""The simulated SMS provider: takes, refuses, is busy, or hangs so that nobody knows."""

import random
from typing import Final

from alerting.channels.port import Accepted, Outcome, RetryLater, Unknown
from alerting.outbox import Attempt
from deploy.soak.clock import SECOND

HANG_MS: Final = 10 * SECOND


class Provider:
    """``mode`` is healthy, refuses, busy or hangs. ``accepted`` counts what it took, by message key."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.mode = "healthy"
        self.accepted: dict[str, int] = {}
        self.blind_lookups: dict[str, int] = {}  # look-ups that it could not answer

    def take(self, attempt: Attempt) -> tuple[Outcome | None, int]:
        """What comes of an attempt, and after how many ms the answer is there."""
        key = attempt.entry.key
        if attempt.is_lookup:
            return self._look_up(key)
        if self.mode == "refuses":
            return RetryLater(reason="500"), self._chance.randint(50, 1500)
        if self.mode == "busy":
            return RetryLater(reason="429", after_s=self._chance.choice((None, 5.0, 30.0))), 100
        if self.mode == "hangs":
            if self._chance.random() < 0.5:
                self._accept(key)
            return Unknown(reason="tidak menjawab"), HANG_MS
        self._accept(key)
        return Accepted(reference=key), self._chance.randint(100, 1500)

    def _look_up(self, key: str) -> tuple[Outcome | None, int]:
        if self.mode == "healthy":
            return (Accepted(reference=key) if key in self.accepted else None), 200
        self.blind_lookups[key] = self.blind_lookups.get(key, 0) + 1
        return Unknown(reason="tidak dapat dicari"), 500

    def _accept(self, key: str) -> None:
        self.accepted[key] = self.accepted.get(key, 0) + 1
