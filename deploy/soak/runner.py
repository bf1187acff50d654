"""Many simulated days over the machine's processors, the first failure of each seed kept."""

import gc
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.soak.day import DayResult, play
from deploy.soak.installation import Installation, folder
from deploy.soak.plan import plan_of

Work = tuple[int, int, tuple[str, ...]]  # a seed, how many days, and which faults
_root: list[Path] = []  # of a process of the pool
_own: list[Installation] = []


@dataclass(slots=True)
class Summary:
    """What was played so far."""

    days: int = 0
    readings: int = 0
    alarms: int = 0
    worst_hour: int = 0
    worst_10min: int = 0
    standing: int = 0
    heavy: list[int] = field(default_factory=list)  # seeds with more alarms than an officer can deal with
    failed: list[DayResult] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)  # faults, how often

    def add(self, result: DayResult) -> None:
        self.days += 1
        self.readings += result.readings
        load = result.load
        self.alarms += load.alarms
        self.worst_hour = max(self.worst_hour, load.worst_hour)
        self.worst_10min = max(self.worst_10min, load.worst_10min)
        self.standing = max(self.standing, load.standing)
        if not load.is_bearable:
            self.heavy.append(result.plan.seed)
        for fault in result.plan.faults:
            self.kinds[fault.kind] = self.kinds.get(fault.kind, 0) + 1
        if result.breaches:
            self.failed.append(result)


def play_all(
    seeds: range, days: int, jobs: int, *, kinds: tuple[str, ...] = (), seconds: float | None = None
) -> Iterator[list[DayResult]]:
    """The days of each seed as they are done, in any order; ``seconds``: no new results after that real time."""
    ends = None if seconds is None else time.monotonic() + seconds
    work = [(seed, days, kinds) for seed in seeds]
    with folder() as root:
        for results in _in_turn(work, Path(root)) if jobs == 1 else _at_once(work, jobs, root):
            yield results
            if ends is not None and time.monotonic() >= ends:
                return


def _in_turn(work: list[Work], root: Path) -> Iterator[list[DayResult]]:
    with _quiet():
        installation = Installation(root)
        for each in work:
            yield _days(installation, *each)


def _at_once(work: list[Work], jobs: int, root: str) -> Iterator[list[DayResult]]:
    pool = multiprocessing.get_context("spawn").Pool(jobs, _begin, (root,))
    try:
        yield from pool.imap_unordered(_play, work)
    finally:
        pool.terminate()
        pool.join()


def _begin(root: str) -> None:
    """A process of its own: Ctrl-C is its parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    _root.append(Path(root))


def _play(work: Work) -> list[DayResult]:
    if not _own:  # made here and not at the beginning: what fails here is told, and ends the pool
        place = _root[0] / str(os.getpid())
        place.mkdir()
        _own.append(Installation(place))
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)  # as core has it
    return _days(_own[0], *work)


def _days(installation: Installation, seed: int, days: int, kinds: tuple[str, ...]) -> list[DayResult]:
    results: list[DayResult] = []
    for number in range(days):
        results.append(play(installation, plan_of(seed, number, kinds)))
        if results[-1].breaches:
            break
    return results


@contextmanager
def _quiet() -> Iterator[None]:
    """Core warns of each decision and each fault; a thousand days of that help nobody."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def replay(seed: int, days: int, kinds: tuple[str, ...] = ()) -> Iterator[DayResult]:
    """The days of one seed with their whole traces, until a promise is broken."""
    with _quiet(), folder() as root:
        installation = Installation(Path(root))
        for number in range(days):
            result = play(installation, plan_of(seed, number, kinds), keeps_trace=True)
            yield result
            if result.breaches:
                return
