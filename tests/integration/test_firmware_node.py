"""A whole node against a real Mosquitto and a core that acknowledges or keeps silent.

The node is the firmware in its interpreter, over simulated hardware, with no more heap than an ESP32 has.
"""

import json
import random
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import paho.mqtt.client as paho
import pytest

from broker import certificates, orders, topics, wire
from broker.clock import Clock
from firmware_sim import field as simulation
from firmware_sim.scenario import Fault
from tests.firmware_interpreter import interpreter
from tests.installation import Installation

pytestmark = pytest.mark.timeout(300)
PATIENCE_S = 90.0  # only a broken run waits so long
NODE = "node-gembong"
# The device's shortest patience, 20 s for a sensor, is a second here: more than a busy machine takes to answer.
SPEED = 20.0
SAMPLE_MS = 10_000
# As much as 100 kB on an ESP32, whose words are half as long.
HEAP_BYTES = 200 * 1024
SIREN = {"horn": 32, "lamp": 33}
KEY = "00112233445566778899aabbccddeeff" * 2
Key = tuple[int, int]
# Kinds of records on flash.
READING, FREED = 1, 2


@dataclass(kw_only=True)
class Core:
    """The other side: remembers what came, and acknowledges it while it is told to."""

    client: paho.Client
    clock: Clock
    acknowledges: bool = True
    payloads: list[list[wire.Observation]] = field(default_factory=list)
    heard_at: list[int] = field(default_factory=list)  # of each payload, on the device's clock
    statuses: list[wire.Status] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)  # each status as it came
    acknowledged: set[Key] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with self.lock:
            if message.topic.endswith("/status"):
                self.said.append(json.loads(message.payload))
                self.statuses.append(wire.decode_status(bytes(message.payload)))
                return
            observations = wire.decode_observations(bytes(message.payload))
            self.payloads.append(observations)
            self.heard_at.append(self.clock.now())
            if self.acknowledges:
                self.acknowledge(observations)

    def acknowledge(self, observations: list[wire.Observation]) -> None:
        ranges = [(each.boot, each.seq, each.seq) for each in observations]
        self.acknowledged |= {(each.boot, each.seq) for each in observations}
        ack = wire.encode(wire.Ack(now=self.clock.now(), acked=ranges))
        self.client.publish(f"ews/v1/{NODE}/ack", ack, qos=1)

    def order(self, kind: topics.Kind, order: dict[str, Any], key: str = KEY) -> None:
        topic = topics.topic("ews", NODE, kind)
        self.client.publish(topic, orders.seal(key, topic, order), qos=1, retain=kind == "cfg")

    def command(self, number: int, do: orders.Command) -> None:
        self.order("cmd", orders.command(number, self.clock.now(), do, 600 if do == "live" else None))

    def answer(self, number: int) -> str | None:
        """What the node last said of the order ``number``."""
        with self.lock:
            found = [status["order"][1] for status in self.said if (status.get("order") or [None])[0] == number]
            return str(found[-1]) if found else None

    def arrived(self) -> list[Key]:
        with self.lock:
            return [(each.boot, each.seq) for payload in self.payloads for each in payload]

    def timed(self) -> list[tuple[wire.Observation, int]]:
        """The observations that say when they were made, with the moment at which each came."""
        with self.lock:
            heard = zip(self.payloads, self.heard_at, strict=True)
            return [(each, at) for payload, at in heard for each in payload if each.t is not None]

    def stored(self) -> list[int]:
        """What the node has said of its ring, each time: how many readings wait in it."""
        with self.lock:
            return [status.stored for status in self.statuses if status.stored is not None]

    def online(self) -> int:
        with self.lock:
            return sum(status.online for status in self.statuses)


@dataclass(kw_only=True)
class Node:
    """A simulated node in its own process; its folder is the flash, which outlives the process."""

    folder: Path
    clock: Clock
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "node.log").read_text()

    def start(self) -> None:
        world = self.folder / "world.bin"
        command, environment = simulation.node_command(self.folder, world, self.clock, heap_bytes=HEAP_BYTES)
        environment |= {"KENTONGAN_OUTPUTS": str(self.folder / "outputs")}
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def horn(self) -> str:
        """Every level that the horn's pin had since it was first set, one digit each."""
        path = self.folder / "outputs"
        lines = path.read_text().splitlines() if path.exists() else []
        return "".join(line.split()[2] for line in lines if line.split()[1] == str(SIREN["horn"]))

    def provision(self, **changes: Any) -> None:
        path = self.folder / "node.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE_S)

    def pause(self) -> None:
        """Stop the process where it is, as a device whose network is away: nothing is lost, and its clock goes on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def on_flash(self) -> set[Key]:
        """Every whole reading in the ring's files, by a reader of our own."""
        return {(boot, seq) for kind, (boot, seq, *_) in self._records() if kind == READING}

    def pending(self) -> set[Key]:
        """Of these, what is not noted as acknowledged; a note is written with the reading that follows it."""
        found: set[Key] = set()
        for kind, (boot, first, last) in self._records():
            if kind == READING:
                found.add((boot, first))
            elif kind == FREED:
                found -= {(boot, seq) for seq in range(first, last + 1)}
        return found

    def _records(self) -> Iterator[tuple[int, tuple[int, int, int]]]:
        """The kind of each whole record, and the first three numbers of its body."""
        for path in sorted((self.folder / "ring").glob("*.seg")):
            data = path.read_bytes()
            at = 0
            while len(data) - at >= 7:
                check, length, kind = struct.unpack_from("<IHB", data, at)
                end = at + 7 + length
                if len(data) < end or check != zlib.crc32(data[at + 4 : end]):
                    break
                if kind in (READING, FREED):
                    yield kind, struct.unpack_from("<III", data, at + 7)
                at = end


def eventually(condition: Callable[[], object], what: str, node: Node | None = None) -> None:
    """Return as soon as ``condition`` holds; fail naming ``what``, with the words of ``node``, when it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE_S:g} s for {what}; {node.log if node else ''}")
        time.sleep(0.02)


@pytest.fixture
def clock() -> Clock:
    return Clock(speed=SPEED, anchor_ms=time.time_ns() // 1_000_000)


@pytest.fixture
def new_node(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Node]]:
    """``new_node(broker)``: a node provisioned for that broker, not yet started; killed with the test."""
    nodes: list[Node] = []

    def make(broker: Any, **changes: Any) -> Node:
        interpreter()
        folder = tmp_path / f"flash {len(nodes)}"
        folder.mkdir()
        story = simulation.load("badai")
        settings = {
            "node": NODE,
            "realm": "ews",
            "host": "127.0.0.1",
            "port": broker.settings.node_port,
            "server_name": certificates.SERVER_NAME,
            "password": broker.passwords.get(NODE, ""),
            "wifi": {"ssid": "", "password": ""},
            "sample_s": SAMPLE_MS // 1000,
            "sensors": story.node(NODE).sensors,
        }
        (folder / "node.json").write_text(json.dumps(settings | changes))
        (folder / "ca.der").write_bytes(broker.authority.der)
        simulation.write_world(story, NODE, folder / "world.bin", clock.anchor_ms)
        nodes.append(Node(folder=folder, clock=clock))
        return nodes[-1]

    yield make
    for node in nodes:
        node.kill()


@pytest.fixture
def new_core(connect: Callable[..., Any], clock: Clock) -> Callable[..., Core]:
    """``new_core(broker)``: a core that has subscribed."""

    def make(broker: Any, *, acknowledges: bool = True) -> Core:
        peer = connect(broker, "core")
        core = Core(client=peer.client, clock=clock, acknowledges=acknowledges)
        peer.client.on_message = core.hear
        peer.subscribe("ews/v1/+/obs", "ews/v1/+/status")
        return core

    return make


def test_readings_arrive_and_leave_the_ring(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """In order, with every series; the time is told once core has said it; what core has is in the ring no more."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker)
    node.start()
    eventually(lambda: len(core.timed()) >= 25, "25 readings with a time", node)
    eventually(lambda: len(core.stored()) >= 2 and core.stored()[-1] <= 2, "the ring said to be empty", node)
    arrived = core.arrived()
    eventually(lambda: not node.pending() & set(arrived), "what arrived to leave the ring", node)
    assert f"as {NODE}" in broker.log.read_text()
    first = core.statuses[0]
    assert (True, arrived[0][0], "0.4.0", 0) == (first.online, first.boot, first.firmware, first.dropped)
    assert ("power", 10) == (first.reset, first.beat_s)
    assert first.rssi_dbm is not None
    assert -80 < first.rssi_dbm < -55
    assert min(first.free_bytes or 0, first.flash_free_bytes or 0, first.chip_c or 0) > 0
    numbers = list(dict.fromkeys(seq for _, seq in arrived))
    assert list(range(len(numbers))) == sorted(numbers)
    # What was sampled before there was a connection may come later than what is fresh.
    fresh = [seq for seq in numbers if seq >= core.stored()[0]]
    assert fresh == sorted(fresh)
    # Whoever hears an acknowledgement too late sends once more, and only then.
    assert len(arrived) - len(numbers) < len(numbers) / 2
    seen = {name for payload in core.payloads for each in payload for name in each.s}
    assert {"distance_mm", "distance_spread_mm", "rain_tips", "batt_mv"} == seen


def test_readings_tell_their_time(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """Not before core has said what time it is; from then on always, one beat apart, and never in the future."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker)
    node.start()
    eventually(lambda: len(core.timed()) >= 15, "15 readings with a time", node)
    node.kill()
    timed = core.timed()
    everything = [each for payload in core.payloads for each in payload]
    assert everything[0].t is None
    assert [each for each, _ in timed] == everything[-len(timed) :]
    assert all(each.t is not None and 0 <= at - each.t < 60_000 for each, at in timed)
    times = [each.t for each in {each.seq: each for each, _ in timed}.values() if each.t is not None]
    beats = [after - before for before, after in pairwise(sorted(times))]
    assert abs(median(beats) - SAMPLE_MS) < SAMPLE_MS / 5


def test_broker_tells_when_a_node_vanishes(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """A node without power is offline by its last will."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker)
    node.start()
    eventually(core.online, "the node to be online")
    node.kill()
    eventually(lambda: not core.statuses[-1].online, "the last will")


def test_without_acknowledgement_readings_stay_and_come_again(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """The broker's PUBACK frees nothing: readings are sent again until core itself has them."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker, acknowledges=False), new_node(broker)
    node.start()
    eventually(lambda: max(Counter(core.arrived()).values(), default=0) >= 3, "a reading to come three times")
    assert set(core.arrived()) <= node.on_flash()
    stayed = node.pending()
    assert len(stayed) >= 3
    core.acknowledges = True
    eventually(lambda: stayed <= core.acknowledged, "everything on flash to be acknowledged", node)
    eventually(lambda: not stayed & node.pending(), "it to leave the ring", node)


def test_kill_at_random_moments_loses_nothing_that_was_stored(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """Ten power cuts, some while it starts: what was on flash at any of them reaches core under its boot and number."""
    draw = random.Random(3)
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker, sample_s=5)
    stored: set[Key] = set()
    for cut in range(10):
        core.acknowledges = cut % 3 != 1
        before = node.on_flash()
        node.start()
        least = cut % 4 * 2
        eventually(lambda: len(node.on_flash() - before) >= least, f"{least} readings on flash", node)  # noqa: B023  within its turn
        time.sleep(draw.uniform(0.05, 0.6))  # the moment of the power cut, on purpose arbitrary
        node.kill()
        stored |= node.on_flash()
    core.acknowledges = True
    node.start()
    eventually(lambda: stored <= core.acknowledged, f"{len(stored - core.acknowledged)} readings", node)
    assert len(stored) > 20
    assert len({boot for boot, _ in stored}) >= 7
    assert all(seq < 200 for _, seq in core.arrived())


def test_broker_that_dies_and_comes_back(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """While the broker is away readings gather; afterwards the newest come first, then the backlog in arrays."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker, sample_s=5)
    node.start()
    eventually(lambda: len(core.arrived()) >= 3, "the first readings", node)
    broker.kill()
    # Longer than the longest pause between two tries, which is a minute of the device.
    eventually(lambda: len(node.pending()) >= 30, "a backlog of 30 readings", node)
    node.pause()  # or it would speak before core listens
    broker.start()
    later = new_core(broker)
    node.resume()
    eventually(lambda: node.on_flash() <= core.acknowledged | later.acknowledged, "the backlog", node)
    gathered = later.stored()[0]
    assert gathered >= 30
    assert min(each.seq for each in later.payloads[0]) >= gathered - 4
    assert max(len(payload) for payload in later.payloads) > 4
    assert max(len(payload) for payload in later.payloads) <= 20


def test_other_authority_is_not_believed(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node], tmp_path: Path
) -> None:
    """A broker with a certificate of somebody else gets neither a password nor a reading."""
    broker, impostor = start_mosquitto(nodes=[NODE]), start_mosquitto(nodes=[NODE])
    core, node = new_core(impostor), new_node(impostor)
    (node.folder / "ca.der").write_bytes(broker.authority.der)
    node.start()
    eventually(lambda: node.log.count("no connection") >= 2, "two refused connections")
    assert [] == core.payloads
    assert f"as {NODE}" not in impostor.log.read_text()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"password": "wrong"}, "refused"),
        ({"server_name": "somebody.else"}, "no connection"),
        ({"port": 1}, "OSError(111"),
    ],
)
def test_refusals_are_told_and_tried_again(
    start_mosquitto: Callable[..., Any], new_node: Callable[..., Node], changes: dict[str, Any], reason: str
) -> None:
    """A node that is not let in says why, pauses longer each time, and goes on storing."""
    broker = start_mosquitto(nodes=[NODE])
    node = new_node(broker, **changes)
    node.start()
    eventually(lambda: node.log.count("no connection") >= 4, "four tries", node)
    assert reason in node.log
    eventually(lambda: len(node.on_flash()) >= 3, "readings on flash")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("node.json", b"{", "node.json is not JSON"),
        ("node.json", b"{}", "node.json: sensors must be an array with at least one sensor"),
        ("node.json", None, "node.json is missing"),
        ("ca.der", None, "ca.der is missing"),
    ],
)
def test_bad_provisioning_ends_with_a_sentence(
    start_mosquitto: Callable[..., Any],
    new_node: Callable[..., Node],
    name: str,
    content: bytes | None,
    sentence: str,
) -> None:
    """Exit status 2 and one line that names the file and the key."""
    node = new_node(start_mosquitto(nodes=[NODE]))
    path = node.folder / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    node.start()
    assert node.process is not None
    assert node.process.wait(PATIENCE_S) == 2
    assert node.log.startswith(sentence)


def test_reset_starts_the_chip_again(tmp_path: Path) -> None:
    """machine.reset() runs the program anew in the same process, and what is on flash is still there."""
    (tmp_path / "script.py").write_text(
        "import machine, os\n"
        "open('starts', 'a').write('x')\n"
        "if os.stat('starts')[6] < 3:\n"
        "    machine.reset()\n"
        "print('third start')\n"
    )
    story = simulation.load("tenang")
    simulation.write_world(story, NODE, tmp_path / "world.bin", 0)
    _, environment = simulation.node_command(tmp_path, tmp_path / "world.bin", Clock())
    command, _ = interpreter("script.py")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (0, "third start\n", "") == (done.returncode, done.stdout, done.stderr)


def spiked(node: Node, *spikes: tuple[str, float], sensors: list[dict[str, Any]] | None = None) -> None:
    """Give ``node`` a world in which these series stay at these values, and other sensors where they are named."""
    story = simulation.load("badai")
    plan = story.node(NODE)
    if sensors is not None:
        plan = msgspec.structs.replace(plan, sensors=tuple(sensors))
        node.provision(sensors=sensors)
    always = {"kind": "spike", "from_min": 0.0, "for_min": 1440.0}
    faults = [{"node": NODE, "series": series, "value": value} | always for series, value in spikes]
    story = msgspec.structs.replace(
        story, nodes=(plan,), faults=tuple(msgspec.convert(fault, Fault) for fault in faults)
    )
    simulation.write_world(story, NODE, node.folder / "world.bin", node.clock.anchor_ms)


def test_the_siren_sounds_with_the_network_cut(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """By the thresholds it was last given, after a restart too, at the second sample; core hears of it later."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker, siren=SIREN, order_key=KEY)
    rule = {"series": "distance_mm", "at_mm": 900, "clear_mm": 1000, "for_s": 60}
    core.order("cfg", {"v": 1, "n": 4, "siren": rule})
    node.start()
    eventually(lambda: core.answer(4) == "configured", "the configuration", node)
    assert "0" == node.horn()
    node.kill()
    broker.kill()
    spiked(node, ("distance_mm", 850.0))
    before = node.on_flash()
    node.start()
    eventually(lambda: node.horn() == "0010", "the horn, its pin off at the start, for a minute", node)
    sounded = [seq for _, seq in node.on_flash() - before]
    assert 3 <= len(sounded) <= 40
    node.pause()  # or it would speak before core listens
    broker.start()
    later = new_core(broker)
    node.resume()
    eventually(lambda: node.on_flash() <= core.acknowledged | later.acknowledged, "the backlog", node)
    told = {
        each.seq: each.s["siren_on"]
        for payload in later.payloads
        for each in payload
        if (each.boot, each.seq) not in before and "siren_on" in each.s
    }
    # The rule is complete with the sample of number 1, whose own value was read before; the news comes next.
    assert [0.0, 0.0, 1.0] == [told[seq] for seq in range(3)]
    assert 0.0 == told[max(told)]


def test_orders_reach_a_node(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """Live, a test of the siren and a restart are done and answered; a forged and a repeated one are not done."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker, siren=SIREN, order_key=KEY, sample_s=60)
    node.start()
    eventually(core.timed, "a reading with a time", node)
    core.order("cmd", orders.command(10, core.clock.now(), "live"), key="f" * 64)
    eventually(lambda: core.answer(0) == "refused: the seal is not ours", "the refusal", node)
    core.command(11, "live")
    eventually(lambda: core.answer(11) == "live", "the answer to live", node)
    assert 1 == core.said[-1]["beat_s"]
    core.command(12, "siren-test")
    eventually(lambda: core.answer(12) == "siren-test", "the answer to the test", node)
    assert "0" == node.horn()
    repeated = orders.command(13, core.clock.now(), "reboot")
    core.order("cmd", repeated)
    eventually(lambda: core.answer(13) == "restarts", "the answer to reboot", node)
    boots = {status["boot"] for status in core.said if status["online"]}
    eventually(lambda: {each.boot for each, _ in core.timed()} - boots, "a time after the start", node)
    core.order("cmd", repeated)
    core.command(14, "live")
    eventually(lambda: core.answer(14) == "live", "the answer after the start", node)
    assert 2 == len({status["boot"] for status in core.said if status["online"]})


def test_an_opened_lid_is_told_before_the_next_sample(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """It arrives alone, in a reading of its own, long before the hour in which all sensors are due."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker, sample_s=3600)
    lid = {"driver": "switch", "series": "lid_open", "pin": 14, "rest": 0}
    story = simulation.load("badai")
    plan = msgspec.structs.replace(story.node(NODE), sensors=(lid,))
    opened = Fault(node=NODE, series="lid_open", kind="spike", from_min=10.0, for_min=1000.0, value=1.0)
    story = msgspec.structs.replace(story, nodes=(plan,), faults=(opened,))
    node.provision(sensors=[lid])
    start_ms = node.clock.now()
    simulation.write_world(story, NODE, node.folder / "world.bin", start_ms)
    node.start()
    eventually(lambda: len(set(core.arrived())) >= 2, "the lid", node)
    (first, *_, last) = [each for payload in core.payloads for each in payload]
    assert ({"lid_open": 0.0}, {"lid_open": 1.0}) == (first.s, last.s)
    opened_ms = start_ms + 600_000
    heard_ms = next(at for payload, at in zip(core.payloads, core.heard_at, strict=True) if payload[-1].seq == last.seq)
    assert 0 <= heard_ms - opened_ms < 120_000


def test_everything_at_once_fits_into_the_heap(
    start_mosquitto: Callable[..., Any], new_core: Callable[..., Core], new_node: Callable[..., Node]
) -> None:
    """Every driver, the siren, a configuration, a backlog and TLS, in as much heap as an ESP32 gives: some is left."""
    broker = start_mosquitto(nodes=[NODE])
    core, node = new_core(broker), new_node(broker, siren=SIREN, order_key=KEY)
    level = {"series": "distance_mm", "uart": 1, "tx": 17, "rx": 16}
    bus = {"i2c": 0, "sda": 21, "scl": 22}
    current = {"channel": 0, "signal": "4-20mA", "low_mm": 5000, "high_mm": 0}
    sensors: list[dict[str, Any]] = [
        {"driver": "a02yyuw"} | level,
        {"driver": "maxbotix"} | level | {"series": "distance_mm.2", "uart": 3},
        {"driver": "jsn_sr04t", "series": "distance_mm.3", "trigger": 18, "echo": 19},
        {"driver": "ads1115", "series": "distance_mm.4"} | bus | current,
        {"driver": "tipping_bucket", "series": "rain_tips", "pin": 27},
        {"driver": "pms5003", "uart": 2, "tx": 25, "rx": 26},
        {"driver": "bme280"} | bus,
        {"driver": "switch", "series": "lid_open", "pin": 14, "rest": 0},
        {"driver": "switch", "series": "tilted", "pin": 13, "rest": 1},
        {"driver": "battery", "series": "batt_mv", "adc": 35, "ratio": 2.0},
        {"driver": "solar", "series": "solar_mv", "adc": 34, "ratio": 3.0},
    ]
    spiked(node, sensors=sensors)
    rule = {"series": "distance_mm", "at_mm": 900, "clear_mm": 1000, "for_s": 60}
    core.order("cfg", {"v": 1, "n": 1, "siren": rule})
    core.acknowledges = False
    node.start()
    eventually(lambda: len(set(core.arrived())) >= 30, "thirty readings that nobody acknowledges", node)
    core.acknowledges = True
    core.command(2, "identify")
    eventually(lambda: len(core.timed()) >= 5, "the time", node)
    core.command(3, "identify")
    eventually(lambda: core.answer(3) == "identify", "the answer", node)
    eventually(lambda: core.stored()[-1] <= 40 and core.timed(), "the backlog", node)
    free = [status["free_bytes"] for status in core.said if status["online"]]
    print(f"free of {HEAP_BYTES} bytes: {min(free)}")
    assert "MemoryError" not in node.log
    assert min(free) > 10_000
    everything = {series for payload in core.payloads for each in payload for series in each.s}
    assert {"distance_mm.4", "distance_spread_mm.4", "pm25_ugm3", "pressure_hpa", "tilted", "solar_mv"} <= everything


def kentongan(installation: Installation, *words: str) -> str:
    """What a person who types this command is told; fails where it ends with another status than 0."""
    command = [sys.executable, "-m", "deploy.cli", *words, "--settings", str(installation.toml)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (0, "") == (done.returncode, done.stderr), done.stderr
    return done.stdout


def test_a_person_commands_a_node(tmp_path: Path, clock: Clock) -> None:
    """Provisioned, configured while it is away, commanded when it is there: all by the command line and a real core."""
    with Installation(clock=str(clock)) as installation:
        installation.start()
        folder = tmp_path / "flash"
        kentongan(installation, "node", "new", "wl-01", "--station", "welang", "--out", str(folder))
        told = kentongan(installation, "node", "configure", "wl-01", "--siren", "awas", "--sample-s", "30")
        assert "its siren sounds without core at a distance of 1000 mm or less, for 180 s" in told
        node = Node(folder=folder, clock=clock)
        node.provision(siren=SIREN)
        simulation.write_world(simulation.load("tenang"), NODE, folder / "world.bin", clock.anchor_ms)
        node.start()
        try:
            eventually(lambda: ": configured" in node.log, "the configuration", node)
            eventually(lambda: node.on_flash() - node.pending(), "an acknowledgement", node)
            assert kentongan(installation, "node", "command", "wl-01", "live", "--for", "300").startswith("sent live")
            eventually(lambda: ": live" in node.log, "the command", node)
            kentongan(installation, "node", "command", "wl-01", "reboot")
            eventually(lambda: node.log.count("connected") >= 2, "a start", node)
            assert "refused" not in node.log
            actions = [
                subject for (subject,) in installation.rows("SELECT subject FROM audit WHERE action = 'node order'")
            ]
            assert [f"ews/v1/wl-01/{kind}" for kind in ("cfg", "cmd", "cmd")] == actions
        finally:
            node.kill()
