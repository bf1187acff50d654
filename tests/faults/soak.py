"""Hours of random faults over real processes: ``python -m tests.faults soak --help``.

Two faults at a time at most, which do not touch the same process. Every round ends in quiet, in which the oracle judges
readings, journal, story, messages and memory; at the end history is compared with the journal, too.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tests.faults.soak_faults import SoakFault, choose
from tests.faults.soak_field import SoakField

AT_A_TIME: Final = 2
ROUND_S: Final = 600.0
PAUSE_S: Final = (1.0, 15.0)
LAST: Final = 8  # faults that are told with a violation
DEAD_FOR: Final = 3  # looks at a process that is gone and that no fault has touched


@dataclass(slots=True, kw_only=True)
class Soak:
    """What was done so far."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    last: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    rounds: int = 0
    seconds: float = 0.0
    figures: str = ""

    def lines(self) -> list[str]:
        kinds = ", ".join(f"{count} {name}" for name, count in self.faults.most_common())
        return [
            f"{self.faults.total()} faults in {self.seconds / 60:.1f} min, {self.rounds} rounds, seed {self.seed}",
            f"  {kinds or 'none'}",
            f"  {self.figures}",
            *(f"  VIOLATION: {violation}" for violation in self.violations),
            f"  {len(self.violations)} violations",
        ]


class _Troubles:
    """Faults under way, each in a thread of its own."""

    def __init__(self, place: SoakField, done: Soak, say: Callable[[str], None], chance: random.Random) -> None:
        self._field, self._done, self._say, self._chance = place, done, say, chance
        self._running: dict[Future[None], SoakFault] = {}
        self._began = time.monotonic()

    @property
    def touched(self) -> frozenset[str]:
        return frozenset().union(*(fault.touches for fault in self._running.values()))

    def begin(self, pool: ThreadPoolExecutor) -> None:
        """One more fault, when there is room for one."""
        self.tidy()
        found = choose(self._chance, self.touched) if len(self._running) < AT_A_TIME else None
        if found is None:
            return
        fault, seconds = found
        told = f"{time.monotonic() - self._began:6.0f} s: {fault.name} for {seconds:.1f} s"
        self._done.faults[fault.name] += 1
        self._done.last = [*self._done.last, told][-LAST:]
        self._say(f"{told}; {self._field.episodes} alerts, {len(self._field.log.acked)} acknowledged")
        self._running[pool.submit(fault.play, self._field, seconds)] = fault

    def tidy(self) -> None:
        """Forget what is over; raises what a fault itself failed with."""
        for future in [future for future in self._running if future.done()]:
            del self._running[future]
            future.result()

    def wait(self) -> None:
        while self._running:
            time.sleep(0.2)
            self.tidy()


def soak(seconds: float, seed: int, say: Callable[[str], None]) -> Soak:
    """Faults for so long; Ctrl-C ends with what was found so far."""
    done, began = Soak(seed=seed), time.monotonic()
    with SoakField() as place:
        try:
            while (left := seconds - (time.monotonic() - began)) > 0:
                _round(place, done, min(left, ROUND_S), say)
            if not done.violations:
                done.violations += place.judge_history()
        except KeyboardInterrupt:
            say("stopped: what was found so far")
        except Exception as error:  # noqa: BLE001 - the top of the loop: that it broke down is a finding, told with its faults
            done.violations.append(f"broke down: {type(error).__name__}: {error}; last faults: {'; '.join(done.last)}")
        done.figures = (
            f"{place.episodes} alerts, {len(place.log.acked | place.node.numbers())} observations acknowledged, "
            f"{len(place.provider.posts())} POSTs"
        )
    done.seconds = time.monotonic() - began
    return done


def _round(place: SoakField, done: Soak, seconds: float, say: Callable[[str], None]) -> None:
    chance = random.Random(f"{done.seed} {done.rounds}")
    stop, ends = threading.Event(), time.monotonic() + seconds
    troubles = _Troubles(place, done, say, chance)
    with ThreadPoolExecutor(AT_A_TIME + 1) as pool:
        story = pool.submit(place.play, stop)
        try:
            while time.monotonic() < ends and not story.done():
                troubles.begin(pool)
                _watch(place, troubles, min(ends, time.monotonic() + chance.uniform(*PAUSE_S)))
            troubles.wait()
        finally:
            stop.set()
        story.result()
    place.settle()
    done.rounds += 1
    found = place.judge()
    done.violations += [f"{fault} (round {done.rounds}; last faults: {'; '.join(done.last)})" for fault in found]
    say(f"round {done.rounds} judged: {len(found)} violations; core has {place.core_mib():.0f} MiB")


def _watch(place: SoakField, troubles: _Troubles, until: float) -> None:
    """Until then; a process that no fault touches and that has ended is a finding."""
    looks: Counter[str] = Counter()
    while time.monotonic() < until:
        time.sleep(0.3)
        troubles.tidy()
        gone = [name for name in place.ended() if name not in troubles.touched]
        looks = Counter({name: looks[name] + 1 for name in gone})
        if dead := [name for name, count in looks.items() if count >= DEAD_FOR]:
            raise AssertionError(f"{', '.join(dead)} ended by itself")


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults soak", description="Random faults for hours.")
    parser.add_argument("--hours", type=float, default=2.0, help="how long (2)")
    parser.add_argument("--seed", type=int, help="the same seed chooses the same faults in the same order")
    args = parser.parse_args(words)
    seed = random.randrange(2**32) if args.seed is None else args.seed
    print(f"seed {seed}; Ctrl-C ends with what was found so far", flush=True)
    done = soak(args.hours * 3600, seed, lambda line: print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True))
    print("\n".join(done.lines()))
    return 1 if done.violations or not done.rounds else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
