"""What became of a fault that was brought about, and what no fault may break."""

from dataclasses import dataclass, field
from typing import Final, Literal

INVARIANTS: Final = {
    "I1": "every reading acknowledged to a node is stored exactly once",
    "I2": "every breach yields an alert, and no alert is without a stored cause",
    "I3": "of each alert's version everybody gets one message, and no second one outside counted doubt",
    "I4": "after a restart nothing is sent for an event older than the horizon",
    "I5": "a level never goes down without fresh good data or a person's word",
    "I6": "a missed deadline of silence alarms within a second",
    "I7": "going up is never delayed by grouping",
    "I8": "a drill's traffic never appears in the real ledger",
    "I9": "every change of state is in the audit log, whose chain of hashes holds",
    "I10": "a bad payload changes a counter and a dead letter, and nothing else",
    "I11": "the outcome depends neither on the order of arrival nor on duplicates",
    "I12": "memory, queues and disk stay below their caps",
}

State = Literal["held", "violated", "broke down", "not run"]


class CannotRun(Exception):
    """A program or a right that the case needs is missing; the text names it and the remedy."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """``did`` are sentences with figures, ``violations`` the oracle's; ``reason`` says why a case did not run."""

    name: str
    fault: str
    invariants: tuple[str, ...]
    state: State = "held"
    did: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    reason: str = ""
    seconds: float = 0.0
    tests: int = 0

    @property
    def is_good(self) -> bool:
        return self.state == "held"
