"""Takes away what is old: readings that history has and that are past their days, in slices between turns."""

import asyncio
import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from deploy.journal import PRUNE_SLICE
from deploy.recipients.retention import keep_people
from deploy.recipients.subscription_retention import keep_askings

if TYPE_CHECKING:
    from deploy.core import Core

log: Final = logging.getLogger(__name__)

DAY_MS: Final = 86_400_000
SLICES: Final = 50


class Retention:
    def __init__(self, core: "Core") -> None:
        self._core = core

    async def run(self) -> None:
        """One round; what is left waits for the next one."""
        core, journal = self._core, self._core.journal
        keep = core.settings.retention
        oldest = core.clock.now() - int(keep.readings_days * DAY_MS)
        pruned = 0
        try:
            journal.prune_dead_letters(keep=keep.dead_letters)
            for _ in range(SLICES):
                below = journal.slice_end(received_before=oldest, not_after=core.history_cursor, size=PRUNE_SLICE)
                if below is None:
                    break
                pruned += journal.prune_readings(below_id=below)
                await asyncio.sleep(0)
        except sqlite3.Error as error:
            log.warning("retention could not write: %s", error)
        await keep_people(core)
        keep_askings(core)
        if pruned:
            log.info("retention took %d readings that history has", pruned)
