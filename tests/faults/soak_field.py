"""The installation of the soak: every process real, at the pace of real clocks, and in reach of every fault.

Core reaches its broker and the provider through proxies. Nodes: real firmware, and one whose alerts come and go.
"""

import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from broker.clock import Clock
from tests.emulators.twilio_account import Behaviour
from tests.emulators.twilio_process import TwilioProcess
from tests.faults import oracle
from tests.faults.ack_log import AckLog
from tests.faults.episode import CALM, RISE, STATION, TEXTS, VERSIONS, PersistentNode
from tests.faults.firmware_field import NODES, STATIONS, FirmwareField
from tests.faults.random_kills import INFLUX
from tests.faults.tcp_proxy import TcpProxy
from tests.influxd import Influxd
from tests.installation import Installation, eventually

PATIENCE_S: Final = 600.0
PACE_S: Final = 1.0
GROWTH_MIB: Final = 150.0
OWN_PROGRAMS: Final = ("core", "broker")


class SoakField:
    """A context manager. ``name`` of a process: core, broker, history, influxd, or a node of the firmware."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.episodes = 0
        self.violations: list[str] = []
        self._first_mib = 0.0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="kts-")))
            self.provider = stack.enter_context(TwilioProcess(folder / "posts.jsonl", behaviour=Behaviour(step_s=None)))
            self.to_provider = stack.enter_context(TcpProxy(int(self.provider.base_url.rpartition(":")[2])))
            self.influxd = Influxd.prepare(folder / "influx")
            stack.callback(self.influxd.kill)
            self.influxd.start()
            self.influxd.database(oracle.INFLUX_DATABASE)
            self.installation = stack.enter_context(self._installation(folder))
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _installation(self, folder: Path) -> Installation:
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(self.provider.auth_token)
        return Installation(
            channels=(
                f'[channels.twilio]\naccount_sid = "{self.provider.account_sid}"\ntoken_file = "{token}"\n'
                f'sender = "{self.provider.from_number}"\napi_base = "http://127.0.0.1:{self.to_provider.port}"\n'
            ),
            stations=STATION.format(silence=100_000, hold_down=0.01) + STATIONS,
            officers=2,
            more=INFLUX.format(url=self.influxd.url, database=oracle.INFLUX_DATABASE),
        )

    def _start(self, stack: ExitStack) -> None:
        installation = self.installation
        port = installation.settings.broker.loopback_port
        self.log = AckLog(installation)
        self.to_broker = stack.enter_context(TcpProxy(port))
        text = installation.toml.read_text()
        installation.toml.write_text(text.replace(f"loopback_port = {port}", f"loopback_port = {self.to_broker.port}"))
        installation.start()
        oracle.gather_late(installation)
        self.log.start()
        stack.callback(self.log.close)
        self.firmware = FirmwareField(installation, Clock())
        stack.callback(self.firmware.close)
        self.node = PersistentNode(installation, "node-a", installation.new_node("node-a"))
        self.node.patience_s = PATIENCE_S
        stack.callback(self.node.close)
        self._history: subprocess.Popen[bytes] | None = None
        self.start("history")
        stack.callback(self.kill, "history")
        for node in NODES:
            self.firmware.start(node)

    # -- processes -----------------------------------------------------------------------------------------------------

    def _processes(self) -> dict[str, subprocess.Popen[bytes] | None]:
        known = {"core": self.installation.core, "broker": self.installation.broker, "history": self._history}
        return {**known, "influxd": self.influxd.process, **{node: self.firmware.processes.get(node) for node in NODES}}

    def process(self, name: str) -> subprocess.Popen[bytes]:
        found = self._processes()[name]
        if found is None:
            raise AssertionError(f"{name} does not run")
        return found

    def kill(self, name: str) -> None:
        if name in OWN_PROGRAMS:
            self.installation.kill(name)
        elif name == "influxd":
            self.influxd.kill()
        elif name == "history":
            process = self.process("history")
            process.kill()
            process.wait(PATIENCE_S)
        else:
            self.firmware.kill(name)

    def start(self, name: str) -> None:
        if name == "core":
            self.installation.start_core(wait=False)
        elif name == "broker":
            self.installation.start_broker()
        elif name == "influxd":
            self.influxd.start()
        elif name == "history":
            argv = [sys.executable, "-m", "deploy.cli", "history", "--settings", str(self.installation.toml)]
            with (self.installation.root / "history.log").open("ab") as log:
                self._history = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        else:
            self.firmware.start(name)

    def ended(self) -> list[str]:
        """Processes that are gone."""
        return [name for name, found in self._processes().items() if found is None or found.poll() is not None]

    # -- the story -----------------------------------------------------------------------------------------------------

    def play(self, stop: threading.Event) -> None:
        """Alerts of one station, one after another, until asked to stop; ends in calm water."""
        while not stop.is_set():
            self.episodes += 1
            more = 0.01 * (self.episodes % TEXTS)
            for metres in (CALM, *(metres + more for metres in RISE)):
                self._sample(metres)
            while not self._has_ended():
                self._sample(CALM - more)

    def _sample(self, metres: float) -> None:
        self.node.insist(self.node.observation(round((6.5 - metres) * 1000, 1)))
        time.sleep(PACE_S)

    def _has_ended(self) -> bool:
        name = f"welang.level.{self.episodes}"
        return any((alert, kind) == (name, "ended") for alert, _, kind, _ in self.installation.alerts())

    # -- the verdict ---------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until core listens, the nodes of the firmware are heard, and no message is open."""
        before = {node: self._answered(node) for node in NODES}
        eventually(lambda: self.installation.status().get("broker_connected"), "core to listen", PATIENCE_S)
        eventually(lambda: all(self._answered(n) > before[n] for n in NODES), "an answer to each node", PATIENCE_S)
        eventually(lambda: self.installation.status().get("open_messages") == 0, "the last messages", PATIENCE_S)

    def _answered(self, node: str) -> int:
        return sum(number[0] == node for number in self.log.acked.copy())

    def judge(self) -> list[str]:
        """What is wrong with readings, journal, story, messages and memory, the field being at rest."""
        installation = self.installation
        sent = oracle.sent_by_twilio(installation, self.provider.posts())
        return [
            *oracle.reading_faults(installation, self.log.acked.copy() | self.node.numbers()),
            *oracle.journal_faults(installation),
            *oracle.story_faults(installation, VERSIONS),
            *oracle.message_faults(installation, sent),
            *self._memory_faults(),
        ]

    def core_mib(self) -> float:
        """Resident memory of core."""
        status = Path(f"/proc/{self.process('core').pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def _memory_faults(self) -> list[str]:
        now = self.core_mib()
        self._first_mib = self._first_mib or now
        grown = now - self._first_mib
        return [f"core grew by {grown:.0f} MiB, {GROWTH_MIB:.0f} at most"] if grown > GROWTH_MIB else []

    def judge_history(self) -> list[str]:
        """Whether InfluxDB holds what the journal holds; core and the firmware are ended for that."""
        self.firmware.close()
        self.installation.kill("core", signal.SIGTERM)
        try:
            eventually(lambda: not oracle.history_faults(self.installation, self.influxd), "history to be complete")
        except AssertionError:
            return oracle.history_faults(self.installation, self.influxd)
        return []
