"""The live page at work: core's events into the replica, the replica onto the board, the board to the watchers."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from alerting.web.board import Board, environment
from alerting.web.fanout import BEAT, BEAT_S, Fanout, Watcher
from alerting.web.link import CoreLink
from alerting.web.readings import LastHour, ReadRange
from alerting.web.replica import Change, Replica
from alerting.web.screens import Screens
from alerting.web.station_card import WATER
from broker.clock import Clock

log: Final = logging.getLogger(__name__)

PACE_S: Final = 0.05  # at most one patch per pace: a storm of events is drawn once, a lone event at once
LOOK_S: Final = 1.0  # how often silence is looked for when nothing happens
READY_WAIT_S: Final = 3.0


@dataclass(slots=True, kw_only=True)
class LivePage:
    """Everything between core's socket and the browsers; ``start`` and ``stop`` belong to the server's life."""

    socket_path: Path
    clock: Clock
    read_range: ReadRange
    demo: bool
    last_hour: LastHour = field(default_factory=LastHour)
    link: CoreLink = field(init=False)
    screens: Screens = field(init=False)
    _changes: set[Change] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.link = CoreLink(path=self.socket_path, clock=self.clock, adopted=self._adopted, changed=self._changed)
        templates = environment()
        self.screens = Screens(
            lambda: Board(
                last_hour=self.last_hour,
                outage=self.link.outage,
                is_ready=self.link.ready.is_set,
                clock=self.clock,
                demo=self.demo,
                templates=templates,
            )
        )

    @property
    def board(self) -> Board:
        """The one in Indonesian, which is always drawn."""
        return self.screens.native.board

    @property
    def fanout(self) -> Fanout:
        """The watchers of the page in Indonesian."""
        return self.screens.native.fanout

    @property
    def watchers(self) -> int:
        return sum(len(screen.fanout.watchers) for screen in self.screens)

    @property
    def dropped(self) -> int:
        """Watchers that were too slow."""
        return sum(screen.fanout.dropped for screen in self.screens)

    def close(self) -> None:
        """End every stream."""
        for screen in self.screens:
            screen.fanout.close()

    @property
    def replica(self) -> Replica:
        return self.board.replica

    def start(self) -> None:
        self._spawn(self.link.run())
        self._spawn(self._draw_for_ever())
        self._spawn(self._beat_for_ever())

    async def stop(self) -> None:
        self.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def watch(self, after: int | None) -> tuple[Fanout, Watcher] | None:
        """A watcher that has seen everything up to ``after``, in the language that is spoken; None: no room for him.

        Waits a moment for a core that is just being met.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_WAIT_S):
                await self.link.ready.wait()
        self._draw()
        screen = self.screens.spoken()
        watcher = screen.fanout.join(screen.board.catch_up(after))
        return None if watcher is None else (screen.fanout, watcher)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _adopted(self, replica: Replica) -> None:
        self.screens.adopt(replica)
        for change in replica.everything():
            self._changed(change)
        self._wake.set()

    def _changed(self, change: Change) -> None:
        self._changes.add(change)
        if change.kind == "station":
            self._note(change)
        self._wake.set()

    def _note(self, change: Change) -> None:
        station = self.replica.stations.get(change.id)
        if station is None:
            return  # it was retired
        self.last_hour.note(station)
        if station.hazard in WATER and self.last_hour.is_incomplete(station.id):
            self._spawn(self._complete_tail(change))

    async def _complete_tail(self, change: Change) -> None:
        now = self.clock.now()
        if await self.last_hour.complete(change.id, now=now, read_range=self.read_range):
            self._changes.add(change)
            self._wake.set()

    async def _draw_for_ever(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            try:
                self._draw()
            except Exception:
                log.exception("drawing the page failed")
            await asyncio.sleep(PACE_S)

    async def _beat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            for screen in self.screens:
                screen.fanout.publish(BEAT)

    def _draw(self) -> None:
        self._wake.clear()
        changes, self._changes = self._changes, set()
        self.screens.draw(changes)
