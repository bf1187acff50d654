"""What a technician does with nodes' credentials, by the command line, on a real broker and core."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from broker.clock import Clock
from deploy.provisioning.label import Label, site_id
from tests.flashed_chip import FlashedChip, kentongan
from tests.installation import Installation, SimpleNode, eventually

pytestmark = pytest.mark.timeout(300)
SPEED = 20.0
CUT_OFF_S = 5.0  # measured well under one; a busy machine has room


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(speed=SPEED, anchor_ms=time.time_ns() // 1_000_000)


@pytest.fixture(scope="module")
def installation(clock: Clock) -> Iterator[Installation]:
    with Installation(clock=str(clock)) as made:
        made.start()
        yield made


@pytest.fixture
def simple(installation: Installation) -> Iterator[Callable[[str, str], SimpleNode]]:
    """``simple(node, password)``: a node's side of the contract, closed with the test."""
    opened: list[SimpleNode] = []

    def open_node(node: str, password: str) -> SimpleNode:
        opened.append(SimpleNode(installation, node, password))
        return opened[-1]

    yield open_node
    for each in opened:
        each.close()


def password_in(folder: Path) -> str:
    return str(json.loads((folder / "node.json").read_text())["password"])


def is_let_in(installation: Installation, node: str, password: str) -> bool:
    answers: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=node)
    client.username_pw_set(node, password)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(not reason.is_failure)
    client.connect("127.0.0.1", installation.settings.broker.loopback_port)
    client.loop_start()
    eventually(lambda: answers, "an answer to CONNECT")
    client.disconnect()
    client.loop_stop()
    client._reset_sockets()
    return answers[0]


def test_three_nodes_one_swapped_one_revoked(
    installation: Installation, simple: Callable[[str, str], SimpleNode], tmp_path: Path
) -> None:
    """Each is made with its label; the swapped one's station stays; the revoked one is cut off within seconds."""
    nodes = {}
    for name in ("tiga-1", "tiga-2", "tiga-3"):
        label = tmp_path / f"{name}.pdf"
        out = str(tmp_path / name)
        told = kentongan(installation, "node", "new", name, "--station", "welang", "--out", out, "--label", str(label))
        assert f"kentongan node flash {name} --port /dev/ttyUSB0 --folder {out}" in told
        assert label.read_bytes().startswith(b"%PDF")
        nodes[name] = simple(name, password_in(tmp_path / name))
        nodes[name].send(3000.0)
    out = str(tmp_path / "baru")
    told = kentongan(installation, "node", "replace", "tiga-2", "tiga-9", "--reason", "terkena petir", "--out", out)
    assert "tiga-2 is retired; its history stays at the station, which tiga-9 serves from now on." in told
    simple("tiga-9", password_in(tmp_path / "baru")).send(3000.0)
    assert not is_let_in(installation, "tiga-2", password_in(tmp_path / "tiga-2"))
    lost = nodes["tiga-3"]
    began = time.monotonic()
    installation.ask("node-revoke", node="tiga-3", reason="dicuri")
    eventually(lambda: not lost.client.is_connected(), "the revoked node to be cut off")
    assert time.monotonic() - began < CUT_OFF_S
    assert not is_let_in(installation, "tiga-3", password_in(tmp_path / "tiga-3"))
    nodes["tiga-1"].send(3000.0)  # nobody else was dropped for good
    told = kentongan(installation, "node", "revoke", "tiga-3", "--reason", "again", code=2)
    assert "node 'tiga-3' has no credential" in told


def test_a_new_credential_reaches_a_node(installation: Installation, tmp_path: Path, clock: Clock) -> None:
    """Sent, kept on flash, in force; the old one is void, and what the node was configured to do still holds."""
    chip = FlashedChip(installation, "putar-1", tmp_path / "flash", clock)
    chip.start()
    try:
        eventually(lambda: chip.listed()["online"], "the node")
        before = json.loads((chip.folder / "node.json").read_text())
        kentongan(installation, "node", "configure", "putar-1", "--sample-s", "20")
        eventually(lambda: ": configured" in chip.log, "the configuration")
        told = kentongan(installation, "node", "rotate", "putar-1")
        assert "putar-1 has a new password and key; the old ones are void" in told
        eventually(lambda: chip.log.count("connected") >= 2, "the node to come back")
        eventually(lambda: not (chip.folder / "credential.json").exists(), "the new pair to take its place")
        after = json.loads((chip.folder / "node.json").read_text())
        assert {"password", "order_key"} == {key for key in after if after[key] != before[key]}
        assert not is_let_in(installation, "putar-1", before["password"])
        kentongan(installation, "node", "command", "putar-1", "live", "--for", "60")
        eventually(lambda: ": live" in chip.log, "a command under the new key")
        chip.kill()
        chip.start()
        eventually(lambda: chip.log.count("connected") >= 3, "another start")
        eventually(lambda: chip.log.count(": configured") >= 2, "the configuration under the new key")
        audit = installation.rows("SELECT action, detail FROM audit WHERE subject LIKE '%putar-1%'")
        assert "node credential rotated" in [action for action, _ in audit]
        assert all(after["password"] not in str(detail) for _, detail in audit)
    finally:
        chip.kill()


def test_power_that_goes_before_the_answer(installation: Installation, tmp_path: Path, clock: Clock) -> None:
    """A node that keeps the new pair and could not say so comes back with the old one, and is not locked out."""
    chip = FlashedChip(installation, "putar-2", tmp_path / "flash", clock)
    drawn = ["z" * 32, "ab" * 32]  # of a rotation that core never put in force
    (chip.folder / "credential.json").write_text(json.dumps(drawn))
    chip.start()
    try:
        eventually(lambda: chip.listed()["online"], "the node")
        assert "NotLetIn" in chip.log
    finally:
        chip.kill()


def test_a_stolen_credential_in_a_second_node(installation: Installation, tmp_path: Path, clock: Clock) -> None:
    """Two chips with one credential throw each other out; the board says so by name."""
    first = FlashedChip(installation, "curian", tmp_path / "first", clock)
    first.start()
    second: Any = object.__new__(FlashedChip)
    second.__dict__ |= first.__dict__
    second.folder, second._process = tmp_path / "second", None
    shutil.copytree(first.folder, second.folder, ignore=shutil.ignore_patterns("ring", "node.log"))
    second.start()

    def told() -> bool:
        return any("Dua alat memakai kredensial simpul curian" in each for each in problems(installation))

    try:
        eventually(told, "the board to say it")
    finally:
        first.kill()
        second.kill()


def problems(installation: Installation) -> list[str]:
    return list(installation.ask("node-problems"))


def test_labels(installation: Installation) -> None:
    """Our own label names our node; another city's, and what is none, are refused by one Indonesian sentence."""
    installation.ask("node-new", node="label-1", station="welang")
    site = site_id(installation.state.authority / "ca.der")
    for web in ("", "https://peringatan.kota.example"):
        code = Label(node="label-1", site=site, web=web).code
        assert {"node": "label-1", "station": "welang"} == installation.ask("node-scan", code=code)
    other = Label(node="label-1", site="00000000", web="https://kota.lain.example").code
    for code, wanted in ((other, "milik kota atau instalasi lain"), ("https://example.org/", "bukan label simpul")):
        with pytest.raises(Exception, match=wanted):
            installation.ask("node-scan", code=code)


def test_certificates_are_renewed_under_running_nodes(installation: Installation, tmp_path: Path) -> None:
    """The broker serves the new certificate without a restart."""
    path = installation.state.broker / "server.pem"
    before = path.read_bytes()
    told = kentongan(installation, "certificates", "renew")
    assert "the broker uses it from now on" in told
    assert before != path.read_bytes()
    assert "the broker's certificate is good until" in kentongan(installation, "certificates", "show")
