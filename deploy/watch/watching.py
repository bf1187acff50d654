"""The life of a watch: a beat, what came back, what that means, and who is told; until it is stopped."""

import logging
import queue
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from alerting.channels.port import Channel
from deploy.service.notify import Notifier
from deploy.watch import words
from deploy.watch.heard import Finding, Heard
from deploy.watch.link import WatchLink
from deploy.watch.memory import WatchMemory
from deploy.watch.own_channels import OwnChannels
from deploy.watch.record import day_of
from deploy.watch.settings import WatchSettings
from deploy.watch.standing import Pace, Say, Standing, decide, decide_own
from deploy.watch.voice import Text, Voice

log: Final = logging.getLogger(__name__)

TURN_S: Final = 0.25


class Watching:
    """``channels`` are the watch's own."""

    def __init__(
        self, settings: WatchSettings, memory: WatchMemory, channels: Mapping[str, Channel], notifier: Notifier
    ) -> None:
        watch = settings.file.watch
        self._settings, self._watch, self._memory, self._notifier = settings, watch, memory, notifier
        self._heard = Heard(started_at=time.monotonic(), patience_s=watch.patience_s)
        self._pace = Pace(repeat_ms=int(watch.repeat_minutes * 60_000), patience_ms=int(watch.patience_s * 1000))
        self._link = WatchLink(settings)
        self._own = OwnChannels(channels)
        self._taken: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._voice = Voice(watch.id, settings.file.keepers, channels, lambda *each: self._taken.put(each))
        self._beat_at = 0.0
        self._well_at: float | None = None  # since when all has been well
        self._kind = ""

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``."""
        self._say_what_is_owed(time.time_ns() // 1_000_000)
        self._link.start()
        self._notifier.ready("not known yet")
        log.info("the watch %s runs", self._watch.id)
        try:
            while not stop.wait(TURN_S):
                self.turn()
                self._notifier.alive()
        finally:
            self._notifier.stopping()
            self._link.stop()
            self._own.close()
            self._voice.close()
            self._forget_taken()

    def turn(self) -> None:
        """Gather, decide, tell, beat."""
        at, now = time.monotonic(), time.time_ns() // 1_000_000
        self._link.take(self._heard)
        finding = self._heard.judge(at)
        self._show(finding)
        self._well_at = None if finding.kind != "well" else self._well_at or at
        well_ms = 0 if self._well_at is None else int((at - self._well_at) * 1000)
        known = self._memory.standing.numbered
        standing, say = decide(self._memory.standing, finding, now, well_ms=well_ms, pace=self._pace)
        if say is not None:
            standing = self._owing(standing, self._body(say, finding, standing.since, now))
        standing, is_own = decide_own(standing, tuple(sorted(self._own_problems())), now, pace=self._pace)
        if is_own:
            standing = self._owing(standing, words.own(self._watch, standing.own_told), is_own=True)
        self._memory.keep(standing)  # before the first byte leaves: a restart goes on with what is owed
        if say is not None or is_own:
            self._say_what_is_owed(now, since=known + 1)
        self._forget_taken()
        self._beat(at, now)

    def _body(self, say: Say, finding: Finding, since: int, now: int) -> str:
        if say == "well":
            return words.well(self._watch, since=since, now=now, zone=self._settings.zone)
        is_again = say == "again"
        return words.alarm(self._watch, finding, since=since, zone=self._settings.zone, is_again=is_again)

    def _owing(self, standing: Standing, body: str, *, is_own: bool = False) -> Standing:
        """Every keeper is to be told; a newer text takes the place of one that nobody took yet.

        What is wrong with the watch itself goes by channels that work, and never in the place of an alarm.
        """
        log.warning("the keepers are told: %s", body)
        text = (standing.numbered, body)
        keepers = self._settings.file.keepers
        if not is_own:
            return replace(standing, owed={each.name: text for each in keepers})
        free = [
            each.name for each in keepers if each.channel not in standing.own_told and each.name not in standing.owed
        ]
        return replace(standing, owed=standing.owed | dict.fromkeys(free, text))

    def _say_what_is_owed(self, now: int, *, since: int = 0) -> None:
        """Those texts with a number from ``since`` on; the others are being said."""
        for name, (number, body) in self._memory.standing.owed.items():
            if number >= since:
                self._voice.say(name, Text(number=number, body=body, at=now))

    def _forget_taken(self) -> None:
        owed = dict(self._memory.standing.owed)
        while not self._taken.empty():
            name, number = self._taken.get()
            if name in owed and owed[name][0] <= number:
                del owed[name]
        self._memory.keep(replace(self._memory.standing, owed=owed))

    def _own_problems(self) -> dict[str, str]:
        return self._own.problems() | self._voice.problems()

    def _beat(self, at: float, now: int) -> None:
        if at - self._beat_at < self._watch.beat_s:
            return
        self._beat_at = at
        own = "; ".join(f"{name}: {problem}" for name, problem in sorted(self._own_problems().items()))
        self._link.beat(self._heard, own_problem=own, wants_daily=self._wants_daily(now))

    def _wants_daily(self, now: int) -> bool:
        """From the hour on, until core has said that it took the day's message in hand."""
        local = datetime.fromtimestamp(now / 1000, UTC).astimezone(self._settings.zone)
        return local.hour >= self._watch.daily_hour and self._heard.day != day_of(local)

    def _show(self, finding: Finding) -> None:
        if finding.kind == self._kind:
            return
        self._kind = finding.kind
        told = f"{finding.kind} {finding.detail} {' '.join(finding.ways)}".strip()
        log.info("the chain: %s", told)
        self._notifier.status(told)
