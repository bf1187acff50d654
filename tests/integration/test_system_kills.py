"""Kill -9 of broker, core and nodes while real firmware publishes: what was acknowledged to a node is never lost.

The oracle is a client of its own that hears every application ACK and writes it down in the test's process, outside of
everything that is killed.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from broker.clock import Clock
from deploy.assembly import credentials_of
from deploy.commands.node import node_document, write_node_folder
from firmware_sim import field
from tests.installation import Installation, SimpleNode, eventually

KILLS = 20
STATIONS = "".join(
    f'[[stations]]\nid = "{name}"\nname = "{name}"\ndatum_m = {datum}\n'
    for name, datum in (("welang-kraton", 6.5), ("gembong-wirogunan", 4.0))
)
NODES = ("node-welang", "node-gembong")


class AckLog:
    """Every acknowledged (node, boot, seq) that the broker handed out while it ran."""

    def __init__(self, installation: Installation) -> None:
        password = credentials_of(installation.state).add("tap")
        with installation.broker_settings.access_list.open("a") as rules:
            rules.write("user tap\ntopic read ews/v1/+/ack\n")
        self.acked: set[tuple[str, int, int]] = set()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="tap")
        self._client.username_pw_set("tap", password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("ews/v1/+/ack")
        self._client.on_message = self._heard
        self._port = installation.settings.broker.loopback_port

    def start(self) -> None:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _heard(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        node = message.topic.split("/")[2]
        for boot, first, last in json.loads(message.payload)["acked"]:
            self.acked |= {(node, boot, seq) for seq in range(first, last + 1)}


class Field:
    """Real firmware in MicroPython, one process a node."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        self._installation, self._clock = installation, clock
        self._scenario = field.load("badai")
        self._start_ms = clock.now()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for plan in self._scenario.nodes:
            if plan.id in NODES:
                self._provision(plan)

    def _provision(self, plan: field.NodePlan) -> None:
        installation = self._installation
        password = installation.new_node(plan.id, plan.station)
        document = node_document(installation.settings, plan.id, password, list(plan.sensors))
        folder = installation.state.nodes / plan.id
        write_node_folder(folder, document | {"sample_s": 10}, installation.state)
        field.write_world(self._scenario, plan.id, folder / "world", self._start_ms)

    def start(self, node: str) -> None:
        folder = self._installation.state.nodes / node
        argv, environment = field.node_command(folder, folder / "world", self._clock)
        with (self._installation.root / f"{node}.log").open("ab") as log:
            self.processes[node] = subprocess.Popen(
                argv, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self, node: str) -> None:
        process = self.processes.pop(node)
        process.kill()
        process.wait()

    def close(self) -> None:
        for node in list(self.processes):
            self.kill(node)


@pytest.mark.timeout(300)
def test_twenty_kills_lose_nothing_and_store_nothing_twice() -> None:
    """Broker, core and nodes die at random moments; the ACK log and the journal agree."""
    seed = int(os.environ.get("KENTONGAN_SEED", "20260101"))
    chance = random.Random(seed)
    clock = Clock(speed=60, anchor_ms=time.time_ns() // 1_000_000)
    with Installation(stations=STATIONS, clock=str(clock)) as installation:
        log = AckLog(installation)
        installation.start()
        log.start()
        nodes = Field(installation, clock)
        try:
            for node in NODES:
                nodes.start(node)
            eventually(lambda: len(log.acked) > 5, "the first acknowledgements")
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.2, 1.0))
                _kill_one(chance.choice(("broker", "core", *NODES)), installation, nodes)
            before = len(log.acked)
            eventually(lambda: len(log.acked) > before + 10, "acknowledgements after the last kill", 60)
        finally:
            nodes.close()
            log.close()
        installation.kill("core", signal.SIGTERM)
        stored = installation.rows("SELECT node, boot, seq, series FROM readings WHERE revision = 0")
    assert len(stored) == len(set(stored)), f"stored twice; seed {seed}"
    numbers = {(node, boot, seq) for node, boot, seq, _ in stored}
    assert set() == log.acked - numbers, f"acknowledged and lost; seed {seed}"
    assert len(log.acked) > 50


def _kill_one(victim: str, installation: Installation, nodes: Field) -> None:
    if victim == "broker":
        installation.kill("broker")
        installation.start_broker()
    elif victim == "core":
        installation.kill("core")
        installation.start_core()
    else:
        nodes.kill(victim)
        nodes.start(victim)


@contextmanager
def injected(process: subprocess.Popen[bytes] | None, *options: str) -> Iterator[None]:
    """strace's fault injection on a running process, until the block ends."""
    assert process is not None
    argv = ["strace", "-f", "-p", str(process.pid), "-o", "/dev/null", *options]
    strace = subprocess.Popen(argv, stderr=subprocess.PIPE)
    assert strace.stderr is not None
    assert b"attached" in strace.stderr.readline()
    try:
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.communicate(timeout=20)


def test_a_full_disk_stops_acknowledgements_and_not_warnings() -> None:
    """ENOSPC on every write of the journal: the alert still goes out, nothing is acknowledged, nothing is lost."""
    with Installation() as installation:
        installation.start()
        node = SimpleNode(installation, "node-a", installation.new_node("node-a"))
        node.level(2.0)
        now = time.time_ns() // 1_000_000
        kept = [node.observation(900.0, t=now + 1), node.observation(890.0, t=now + 2)]
        with injected(installation.core, "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC"):
            for observation in kept:
                node.publish(observation)
            eventually(lambda: len(installation.demo_messages()) == 1, "the warning from memory")
            time.sleep(0.5)
            assert (7, kept[0]["seq"]) not in node.acked
        eventually(lambda: _resent(node, kept), "acknowledgement after the disk has room again")
        assert [(3,)] == installation.rows("SELECT count(*) FROM readings")
        assert [("welang.level.1", 1, "raised", 3)] == installation.alerts()
        eventually(lambda: [("accepted",)] == installation.rows("SELECT state FROM outbox"), "its record")
        assert 1 == len(installation.demo_messages())
        node.close()


def _resent(node: SimpleNode, kept: list[dict[str, Any]]) -> bool:
    """As a node does: what is not acknowledged is published again after a while."""
    for observation in kept:
        node.publish(observation)
    time.sleep(0.2)
    return node.acked >= {(observation["boot"], observation["seq"]) for observation in kept}


def test_a_restart_over_an_open_alert_changes_nothing_and_sends_nothing() -> None:
    """Killed at AWAS with stored readings: the level stands, no second message, the next rise goes on counting."""
    with Installation() as installation:
        installation.start()
        node = SimpleNode(installation, "node-a", installation.new_node("node-a"))
        for metres in (3.0, 3.6, 3.6, 4.0, 4.6):
            node.level(metres)
        eventually(lambda: len(installation.demo_messages()) == 1, "WASPADA")
        for _ in range(3):
            installation.kill("core")
            installation.start_core()
        eventually(node.client.is_connected, "the node")
        node.level(4.7)  # the second sample at SIAGA; the first came before the kills
        alerts = installation.alerts()
        assert [("welang.level.1", 1, "raised", 1), ("welang.level.1", 2, "raised_higher", 2)] == alerts
        eventually(lambda: len(installation.demo_messages()) == 2, "SIAGA")
        eventually(lambda: [("accepted",)] * 2 == installation.rows("SELECT state FROM outbox"), "their record")
        node.close()


def test_an_offline_command_does_the_same_as_one_on_the_socket(tmp_path: Path) -> None:
    """With core stopped, node new takes its lock; the node is known when core starts."""
    with Installation() as installation:
        installation.start_broker()
        argv = [
            sys.executable,
            "-m",
            "deploy.cli",
            "node",
            "new",
            "node-a",
            "--station",
            "welang",
            "--out",
            str(tmp_path),
        ]
        done = subprocess.run(
            [*argv, "--settings", str(installation.toml)], capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stderr
        installation.start_core()
        password = json.loads((tmp_path / "node.json").read_text())["password"]
        node = SimpleNode(installation, "node-a", password)
        node.level(2.0)
        node.close()
