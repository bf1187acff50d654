"""Core's side of the orders: what it seals, what it refuses, and that its numbers only grow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker import orders
from broker.control import CommandFailed, Request
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.mqtt_packets import publish_packet
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock, Wire
from tests.firmware_interpreter import run

T0 = 1_795_000_000_000
LIMITS = {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "BPBD", "reason": "survei"}
WELANG = {"id": "welang", "name": "Welang", "datum_m": 6.5, "thresholds": LIMITS}
BARE = {"id": "petung", "name": "Petung", "datum_m": 4.0}


class Desk:
    """One core, and the orders that leave it."""

    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text('[site]\nname = "Uji"\n')
        settings, state = load(folder / "k.toml"), StateFolder(folder / "s")
        state.prepare()
        state.broker.mkdir(exist_ok=True)
        self.wire = Wire()
        self.core = core_of(settings, state, SetClock(), channels={})
        self.core.link, self.core.sender = self.wire, self.wire
        self.commands = Commands(self.core, credentials_of(state), lambda: False)

    def ask(self, name: str, **args: Any) -> Any:
        return self.commands.run(Request(name=name, args=args, actor="test"))

    def sent(self, key: str) -> list[dict[str, Any]]:
        return [orders.unseal(key, topic, payload) for topic, payload in self.wire.said]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    SetClock.time = T0
    made = Desk(tmp_path)
    made.ask("station-put", stations=[WELANG, BARE], reason="uji")
    yield made
    made.core.stop()


@pytest.fixture
def key(desk: Desk) -> str:
    """The key of a node at Welang."""
    return str(desk.ask("node-new", node="wl-01", station="welang")["order_key"])


def test_numbers_only_grow(desk: Desk, key: str) -> None:
    """With the clock standing still and set back by an hour too; each order ends two minutes after it was given."""
    for moment in (T0, T0, T0 - 3_600_000):
        SetClock.time = moment
        desk.ask("node-command", node="wl-01", do="live", for_s=60)
    sent = desk.sent(key)
    assert [T0, T0 + 1, T0 + 2] == [order["n"] for order in sent]
    assert [T0 + 120_000, T0 + 120_000, T0 - 3_480_000] == [order["exp"] for order in sent]
    assert {"ews/v1/wl-01/cmd"} == {topic for topic, _ in desk.wire.said}
    assert {"live"} == {order["do"] for order in sent}


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("node-command", {"do": "explode"}, "there is no command 'explode'; there is live,"),
        ("node-command", {"do": "reboot", "for_s": 5}, "reboot is over at once and takes no seconds"),
        ("node-command", {"do": "live", "for_s": 9999}, "live lasts from 0 to 3600 seconds"),
        ("node-command", {"do": "live", "node": "wl-99"}, "node 'wl-99' has no credential; see kentongan node list"),
        ("node-configure", {"changes": {"speed": 5}}, "a node has no setting 'speed'; it has sample_s,"),
        ("node-configure", {"changes": {"sample_s": 4}}, "sample_s is a whole number from 5 to 3600"),
        ("node-configure", {"changes": {"sample_s": 5}}, "fast_s, sample_s and slow_s must not fall in this order"),
        ("node-configure", {"siren": "merah"}, "siren is waspada, siaga, awas or off, not 'merah'"),
    ],
)
def test_refusals_send_nothing(desk: Desk, key: str, name: str, changes: dict[str, Any], sentence: str) -> None:
    """Each says what is wrong; nothing leaves."""
    with pytest.raises(CommandFailed) as refused:
        desk.ask(name, **({"node": "wl-01"} | changes))
    assert str(refused.value).startswith(sentence)
    assert [] == desk.sent(key)


def test_without_the_broker_nothing_is_promised(desk: Desk, key: str) -> None:
    """An order that cannot leave is refused, and what was wanted of the node stays as it was."""
    desk.wire.is_connected = False
    with pytest.raises(CommandFailed, match="core has no connection to the broker"):
        desk.ask("node-configure", node="wl-01", changes={"sample_s": 120})
    desk.wire.is_connected = True
    assert {"low_mv": 3600} == desk.ask("node-configure", node="wl-01", changes={"low_mv": 3600})["config"]
    assert 1 == len(desk.sent(key))


def test_a_configuration_is_sent_whole(desk: Desk, key: str) -> None:
    """Each names all that was ever asked for; the siren follows the threshold, as a distance from the sensor."""
    desk.ask("node-configure", node="wl-01", changes={"sample_s": 120})
    desk.ask("node-configure", node="wl-01", siren="awas")
    desk.ask("node-configure", node="wl-01", changes={"low_mv": 3600}, siren="off")
    rule = {"series": "distance_mm", "at_mm": 1000, "clear_mm": 1100, "for_s": 180}
    assert [
        {"v": 1, "n": T0, "sample_s": 120},
        {"v": 1, "n": T0 + 1, "sample_s": 120, "siren": rule},
        {"v": 1, "n": T0 + 2, "sample_s": 120, "siren": None, "low_mv": 3600},
    ] == desk.sent(key)
    assert {"ews/v1/wl-01/cfg"} == {topic for topic, _ in desk.wire.said}


def test_no_threshold_no_siren(desk: Desk) -> None:
    """A station that is BELUM DITETAPKAN gives no distance at which to sound."""
    desk.ask("node-new", node="pt-01", station="petung")
    with pytest.raises(CommandFailed, match="BELUM DITETAPKAN"):
        desk.ask("node-configure", node="pt-01", siren="awas")


def test_only_configurations_are_retained() -> None:
    """The broker keeps them for nodes that are away, and nothing else that core says."""
    first = [publish_packet(f"ews/v1/node-a/{kind}".encode(), b"{}")[0] for kind in ("cfg", "cmd", "ack")]
    assert [0x31, 0x30, 0x30] == first


def test_node_and_core_have_the_same_limits(tmp_path: Path) -> None:
    """What core lets through is what the firmware takes."""
    script = """
import json
import config, commands
print(json.dumps([config._LIMITS, config._LONGEST_HORN_S, commands._LONGEST_S]))
"""
    limits, horn_s, longest = run(script, tmp_path)
    assert {name: list(span) for name, span in orders.CONFIG_LIMITS.items()} == limits
    assert orders.LONGEST_HORN_S == horn_s
    assert {name: longest[name] for name in orders.LONGEST_S} == orders.LONGEST_S
