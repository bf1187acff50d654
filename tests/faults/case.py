"""A fault as a case of the suite: what it is called, how it is brought about, and what it may not break."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``play`` brings the fault about and tells the stage what it did and what it found.

    ``is_quick``: part of what runs with every commit, at a small scale. ``tests`` are tests of the suite, as
    ``file::function`` below ``tests/``, which bring the same fault about; they run with the case when all of it is
    asked for.
    """

    name: str
    fault: str
    invariants: tuple[str, ...]
    play: Callable[[Stage], None] | None = None
    is_quick: bool = False
    tests: tuple[str, ...] = ()
