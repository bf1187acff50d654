"""Plays cases one after another: one that breaks down stops no other, and Ctrl-C ends with what there is."""

import time
import traceback
from collections.abc import Callable, Sequence
from typing import Final

from tests.faults.case import Case
from tests.faults.outcome import CannotRun, Outcome
from tests.faults.stage import Stage, run_tests

QUICK_SHARE: Final = 0.01


class Suite:
    """``outcomes`` grows with each case; ``has_tests``: the tests that show a fault too run with it."""

    def __init__(self, *, seed: int, share: float, say: Callable[[str], None], has_tests: bool) -> None:
        self.outcomes: list[Outcome] = []
        self._seed, self._share, self._say, self._has_tests = seed, share, say, has_tests
        self._was_interrupted = False

    @property
    def has_held(self) -> bool:
        """Nothing was violated, nothing broke down, and nothing that was asked for is missing."""
        return not self._was_interrupted and all(outcome.is_good for outcome in self.outcomes)

    def play(self, cases: Sequence[Case]) -> None:
        try:
            with Stage(seed=self._seed, share=self._share, say=self._say) as stage:
                for number, case in enumerate(cases, 1):
                    self._say(f"{number} of {len(cases)}  {case.name}: {case.fault}")
                    self._play(case, stage)
        except KeyboardInterrupt:
            self._was_interrupted = True
            self._say(f"stopped after {len(self.outcomes)} of {len(cases)} faults")

    def _play(self, case: Case, stage: Stage) -> None:
        outcome = Outcome(name=case.name, fault=case.fault, invariants=case.invariants)
        stage.begin(outcome)
        began = time.monotonic()
        try:
            self._bring_about(case, stage)
            outcome.state = "violated" if outcome.violations else "held"
        except CannotRun as error:
            outcome.state, outcome.reason = "not run", str(error)
        except Exception as error:  # noqa: BLE001 - the top of the loop: a case that breaks down is a finding
            outcome.state, outcome.reason = "broke down", f"{type(error).__name__}: {error}"
            self._say(traceback.format_exc())
        outcome.seconds = time.monotonic() - began
        if not outcome.is_good:
            stage.leave_field()
        self._say(f"  {outcome.state} in {outcome.seconds:.1f} s")
        self.outcomes.append(outcome)

    def _bring_about(self, case: Case, stage: Stage) -> None:
        if case.play is None and not self._has_tests:
            raise CannotRun("only tests show it, and they were left out")
        if case.play is not None:
            case.play(stage)
        if self._has_tests and case.tests:
            stage.outcome.tests = len(case.tests)
            stage.found(run_tests(case.tests))
