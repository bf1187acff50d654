"""A box that is opened and carried away, as its own firmware tells it to a real broker and core."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broker.clock import Clock
from deploy.provisioning.node_files import node_document, write_node_folder
from firmware_sim import field as simulation
from firmware_sim.scenario import Fault
from tests.firmware_interpreter import interpreter
from tests.flashed_chip import kentongan
from tests.installation import Installation, eventually

pytestmark = pytest.mark.timeout(200)
PATIENCE_S = 90.0
SPEED = 20.0
NODE = "wl-01"
LID = {"driver": "switch", "series": "lid_open", "pin": 14, "rest": 0}
BATTERY = {"driver": "battery", "series": "batt_mv", "adc": 35, "ratio": 2.0}


@pytest.fixture
def installation() -> Iterator[Installation]:
    clock = Clock(speed=SPEED, anchor_ms=time.time_ns() // 1_000_000)
    with Installation(clock=str(clock)) as made:
        made.start()
        yield made


@pytest.fixture
def node(installation: Installation, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Its lid is open."""
    interpreter()
    made = installation.ask("node-new", node=NODE, station="welang")
    sensors: list[dict[str, Any]] = [LID, BATTERY]
    document = node_document(installation.settings, NODE, made["password"], sensors, made["order_key"])
    write_node_folder(tmp_path / "flash", document | {"sample_s": 10}, installation.state)
    story = simulation.load("tenang")
    plan = msgspec.structs.replace(story.node("node-gembong"), sensors=tuple(sensors))
    opened = Fault(node=plan.id, series="lid_open", kind="lid_open", from_min=0.0, for_min=1000.0)
    story = msgspec.structs.replace(story, nodes=(plan,), faults=(opened,))
    clock = Clock(speed=SPEED, anchor_ms=time.time_ns() // 1_000_000)
    simulation.write_world(story, plan.id, tmp_path / "world", clock.anchor_ms)
    argv, environment = simulation.node_command(tmp_path / "flash", tmp_path / "world", clock)
    with (tmp_path / "node.log").open("ab") as log:
        process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def test_an_opened_box_that_is_gone_is_a_theft_and_is_cut_off(
    installation: Installation, node: subprocess.Popen[bytes]
) -> None:
    """The lid alone is a lid; with the network gone it is on the board, with the command that voids its credential."""

    def alarms() -> list[str]:
        (row,) = [each for each in installation.ask("node-list") if each["node"] == NODE]
        return sorted(row["alarms"])

    eventually(lambda: alarms() == ["lid"], "the lid", PATIENCE_S)
    node.kill()  # its power is cut: what is left of it is its last will
    eventually(lambda: alarms() == ["lid", "theft"], "the theft", PATIENCE_S)
    (problem,) = [each for each in installation.ask("core-health")["problems"] if "dicuri" in each]
    assert problem.startswith(f"Simpul {NODE} di ")
    assert "hilang dari jaringan, tutup terbuka" in problem
    told = kentongan(installation, *problem.rpartition("kentongan ")[2].split(), "--reason", "dicuri")
    assert NODE in told
