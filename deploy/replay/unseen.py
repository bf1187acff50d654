"""Cases made from seeds, for a judgement on what nobody tuned on. The same seed is the same case, for ever.

Half are floods of any shape, with faults that a sound system lives through; the others have no flood, and any fault.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Final

from deploy.replay.case import Case, CaseThresholds, Class, Fault, FaultKind, Place, Truth
from deploy.replay.water import Tide, Water, Wave, grid

FIRST: Final = datetime.fromisoformat("2026-01-01T00:00:00+07:00")
LEAST_OVER_M: Final = 0.08  # a crest is this much over AWAS or more, or
LEAST_UNDER_M: Final = 0.12  # this much under it: what lies between is a matter of noise
CALM_MIN: Final = 180.0  # before anything happens

Shape = Callable[[Random, float], tuple[tuple[Wave, ...], Tide | None]]


def unseen_cases(seeds: Iterable[int]) -> list[Case]:
    """One case a seed."""
    return [unseen_case(seed) for seed in seeds]


def unseen_case(seed: int) -> Case:
    """A river, its thresholds, what it does, and what fails."""
    random = Random(seed)  # noqa: S311  a story, not a secret
    is_flood = random.random() < 0.5
    base, limits, datum_m = _gauge(random)
    kind = random.choice(list(_SHAPES))
    crest = _crest(random, limits, is_flood=is_flood, is_calm=kind == "calm")
    waves, tide = _SHAPES[kind](random, crest - base)
    end = max((wave.start_min + wave.rise_min + 0.8 * wave.fall_min for wave in waves), default=600.0)
    minutes = round(max(end, 600.0))
    interval = random.choice((60, 60, 60, 120, 300))
    place = Place(
        id="sungai-acak",
        name=f"Sungai {seed} (contoh)",
        datum_m=datum_m,
        interval_s=interval,
        silence_minutes=max(10.0, 4 * interval / 60),
        thresholds=limits,
        water=_scaled(Water(base_m=base, waves=waves, tide=tide), base, crest, minutes),
        rain=_rain(random, waves),
        noise_m=round(random.uniform(0.002, 0.02), 4),
        faults=_faults(random, minutes, is_flood=is_flood),
    )
    return Case(
        name=f"benih-{seed:05d}",
        title=f"Dibuat dari benih {seed}",
        kind=kind if is_flood or kind == "calm" else "near_miss",
        start=FIRST + timedelta(hours=random.randrange(24 * 300)),
        minutes=minutes,
        stations=(place,),
        truth=Truth(flood=is_flood and kind != "calm"),
        river="acak",
    )


def _gauge(random: Random) -> tuple[float, CaseThresholds, float]:
    """Low water, thresholds over it, and a sensor over all."""
    base = round(random.uniform(0.3, 3.0), 2)
    waspada = base + random.uniform(0.8, 1.5)
    siaga = waspada + random.uniform(0.5, 1.0)
    awas = siaga + random.uniform(0.5, 1.0)
    limits = CaseThresholds(waspada=round(waspada, 2), siaga=round(siaga, 2), awas=round(awas, 2))
    return base, limits, round(awas + 3.0, 2)


def _crest(random: Random, limits: CaseThresholds, *, is_flood: bool, is_calm: bool) -> float:
    if is_calm:
        return limits.waspada - 0.3
    if is_flood:
        return limits.awas + random.uniform(LEAST_OVER_M, 1.5)
    return random.uniform(limits.waspada - 0.2, limits.awas - LEAST_UNDER_M)


def _flash(random: Random, height: float) -> tuple[tuple[Wave, ...], Tide | None]:
    return (_wave(random, CALM_MIN, height, rise=(25, 100), fall=(90, 300)),), None


def _slow(random: Random, height: float) -> tuple[tuple[Wave, ...], Tide | None]:
    return (_wave(random, CALM_MIN, height, rise=(180, 600), fall=(300, 800)),), None


def _double(random: Random, height: float) -> tuple[tuple[Wave, ...], Tide | None]:
    first = _wave(random, CALM_MIN, height * random.uniform(0.4, 0.9), rise=(90, 240), fall=(150, 300))
    later = first.start_min + first.rise_min + random.uniform(120, 360)
    return (first, _wave(random, later, height, rise=(90, 240), fall=(200, 400))), None


def _tidal(random: Random, height: float) -> tuple[tuple[Wave, ...], Tide | None]:
    wave = _wave(random, CALM_MIN, height * 0.8, rise=(180, 420), fall=(300, 600))
    high = wave.start_min + wave.rise_min + random.uniform(-60, 60)
    return (wave,), Tide(amplitude_m=round(height * 0.1, 3), high_at_min=round(high, 1))


def _calm(random: Random, height: float) -> tuple[tuple[Wave, ...], Tide | None]:
    return (_wave(random, CALM_MIN, height * random.uniform(0, 1), rise=(120, 400), fall=(200, 500)),), None


_SHAPES: Final[dict[Class, Shape]] = {
    "flash": _flash, "slow": _slow, "double": _double, "tidal": _tidal, "calm": _calm,
}  # fmt: skip


def _wave(random: Random, start: float, height: float, *, rise: tuple[float, float], fall: tuple[float, float]) -> Wave:
    return Wave(
        start_min=round(start + random.uniform(0, 60), 1),
        rise_min=round(random.uniform(*rise), 1),
        fall_min=round(random.uniform(*fall), 1),
        height_m=round(max(height, 0.05), 3),
    )


def _scaled(water: Water, base: float, crest: float, minutes: float) -> Water:
    """Waves that overlap, and a tide, add up to another crest than was meant: stretch them to it."""
    highest = float(water.level_m(grid(minutes)).max())
    share = (crest - base) / (highest - base)
    waves = tuple(
        Wave(start_min=w.start_min, rise_min=w.rise_min, fall_min=w.fall_min, height_m=w.height_m * share)
        for w in water.waves
    )
    tide = water.tide
    if tide is not None:
        tide = Tide(amplitude_m=tide.amplitude_m * share, high_at_min=tide.high_at_min)
    return Water(base_m=base, waves=waves, tide=tide)


def _rain(random: Random, waves: tuple[Wave, ...]) -> tuple[tuple[float, float, float], ...] | None:
    """Most stations have a gauge; what it catches of the rain that fills the river differs."""
    if random.random() < 0.3:
        return None
    return tuple(
        (round(max(0.0, wave.start_min - 60), 1), round(wave.rise_min * 0.7, 1), round(random.uniform(5, 40), 1))
        for wave in waves
        if wave.height_m > 0.3
    )


# Kind, least and greatest value, least and greatest length in minutes, least and greatest share.
_Menu = tuple[FaultKind, tuple[float, float], tuple[float, float], tuple[float, float]]
_ANY: Final[tuple[_Menu, ...]] = (
    ("spike", (-2, 5), (2, 2), (1, 1)),
    ("outliers", (0.3, 4), (10, 400), (0.02, 0.15)),
    ("no_return", (0, 0), (5, 300), (0.1, 0.4)),
    ("noise", (0.01, 0.04), (60, 600), (1, 1)),
    ("silent", (0, 0), (3, 15), (1, 1)),
    ("late", (0, 0), (5, 25), (1, 1)),
    ("duplicates", (2, 4), (60, 600), (1, 1)),
    ("shuffled", (1, 3), (60, 600), (1, 1)),
    ("raw", (0, 0), (30, 600), (0.02, 0.2)),
)
_DRY: Final[tuple[_Menu, ...]] = (
    *_ANY,
    ("step", (0.5, 4), (5, 300), (1, 1)),
    ("plateau", (0.4, 3), (15, 300), (1, 1)),
    ("raw", (300, 300), (60, 400), (0.2, 1)),
    ("stuck", (0, 0), (60, 600), (1, 1)),
    ("silent", (0, 0), (30, 240), (1, 1)),
    ("late", (0, 0), (60, 360), (1, 1)),
    ("clock", (-180, 180), (60, 600), (1, 1)),
    ("no_clock", (0, 0), (60, 600), (1, 1)),
    ("noise", (0.05, 0.4), (60, 400), (1, 1)),
    ("outliers", (1, 5), (30, 400), (0.2, 1)),
)


def _faults(random: Random, minutes: float, *, is_flood: bool) -> tuple[Fault, ...]:
    menu = _ANY if is_flood else _DRY
    return tuple(_fault(random, random.choice(menu), minutes) for _ in range(random.choice((0, 1, 1, 2, 3))))


def _fault(random: Random, choice: _Menu, minutes: float) -> Fault:
    kind, value, length, share = choice
    return Fault(
        kind=kind,
        from_min=round(random.uniform(20, minutes - 60), 1),
        for_min=round(random.uniform(*length), 1),
        value=round(random.uniform(*value), 2),
        share=round(random.uniform(*share), 3),
    )
