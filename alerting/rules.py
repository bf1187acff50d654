"""Rules of a station, as data. A version of them is recorded with every decision that they cause."""

from typing import Final

import msgspec

from broker.levels import Level

MINUTE_MS: Final = 60_000


class BadRules(ValueError):
    """Rules that contradict themselves; the text names the key and the remedy."""


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Metres above the gauge's zero at which a level begins. All three are given, rising."""

    waspada: float
    siaga: float
    awas: float

    def __post_init__(self) -> None:
        if not self.waspada < self.siaga < self.awas:
            raise BadRules(
                f"thresholds must rise: waspada {self.waspada} < siaga {self.siaga} < awas {self.awas} is not so"
            )

    def of(self, level: Level) -> float:
        """The threshold of WASPADA, SIAGA or AWAS."""
        return (self.waspada, self.siaga, self.awas)[level - 1]


class LevelRule(msgspec.Struct, frozen=True, kw_only=True):
    """When the water at a station is at a level.

    Up: ``hold_up`` samples in a row at or above a threshold. Down: every sample of the last ``hold_down_ms`` below the
    threshold less ``hysteresis_m``, the first and the last of them at least that far apart. Early: SIAGA when AWAS is
    expected within ``early_siaga_ms`` and the last three samples rose (0: never).
    """

    thresholds: Thresholds
    hysteresis_m: float = 0.1
    hold_up: int = 2
    hold_down_ms: int = 15 * MINUTE_MS
    early_siaga_ms: int = 45 * MINUTE_MS

    def __post_init__(self) -> None:
        if self.hysteresis_m < 0:
            raise BadRules(f"hysteresis_m is {self.hysteresis_m}; it must be 0 or more")
        if self.hold_up < 1:
            raise BadRules(f"hold_up is {self.hold_up}; it must be 1 sample or more")
        if self.hold_down_ms < 0 or self.early_siaga_ms < 0:
            raise BadRules("hold_down and early_siaga must be 0 or more")


class StationRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine needs to know of one station.

    ``level`` is None while no thresholds are set: the station is BELUM DITETAPKAN and only its silence is watched.
    """

    station: str
    version: int
    quantity: str  # the quantity that the level rule reads, and whose absence is silence
    level: LevelRule | None
    silence_after_ms: int = 10 * MINUTE_MS
    horizon_ms: int = 15 * MINUTE_MS  # readings older than this, by their own time, warn nobody
