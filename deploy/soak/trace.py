"""What happened on a simulated day, line by line: hashed always, kept when somebody wants to read it."""

import hashlib

from deploy.soak.clock import DAY, HOUR, MINUTE, T0


class Trace:
    """``digest`` is the same for the same seed and the same program."""

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._kept: list[tuple[int, str]] = []
        self._hash = hashlib.sha256()

    def add(self, at: int, text: str, *, is_usual: bool = False) -> None:
        """Note what happened; what is usual is kept only when everything is."""
        self._hash.update(f"{at} {text}\n".encode())
        if self._keeps or not is_usual:
            self._kept.append((at, text))

    @property
    def lines(self) -> list[str]:
        """What was kept, each with its time."""
        return [f"{clock_text(at)} {text}" for at, text in self._kept]

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def clock_text(at: int) -> str:
    """Day and time of the simulation: ``0 14:03:07.250``."""
    day, rest = divmod(at - T0, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return f"{day} {hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
