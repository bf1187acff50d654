"""Broker, core, history, its database and nodes killed at random while real firmware publishes and alerts come and go.

Time passes 20 times as fast, so that the firmware's minutes of waiting fit between two kills. A real provider refuses
such a clock: messages go to the demo channel, whose file is appended to and synced before core hears of it, and is
read here. (:mod:`write_kills` has the provider's emulator.)
"""

import multiprocessing
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from broker.clock import Clock
from tests.faults import oracle
from tests.faults.ack_log import AckLog
from tests.faults.episode import CALM, RISE, STATION, VERSIONS, PersistentNode
from tests.faults.firmware_field import NODES, STATIONS, FirmwareField
from tests.influxd import Influxd
from tests.installation import Installation, eventually

SPEED: Final = 20
VICTIMS: Final = {"core": 8, "broker": 5, "history": 4} | dict.fromkeys(NODES, 2)
INFLUX_VICTIMS: Final = VICTIMS | {"influxd": 3}
INFLUX: Final = '[history]\nkind = "influxdb"\nurl = "{url}"\nbucket = "{database}/autogen"\n'
ROUND: Final = 100  # kills on one installation: what is found is found early, and a journal stays small
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
    """The installation, its firmware nodes, its history (InfluxDB or SQLite), and one node whose alerts come and go."""

    def __init__(self, done: Sweep, stack: ExitStack, *, has_influx: bool) -> None:
        self.done = done
        self.influxd = _influxd(stack) if has_influx else None
        more = INFLUX.format(url=self.influxd.url, database=oracle.INFLUX_DATABASE) if self.influxd else ""
        self.clock = Clock(speed=SPEED, anchor_ms=time.time_ns() // 1_000_000)
        stations = STATION.format(silence=100_000, hold_down=1) + STATIONS
        self.installation = stack.enter_context(
            Installation(stations=stations, clock=str(self.clock), officers=2, more=more)
        )
        self.log = AckLog(self.installation)
        self.installation.start()
        oracle.gather_late(self.installation)
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
        elif victim == "influxd":
            assert self.influxd is not None
            self.influxd.kill()
            self.influxd.start()
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
        eventually(lambda: not self._history_faults(), "history to be complete", RECOVERY_S)

    def _history_faults(self) -> list[str]:
        return oracle.history_faults(self.installation, self.influxd)

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
            *self._history_faults(),
        ]


def _influxd(stack: ExitStack) -> Influxd:
    made = Influxd.prepare(Path(stack.enter_context(TemporaryDirectory(prefix="ktx-"))))
    stack.callback(made.kill)
    made.start()
    made.database(oracle.INFLUX_DATABASE)
    return made


def sweep(kills: int, seed: int, say: Callable[[str], None], *, has_influx: bool = False) -> Sweep:
    """``kills`` kills; the same seed chooses the same victims and pauses. ``has_influx``: history is an InfluxDB."""
    chance = random.Random(seed)
    victims = INFLUX_VICTIMS if has_influx else VICTIMS
    done = Sweep(seed=seed)
    began = time.monotonic()
    stop = threading.Event()
    with ExitStack() as stack:
        field_ = RandomField(done, stack, has_influx=has_influx)
        teller = stack.enter_context(ThreadPoolExecutor(1))
        story = teller.submit(field_.play, stop)
        stack.callback(stop.set)
        for number in range(1, kills + 1):
            time.sleep(chance.uniform(*BETWEEN_S))
            (victim,) = chance.choices(list(victims), list(victims.values()))
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


def sweep_in_rounds(kills: int, seed: int, *, parallel: int, has_influx: bool) -> Iterator[Sweep]:
    """Rounds of at most ``ROUND`` kills, each in a process and on an installation of its own, ``parallel`` at a time.

    The n-th round has the seed ``seed + n``. Each is given as soon as it has been judged; one that broke down is a
    fault.
    """
    rounds = [min(ROUND, kills - first) for first in range(0, kills, ROUND)]
    with ProcessPoolExecutor(parallel, mp_context=multiprocessing.get_context("spawn")) as pool:
        started = {
            pool.submit(_round, count, seed + number, has_influx=has_influx): seed + number
            for number, count in enumerate(rounds)
        }
        for done in as_completed(started):
            error = done.exception()
            yield done.result() if error is None else Sweep(seed=started[done], faults=[f"broke down: {error!r}"])


def _round(kills: int, seed: int, *, has_influx: bool) -> Sweep:
    return sweep(kills, seed, lambda _: None, has_influx=has_influx)
