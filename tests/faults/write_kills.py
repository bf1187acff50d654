"""Core killed at every write of one alert: instead of its n-th write-like system call, for every n that there is.

Messages go to the provider's emulator, whose log of POSTs is its own. Two kinds of point: while the episode plays (from
the first sample on, thread by thread), and while core starts again over an episode in progress with messages in doubt.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.episode import EpisodeField
from tests.faults.injection import Thread, killed_at
from tests.installation import eventually

# recvfrom is no write: killed there, the provider has the message and core has not heard so.
CALLS: Final[tuple[tuple[Thread, str], ...]] = (
    ("sender", "connect"),
    ("sender", "sendto"),
    ("sender", "recvfrom"),
    ("main", "fdatasync"),
    ("main", "sendto"),
    ("main", "write"),
    ("main", "ftruncate"),
    ("main", "pwrite64"),
)
AT_START: Final = ("pwrite64", "fdatasync", "sendto", "write", "ftruncate")
MOST: Final = 2000
FIRST_SEEN: Final = ", first seen after "
CALM: Final = 2  # this many points in a row that were never reached: there are no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """``at_start``: core dies while it starts, instead of while the episode plays."""

    thread: Thread
    call: str
    n: int
    at_start: bool = False

    def __str__(self) -> str:
        return f"{'start' if self.at_start else self.thread}:{self.call}:{self.n}"


@dataclass(slots=True, kw_only=True)
class Sweep:
    """What a sweep did. ``faults`` are the oracle's sentences with the point after which they were first seen."""

    killed: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        kinds = ", ".join(f"{count} at {kind}" for kind, count in self.killed.items())
        return [f"{self.killed.total()} points in {self.seconds:.0f} s: {kinds or 'none'}", *self.faults]


def sweep(folder: Path, say: Callable[[str], None], *, every: int = 1) -> Sweep:
    """Every ``every``-th point of each call, until there are no more."""
    done = Sweep()
    began = time.monotonic()
    with EpisodeField(folder) as field_:
        field_.play()
        for points in _series(every):
            calm = 0
            for point in points:
                was_killed = take(field_, point, done)
                calm = 0 if was_killed else calm + 1
                if calm == CALM:
                    break
                if was_killed:
                    say(f"{point}: {done.killed.total()} points, {len(done.faults)} faults")
    done.seconds = time.monotonic() - began
    return done


def take(field_: EpisodeField, point: Point, done: Sweep) -> bool:
    """Play an episode over one point and judge it; whether core was killed there."""
    before = field_.restarts
    known = {fault.partition(FIRST_SEEN)[0] for fault in done.faults}
    if point.at_start:
        was_killed = _start_over(field_, point)
    else:
        if point.call == "connect":
            field_.kill()
            eventually(field_.provider.connections, "the connection that core's probe makes")
            field_.provider.cut()  # or the sender needs none of its own
        with killed_at(field_.installation.core, point.thread, point.call, point.n):
            field_.play()
        field_.mend()
        field_.settle()
        was_killed = field_.restarts > before
    if was_killed:
        done.killed[str(point).rpartition(":")[0]] += 1
    done.faults += [f"{fault}{FIRST_SEEN}{point}" for fault in field_.faults() if fault not in known]
    return was_killed


def _start_over(field_: EpisodeField, point: Point) -> bool:
    """Core dies while a message is on its way, and dies again while it starts."""
    rise = field_.rise()
    with killed_at(field_.installation.core, "sender", "recvfrom", 1):
        for observation in rise[:3]:
            field_.node.publish(observation)
        assert field_.installation.core is not None
        field_.installation.core.wait(90)
    inject = f"-einject={point.call}:signal=KILL:when={point.n}"
    # -D: core stays our own child. No -f: only its main thread is counted.
    field_.installation.start_core(
        wrapper=("strace", "-D", "-o", "/dev/null", f"-etrace={point.call}", inject), wait=False
    )
    core = field_.installation.core
    was_killed = False
    while not was_killed and not field_.installation.status().get("broker_connected"):
        was_killed = core.poll() is not None
        time.sleep(0.02)
    if not was_killed:
        field_.installation.kill("core")  # and its tracer with it, whose count goes on otherwise
    field_.mend()
    for observation in rise:
        field_.node.insist(observation, mend=field_.mend)
    field_.fall()
    field_.settle()
    return was_killed


def _series(every: int) -> Iterator[Iterator[Point]]:
    for thread, call in CALLS:
        yield (Point(thread=thread, call=call, n=n) for n in range(1, MOST, every))
    for call in AT_START:
        yield (Point(thread="main", call=call, n=n, at_start=True) for n in range(1, MOST, every))
