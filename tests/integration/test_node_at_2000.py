"""A chip whose clock has just begun at 2000: TLS to a real Mosquitto, with certificates that have begun, or have not.

MicroPython's TLS on the ESP32 asks whether a certificate has begun, by the chip's own clock, and so does that of its
Unix port. A chip without a battery for its clock begins at 2000-01-01 each time; the firmware never sets it.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker import certificates, wire
from broker.clock import Clock
from firmware_sim import field as simulation
from tests.faults.stepped_clock import LIBRARIES
from tests.firmware_interpreter import interpreter

pytestmark = pytest.mark.timeout(200)
PATIENCE_S = 60.0
NODE = "node-gembong"
AT_2000_MS = 946_684_805_000  # 2000-01-01 00:00:05
BEFORE_MS = AT_2000_MS - 60_000
TOMORROW = datetime.now(UTC) + timedelta(days=1)

Start = Callable[..., Path]


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[Start]:
    """``start_node(broker, at_ms)``: the node's log; its chip believes from its start on that it is ``at_ms``."""
    library = next((each for each in LIBRARIES if each.exists()), None)
    if library is None:
        pytest.fail("libfaketime is not installed, and a chip's clock is set with it: apt-get install faketime")
    started: list[subprocess.Popen[bytes]] = []

    def start(broker: Any, at_ms: int) -> Path:
        interpreter()
        folder = tmp_path / f"flash {len(started)}"
        folder.mkdir()
        story = simulation.load("badai")
        settings = {
            "node": NODE,
            "realm": "ews",
            "host": "127.0.0.1",
            "port": broker.settings.node_port,
            "server_name": certificates.SERVER_NAME,
            "password": broker.passwords[NODE],
            "wifi": {"ssid": "", "password": ""},
            "sample_s": 10,
            "sensors": story.node(NODE).sensors,
        }
        (folder / "node.json").write_text(json.dumps(settings))
        (folder / "ca.der").write_bytes(broker.authority.der)
        simulation.write_world(story, NODE, folder / "world.bin", at_ms)
        clock = Clock(speed=20.0, anchor_ms=at_ms)
        command, environment = simulation.node_command(folder, folder / "world.bin", clock)
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        environment |= {"LD_PRELOAD": str(library), "FAKETIME": f"@{at:%Y-%m-%d %H:%M:%S}", "TZ": "UTC"}
        environment |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        log = folder / "node.log"
        with log.open("ab") as file:
            started.append(subprocess.Popen(command, env=environment, stdout=file, stderr=file))
        return log

    yield start
    for process in started:
        process.kill()
        process.wait(PATIENCE_S)


def eventually(condition: Callable[[], bool], what: str, log: Path) -> None:
    """Return as soon as ``condition`` holds; fail naming ``what``, with the node's words, when it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE_S:g} s for {what}; {log.read_text()}")
        time.sleep(0.02)


def _said(log: Path, words: str, times: int = 1) -> Callable[[], bool]:
    return lambda: log.read_text().count(words) >= times


def test_a_chip_at_2000_is_let_in_and_learns_the_time_from_core(
    start_mosquitto: Callable[..., Any], connect: Callable[..., Any], start_node: Start
) -> None:
    """Our certificates have begun by then; its readings have no time until core's first word, and then the true one."""
    broker = start_mosquitto(nodes=[NODE])
    core = connect(broker, "core")
    seen: list[wire.Observation] = []
    now_ms = int(datetime.now(UTC).timestamp() * 1000)

    def hear(_client: Any, _data: Any, message: Any) -> None:
        found = wire.decode_observations(bytes(message.payload))
        seen.extend(found)
        ack = wire.Ack(now=now_ms, acked=[(each.boot, each.seq, each.seq) for each in found])
        core.client.publish(f"ews/v1/{NODE}/ack", wire.encode(ack), qos=1)

    core.client.on_message = hear
    core.subscribe("ews/v1/+/obs")
    log = start_node(broker, AT_2000_MS)
    eventually(lambda: any(each.t is not None for each in seen), "a reading with a time", log)
    assert seen[0].t is None
    assert all(each.t is None or abs(each.t - now_ms) < 3_600_000 for each in seen)
    assert "no connection" not in log.read_text()


def test_a_clock_before_every_certificate_is_refused_and_goes_on_storing(
    start_mosquitto: Callable[..., Any], start_node: Start
) -> None:
    """A minute before 2000 nobody's certificate has begun: TLS says so, the node stores, and tries again."""
    broker = start_mosquitto(nodes=[NODE])
    log = start_node(broker, BEFORE_MS)
    eventually(_said(log, "no connection", 2), "two refusals", log)
    assert "connected" not in log.read_text()
    eventually(lambda: any((log.parent / "ring").glob("*.seg")), "readings on flash", log)


def test_certificates_that_begin_tomorrow_keep_every_node_out(
    start_mosquitto: Callable[..., Any],
    start_node: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The node does look at the date: why ours begin in 2000, and must."""
    monkeypatch.setattr(certificates, "NOT_BEFORE", TOMORROW)
    broker = start_mosquitto(nodes=[NODE])
    log = start_node(broker, int(datetime.now(UTC).timestamp() * 1000))
    eventually(_said(log, "no connection"), "a refusal", log)
    assert "connected" not in log.read_text()
