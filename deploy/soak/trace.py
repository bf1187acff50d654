"""What happened on a simulated day, line by line: hashed always, kept when somebody wants to read it."""

import hashlib
from typing import Final

from deploy.soak.clock import DAY, HOUR, MINUTE, T0

KEPT: Final = 12


class Trace:
    """``digest`` is the same for the same seed and the same program."""

    def __init__(self, *, keeps: bool) -> None:
        self.lines: list[str] = []
        self._keeps = keeps
        self._hash = hashlib.sha256()

    def add(self, at: int, text: str) -> None:
        line = f"{clock_text(at)} {text}"
        self._hash.update(line.encode())
        self.lines.append(line)
        if not self._keeps and len(self.lines) > 2 * KEPT:
            del self.lines[:-KEPT]

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def clock_text(at: int) -> str:
    """Day and time of the simulation: ``0 14:03:07.250``."""
    day, rest = divmod(at - T0, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return f"{day} {hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
