"""Runs one of our processes and samples where its main thread spends its CPU time: ``python -m tests.bench.sampled``.

A timer of CPU time interrupts the process every two milliseconds of work. A sample weighs what the main thread itself
has used since the last one, so that the work of other threads is not put on its account. When the process ends, its
stacks are written in the "collapsed" form that other tools read too: frames from the root, joined by semicolons, and
microseconds. A frame is ``file:function``; the last one has the line besides.
"""

import runpy
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

EVERY_S: Final = 0.002
ROOT: Final = Path(__file__).parents[2]
LIBRARY: Final = "site-packages/"


class Sampler:
    """``stacks``: microseconds of the main thread's CPU by stack."""

    def __init__(self) -> None:
        self.stacks: Counter[tuple[str, ...]] = Counter()
        self._names: dict[CodeType, str] = {}
        self._used_ns = 0

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        self._used_ns = time.thread_time_ns()
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        used_ns = time.thread_time_ns()
        weight, self._used_ns = used_ns - self._used_ns, used_ns
        if frame is None:
            return
        found = [f"{self._name(frame.f_code)}:{frame.f_lineno}"]
        above = frame.f_back
        while above is not None:
            found.append(self._name(above.f_code))
            above = above.f_back
        self.stacks[tuple(reversed(found))] += weight // 1000

    def _name(self, code: CodeType) -> str:
        known = self._names.get(code)
        if known is None:
            known = self._names[code] = f"{_place(code.co_filename)}:{code.co_qualname}"
        return known

    def save(self, path: Path) -> None:
        path.write_text("".join(f"{';'.join(stack)} {weight}\n" for stack, weight in self.stacks.items()))


def _place(filename: str) -> str:
    """Short and the same on every machine: from the checkout's top, from site-packages, or the standard library's."""
    _, found, library = filename.partition(LIBRARY)
    if found:
        return library
    path = Path(filename)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def main() -> None:
    """``FILE PYTHON -m MODULE ...``: what would have been started without this, after the file for its stacks."""
    stacks, _python, _flag, module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    sampler = Sampler()
    sampler.start()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sampler.stop()
        sampler.save(Path(stacks))


if __name__ == "__main__":
    main()
