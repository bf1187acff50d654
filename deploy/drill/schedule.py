"""Once a month a drill by itself, and what the last one came to, for the board.

Core only looks: the drill is a process of its own at low priority, which gets core's settings by its standard input
(``python -m deploy.drill.schedule``), because they hold numbers that do not belong on a command line.
"""

import asyncio
import logging
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from deploy import logs
from deploy.drill import results
from deploy.drill.isolation import ground_of
from deploy.drill.rehearsal import rehearse
from deploy.drill.results import Result, ResultsUnreadable
from deploy.settings import BadSettings, Drill, Settings
from deploy.state_folder import CoreRuns, StateFolder, StateFolderUnusable

log: Final = logging.getLogger(__name__)

BY: Final = "jadwal"
LATEST: Final = timedelta(hours=12)  # after its hour: a machine that was off then makes up for it, but not at night
NICE: Final = 10
TROUBLES: Final = (BadSettings, CoreRuns, StateFolderUnusable, ResultsUnreadable, OSError, sqlite3.Error)


def is_due(drill: Drill, last_at: int | None, now: int, zone: ZoneInfo) -> bool:
    """Whether this month's moment has come, not long ago, and nobody has held a drill since. Times are ms UTC."""
    moment = datetime.fromtimestamp(now / 1000, zone)
    begins = moment.replace(day=drill.day, hour=drill.hour, minute=0, second=0, microsecond=0)
    if not drill.enabled or not begins <= moment < begins + LATEST:
        return False
    return last_at is None or last_at < begins.timestamp() * 1000


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the drill's process is told."""

    settings: Settings
    state: str
    base: str


class DrillJob:
    """``found`` gets the board's line and the problem, if there is one, each time that anybody looks."""

    def __init__(
        self, settings: Settings, state: StateFolder, base: Path, found: Callable[[str, str | None], None]
    ) -> None:
        self._settings, self._state, self._base, self._found = settings, state, base, found
        self._zone = ZoneInfo(settings.site.timezone)
        self._since = time.time_ns() // 1_000_000 if settings.drill.enabled else None
        self._drill: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Look what the last drill came to, and start this month's when it is due."""
        now = time.time_ns() // 1_000_000
        try:
            found = await asyncio.to_thread(self._results)
        except TROUBLES as error:
            self._found("", f"Latihan tidak dapat dijalankan: {error}")
            return
        problem = results.problem(found, self._zone, now, since=self._since)
        self._found(results.line(found, self._zone), problem)
        if self.is_idle and is_due(self._settings.drill, found[-1].at if found else None, now, self._zone):
            self._drill = asyncio.create_task(self._hold())

    @property
    def is_idle(self) -> bool:
        """Whether no drill of its own goes on."""
        return self._drill is None or self._drill.done()

    def _results(self) -> list[Result]:
        return results.read(ground_of(self._settings, self._state, self._base).state)

    async def _hold(self) -> None:
        order = Order(settings=self._settings, state=str(self._state.root), base=str(self._base))
        log.info("this month's drill begins")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.drill.schedule", stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        await process.communicate(msgspec.json.encode(order))
        log.info("this month's drill has ended: exit code %s", process.returncode)


def hold(order: Order) -> Result:
    """Hold the drill and keep its result; a drill that could not begin is one that did not pass."""
    settings, state, base = order.settings, StateFolder(Path(order.state)), Path(order.base)
    ground = ground_of(settings, state, base)
    ground.state.prepare()
    try:
        result = rehearse(ground, by=BY, say=log.info)
    except TROUBLES as error:
        now, people = time.time_ns() // 1_000_000, len(ground.people)
        result = Result(at=now, by=BY, group=ground.group, people=people, passed=False, why=f"{error}.")
    results.add(ground.state, result)
    return result


def main() -> None:
    logs.begin("drill")
    os.nice(NICE)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    logs.follow(order.settings.log)
    result = hold(order)
    sys.exit(0 if result.passed else 1)


if __name__ == "__main__":
    main()
