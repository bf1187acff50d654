"""A backup every day, by core's scheduler, in a process of its own at low priority; and what the board says of it."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from deploy.backup import record
from deploy.backup.record import HOUR_MS, BackupRecord
from deploy.settings import Backup
from deploy.state_folder import StateFolder

log: Final = logging.getLogger(__name__)

NICE: Final = 10
RETRY_MS: Final = HOUR_MS


def is_due(settings: Backup, found: BackupRecord, now: int, zone: ZoneInfo) -> bool:
    """Whether today's backup is to be taken: its hour has come, none is of after it, and the last try is an hour ago.

    A machine that was off at that hour makes up for it. Times are ms UTC.
    """
    moment = datetime.fromtimestamp(now / 1000, zone)
    begins = moment.replace(hour=settings.hour, minute=0, second=0, microsecond=0)
    if moment < begins:
        begins -= timedelta(days=1)
    if found.good_at is not None and found.good_at >= begins.timestamp() * 1000:
        return False
    return found.tried_at is None or now - found.tried_at >= RETRY_MS or found.tried_at > now


def is_to_be_sent(settings: Backup, found: BackupRecord, now: int) -> bool:
    """Whether the newest backup is not in the bucket yet, and the last try is an hour ago. ``now`` is ms UTC."""
    if settings.bucket is None or not found.file or found.sent_file == found.file:
        return False
    return found.sending_at is None or now - found.sending_at >= RETRY_MS or found.sending_at > now


class BackupJob:
    """``found`` gets the problem for the board, or None, each time that anybody looks."""

    def __init__(
        self,
        settings: Backup,
        state: StateFolder,
        settings_file: Path,
        *,
        zone: ZoneInfo,
        found: Callable[[str | None], None],
    ) -> None:
        self._settings, self._state, self._file, self._zone, self._found = settings, state, settings_file, zone, found
        self._since = _now()
        self._taking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Look what the last one came to, and begin today's when it is due."""
        now, known = _now(), await asyncio.to_thread(record.read, self._state)
        self._found(record.problem(known, now=now, since=self._since))
        is_idle = self._taking is None or self._taking.done()
        if is_idle and is_due(self._settings, known, now, self._zone):
            self._taking = asyncio.create_task(self._do("run"))
        elif is_idle and is_to_be_sent(self._settings, known, now):
            self._taking = asyncio.create_task(self._do("send"))

    async def _do(self, verb: str) -> None:
        log.info("backup %s begins", verb)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli", "backup", verb, "--quiet"),
            *("--settings", str(self._file), "--state", str(self._state.root)),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        code = await process.wait()
        log.log(logging.ERROR if code else logging.INFO, "backup %s ended with %d", verb, code)
        self._found(record.problem(record.read(self._state), now=_now(), since=self._since))


def _now() -> int:
    return time.time_ns() // 1_000_000
