"""How each fault of a plan begins and ends in the simulated world."""

import random
from collections.abc import Callable
from typing import Final

from deploy.soak import operators
from deploy.soak.clock import MINUTE, SECOND
from deploy.soak.field import DRILL_BOOT, Message
from deploy.soak.plan import Fault
from deploy.soak.world import KILL_PATIENCE_MS, World

Act = Callable[[World, Fault], None]


def arrange(world: World, fault: Fault) -> None:
    """Let ``fault`` happen at its time."""
    begin, end = _ACTS[fault.kind]
    world.at(fault.begins, _begin, world, fault, begin)
    if end is not None:
        world.at(fault.ends, _end, world, fault, end)


def _begin(world: World, fault: Fault, begin: Act) -> None:
    world.note(f"begins: {fault.kind} {fault.node} {fault.detail}")
    begin(world, fault)


def _end(world: World, fault: Fault, end: Act) -> None:
    world.note(f"ends: {fault.kind}")
    end(world, fault)


def _kill(world: World, fault: Fault) -> None:
    world.down_ms = fault.ends - fault.begins + SECOND
    if fault.detail == "between turns":
        world.kill_core()
        return
    world.kill_at = fault.detail
    world.at(world.moment.true + KILL_PATIENCE_MS, _kill_late, world, fault)


def _kill_late(world: World, _fault: Fault) -> None:
    """What was to happen at a decision or a message has waited for one long enough."""
    if world.kill_at:
        world.kill_core()


def _stop(world: World, fault: Fault) -> None:
    world.stop_core()
    world.at(fault.ends + SECOND, World.start_core, world)


def _disk(world: World, fault: Fault) -> None:
    world.disk_fails = world.moment.true < fault.ends


def _broker_gone(world: World, fault: Fault) -> None:
    world.broker.stop(forgets=fault.size > 0)
    world.disconnect()


def _broker_back(world: World, _fault: Fault) -> None:
    world.broker.is_up = True
    world.connect()


def _half_open(world: World, _fault: Fault) -> None:
    world.broker.is_through = False


def _noticed(world: World, _fault: Fault) -> None:
    world.broker.is_through = True
    world.disconnect()
    world.at(world.moment.true + SECOND, World.connect, world)


def _node_clock(world: World, fault: Fault) -> None:
    node = world.nodes[fault.node]
    node.clock = fault.detail
    if fault.detail in ("none", "1970", "2000"):
        node.reboot(world.moment.true)


def _clock_right(world: World, fault: Fault) -> None:
    world.nodes[fault.node].clock = "right"


def _server_clock(world: World, fault: Fault) -> None:
    world.moment.offset = int(fault.size * 60 * SECOND)
    _noticed_by_core(world)


def _server_right(world: World, _fault: Fault) -> None:
    world.moment.offset = 0
    _noticed_by_core(world)


def _noticed_by_core(world: World) -> None:
    """A real core has a turn every quarter of a second, and sees in it that its clock was set."""
    world.oracle.silence.listens(world.moment.core)
    world.turn()


def _disorder(world: World, fault: Fault) -> None:
    world.disorder = 0.2 if world.moment.true < fault.ends else 0.0


def _cut(world: World, fault: Fault) -> None:
    world.nodes[fault.node].is_cut = True


def _mended(world: World, fault: Fault) -> None:
    world.nodes[fault.node].is_cut = False


def _cut_all(world: World, _fault: Fault) -> None:
    for node in world.nodes.values():
        node.is_cut = True


def _mended_all(world: World, _fault: Fault) -> None:
    for node in world.nodes.values():
        node.is_cut = False


def _sensor(world: World, fault: Fault) -> None:
    node = world.nodes[fault.node]
    node.begin(fault)
    world.oracle.story.gauges[node.place.station].had_fault = True


def _provider(world: World, fault: Fault) -> None:
    world.provider.mode = fault.kind.removeprefix("provider ").removeprefix("is ")
    world.oracle.messages.outages.append((fault.begins, fault.ends + MINUTE))


def _provider_well(world: World, _fault: Fault) -> None:
    world.provider.mode = "healthy"


def _rules(world: World, fault: Fault) -> None:
    world.change_rules(world.nodes[fault.node], fault.size / 4)


def _garbage(world: World, fault: Fault) -> None:
    chance = world.chance
    for _ in range(200):
        message = Message(topic=_topic(chance, world.nodes[fault.node].topic), payload=_bytes(chance), kind="garbage")
        world.at(chance.randint(fault.begins, fault.ends), World.send, world, message)


def _topic(chance: random.Random, usual: bytes) -> bytes:
    return chance.choice((usual, usual, usual, b"ews/v1/nobody-here/obs", b"\xff\xfe/x", b"ews/v1/a#/obs", b""))


def _bytes(chance: random.Random) -> bytes:
    known = (
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"v":1,"boot":1,"seq":1,"t":1,"s":{"distance_mm":NaN}}',
        b'{"v":2,"boot":1,"seq":1,"t":1,"s":{"distance_mm":1.0}}',
        b'{"v":1,"boot":-1,"seq":1,"t":1,"s":{"distance_mm":1.0}}',
        b'{"v":1,"boot":1,"seq":1,"t":99999999999999999999,"s":{"distance_mm":1.0}}',
        b'{"v":1,"boot":1,"seq":1,"t":1,"s":{"DROP TABLE":1.0}}',
        b'{"v":1,"boot":1,"seq":1,"t":1,"s":{"distance_mm":"3.2"}}',
        b"[" * 2000,
        b"\x00" * 100,
    )
    return chance.choice((*known, chance.randbytes(chance.randint(1, 300))))


def _drill(world: World, fault: Fault) -> None:
    node = world.nodes[fault.node].place
    topic = f"latihan/v1/{node.node}/obs".encode()
    for seq, at in enumerate(range(fault.begins, fault.ends, MINUTE)):
        payload = f'{{"v":1,"boot":{DRILL_BOOT},"seq":{seq},"t":{at},"s":{{"{node.series}":500}}}}'.encode()
        message = Message(topic=topic, payload=payload, kind="garbage")
        world.at(at, World.send, world, message)


def _retained(world: World, fault: Fault) -> None:
    """The broker brings a node's last message again and again, as retained ones come at each subscription."""
    for at in range(fault.begins, fault.ends, 3 * MINUTE):
        world.at(at, _replay, world, fault)


def _replay(world: World, fault: Fault) -> None:
    node = world.nodes[fault.node]
    made = [each for each in world.oracle.readings.made.values() if each.tries and each.key[0] == node.place.node][-30:]
    if made:
        old = world.chance.choice(made)
        world.send(Message(topic=node.topic, payload=old.payload, keys=(old.key,), retain=True))


_ACTS: Final[dict[str, tuple[Act, Act | None]]] = {
    "core killed": (_kill, None),
    "core stopped": (_stop, None),
    "disk fails": (_disk, _disk),
    "broker gone": (_broker_gone, _broker_back),
    "half-open link": (_half_open, _noticed),
    "clock of a node": (_node_clock, _clock_right),
    "clock of the server": (_server_clock, _server_right),
    "duplicates and disorder": (_disorder, _disorder),
    "backlog": (_cut, _mended),
    "garbage": (_garbage, None),
    "retained replays": (_retained, None),
    "drill on the wire": (_drill, None),
    "sensor stuck": (_sensor, None),
    "sensor spikes": (_sensor, None),
    "sensor drifts": (_sensor, None),
    "sensor steps": (_sensor, None),
    "one silent": (_cut, _mended),
    "all silent": (_cut_all, _mended_all),
    "silent while rising": (_cut, _mended),
    "provider refuses": (_provider, _provider_well),
    "provider hangs": (_provider, _provider_well),
    "provider is busy": (_provider, _provider_well),
    "rules changed": (_rules, None),
    "operator raises": (operators.raises, None),
    "operator lowers": (operators.lowers, None),
    "operator cancels": (operators.cancels, None),
    "operator maintains": (operators.maintains, None),
}
