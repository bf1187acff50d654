"""Sealed orders: what core seals is what a node opens, once, in time and unchanged."""

import json
from pathlib import Path
from typing import Any

import pytest

from broker import orders, payload_seal
from broker.credentials import CredentialRefused, CredentialStore
from tests.firmware_interpreter import EMPTY_WORLD, run

KEY = "0123456789abcdef" * 4
OTHER_KEY = "f" * 64
CMD, CFG = "ews/v1/node-a/cmd", "ews/v1/node-a/cfg"
NOW = 1_764_000_000_000


def test_hmac_is_the_standards(tmp_path: Path) -> None:
    """The cases of RFC 4231 that are not truncated, with a key longer than a block among them."""
    cases = [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ]
    (tmp_path / "cases.json").write_text(json.dumps([[key.hex(), text.hex()] for key, text, _ in cases]))
    script = """
import json
from binascii import hexlify, unhexlify
from orders import hmac_sha256
with open("cases.json") as file:
    cases = json.load(file)
print(json.dumps([hexlify(hmac_sha256(unhexlify(key), unhexlify(text))).decode() for key, text in cases]))
"""
    assert [mac for _, _, mac in cases] == run(script, tmp_path)


OPEN = """
import json
from binascii import unhexlify
from orders import Orders, Refused
with open("steps.json") as file:
    steps = json.load(file)
results = []
for key, topic, payload, now in steps:
    if key is not None:
        orders = Orders(key, "orders.json")  # a start
    try:
        results.append(orders.open(topic, unhexlify(payload), now))
    except Refused as refused:
        results.append(str(refused))
print(json.dumps(results))
"""


def opened(folder: Path, *steps: tuple[str | None, str, bytes, int | None]) -> list[Any]:
    """What a node makes of each payload; a step with a key is a start of the node with that key."""
    document = [[key, topic, payload.hex(), now] for key, topic, payload, now in steps]
    (folder / "steps.json").write_text(json.dumps(document))
    result: list[Any] = run(OPEN, folder)
    return result


def command(number: int, **changes: Any) -> dict[str, Any]:
    return orders.command(number, NOW, "live", 600) | changes


def test_an_order_is_obeyed_once(tmp_path: Path) -> None:
    """Its repetition is nothing new, an older one is refused, after a restart too; each topic counts for itself."""
    first, second = command(5), command(6)
    config = {"v": 1, "n": 3, "sample_s": 30}
    seal = orders.seal
    found = opened(
        tmp_path,
        (KEY, CMD, seal(KEY, CMD, first), NOW),
        (None, CMD, seal(KEY, CMD, first), NOW),
        (None, CMD, seal(KEY, CMD, second), NOW),
        (None, CMD, seal(KEY, CMD, first), NOW),
        (KEY, CMD, seal(KEY, CMD, first), NOW),
        (None, CMD, seal(KEY, CMD, second), NOW),
        (None, CFG, seal(KEY, CFG, config), None),
        (None, CFG, seal(KEY, CFG, config), None),
    )
    older = "number 5 comes after 6"
    assert [first, None, second, older, older, None, config, None] == found


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    """Another key, topic, node or byte; too late; without a clock; half of it; none of them costs a number."""
    sealed = orders.seal(KEY, CMD, command(5))
    turned = sealed[:70] + bytes([sealed[70] ^ 1]) + sealed[71:]
    broken = [
        (KEY, CMD, orders.seal(OTHER_KEY, CMD, command(5)), NOW),
        (None, CMD, orders.seal(KEY, CFG, command(5)), NOW),
        (None, CMD, orders.seal(KEY, "ews/v1/node-b/cmd", command(5)), NOW),
        (None, CMD, orders.seal(KEY, CMD.replace("ews", "latihan"), command(5)), NOW),
        (None, CMD, turned, NOW),
        (None, CMD, sealed[:-1], NOW),
        (None, CMD, sealed[:64], NOW),
        (None, CMD, b"", NOW),
        (None, CMD, b"\xff" * 200, NOW),
    ]
    others = [
        (None, CMD, sealed, NOW + orders.GOOD_FOR_MS + 1000),
        (None, CMD, sealed, None),
        (None, CMD, orders.seal(KEY, CMD, {"v": 1, "n": "5", "exp": NOW}), NOW),
        (None, CMD, orders.seal(KEY, CMD, {"v": 1, "n": 5}), NOW),
        ("", CMD, sealed, NOW),
        (KEY, CMD, sealed, NOW),
    ]
    found = opened(tmp_path, *broken, *others)
    assert ["the seal is not ours"] * len(broken) == found[: len(broken)]
    assert [
        "it came 1 s too late",
        "this node has no clock yet",
        "it has no number",
        "it has no time by which it ends",
        "this node has no key: give it a new node.json",
        command(5),
    ] == found[len(broken) :]


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """One bit of any byte of a sealed order, its line feed apart, and it is none."""
    sealed = orders.seal(KEY, CMD, command(1))
    places = [at for at in range(len(sealed)) if at != 64]
    flipped = [sealed[:at] + bytes([sealed[at] ^ 4]) + sealed[at + 1 :] for at in places]
    steps = [(KEY if at == 0 else None, CMD, payload, NOW) for at, payload in enumerate(flipped)]
    assert ["the seal is not ours"] * len(flipped) == opened(tmp_path, *steps)
    for payload in flipped:
        with pytest.raises(payload_seal.NotSealed):
            orders.unseal(KEY, CMD, payload)
    assert command(1) == orders.unseal(KEY, CMD, sealed)


def test_lost_numbers_do_not_open_old_commands(tmp_path: Path) -> None:
    """With its file of numbers damaged a node takes what is in time, and nothing that has run out."""
    sealed = orders.seal(KEY, CMD, command(7))
    opened(tmp_path, (KEY, CMD, sealed, NOW))
    (tmp_path / "orders.json").write_text("{")
    late, again = opened(tmp_path, (KEY, CMD, sealed, NOW + 10 * orders.GOOD_FOR_MS), (None, CMD, sealed, NOW))
    assert ("it came 1080 s too late", command(7)) == (late, again)


def test_a_new_credential_is_a_new_key(tmp_path: Path) -> None:
    """Keys differ between nodes and credentials, stay the same otherwise, and are refused to whoever has none."""
    store = CredentialStore(passwords=tmp_path / "passwords", services=tmp_path / "services.json")
    store.add("node-a")
    store.add("node-b")
    first = store.order_key("node-a")
    assert (64, first) == (len(bytes.fromhex(first)) * 2, store.order_key("node-a"))
    assert first != store.order_key("node-b")
    store.replace("node-a")
    assert first != store.order_key("node-a")
    store.revoke("node-a")
    for node in ("node-a", "core"):
        with pytest.raises(CredentialRefused, match="has no credential"):
            store.order_key(node)
    (tmp_path / "order.key").chmod(0o644)
    with pytest.raises(CredentialRefused, match="chmod 600"):
        store.order_key("node-b")


OBEY = """
import json
from binascii import unhexlify
import config
from beat import Beat
from commands import Commands
from orders import Orders
with open("steps.json") as file:
    steps = json.load(file)
def start():
    global beat, commands
    beat = Beat(config.usual(60))
    commands = Commands(Orders(%r, "orders.json"), "ews/v1/node-a/", beat, None)
start()
results = []
for kind, payload in steps:
    if kind == "start":
        start()
        said = None
    else:
        said = commands.hear(kind, unhexlify(payload), %d, 1000)
    now = [list(value) if isinstance(value, tuple) else value for value in beat.config]
    results.append([said, now, beat.interval_ms(1000), commands.wants_reset])
print(json.dumps(results))
"""


def obeyed(folder: Path, *steps: tuple[str, dict[str, Any]]) -> list[Any]:
    """[what it said, its configuration, its beat, whether it wants a reset] after each order to a node."""
    sealed = [(kind, orders.seal(KEY, f"ews/v1/node-a/{kind}", order).hex()) for kind, order in steps]
    (folder / "steps.json").write_text(json.dumps(sealed))
    (folder / "world.bin").write_bytes(EMPTY_WORLD)
    result: list[Any] = run(OBEY % (KEY, NOW), folder, environment={"KENTONGAN_WORLD": "world.bin"})
    return result


def test_configuration_is_taken_whole_and_kept(tmp_path: Path) -> None:
    """A bad key changes nothing and is named; a good configuration holds after a restart, seal and all."""
    rule = {"series": "distance_mm", "at_mm": 1200, "clear_mm": 1300, "for_s": 180}
    found = obeyed(
        tmp_path,
        ("cfg", {"n": 1, "sample_s": 120, "siren": rule}),
        ("cfg", {"n": 2, "sample_s": 90, "fast_s": 0}),
        ("cfg", {"n": 3, "siren": rule | {"clear_mm": 1100}}),
        ("cfg", {"n": 4, "siren": rule | {"series": "rain_tips"}}),
        ("cfg", {"n": 5, "fast_s": 200}),
        ("start", {}),
        ("cfg", {"n": 6, "siren": None, "low_mv": 3600, "later": "unknown"}),
    )
    kept = [120, 10, 300, 40, 3500, list(rule.values())]
    assert [kept] * 6 + [[*kept[:4], 3600, None]] == [config for _, config, _, _ in found]
    assert [
        "cfg 1: configured",
        "cfg refused: fast_s must be a whole number from 5 to 600",
        "cfg refused: siren.at_mm must be a whole number, and siren.clear_mm not less than it",
        "cfg refused: siren.series must be a distance_mm series",
        "cfg refused: fast_s, sample_s and slow_s must not fall in this order",
        None,
        "cfg 6: configured",
    ] == [said for said, _, _, _ in found]


def test_a_damaged_configuration_is_not_used(tmp_path: Path) -> None:
    """One changed byte on flash, and the node goes on with what is usual."""
    obeyed(tmp_path, ("cfg", {"n": 1, "sample_s": 120}))
    path = tmp_path / "config.sealed"
    path.write_bytes(path.read_bytes().replace(b"120", b"121"))
    ((_, config, _, _),) = obeyed(tmp_path, ("start", {}))
    assert 60 == config[0]


def test_commands(tmp_path: Path) -> None:
    """What is known is done, and what is not, or needs what is not there, is refused by name."""
    found = obeyed(
        tmp_path,
        ("cmd", command(1)),
        ("cmd", command(2, for_s=7200)),
        ("cmd", command(3, do="siren-test")),
        ("cmd", command(4, do="explode")),
        ("cmd", command(5, do="reboot")),
    )
    assert [
        "cmd 1: live",
        "cmd refused: for_s of live must be a whole number from 0 to 3600",
        "cmd refused: siren-test needs horn and lamp, and node.json names none",
        'cmd refused: there is no command "explode"',
        "cmd 5: restarts",
    ] == [said for said, _, _, _ in found]
    assert [1000] * 5 == [beat for _, _, beat, _ in found]
    assert [False] * 4 + [True] == [wants for _, _, _, wants in found]
