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
from pathlib import Path
from typing import Any

import pytest

from broker.clock import Clock
from tests.faults.ack_log import AckLog
from tests.faults.firmware_field import NODES, STATIONS, FirmwareField
from tests.faults.injection import injected
from tests.installation import Installation, SimpleNode, eventually

KILLS = 20
pytestmark = pytest.mark.timeout(300)


@pytest.mark.timeout(600)
def test_twenty_kills_lose_nothing_and_store_nothing_twice() -> None:
    """Broker, core and nodes die at random moments; the ACK log and the journal agree."""
    seed = int(os.environ.get("KENTONGAN_SEED", "20260101"))
    chance = random.Random(seed)
    clock = Clock(speed=30, anchor_ms=time.time_ns() // 1_000_000)
    with Installation(stations=STATIONS, clock=str(clock)) as installation:
        log = AckLog(installation)
        installation.start()
        log.start()
        nodes = FirmwareField(installation, clock)
        try:
            for node in NODES:
                nodes.start(node)
            eventually(lambda: len(log.acked) > 5, "the first acknowledgements")
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.2, 1.0))
                _kill_one(chance.choice(("broker", "core", *NODES)), installation, nodes)
            enough = max(50, len(log.acked) + 10)
            eventually(lambda: len(log.acked) > enough, "acknowledgements after the last kill", 120)
        finally:
            nodes.close()
            log.close()
        installation.kill("core", signal.SIGTERM)
        stored = installation.rows("SELECT node, boot, seq, series FROM readings WHERE revision = 0")
    assert len(stored) == len(set(stored)), f"stored twice; seed {seed}"
    numbers = {(node, boot, seq) for node, boot, seq, _ in stored}
    assert set() == log.acked - numbers, f"acknowledged and lost; seed {seed}"


def _kill_one(victim: str, installation: Installation, nodes: FirmwareField) -> None:
    if victim == "broker":
        installation.kill("broker")
        installation.start_broker()
    elif victim == "core":
        installation.kill("core")
        installation.start_core()
    else:
        nodes.kill(victim)
        nodes.start(victim)


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
