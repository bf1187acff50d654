"""A whole installation for a test: real Mosquitto and real core, on free ports, killed at will."""

import contextlib
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from broker import control, mosquitto, probe
from broker.control import Request
from deploy.assembly import credentials_of, prepare_broker
from deploy.commands.common import Asking
from deploy.commands.station import import_file
from deploy.settings import Settings, load
from deploy.state_folder import StateFolder

PATIENCE_S = 90.0  # only a broken run waits so long

STATION = """
[[stations]]
id = "welang"
name = "Welang Kraton"
river = "Welang"
kelurahan = ["Karangketug", "Randusari"]
datum_m = 6.5
site_m = [0.0, 6.6]
silence_minutes = {silence}
# Water jumps here; quality control has tests of its own.
quality = {{ noise = 10.0, spike_suspect = 20.0, spike_fail = 20.0 }}
[stations.thresholds]
waspada = 3.5
siaga = 4.5
awas = 5.5
author = "test"
reason = "test"
early_siaga_minutes = 0
hold_down_minutes = 2
"""
OFFICER = """
[[officers]]
name = "Petugas {n}"
phone = "+62812000000{n:02d}"
"""


def eventually(condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """The first true value of ``condition``; fails naming ``what`` when there is none in time."""
    deadline = time.monotonic() + patience_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s:g} s for {what}")
        time.sleep(0.01)
    return value


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def register(settings: Settings, state: StateFolder, path: Path, stations: str) -> None:
    """Write ``stations``, TOML, to ``path``, and import them as a person would; core must not run."""
    path.write_text(stations)
    with Asking(settings, state, actor="test") as core:
        import_file(core, path)


class Installation:
    """``channels``, ``stations`` and ``more`` are TOML; ``clock`` is what ``kentongan core --clock`` takes."""

    def __init__(
        self,
        *,
        channels: str = "[channels]\ndemo = true\n",
        stations: str = STATION.format(silence=10),
        officers: int = 1,
        clock: str = "1@0",
        more: str = "",
    ) -> None:
        # A short path: sockets have little room for one. Readable by the broker's own user.
        self._folder = tempfile.TemporaryDirectory(prefix="ktg-", ignore_cleanup_errors=True)
        self.root = Path(self._folder.name)
        self.root.chmod(0o755)
        tls, loopback, web = free_ports(3)
        self.toml = self.root / "kentongan.toml"
        people = "".join(OFFICER.format(n=n) for n in range(1, officers + 1))
        self.toml.write_text(
            f'[site]\nname = "Uji"\nstate_dir = "state"\n[broker]\ntls_port = {tls}\nloopback_port = {loopback}\n'
            f"[web]\nport = {web}\n{channels}\n{more}\n{people}"
        )
        self.settings: Settings = load(self.toml)
        self.state = StateFolder(self.root / "state")
        self.state.prepare()
        register(self.settings, self.state, self.root / "stations.toml", stations)
        self.clock = clock
        self.broker_settings = prepare_broker(self.settings, self.state)
        self.broker: subprocess.Popen[bytes] | None = None
        self.core: subprocess.Popen[bytes] | None = None
        self.core_log = self.root / "core.log"

    # -- processes -------------------------------------------------------------------------------------------------

    def start_broker(self) -> None:
        with (self.root / "broker.log").open("ab") as log:
            argv = mosquitto.command(mosquitto.find_mosquitto(), self.broker_settings)
            self.broker = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.state.broker_pid.write_text(str(self.broker.pid))
        password = credentials_of(self.state).service_password("probe")
        port = self.settings.broker.loopback_port
        eventually(lambda: probe.ask(port, password) is probe.Answer.READY, "the broker")

    def start_core(self, *, wrapper: Sequence[str] = (), wait: bool = True) -> None:
        argv = [*wrapper, sys.executable, "-m", "deploy.cli", "core", "--settings", str(self.toml)]
        with self.core_log.open("ab") as log:
            self.core = subprocess.Popen(
                [*argv, "--clock", self.clock], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if wait:
            eventually(lambda: self.status().get("broker_connected"), "core")

    def start(self) -> None:
        self.start_broker()
        self.start_core()

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        process: subprocess.Popen[bytes] | None = getattr(self, name)
        if process is not None:
            process.send_signal(number)
            process.wait(PATIENCE_S)
            setattr(self, name, None)

    def close(self) -> None:
        for name in ("core", "broker"):
            self.kill(name)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- asking ----------------------------------------------------------------------------------------------------

    def ask(self, name: str, **arguments: Any) -> Any:
        return control.command(self.state.socket, Request(name=name, args=arguments, actor="test"), timeout_s=20)

    def status(self) -> dict[str, Any]:
        try:
            return dict(self.ask("status"))
        except control.CoreUnreachable:
            return {}

    def new_node(self, node: str, station: str = "welang") -> str:
        return str(self.ask("node-new", node=node, station=station)["password"])

    @contextlib.contextmanager
    def journal(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(f"file:{self.state.journal}?mode=ro", uri=True, timeout=10)
        try:
            yield connection
        finally:
            connection.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.journal() as connection:
            return connection.execute(query).fetchall()

    def alerts(self) -> list[tuple[str, int, str, int]]:
        return self.rows("SELECT alert, version, kind, level FROM alerts ORDER BY id")

    def demo_messages(self) -> list[dict[str, Any]]:
        path = self.state.demo_messages
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class SimpleNode:
    """A node's side of the wire contract in the test's own process."""

    def __init__(self, installation: Installation, node: str, password: str, *, boot: int = 7) -> None:
        self.node, self.boot, self.seq = node, boot, 0
        self.acked: set[tuple[int, int]] = set()
        self._installation = installation
        self._condition = threading.Condition()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=node)
        self.client.username_pw_set(node, password)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._subscribed
        self.client.on_message = self._acknowledged
        self._is_ready = False
        self.client.connect("127.0.0.1", installation.settings.broker.loopback_port)
        self.client.loop_start()
        eventually(lambda: self._is_ready, f"node {node}")

    def _connected(self, client: paho.Client, *_: object) -> None:
        client.subscribe(f"ews/v1/{self.node}/ack", 1)

    def _subscribed(self, *_: object) -> None:
        self._is_ready = True

    def _acknowledged(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with self._condition:
            for boot, first, last in json.loads(message.payload)["acked"]:
                self.acked |= {(boot, seq) for seq in range(first, last + 1)}
            self._condition.notify_all()

    def observation(self, distance_mm: float | None, *, t: int | None = -1, **series: float) -> dict[str, Any]:
        """The next observation; ``t`` is now unless given."""
        time_ms = time.time_ns() // 1_000_000 if t == -1 else t
        made = {"v": 1, "boot": self.boot, "seq": self.seq, "t": time_ms, "s": {"distance_mm": distance_mm, **series}}
        self.seq += 1
        return made

    def publish(self, payload: object, *, retain: bool = False) -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.client.publish(f"ews/v1/{self.node}/obs", data, qos=1, retain=retain)

    def send(self, distance_mm: float | None, *, t: int | None = -1) -> tuple[int, int]:
        """Publish an observation and wait until core has it."""
        made = self.observation(distance_mm, t=t)
        self.publish(made)
        self.wait((made["boot"], made["seq"]))
        return made["boot"], made["seq"]

    def level(self, metres: float, *, t: int | None = -1) -> None:
        self.send(round((6.5 - metres) * 1000, 1), t=t)

    def wait(self, number: tuple[int, int]) -> None:
        with self._condition:
            if not self._condition.wait_for(lambda: number in self.acked, PATIENCE_S):
                raise AssertionError(f"{self.node}: observation {number} was not acknowledged in {PATIENCE_S:g} s")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
