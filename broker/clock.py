"""The one clock. A demonstration runs every process on the same scaled clock; real operation at speed 1."""

import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Milliseconds of UTC that pass ``speed`` times as fast as real ones since ``anchor_ms``."""

    speed: float = 1.0
    anchor_ms: int = 0

    def now(self) -> int:
        """Now, in integer milliseconds since 1970-01-01 UTC."""
        real = time.time_ns() // 1_000_000 if self.speed == 1 else time.time_ns() / 1e6
        if self.speed == 1:
            return int(real)
        return int(self.anchor_ms + (real - self.anchor_ms) * self.speed)

    def real_seconds(self, milliseconds: float) -> float:
        """How long a wait of ``milliseconds`` on this clock takes in real seconds."""
        return milliseconds / 1000 / self.speed

    @property
    def is_scaled(self) -> bool:
        return self.speed != 1

    def __str__(self) -> str:
        return f"{self.speed:g}@{self.anchor_ms}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``SPEED@ANCHOR_MS`` as printed by ``str``; raises ValueError naming the text."""
        speed, _, anchor = text.partition("@")
        try:
            clock = cls(speed=float(speed), anchor_ms=int(anchor or 0))
        except ValueError:
            raise ValueError(f"clock {text!r} is not SPEED@ANCHOR_MS, such as 60@1764000000000") from None
        if not 0.01 <= clock.speed <= 10_000:
            raise ValueError(f"clock speed {clock.speed:g} is outside 0.01 to 10000")
        return clock


REAL = Clock()
