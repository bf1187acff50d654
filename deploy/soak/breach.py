"""A broken promise, as the oracle names it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """``invariant`` is I1 to I12, G23, or ``core`` when the program failed. ``at`` is the world's time, ms UTC."""

    invariant: str
    at: int
    text: str


@dataclass(slots=True)
class Breaches:
    """What was found so far; the first one ends a day."""

    now: int = 0
    found: list[Breach] = field(default_factory=list)

    def add(self, invariant: str, text: str) -> None:
        self.found.append(Breach(invariant=invariant, at=self.now, text=text))
