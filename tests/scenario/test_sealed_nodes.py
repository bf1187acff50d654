"""Who holds the broker but no node's key can silence a node that seals, and neither speak for it nor to it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker import payload_seal, wire
from broker.control import CommandFailed, Request
from deploy.arrival import Arrival
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.live.shown import problems
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.bare_core import SetClock, Wire

T0 = 1_795_000_000_000
MINUTE = 60_000
OBS, STATUS, ACK = "ews/v1/wl-01/obs", "ews/v1/wl-01/status", "ews/v1/wl-01/ack"
LIMITS = {"waspada": 3.5, "siaga": 4.5, "awas": 5.5, "author": "BPBD", "reason": "survei", "early_siaga_minutes": 0}
# Water jumps here; quality control has tests of its own.
QUALITY = {"noise": 10.0, "spike_suspect": 20.0, "spike_fail": 20.0}
WELANG = {"id": "welang", "name": "Welang", "datum_m": 6.5, "kelurahan": ["Karangketug"], "thresholds": LIMITS}
CALM_MM, FLOOD_MM = 3500, 500
TOLD = "Pesan atas nama simpul wl-01 tidak bersegel sah"


class Field:
    """One core with one node, and somebody who can publish whatever he likes."""

    def __init__(self, folder: Path) -> None:
        (folder / "k.toml").write_text('[site]\nname = "Uji"\n')
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder / "s")
        self.state.prepare()
        self.state.broker.mkdir()
        SetClock.time = T0
        self.seq = 0
        self.open()
        self.ask("station-put", stations=[WELANG | {"quality": QUALITY}], mode="import", reason="uji")
        self.key = str(self.ask("node-new", node="wl-01", station="welang", seal=True)["order_key"])

    def open(self) -> None:
        self.core = core_of(self.settings, self.state, SetClock(), channels={})
        self.wire = self.core.link = self.core.sender = Wire()
        self.commands = Commands(self.core, credentials_of(self.state), lambda: True)

    def crash(self) -> None:
        self.core.journal.close()
        self.open()

    def ask(self, command: str, /, **arguments: Any) -> Any:
        return self.commands.run(Request(name=command, args=arguments, actor="cli:uji"))

    def observed(self, distance_mm: float) -> bytes:
        SetClock.time += MINUTE
        self.seq += 1
        body = {"v": 1, "boot": 7, "seq": self.seq, "t": SetClock.time, "s": {"distance_mm": distance_mm}}
        return json.dumps(body).encode()

    def publish(self, payload: bytes, topic: str = OBS) -> None:
        self.wire.said.clear()
        self.core.turn([Arrival(topic.encode(), payload, 1, 1, retain=False, generation=1)])

    def say(self, distance_mm: float = CALM_MM, *, key: str | None = None) -> bytes:
        """As the node does: sealed; returns the payload."""
        payload = payload_seal.seal(key or self.key, OBS, self.observed(distance_mm))
        self.publish(payload)
        return payload

    def acked(self, key: str | None = None) -> list[tuple[int, int, int]]:
        """The ranges of the last ACK, which must be sealed with ``key``; none: nothing was acknowledged."""
        payloads = [payload for topic, payload in self.wire.said if topic == ACK]
        opened = [payload_seal.unseal(key or self.key, ACK, payload) for payload in payloads]
        return [each for payload in opened for each in wire.decode_ack(payload).acked]

    @property
    def reasons(self) -> list[str]:
        return [str(reason) for (reason,) in self.rows("SELECT reason FROM dead_letters ORDER BY id")]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.core.journal.connection.execute(query).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    @property
    def is_told(self) -> bool:
        return any(each.startswith(TOLD) for each in problems(self.core))


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    made = Field(tmp_path)
    yield made
    made.core.journal.close()


def test_a_flood_that_nobody_sealed_is_none(field: Field) -> None:
    """Plain, with a seal of another key, of another topic, or torn off another payload: a dead letter each, counted and
    told, and no alert; the node's own words go on as before.
    """
    good = field.say()
    assert [(7, 1, 1)] == field.acked()
    flood = [field.observed(FLOOD_MM) for _ in range(4)]
    invented = [
        flood[0],
        payload_seal.seal("ab" * 32, OBS, flood[1]),
        payload_seal.seal(field.key, "ews/v1/wl-02/obs", flood[2]),
        good[: payload_seal.MAC_DIGITS] + b"\n" + flood[3],
    ]
    assert not field.is_told
    for payload in invented:
        field.publish(payload)
        assert [] == field.acked()
    assert ["node wl-01 must seal what it says, and this is not sealed"] == field.reasons[:1]
    assert ["the seal is not that of node wl-01"] * 3 == field.reasons[1:]
    assert 4 == field.core.counters["false_seals"]
    assert field.is_told
    assert 0 == field.count("alerts")
    assert 1 == field.count("readings")
    field.say()
    assert [(7, 6, 6)] == field.acked()


def test_a_real_flood_still_alerts(field: Field) -> None:
    """The same water, sealed, raises the alert."""
    field.say()
    for _ in range(3):
        field.say(FLOOD_MM)
    assert field.count("alerts") > 0
    assert [] == field.reasons


def test_what_was_sealed_before_is_taken_once(field: Field) -> None:
    """A recorded flood that is played again, also after a restart of core, is a duplicate: (boot, seq) is sealed in."""
    recorded = [field.say(FLOOD_MM) for _ in range(2)]
    before = field.count("readings")
    field.crash()
    for payload in recorded:
        field.publish(payload)
        assert [] != field.acked()
    assert before == field.count("readings")
    assert 2 == field.core.counters["duplicates"]


def test_a_status_must_be_sealed_too(field: Field) -> None:
    """Nobody else says of it that it kept a new credential; that it is gone, the broker may say."""
    field.publish(b'{"online":true,"boot":9,"firmware":"9.9.9"}', STATUS)
    assert None is field.core.reports.of("wl-01").status
    field.publish(payload_seal.seal(field.key, STATUS, b'{"online":true,"boot":7,"firmware":"0.4.0"}'), STATUS)
    known = field.core.reports.of("wl-01").status
    assert known is not None
    assert "0.4.0" == known.firmware
    field.publish(b'{"online":false}', STATUS)
    assert not field.core.reports.of("wl-01").is_online
    assert 1 == len(field.reasons)


def test_required_and_accepted_are_kept_and_audited(field: Field) -> None:
    """A restart changes nothing; accepted again, plain words are taken, and answered plainly."""
    field.crash()
    field.publish(field.observed(CALM_MM))
    assert 1 == len(field.reasons)
    assert field.ask("node-show", node="wl-01")["seal"]
    field.ask("node-seal", node="wl-01", seal="accepted", reason="alat lama")
    assert not field.ask("node-show", node="wl-01")["seal"]
    field.say()
    assert [(7, 2, 2)] == field.acked()
    field.publish(field.observed(CALM_MM))
    assert [b'"acked":[[7,3,3]]' in payload for topic, payload in field.wire.said if topic == ACK] == [True]
    assert 1 == len(field.reasons)
    assert [("node seal", "wl-01")] == field.rows("SELECT action, subject FROM audit WHERE action = 'node seal'")
    with pytest.raises(CommandFailed, match="a seal is required or accepted"):
        field.ask("node-seal", node="wl-01", seal="perhaps", reason="x")
    with pytest.raises(CommandFailed, match="no node 'wl-77'"):
        field.ask("node-seal", node="wl-77", seal="required", reason="x")


def test_a_node_that_need_not_seal_is_heard_both_ways(field: Field) -> None:
    """Old and new firmware beside each other; a wrong seal is refused all the same."""
    made = field.ask("node-new", node="wl-02", station="welang")
    assert not made["seal"]
    topic = "ews/v1/wl-02/obs"
    field.publish(field.observed(CALM_MM), topic)
    field.publish(payload_seal.seal(made["order_key"], topic, field.observed(CALM_MM)), topic)
    assert 2 == field.count("readings")
    field.publish(payload_seal.seal(field.key, topic, field.observed(CALM_MM)), topic)
    assert ["the seal is not that of node wl-02"] == field.reasons


def test_an_old_credential_seals_nothing(field: Field) -> None:
    """After a new one by hand at once, and the order to seal stays; after one over the air, two minutes of grace."""
    old = field.key
    field.say()
    made = field.ask("node-new", node="wl-01", station="welang", replace=True)
    assert made["seal"]
    field.say(key=old)
    assert ["the seal is not that of node wl-01"] == field.reasons
    field.say(key=made["order_key"])
    assert [(7, 3, 3)] == field.acked(made["order_key"])
    drawn = field.commands.credentials.draw("wl-01")
    field.commands.credentials.enforce("wl-01", drawn)
    field.commands._rotated("wl-01")
    field.say(key=made["order_key"])
    assert [(7, 4, 4)] == field.acked(drawn.order_key)
    field.say(key=drawn.order_key)
    SetClock.time += 3 * MINUTE
    field.say(key=made["order_key"])
    assert 2 == len(field.reasons)
    field.ask("node-revoke", node="wl-01", reason="dicuri")
    field.say(key=drawn.order_key)
    assert 3 == len(field.reasons)
