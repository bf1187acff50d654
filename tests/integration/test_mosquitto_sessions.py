"""What a real broker keeps, forgets and reads again while it runs."""

import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broker import certificates, mosquitto

Start = Callable[..., Any]
Connect = Callable[..., Any]

MANY = 3000  # more than Mosquitto's own limit of 1000


def absent_core(broker: Any, connect: Connect) -> None:
    """Core has subscribed and gone."""
    core = connect(broker, "core", clean=False)
    core.subscribe("ews/v1/+/obs")
    core.close()


def send(node: Any, numbers: range) -> list[tuple[str, bytes]]:
    """Observations by their number, sent with QoS 1 and all acknowledged by the broker."""
    messages = [("ews/v1/node-a/obs", b"%d" % number) for number in numbers]
    for topic, payload in messages:
        node.client.publish(topic, payload, qos=1)
    node.await_answers(len(messages))
    return messages


def test_a_queue_outlives_a_restart_of_the_broker(start_mosquitto: Start, connect: Connect) -> None:
    """What was sent while core was away waits for it, in order, through a SIGTERM and a start."""
    broker = start_mosquitto(nodes=["node-a"])
    absent_core(broker, connect)
    expected = send(connect(broker, "node-a"), range(MANY))
    broker.stop()
    broker.start()
    core = connect(broker, "core", clean=False)
    core.await_count(MANY)
    assert (core.session_present, core.received) == (True, expected)


def test_a_queue_outlives_a_kill_after_a_save(start_mosquitto: Start, connect: Connect) -> None:
    """A killed broker has what it last saved: the session at least, so core is told of what comes next."""
    broker = start_mosquitto(nodes=["node-a"])
    absent_core(broker, connect)
    database = broker.settings.data / "mosquitto.db"
    os.kill(broker.pid, signal.SIGUSR1)  # save now
    broker.await_path(database)
    broker.kill()
    broker.start()
    expected = send(connect(broker, "node-a"), range(3))
    core = connect(broker, "core", clean=False)
    core.await_count(3)
    assert (core.session_present, core.received) == (True, expected)


def test_a_revoked_node_is_cut_off_and_others_stay(start_mosquitto: Start, connect: Connect) -> None:
    """After a reload its connection ends and no new one is taken; nobody else notices."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    core, revoked, other = connect(broker, "core"), connect(broker, "node-a"), connect(broker, "node-b")
    core.subscribe("ews/v1/+/obs")
    broker.credentials.revoke("node-a")
    broker.reload()
    assert revoked.lost.wait(10)
    other.publish("ews/v1/node-b/obs", b"still here")
    core.await_payload(b"still here")
    assert (core.lost.is_set(), other.lost.is_set()) == (False, False)
    assert connect(broker, "node-a").refused is True


def test_an_added_node_is_let_in_after_a_reload(start_mosquitto: Start, connect: Connect) -> None:
    """A new credential works without a restart, and a replaced one at once ends the old."""
    broker = start_mosquitto(nodes=["node-a"])
    core = connect(broker, "core")
    before = broker.add_node("node-new")
    broker.reload()
    node = connect_when_let_in(broker, connect, "node-new")
    after = broker.credentials.replace("node-new")
    broker.reload()
    assert node.lost.wait(10)
    answers = [connect(broker, "node-new", password=each).refused for each in (before, after)]
    assert (answers, core.lost.is_set()) == ([True, False], False)


def connect_when_let_in(broker: Any, connect: Connect, node: str) -> Any:
    """A reload is a signal: the broker gets to it before its next turn, which a refused attempt also needs."""
    for _ in range(20):
        peer = connect(broker, node)
        if not peer.refused:
            return peer
    pytest.fail(f"{node} was not let in after the reload")


@pytest.mark.parametrize("restart", [False, True], ids=["same run", "restarted"])
def test_a_reload_loses_nothing_that_waits_for_an_absent_core(
    start_mosquitto: Start, connect: Connect, restart: bool
) -> None:
    """A credential may change while core is down: what waited, waits on, and core's session with it.

    In the same run of the broker what comes later waits too. After a restart 2.0 has no access list for a client that
    was not there yet, and turns those away; its nodes send them again.
    """
    broker = start_mosquitto(nodes=["node-a"])
    absent_core(broker, connect)
    node = connect(broker, "node-a")
    expected = send(node, range(50))
    if restart:
        broker.stop()
        broker.start()
    broker.add_node("node-b")
    broker.reload()
    connect_when_let_in(broker, connect, "node-b")
    if not restart:
        expected += send(connect(broker, "node-a"), range(50, 100))
    core = connect(broker, "core", clean=False)
    core.await_count(len(expected))
    assert (core.session_present, core.received) == (True, expected)


def test_retained_state_outlives_a_restart(start_mosquitto: Start, connect: Connect) -> None:
    """A node's last status is there for a core that comes later."""
    broker = start_mosquitto(nodes=["node-a"])
    connect(broker, "node-a").publish("ews/v1/node-a/status", b'{"online":true}', retain=True)
    broker.stop()
    broker.start()
    core = connect(broker, "core")
    core.subscribe("ews/v1/+/status")
    core.await_count(1)
    assert core.received == [("ews/v1/node-a/status", b'{"online":true}')]


def test_a_renewed_certificate_is_served_after_a_reload(start_mosquitto: Start, connect: Connect) -> None:
    """Nodes that are connected stay; the next handshake sees the new certificate."""
    broker = start_mosquitto(nodes=["node-a", "node-b"])
    node = connect(broker, "node-a")
    before = broker.served_certificate()
    made = certificates.ensure_server_certificate(
        broker.settings.certificate, broker.authority, names=["127.0.0.1", "ews.example"], now=datetime.now(UTC)
    )
    broker.reload()
    broker.await_certificate_other_than(before)
    assert (made, node.lost.is_set(), connect(broker, "node-b").refused) == (True, False, False)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the system can get to, as a server's own would be."""
    folder = Path(tempfile.mkdtemp(prefix="broker-owner-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_broker_runs_as_the_owner_of_its_folder(
    start_mosquitto: Start, connect: Connect, open_folder: Path
) -> None:
    """Started by root it gives its rights up and can still save, reload and read what root wrote meanwhile."""
    broker = start_mosquitto(nodes=["node-a"], folder=open_folder / "kentongan")
    owner = broker.settings.folder.owner()
    assert Path(f"/proc/{broker.pid}").owner() == owner
    assert owner == ("mosquitto" if os.geteuid() == 0 and has_user("mosquitto") else pwd.getpwuid(os.geteuid()).pw_name)
    broker.add_node("node-b")
    broker.reload()
    connect_when_let_in(broker, connect, "node-b").close()
    broker.stop()
    broker.start()
    assert (broker.settings.data / "mosquitto.db").owner() == owner
    assert [line for line in broker.log.read_text().splitlines() if "Error:" in line] == []


def test_a_folder_that_only_root_reaches_is_served_by_root(
    start_mosquitto: Start, connect: Connect, open_folder: Path
) -> None:
    """Rather than fail to read its own files, the broker keeps the rights of the one who starts it."""
    open_folder.chmod(0o700)
    broker = start_mosquitto(nodes=["node-a"], folder=open_folder / "kentongan")
    assert Path(f"/proc/{broker.pid}").owner() == pwd.getpwuid(os.geteuid()).pw_name
    assert connect(broker, "node-a").refused is False


def has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def test_a_prepared_folder_is_prepared_again_without_harm(start_mosquitto: Start, connect: Connect) -> None:
    """Every start prepares the folder; nothing in it changes but what must."""
    broker = start_mosquitto(nodes=["node-a"])
    broker.stop()
    before = broker.settings.config.stat().st_mtime_ns
    mosquitto.prepare_folder(broker.settings)
    mosquitto.write_configuration(broker.settings)
    broker.start()
    assert broker.settings.config.stat().st_mtime_ns == before
    assert connect(broker, "node-a").refused is False
