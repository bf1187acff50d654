"""The line to core: follow its socket for ever, and know since when nothing came.

Core tells its health every second, so the first whole state is known to be complete when health comes after it. A
new line asks for everything again: that is bounded, and nothing rests on what a journal id meant before the break.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from alerting.web.replica import Change, Replica
from broker import control
from broker.clock import Clock
from broker.live import Event

log: Final = logging.getLogger(__name__)

SILENT_AFTER_S: Final = 10.0  # real seconds
BACKOFF_FIRST_S: Final = 0.2
BACKOFF_MAX_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Nothing comes from core. ``since`` is the last sign of life in ms UTC, None when there never was one."""

    since: int | None
    reason: str


@dataclass(slots=True, kw_only=True)
class CoreLink:
    """Gives a whole replica to ``adopted`` once per line, then every change of it to ``changed``."""

    path: Path
    clock: Clock
    adopted: Callable[[Replica], None]
    changed: Callable[[Change], None]
    ready: asyncio.Event = field(default_factory=asyncio.Event)  # set for good with the first whole state
    _is_whole: bool = False
    _heard_at: int | None = None
    _heard_monotonic: float = 0.0
    _reason: str = "belum tersambung ke inti"

    def outage(self) -> Outage | None:
        """What is wrong with the line now, or None when it is fresh."""
        if not self._is_whole:
            return Outage(since=self._heard_at, reason=self._reason)
        if time.monotonic() - self._heard_monotonic > SILENT_AFTER_S:
            return Outage(since=self._heard_at, reason="inti tersambung tetapi diam")
        return None

    async def run(self) -> None:
        """Follow until cancelled."""
        wait_s = BACKOFF_FIRST_S
        while True:
            heard_before = self._heard_monotonic
            try:
                await self._follow()
                self._lose("inti menutup sambungan")
            except control.CoreUnreachable:
                self._lose("inti tidak menjawab")
            except Exception:
                log.exception("following core on %s failed", self.path)
                self._lose("jawaban inti tidak dapat dibaca")
            wait_s = BACKOFF_FIRST_S if self._heard_monotonic > heard_before else min(wait_s * 2, BACKOFF_MAX_S)
            await asyncio.sleep(wait_s)

    async def _follow(self) -> None:
        replica = Replica()
        count = 0
        async for event in control.follow(self.path, after=0, actor="web"):
            change = self._take(replica, event)
            count += 1
            if not self._is_whole:
                if event.kind == "health" and count > 1:
                    self._adopt(replica)
                continue
            self._hear()
            if change is not None:
                self.changed(change)

    def _take(self, replica: Replica, event: Event) -> Change | None:
        """One bad entity is named and left out; the others go on."""
        try:
            return replica.apply(event)
        except msgspec.DecodeError as error:
            log.warning("event %d (%s) is outside the contract: %s", event.id, event.kind, error)
            return None

    def _adopt(self, replica: Replica) -> None:
        log.info("following core on %s", self.path)
        self._is_whole = True
        self._hear()
        self.adopted(replica)
        self.ready.set()

    def _hear(self) -> None:
        self._heard_at = self.clock.now()
        self._heard_monotonic = time.monotonic()

    def _lose(self, reason: str) -> None:
        if self._is_whole:
            log.warning("core is away: %s", reason)
        self._is_whole = False
        self._reason = reason
