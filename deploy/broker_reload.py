"""Has the broker read its passwords again, so that it does, also when it was just reading them.

Mosquitto 2.0 clears its note of the signal when a reload has ended: one that came meanwhile is lost, and with it a new
node's credential, or the end of a revoked one's (measured). So every signal is followed by later ones.
"""

import asyncio
from pathlib import Path
from typing import Final

from deploy.assembly import reload_broker
from deploy.state_folder import StateFolder

AGAIN_S: Final = (1.0, 10.0)  # a reload takes milliseconds, on a machine that starves it perhaps a second


class BrokerReload:
    """Call it on the loop's thread: False when no broker of ours runs. Calls in a row share their later signals."""

    def __init__(self, state: StateFolder, loop: asyncio.AbstractEventLoop) -> None:
        self._state, self._loop = state, loop
        self._later: list[asyncio.TimerHandle] = []

    def __call__(self) -> bool:
        for handle in self._later:
            handle.cancel()
        broker = _number(self._state.broker_pid)
        self._later = [self._loop.call_later(seconds, self._again, broker) for seconds in AGAIN_S]
        return reload_broker(self._state)

    def _again(self, broker: str) -> None:
        """Only to the same process: one that is just starting knows all passwords, and would be ended by the signal."""
        if broker and _number(self._state.broker_pid) == broker:
            reload_broker(self._state)


def _number(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
