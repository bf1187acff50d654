"""The seal on payloads: the same on a node and in core, of one key, one topic and one payload."""

import json
from pathlib import Path

import pytest

from broker import payload_seal, wire
from broker.payload_seal import NotSealed
from tests.firmware_interpreter import run

KEY = "0123456789abcdef" * 4
OTHER_KEY = "f" * 64
TOPIC = "ews/v1/node-a/obs"
BODY = b'{"v":1,"boot":7,"seq":1,"t":null,"s":{"distance_mm":900.0}}'
BACKLOG_BYTES = 2500


def test_a_seal_opens_with_its_key_and_topic_alone() -> None:
    """Another key, node, realm, kind, or a bit of the payload: not sealed."""
    sealed = payload_seal.seal(KEY, TOPIC, BODY)
    assert BODY == payload_seal.unseal(KEY, TOPIC, sealed)
    for topic in ("ews/v1/node-b/obs", "latihan/v1/node-a/obs", "ews/v1/node-a/status"):
        with pytest.raises(NotSealed):
            payload_seal.unseal(KEY, topic, sealed)
    with pytest.raises(NotSealed):
        payload_seal.unseal(OTHER_KEY, TOPIC, sealed)


@pytest.mark.parametrize("at", [0, 63, 64, 65, 100, -1])
def test_one_changed_byte_breaks_it(at: int) -> None:
    """In the digits, the line feed's place excepted, or anywhere in what is sealed; cut short, too."""
    sealed = bytearray(payload_seal.seal(KEY, TOPIC, BODY))
    sealed[at] ^= 1
    if at == payload_seal.MAC_DIGITS:
        assert not payload_seal.is_sealed(bytes(sealed))
        return
    for broken in (bytes(sealed), bytes(sealed)[:at]):
        with pytest.raises(NotSealed):
            payload_seal.unseal(KEY, TOPIC, broken)


def test_what_looks_sealed_is_never_json() -> None:
    """Plain observations and arrays are not, wherever their line feeds are; neither is garbage without the shape."""
    assert payload_seal.is_sealed(payload_seal.seal(KEY, TOPIC, BODY))
    for plain in (BODY, b"[" + BODY + b"]", b"", b"x", b"{" + b" " * 63 + b"\n" + BODY[1:], b"\x00" * 100):
        assert not payload_seal.is_sealed(plain)


FIRMWARE = """
import json
from seal import NotSealed, Seal
with open("given.json") as file:
    given = json.load(file)
seal = Seal(given["key"])
body = given["body"].encode()
found = {"over": seal.over(given["topic"], body).decode()}
found["opened"] = seal.open(given["topic"], given["sealed"].encode()).decode()
refused = []
for topic, payload in given["bad"]:
    try:
        seal.open(topic, payload.encode())
    except NotSealed as error:
        refused.append(str(error))
found["refused"] = refused
found["without"] = Seal("").over(given["topic"], body) == body and Seal("").open(given["topic"], body) == body
print(json.dumps(found))
"""


def test_a_node_seals_and_opens_as_core_does(tmp_path: Path) -> None:
    """What the firmware seals core opens, and the other way round; a wrong seal, a plain ACK and an empty one are no
    word of core's; without the option nothing is changed.
    """
    sealed = payload_seal.seal(KEY, TOPIC, BODY).decode()
    bad = [("ews/v1/node-b/obs", sealed), (TOPIC, sealed[:-1]), (TOPIC, BODY.decode()), (TOPIC, "")]
    given = {"key": KEY, "topic": TOPIC, "body": BODY.decode(), "sealed": sealed, "bad": bad}
    (tmp_path / "given.json").write_text(json.dumps(given))
    found = run(FIRMWARE, tmp_path)
    assert {
        "over": sealed,
        "opened": BODY.decode(),
        "refused": ["the seal is not core's"] * 4,
        "without": True,
    } == found
    assert 1 == wire.decode_observations(payload_seal.unseal(KEY, TOPIC, found["over"].encode()))[0].seq


COST = f"""
import gc, json
from seal import Seal
seal = Seal("{KEY}")
payload = b"x" * {BACKLOG_BYTES}
seal.over("{TOPIC}", payload)
gc.collect()
before = gc.mem_alloc()
gc.disable()
sealed = seal.over("{TOPIC}", payload)
most = gc.mem_alloc() - before
gc.enable()
gc.collect()
print(json.dumps([most, len(sealed), gc.mem_alloc() - before]))
"""


def test_a_seal_costs_a_node_little_memory(tmp_path: Path) -> None:
    """The greatest payload of the backlog is copied twice at most on its way, and only the sealed one is left of it."""
    most, length, left = run(COST, tmp_path, heap="200K")
    assert BACKLOG_BYTES + payload_seal.MAC_DIGITS + 1 == length
    assert most < 4 * BACKLOG_BYTES
    assert left < 2 * BACKLOG_BYTES
