"""Whether core moves: its ingest, its engine's turns and its sender, each for itself.

A loop that still runs proves none of them: the word of life to whoever keeps core running is said only when all three
have moved since the last look.
"""

import asyncio
import logging
import time
from typing import Final, Protocol

from deploy.service.notify import Notifier

log: Final = logging.getLogger(__name__)

LOOK_S: Final = 5.0  # at most
INGEST_S: Final = 20.0  # a connection rests for half a second at a time; connecting may take some seconds


class Turning(Protocol):
    """What is looked at of core."""

    turns: int


class Reading(Protocol):
    """What is looked at of the connection to the broker."""

    looked_at: float  # on the monotonic clock: when it last saw to its connection, whether there is one or not


class Sending(Protocol):
    """What is looked at of the sender."""

    def stuck(self) -> list[str]: ...


class Progress:
    """Compares with what it saw at its last look."""

    def __init__(self, core: Turning, link: Reading, sender: Sending) -> None:
        self._core, self._link, self._sender = core, link, sender
        self._turns = -1

    def problem(self) -> str | None:
        """What does not move, in one sentence; None: everything does."""
        turns, self._turns = self._turns, self._core.turns
        if turns == self._core.turns:
            return "the engine has made no turn since the last look"
        if time.monotonic() - self._link.looked_at > INGEST_S:
            return f"nobody has looked at the connection to the broker for {INGEST_S:g} s"
        if stuck := self._sender.stuck():
            return f"the sender of {', '.join(stuck)} does not come for its messages"
        return None


async def keep_saying(progress: Progress, notifier: Notifier) -> None:
    """Say the word of life as long as everything moves, and what hangs when something does; until cancelled."""
    told: str | None = None
    while True:
        await asyncio.sleep(min(LOOK_S, notifier.every_s / 2))
        problem = progress.problem()
        if problem is None:
            notifier.alive()
        else:
            if problem != told:
                log.error("core hangs: %s; a restart is asked for", problem)
            notifier.hung(problem)
        told = problem
