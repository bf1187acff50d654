"""Who reaches what, on a real broker."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from broker import topics, wire
from broker.mosquitto import MAX_PACKET
from broker.mosquitto_check import check

Start = Callable[..., Any]
Connect = Callable[..., Any]


def test_the_generated_files_pass_their_own_check(start_mosquitto: Start) -> None:
    """What we write is what we rely on."""
    check(start_mosquitto(nodes=["node-a"]).settings)


def test_a_node_speaks_with_core(start_mosquitto: Start, connect: Connect) -> None:
    """What it measured, its status and what it wants go up; acknowledgements, orders and firmware come down."""
    broker = start_mosquitto(nodes=["node-a"])
    core, node = connect(broker, "core"), connect(broker, "node-a")
    core.subscribe(*(topics.subscription("ews", kind) for kind in topics.FROM_NODES))
    node.subscribe(*(topics.topic("ews", "node-a", kind) for kind in topics.TO_NODES))
    for kind in topics.FROM_NODES:
        node.publish(f"ews/v1/node-a/{kind}", kind.encode(), retain=kind == "status")
    for kind in topics.TO_NODES:
        core.publish(f"ews/v1/node-a/{kind}", kind.encode())
    core.await_payload(topics.FROM_NODES[-1].encode())
    node.await_payload(topics.TO_NODES[-1].encode())
    assert core.received == [(f"ews/v1/node-a/{kind}", kind.encode()) for kind in topics.FROM_NODES]
    assert node.received == [(f"ews/v1/node-a/{kind}", kind.encode()) for kind in topics.TO_NODES]


@pytest.mark.parametrize("kind", topics.KINDS)
def test_what_a_node_writes_as_another_reaches_nobody(start_mosquitto: Start, connect: Connect, kind: str) -> None:
    """A node can neither report as another nor give it orders."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    core, node, other = connect(broker, "core"), connect(broker, "node-a"), connect(broker, "node-b")
    core.subscribe("#")
    other.subscribe("#")
    node.publish(f"ews/v1/node-b/{kind}", b"forged")
    node.publish("ews/v1/node-a/obs", b"own")
    core.publish("ews/v1/node-b/ack", b"after")
    core.await_payload(b"own")
    other.await_payload(b"after")
    assert core.received == [("ews/v1/node-a/obs", b"own")]
    assert other.received == [("ews/v1/node-b/ack", b"after")]


def test_a_node_writes_its_own_topics_only(start_mosquitto: Start, connect: Connect) -> None:
    """The broker tells a client of MQTT 5, and only such a one, that a message was refused."""
    broker = start_mosquitto(nodes=["node-a"])
    node = connect(broker, "node-a", protocol=MQTTProtocolVersion.MQTTv5)
    own = [f"ews/v1/node-a/{kind}" for kind in topics.FROM_NODES]
    others = [f"ews/v1/node-a/{kind}" for kind in topics.TO_NODES] + ["ews/v1/node-a", "ews/v1/node-a/obs/x"]
    others += ["ews/v1/out/alert", "latihan/v1/node-a/obs", "ews/v2/node-a/obs", "anything"]
    for topic in (*own, *others):
        node.publish(topic, b"x")
    node.await_answers(len(own) + len(others))
    # Nobody subscribes: taken, with no one to give it to.
    assert node.answers == ["No matching subscribers"] * len(own) + ["Not authorized"] * len(others)


@pytest.mark.parametrize(
    "wish", ["#", "ews/#", "ews/v1/+/ack", "+/+/+/+", "ews/v1/node-b/ack", "$share/us/ews/v1/+/obs", "$SYS/#"]
)
def test_a_wildcard_gives_a_node_nothing_of_others(start_mosquitto: Start, connect: Connect, wish: str) -> None:
    """Whatever a node subscribes to, it is given its own."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    core, node, other = connect(broker, "core"), connect(broker, "node-a"), connect(broker, "node-b")
    node.subscribe(wish, "ews/v1/node-a/cfg")
    for kind in topics.TO_NODES:
        core.publish(f"ews/v1/node-b/{kind}", b"for b", retain=True)
    other.publish("ews/v1/node-b/obs", b"of b")
    other.publish("ews/v1/node-b/status", b"of b", retain=True)
    core.publish("ews/v1/node-a/cfg", b"after")
    node.await_payload(b"after")
    assert {topic for topic, _ in node.received} == {"ews/v1/node-a/cfg"}


def test_a_shared_subscription_of_a_node_takes_nothing_from_core(start_mosquitto: Start, connect: Connect) -> None:
    """A node that joins a group on everyone's observations does not draw them away."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    core, thief, node = connect(broker, "core"), connect(broker, "node-a"), connect(broker, "node-b")
    core.subscribe("ews/v1/+/obs")
    thief.subscribe("$share/core/ews/v1/+/obs")
    expected = [("ews/v1/node-b/obs", b"%d" % number) for number in range(20)]
    for topic, payload in expected:
        node.publish(topic, payload)
    core.await_payload(b"19")
    assert core.received == expected


def test_a_will_on_anothers_topic_is_not_published(start_mosquitto: Start, connect: Connect) -> None:
    """A last will passes the same gate as a message."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    core = connect(broker, "core")
    core.subscribe("ews/v1/+/status")
    connect(broker, "node-a", will=("ews/v1/node-b/status", b"forged")).cut()
    connect(broker, "node-a", will=("ews/v1/node-a/status", b"own")).cut()
    core.await_payload(b"own")
    assert core.received == [("ews/v1/node-a/status", b"own")]


def test_core_and_probe_have_no_more_than_they_need(start_mosquitto: Start, connect: Connect) -> None:
    """Core cannot forge an observation, and the probe sees the broker's figures only."""
    broker = start_mosquitto(nodes=["node-a"])
    core, node, probe = connect(broker, "core"), connect(broker, "node-a"), connect(broker, "probe")
    core.subscribe("#", "$SYS/#")
    probe.subscribe("#")
    core.publish("ews/v1/node-a/obs", b"forged")
    node.publish("ews/v1/node-a/obs", b"own")
    core.await_payload(b"own")
    probe.subscribe("$SYS/broker/version")  # only now, so that anything it should not see would come first
    probe.await_count(1)
    assert core.received == [("ews/v1/node-a/obs", b"own")]
    assert [topic for topic, _ in probe.received] == ["$SYS/broker/version"]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (None, None),
        ("node-a", "wrong"),
        ("node-b", "PASSWORD OF A"),
        ("core", "PASSWORD OF A"),
        ("node-x", "PASSWORD OF A"),
        ("+", "PASSWORD OF A"),
        ("node-a/obs", "PASSWORD OF A"),
    ],
)
@pytest.mark.parametrize("tls", [True, False])
def test_a_stranger_is_refused(
    start_mosquitto: Start, connect: Connect, user: str | None, password: str | None, tls: bool
) -> None:
    """No name, a wrong password, and another's name with one's own password are refused on both listeners."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    given = broker.passwords["node-a"] if password == "PASSWORD OF A" else password
    assert connect(broker, user, password=given, tls=tls, client_id="node-b").refused is True


@pytest.mark.parametrize("tls", [True, False])
def test_a_client_id_does_not_take_over_cores_session(start_mosquitto: Start, connect: Connect, tls: bool) -> None:
    """A node that calls itself ``core`` is still itself: core stays connected and what waits for it stays its own."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    core = connect(broker, "core", clean=False)
    core.subscribe("ews/v1/+/obs")
    thief = connect(broker, "node-a", client_id="core", clean=False, tls=tls)
    connect(broker, "node-b").publish("ews/v1/node-b/obs", b"of b")
    core.await_payload(b"of b")
    assert (thief.refused, thief.session_present, thief.received) == (False, False, [])
    assert not core.lost.is_set()


def test_an_absent_cores_session_is_not_taken_either(start_mosquitto: Start, connect: Connect) -> None:
    """What waits for core while it is away is given to core alone."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    core = connect(broker, "core", clean=False)
    core.subscribe("ews/v1/+/obs")
    core.close()
    connect(broker, "node-b").publish("ews/v1/node-b/obs", b"waiting")
    thief = connect(broker, "node-a", client_id="core", clean=True)
    thief.subscribe("ews/v1/node-a/ack")
    again = connect(broker, "core", clean=False)
    again.await_payload(b"waiting")
    assert (again.session_present, thief.received) == (True, [])


def test_a_payload_somewhat_over_the_contract_still_reaches_core(start_mosquitto: Start, connect: Connect) -> None:
    """It can then be told apart and kept as a dead letter; a far greater one ends the connection."""
    broker = start_mosquitto(nodes=["node-a"])
    core, node = connect(broker, "core"), connect(broker, "node-a")
    core.subscribe("ews/v1/+/obs")
    somewhat = b"x" * (wire.MAX_PAYLOAD + 4096)
    node.publish("ews/v1/node-a/obs", somewhat)
    core.await_payload(somewhat)
    node.client.publish("ews/v1/node-a/obs", b"x" * MAX_PACKET, qos=1)
    assert node.lost.wait(10)
    assert len(core.received) == 1


def test_the_plain_listener_is_bound_to_this_machine_alone(start_mosquitto: Start) -> None:
    """Only 127.0.0.1 listens without encryption."""
    settings = start_mosquitto().settings
    listening: dict[int, set[str]] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == "0A":
                address, port = local.split(":")
                listening.setdefault(int(port, 16), set()).add(address)
    loopback = f"{int.from_bytes(socket.inet_aton('127.0.0.1'), 'little'):08X}"
    assert listening[settings.local_port] == {loopback}
