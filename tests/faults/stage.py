"""What a case plays on: one installation after another, as long as nothing was found wrong with the one before."""

import contextlib
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from tests.faults.episode import EpisodeField
from tests.faults.outcome import Outcome

ROOT = Path(__file__).parents[2]


class Stage:
    """A context manager. ``share`` of 1 plays each fault as large as the list of faults has it; less scales it down.

    Cases that leave broker, core, provider and node in good health share them; one that found a violation, or broke
    down, leaves its installation behind.
    """

    def __init__(self, *, seed: int, share: float, say: Callable[[str], None]) -> None:
        self.seed, self.share, self.say = seed, share, say
        self.chance = random.Random(seed)
        self.outcome: Outcome
        self._stack = contextlib.ExitStack()
        self._shared: EpisodeField | None = None

    def __enter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ktf-")))
        return self

    def __exit__(self, *_: object) -> None:
        self.leave_field()
        self._stack.close()

    def begin(self, outcome: Outcome) -> None:
        """Play for ``outcome`` from now on; the same seed makes the same choices whatever was played before."""
        self.outcome = outcome
        self.chance = random.Random(f"{self.seed} {outcome.name}")

    # -- what is played on ---------------------------------------------------------------------------------------------

    def field(self) -> EpisodeField:
        """The shared installation, at rest after an episode that was played to its end."""
        if self._shared is None:
            self._shared = EpisodeField(self.folder())
            self._shared.__enter__()
            self._shared.play()
        return self._shared

    def leave_field(self) -> None:
        """Close the shared installation: the next case gets a new one."""
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.__exit__()

    def folder(self) -> Path:
        """A new empty folder, gone when the stage closes."""
        return Path(tempfile.mkdtemp(dir=self._folder))

    def count(self, whole: int, *, least: int = 1) -> int:
        """``whole``, scaled."""
        return max(least, round(whole * self.share))

    def seconds(self, whole: float, *, least: float = 1.0) -> float:
        """``whole`` seconds, scaled."""
        return max(least, whole * self.share)

    # -- what is told --------------------------------------------------------------------------------------------------

    def did(self, sentence: str) -> None:
        self.outcome.did.append(sentence)
        self.say(f"  {sentence}")

    def found(self, violations: Iterable[str]) -> None:
        for violation in violations:
            self.outcome.violations.append(violation)
            self.say(f"  VIOLATION: {violation}")

    def expect(self, holds: object, otherwise: str) -> None:
        """``otherwise`` is the violation when something does not hold."""
        if not holds:
            self.found([otherwise])


def run_tests(names: Iterable[str]) -> list[str]:
    """Run tests by ``file::function``; what failed, a sentence each."""
    targets = [f"tests/{name}" for name in names]
    argv = [sys.executable, "-m", "pytest", "-q", "-rfE", "--no-header", "-p", "no:randomly", *targets]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    last = done.stdout.strip().splitlines()[-1:] or done.stderr.strip().splitlines()[-1:]
    return failed or [f"pytest ended with {done.returncode}: {' '.join(last)}"]
