"""Rules of a station, an area and a group of stations, as data. A version of them stands with every decision."""

from typing import Final, Literal

import msgspec

from broker.levels import Level

MINUTE_MS: Final = 60_000
LEAST_INTERVAL_MS: Final = 30_000

Window = Literal["10min", "1h", "3h", "6h", "24h"]
Where = Literal["here", "upstream"]


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

    Up: ``hold_up`` samples in a row at or above a threshold; one where they are minutes apart and surely rise. Down:
    every sample of the last ``hold_down_ms`` below the threshold less ``hysteresis_m``, the first and the last of them
    at least that far apart. Early: SIAGA when AWAS is expected within ``early_siaga_ms`` and the last three samples
    rose (0: never). ``high_tide`` stands in place of ``thresholds`` inside a predicted high-water window, when the
    river cannot drain; none of it may be higher.
    """

    thresholds: Thresholds
    hysteresis_m: float = 0.1
    hold_up: int = 2
    hold_down_ms: int = 15 * MINUTE_MS
    early_siaga_ms: int = 45 * MINUTE_MS
    high_tide: Thresholds | None = None

    def __post_init__(self) -> None:
        if self.hysteresis_m < 0:
            raise BadRules(f"hysteresis_m is {self.hysteresis_m}; it must be 0 or more")
        if self.hold_up < 1:
            raise BadRules(f"hold_up is {self.hold_up}; it must be 1 sample or more")
        if self.hold_down_ms < 0 or self.early_siaga_ms < 0:
            raise BadRules("hold_down and early_siaga must be 0 or more")
        for level in (Level.WASPADA, Level.SIAGA, Level.AWAS):
            if self.high_tide is not None and self.high_tide.of(level) > self.thresholds.of(level):
                raise BadRules(
                    f"high_tide {level.name.lower()} {self.high_tide.of(level)} is above the usual "
                    f"{self.thresholds.of(level)}; high tide may only lower a threshold"
                )


class SupportRule(msgspec.Struct, frozen=True, kw_only=True):
    """What must speak for one station before its AWAS may go to the public without an operator.

    ``samples`` good ones in a row at AWAS, and at least one of: ``rain_mm`` in 3 h here or upstream; a neighbour that
    rises or stands above NORMAL; a second sensor within ``second_m``; somebody's own observation. Each counts for
    ``fresh_ms``. A jump of ``step_m`` or more between two samples is a step: unsupported, nothing of it is public.
    The numbers are ours, not an authority's.
    """

    samples: int = 3
    rain_mm: float = 10.0
    second_m: float = 0.2
    fresh_ms: int = 60 * MINUTE_MS
    step_m: float = 0.5

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise BadRules(f"support samples is {self.samples}; it must be 1 or more")
        if min(self.rain_mm, self.second_m, self.step_m) <= 0 or self.fresh_ms <= 0:
            raise BadRules("support rain_mm, second_m, step_m and fresh_ms must be above 0")


class RainLimit(msgspec.Struct, frozen=True, kw_only=True):
    """``mm`` or more within ``window``, here or as the mean of the gauges upstream, is ``level``."""

    window: Window
    mm: float
    level: int
    where: Where = "here"

    def __post_init__(self) -> None:
        if self.mm <= 0 or self.level not in (Level.WASPADA, Level.SIAGA, Level.AWAS):
            raise BadRules(f"rain limit {self.window} {self.mm} mm -> level {self.level}: above 0 mm, level 1 to 3")


class RainRule(msgspec.Struct, frozen=True, kw_only=True):
    """Up: at once, a sum being at least what was measured. Down: all sums of a level below ``release`` of their limits
    for ``hold_down_ms``, with at least ``complete`` of each window observed.
    """

    limits: tuple[RainLimit, ...]
    release: float = 0.8
    complete: float = 0.8
    hold_down_ms: int = 30 * MINUTE_MS

    def __post_init__(self) -> None:
        if not self.limits:
            raise BadRules("rain limits is empty; give at least one, or leave rain out")
        if not (0 < self.release <= 1 and 0 < self.complete <= 1) or self.hold_down_ms < 0:
            raise BadRules("rain release and complete must be above 0 and at most 1, hold_down 0 or more")


class AirRule(msgspec.Struct, frozen=True, kw_only=True):
    """ISPU categories (0 Baik .. 4 Berbahaya) at which a level begins.

    An indicative hour, which is no ISPU, and a worsening by ``worsening_ugm3`` from one hour to the next raise WASPADA
    at most (0: never).
    """

    waspada: int = 2
    siaga: int = 3
    awas: int = 4
    indicative: int = 3
    worsening_ugm3: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.waspada < self.siaga < self.awas <= 4:
            raise BadRules(f"air categories must rise within 1..4: {self.waspada} < {self.siaga} < {self.awas}")
        if not 0 <= self.indicative <= 4 or self.worsening_ugm3 < 0:
            raise BadRules("air indicative must be a category 1..4 or 0 for never, worsening_ugm3 0 or more")


class StationRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine needs to know of one station.

    ``level`` is None while no thresholds are set: the station is BELUM DITETAPKAN and only its silence is watched.
    ``interval_ms`` is how often it reports; 0 means learned from its samples. Silence while rising counts from two of
    them, of 30 s each at least, or a node that samples every 10 s would be called dead after a lost connection.
    """

    station: str
    version: int
    quantity: str  # the quantity that the level rule reads, and whose absence is silence
    level: LevelRule | None
    silence_after_ms: int = 10 * MINUTE_MS
    horizon_ms: int = 15 * MINUTE_MS  # readings older than this, by their own time, warn nobody
    interval_ms: int = 0
    support: SupportRule = SupportRule()
    rain: RainRule | None = None
    air: AirRule | None = None

    def __post_init__(self) -> None:
        if self.silence_after_ms <= 0 or self.horizon_ms <= 0 or self.interval_ms < 0:
            raise BadRules("silence_after and horizon must be above 0, interval 0 (learned) or more")


class AreaRules(msgspec.Struct, frozen=True, kw_only=True):
    """An area warns when one of its stations may warn the public, or ``agree`` of them stand at a level together.

    Down: ``hold_down_ms`` after its stations went down, and not while ``rain_mm`` or more fell upstream in the last
    hour or rain is expected here (0: rain does not keep it armed). Without ``stations`` only people decide its level.
    """

    area: str
    version: int
    stations: tuple[str, ...]
    agree: int = 2
    hold_down_ms: int = 0
    rain_mm: float = 5.0

    def __post_init__(self) -> None:
        if self.agree < 2:
            raise BadRules(f"area {self.area}: agree must be 2 or more")
        if self.hold_down_ms < 0 or self.rain_mm < 0:
            raise BadRules(f"area {self.area}: hold_down and rain_mm must be 0 or more")


class GroupRules(msgspec.Struct, frozen=True, kw_only=True):
    """Stations that are heard through one thing: a gateway, or everything there is.

    Nothing from any of them for ``silence_after_ms`` is one alert. It must be shorter than their own silence by at
    least a reporting interval, or their alarms come first.
    """

    group: str
    version: int
    silence_after_ms: int = 5 * MINUTE_MS

    def __post_init__(self) -> None:
        if self.silence_after_ms <= 0:
            raise BadRules(f"group {self.group}: silence_after must be above 0")
