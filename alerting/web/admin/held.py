"""Files that were looked at and wait to be taken: some minutes, in memory alone, each found by its own hash."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

KEPT_MS: Final = 20 * 60_000
MOST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """``what`` is the file with what was said about it; ``owner`` brought it and alone may take it."""

    id: str
    owner: str
    what: Any
    until: int


class HeldFiles:
    """The oldest goes when there is no room."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._held: dict[str, Held] = {}
        self._lock = threading.Lock()

    def keep(self, owner: str, what: Any, data: bytes) -> Held:
        """The id is of the file's bytes and of everything that was said about it."""
        name = hashlib.sha256(data + repr((owner, what)).encode()).hexdigest()[:32]
        held = Held(id=name, owner=owner, what=what, until=self._now() + KEPT_MS)
        with self._lock:
            self._drop()
            self._held.pop(name, None)
            while len(self._held) >= MOST:
                self._held.pop(next(iter(self._held)))
            self._held[name] = held
        return held

    def get(self, name: str, owner: str) -> Held | None:
        with self._lock:
            self._drop()
            held = self._held.get(name)
        return held if held is not None and held.owner == owner else None

    def drop(self, name: str) -> None:
        with self._lock:
            self._held.pop(name, None)

    def _drop(self) -> None:
        now = self._now()
        self._held = {name: held for name, held in self._held.items() if held.until > now}
