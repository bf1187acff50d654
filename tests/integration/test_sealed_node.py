"""A node that seals on a real broker, beside somebody who has its password, or core's own, but not its key."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from broker import wire
from broker.clock import Clock
from deploy.assembly import credentials_of
from tests.flashed_chip import FlashedChip, kentongan
from tests.installation import Installation, eventually

pytestmark = pytest.mark.timeout(300)
SPEED = 20.0
FLOOD_MM = 500.0
INVENTED = 4
FALSE_BOOT = 666


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(speed=SPEED, anchor_ms=time.time_ns() // 1_000_000)


@pytest.fixture(scope="module")
def installation(clock: Clock) -> Iterator[Installation]:
    with Installation(clock=str(clock)) as made:
        made.start()
        yield made


@pytest.fixture
def chip(
    installation: Installation, tmp_path: Path, clock: Clock, request: pytest.FixtureRequest
) -> Iterator[FlashedChip]:
    made = FlashedChip(installation, request.param, tmp_path / "flash", clock, seal=True)
    made.start()
    yield made
    made.kill()


def publish(installation: Installation, user: str, password: str, messages: list[tuple[str, bytes]]) -> None:
    """As somebody who took ``user``'s place at the broker; returns when the broker has everything."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=user)
    client.username_pw_set(user, password)
    client.connect("127.0.0.1", installation.settings.broker.loopback_port)
    client.loop_start()
    for topic, payload in messages:
        client.publish(topic, payload, qos=1).wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def flood(node: str, clock: Clock) -> list[tuple[str, bytes]]:
    observations = [
        wire.Observation(v=1, boot=FALSE_BOOT, seq=n, s={"distance_mm": FLOOD_MM}, t=clock.now())
        for n in range(INVENTED)
    ]
    return [(f"ews/v1/{node}/obs", wire.encode(each)) for each in observations]


def taken(installation: Installation, node: str) -> int:
    return int(installation.rows(f"SELECT count(*) FROM readings WHERE node = '{node}'")[0][0])


@pytest.mark.parametrize("chip", ["segel-1"], indirect=True)
def test_a_rogue_with_the_password_invents_no_flood(
    installation: Installation, chip: FlashedChip, clock: Clock
) -> None:
    """The node's readings are taken and its ring is freed; what the rogue publishes is dead letters, and core says so.
    A new credential over the air lets the node go on, sealed with the new key.
    """
    eventually(lambda: taken(installation, chip.node) > 0, "the node's sealed readings")
    stolen = json.loads((chip.folder / "node.json").read_text())["password"]
    publish(installation, chip.node, stolen, flood(chip.node, clock))

    def refused() -> list[str]:
        return [str(reason) for (reason,) in installation.rows("SELECT reason FROM dead_letters")]

    eventually(lambda: len(refused()) >= INVENTED, "the dead letters")
    assert {f"node {chip.node} must seal what it says, and this is not sealed"} == set(refused())
    assert [] == installation.alerts()
    assert [(0,)] == installation.rows(f"SELECT count(*) FROM readings WHERE boot = {FALSE_BOOT}")
    told = installation.ask("core-health")["problems"]
    assert any(each.startswith(f"Pesan atas nama simpul {chip.node} tidak bersegel sah") for each in told)
    eventually(lambda: chip.listed()["online"], "the node to be back")
    assert f"{chip.node} has a new password and key" in kentongan(installation, "node", "rotate", chip.node)
    eventually(lambda: not (chip.folder / "credential.json").exists(), "the new pair to take its place")
    before = taken(installation, chip.node)
    eventually(lambda: taken(installation, chip.node) > before, "readings under the new key")


@pytest.mark.parametrize("chip", ["segel-2"], indirect=True)
def test_a_false_acknowledgement_frees_nothing(installation: Installation, chip: FlashedChip, clock: Clock) -> None:
    """Who speaks as core on the broker cannot have a node forget what core has not stored, nor set its clock."""
    eventually(lambda: chip.listed()["online"], "the node")
    installation.kill("core")
    password = credentials_of(installation.state).service_password("core")
    boot = json.dumps([[0, 0, 0]])
    false = f'{{"now":{clock.now() + 10**12},"acked":{boot}}}'.encode()
    try:
        publish(installation, "core", password, [(f"ews/v1/{chip.node}/ack", false)])
        eventually(lambda: "acknowledgement ignored: the seal is not core's" in chip.log, "the node to ignore it")
    finally:
        installation.start_core()
