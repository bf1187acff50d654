"""The faults that a soak chooses from: each begins, lasts, ends, and says what it touches meanwhile."""

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.faults.firmware_field import NODES
from tests.faults.injection import injected
from tests.faults.soak_field import SoakField
from tests.faults.tcp_proxy import PIECE
from tests.installation import eventually

BACK_S: Final = 120.0
WRITTEN_S: Final = 4.0  # in which core writes what it could not, when the disk is well again
GARBAGE: Final = (b"garbage", b"\xff\xfe{", b"[]", b"", b'{"v":1,"boot":7,"seq":1,"t":NaN,"s":{}}', b"x" * 4000)

Play = Callable[[SoakField, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakFault:
    """``touches``: what no other fault may touch at the same time; ``most_s``: how long it lasts at most."""

    name: str
    touches: frozenset[str]
    most_s: float
    play: Play
    weight: int = 1


def _killed(name: str) -> Play:
    def play(field: SoakField, seconds: float) -> None:
        field.kill(name)
        time.sleep(seconds)
        field.start(name)
        if name == "core":
            _await_core(field)

    return play


def _hung(name: str) -> Play:
    def play(field: SoakField, seconds: float) -> None:
        process = field.process(name)
        process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            process.send_signal(signal.SIGCONT)

    return play


def _disk(*options: str) -> Play:
    def play(field: SoakField, seconds: float) -> None:
        with injected(field.process("core"), *options):
            time.sleep(seconds)
        time.sleep(WRITTEN_S)

    return play


def _provider(**fault: Any) -> Play:
    def play(field: SoakField, seconds: float) -> None:
        field.provider.fail(**fault)
        time.sleep(seconds)
        field.provider.behave(step_s=None)

    return play


def _half_open(proxy: str) -> Play:
    def play(field: SoakField, seconds: float) -> None:
        which = getattr(field, proxy)
        which.is_open = False
        try:
            time.sleep(seconds)
        finally:
            which.cut()
            which.is_open = True

    return play


def _cut(field: SoakField, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        field.to_broker.cut()
        field.to_provider.cut()
        time.sleep(1)


def _slow(field: SoakField, seconds: float) -> None:
    proxy = field.to_broker
    proxy.piece, proxy.delay_s = 50, 0.005
    try:
        time.sleep(seconds)
    finally:
        proxy.piece, proxy.delay_s = PIECE, 0.0


def _garbage(field: SoakField, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for payload in GARBAGE:
            field.node.publish(payload)
        time.sleep(0.05)


def _repeated(field: SoakField, seconds: float) -> None:
    """High water of hours ago, and what was acknowledged long ago, again and again."""
    old = field.node.observation(900.0, t=time.time_ns() // 1_000_000 - 6 * 3_600_000)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        field.node.publish([old, old])
        time.sleep(0.2)


def _await_core(field: SoakField) -> None:
    eventually(field.installation.status, "core to answer", BACK_S)


def _fault(name: str, touches: str, most_s: float, play: Play, weight: int = 1) -> SoakFault:
    return SoakFault(name=name, touches=frozenset(touches.split()), most_s=most_s, play=play, weight=weight)


FAULTS: Final = (
    _fault("core killed", "core", 5, _killed("core"), 4),
    _fault("broker killed", "broker", 5, _killed("broker"), 3),
    _fault("history killed", "history", 5, _killed("history"), 2),
    _fault("InfluxDB killed", "influxd", 60, _killed("influxd"), 2),
    *(_fault(f"{node} killed", node, 5, _killed(node)) for node in NODES),
    _fault("core hung", "core", 20, _hung("core")),
    _fault("broker hung", "broker", 30, _hung("broker")),
    _fault("history hung", "history", 30, _hung("history")),
    _fault("InfluxDB hung", "influxd", 30, _hung("influxd")),
    _fault("disk full", "core", 10, _disk("-etrace=pwrite64", "-einject=pwrite64:error=ENOSPC:when=1+"), 2),
    _fault("disk failing", "core", 10, _disk("-etrace=fdatasync", "-einject=fdatasync:error=EIO:when=2+3"), 2),
    _fault("disk slow", "core", 20, _disk("-etrace=fdatasync", "-einject=fdatasync:delay_exit=20000")),
    _fault("provider 500", "provider", 30, _provider(kind="error", status=500)),
    _fault("provider 429", "provider", 30, _provider(kind="error", status=429, code=20429, retry_after="2")),
    _fault("provider resets", "provider", 20, _provider(kind="reset"), 2),
    _fault("provider takes and resets", "provider", 20, _provider(kind="reset", accept=True, times=4), 2),
    _fault("provider hangs", "provider", 20, _provider(kind="hang", times=4)),
    _fault("provider answers garbage", "provider", 20, _provider(kind="garbage", accept=True, times=4)),
    _fault("broker half-open", "broker network", 40, _half_open("to_broker")),
    _fault("provider half-open", "provider network", 30, _half_open("to_provider")),
    _fault("connections cut", "network", 10, _cut, 2),
    _fault("network slow", "network", 20, _slow),
    _fault("garbage", "garbage", 10, _garbage),
    _fault("repeated and late", "garbage", 10, _repeated),
)


def choose(chance: random.Random, touched: frozenset[str]) -> tuple[SoakFault, float] | None:
    """A fault that touches nothing of ``touched``, and for how long; None when there is none."""
    free = [fault for fault in FAULTS if not fault.touches & touched]
    if not free:
        return None
    (fault,) = chance.choices(free, [fault.weight for fault in free])
    return fault, chance.uniform(0.1, 1.0) * fault.most_s
