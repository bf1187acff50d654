"""What happened on a simulated day, line by line: hashed always, kept when somebody wants to read it."""

import hashlib

from deploy.soak.clock import DAY, HOUR, MINUTE, T0


class Trace:
    """``digest`` is the same for the same seed and the same program."""

    def __init__(self, *, keeps: bool) -> None:
        self.lines: list[str] = []
        self._keeps = keeps
        self._hash = hashlib.sha256()

    def add(self, at: int, text: str, *, is_usual: bool = False) -> None:
        """Note what happened; what is usual is kept only when everything is."""
        line = f"{clock_text(at)} {text}"
        self._hash.update(line.encode())
        if self._keeps or not is_usual:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def clock_text(at: int) -> str:
    """Day and time of the simulation: ``0 14:03:07.250``."""
    day, rest = divmod(at - T0, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return f"{day} {hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
