"""Broker, core, history and nodes killed at random moments while real firmware publishes and alerts come and go.

Time passes 20 times as fast, so that the firmware's minutes of waiting fit between two kills. A real provider refuses
such a clock: messages go to the demo channel, whose file is appended to and synced before core hears of it, and is
read here. (:mod:`write_kills` has the provider's emulator.)
"""

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from broker.clock import Clock
from tests.faults import oracle
from tests.faults.ack_log import AckLog
from tests.faults.episode import CALM, RISE, STATION, VERSIONS, PersistentNode
from tests.faults.firmware_field import NODES, STATIONS, FirmwareField
from tests.installation import Installation, eventually

SPEED: Final = 20
VICTIMS: Final = {"core": 8, "broker": 5, "history": 4} | dict.fromkeys(NODES, 2)
BETWEEN_S: Final = (0.1, 1.0)
LATE_S: Final = 30.0  # of a reading's 15 minutes on the fast clock, the alert horizon
RECOVERY_S: Final = 90.0


@dataclass(slots=True, kw_only=True)
class Sweep:
    """What a run did. ``late`` episodes had a reading that was too old for a warning when core could take it."""

    seed: int
    killed: Counter[str] = field(default_factory=Counter)
    acked: int = 0
    stored: int = 0
    messages: int = 0
    episodes: int = 0
    late: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        kinds = ", ".join(f"{victim} {count}" for victim, count in self.killed.most_common())
        return [
            f"{self.killed.total()} kills in {self.seconds:.0f} s ({kinds}); seed {self.seed}",
            f"{self.acked} observations acknowledged, {self.stored} rows stored",
            f"{self.episodes} alerts ({len(self.late)} with late readings), {self.messages} messages",
            *self.faults,
        ]


class RandomField:
    """The installation, its firmware nodes, its history, and one more node whose alerts come and go."""

    def __init__(self, done: Sweep, stack: ExitStack) -> None:
        self.done = done
        self.clock = Clock(speed=SPEED, anchor_ms=time.time_ns() // 1_000_000)
        stations = STATION.format(silence=100_000, hold_down=1) + STATIONS
        self.installation = stack.enter_context(Installation(stations=stations, clock=str(self.clock), officers=2))
        self.log = AckLog(self.installation)
        self.installation.start()
        self.log.start()
        stack.callback(self.log.close)
        self.firmware = FirmwareField(self.installation, self.clock)
        stack.callback(self.firmware.close)
        self.node = PersistentNode(self.installation, "node-a", self.installation.new_node("node-a"))
        stack.callback(self.node.close)
        self._history: subprocess.Popen[bytes]
        self.start_history()
        stack.callback(self.kill_history)
        for node in NODES:
            self.firmware.start(node)

    # -- the story -------------------------------------------------------------------------------------------------

    def play(self, stop: threading.Event) -> None:
        """Alerts at station welang, one after another, until asked to stop; ends in calm water."""
        while not stop.is_set():
            self.done.episodes += 1
            for metres in (CALM, *RISE):
                self._sample(metres)
            while not self._has_ended():
                self._sample(CALM)

    def _sample(self, metres: float) -> None:
        self.node.longest_s = 0
        self.node.insist(self.node.observation(round((6.5 - metres) * 1000, 1), t=self.clock.now()))
        if self.node.longest_s > LATE_S:
            self.done.late.add(self.done.episodes)
        time.sleep(0.1)  # the pace of a sensor: 2 s of its own time

    def _has_ended(self) -> bool:
        last = self.installation.rows("SELECT kind FROM alerts WHERE hazard = 'level' ORDER BY id DESC LIMIT 1")
        return last == [("ended",)]

    # -- death -----------------------------------------------------------------------------------------------------

    def kill(self, victim: str) -> None:
        """Kill -9, and start it again at once."""
        if victim == "broker":
            self.installation.kill("broker")
            self.installation.start_broker()
        elif victim == "core":
            self.installation.kill("core")
            self.installation.start_core()
        elif victim == "history":
            self.kill_history()
            self.start_history()
        else:
            self.firmware.kill(victim)
            self.firmware.start(victim)
        self.done.killed[victim] += 1

    def start_history(self) -> None:
        argv = [sys.executable, "-m", "deploy.cli", "history", "--settings", str(self.installation.toml)]
        with (self.installation.root / "history.log").open("ab") as log:
            self._history = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill_history(self, number: int = signal.SIGKILL) -> None:
        self._history.send_signal(number)
        self._history.wait(90)

    # -- the verdict -----------------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Wait until every node has been answered again, nothing is open, and history has everything."""
        before = {node: self._answered(node) for node in NODES}
        eventually(lambda: all(self._answered(n) > before[n] for n in NODES), "an answer to each node", RECOVERY_S)
        eventually(lambda: self.installation.status().get("open_messages") == 0, "the last messages", RECOVERY_S)
        self.firmware.close()
        self.installation.kill("core", signal.SIGTERM)
        eventually(lambda: not oracle.history_faults(self.installation), "history to be complete", RECOVERY_S)

    def _answered(self, node: str) -> int:
        return sum(number[0] == node for number in self.log.acked.copy())

    def judge(self) -> None:
        done, installation = self.done, self.installation
        acked = self.log.acked | self.node.numbers()
        sent = oracle.sent_by_demo(installation)
        done.acked, done.messages = len(acked), sent.total()
        done.stored = installation.rows("SELECT count(*) FROM readings")[0][0]
        done.faults += [
            *oracle.reading_faults(installation, acked),
            *oracle.journal_faults(installation),
            *oracle.story_faults(installation, VERSIONS, is_told=lambda number: number not in done.late),
            *oracle.message_faults(installation, sent),
            *oracle.history_faults(installation),
        ]


def sweep(kills: int, seed: int, say: Callable[[str], None]) -> Sweep:
    """``kills`` kills; the same seed chooses the same victims and pauses."""
    chance = random.Random(seed)
    done = Sweep(seed=seed)
    began = time.monotonic()
    stop = threading.Event()
    with ExitStack() as stack:
        field_ = RandomField(done, stack)
        teller = stack.enter_context(ThreadPoolExecutor(1))
        story = teller.submit(field_.play, stop)
        stack.callback(stop.set)
        for number in range(1, kills + 1):
            time.sleep(chance.uniform(*BETWEEN_S))
            (victim,) = chance.choices(list(VICTIMS), list(VICTIMS.values()))
            field_.kill(victim)
            say(f"kill {number} of {kills}: {victim}; {len(field_.log.acked)} acknowledged, {done.episodes} alerts")
            if story.done():
                break  # it failed, and says why below
        stop.set()
        story.result()
        field_.recover()
        field_.judge()
    done.seconds = time.monotonic() - began
    return done
