"""Series with one known fault each, and sound ones that are easily taken for faulty; quality control is held to them.

A specimen is what a node sends, sample by sample, and which of the samples are wrong. All of it is synthetic; what the
faults look like follows the failures that makers and operators of such sensors describe.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Wrong = NDArray[np.bool_]

START_MS: Final = 1_767_225_600_000  # 2026-01-01
DATUM_M: Final = 4.9
_DAY_MIN: Final = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """``raw`` is in the sensor's unit (mm of distance for a level), NaN where the node sent null.

    ``rain_mm`` is the sum of the last three hours upstream and ``neighbour_m_per_h`` the rise at the next station, per
    sample; NaN means that nobody knows. ``near_mm`` is what other rain gauges caught in the last three hours.
    """

    name: str
    quantity: str
    sensor: str
    times: NDArray[np.int64]
    raw: Floats
    wrong: Wrong
    rain_mm: Floats
    neighbour_m_per_h: Floats
    near_mm: Floats

    @property
    def is_sound(self) -> bool:
        """Whether nothing in it is wrong: every flag is a false alarm."""
        return not self.wrong.any()


Rng = np.random.Generator
Maker = Callable[[Rng], Specimen]


def specimen(name: str, seed: int) -> Specimen:
    """The specimen of ``name`` that ``seed`` draws; the same always. Raises KeyError for a name that is not there."""
    return MAKERS[name](np.random.default_rng([seed, sorted(MAKERS).index(name)]))


def _made(
    name: str, quantity: str, sensor: str, raw: Floats, wrong: Wrong | None = None, *, step_s: float = 60
) -> Specimen:
    count = len(raw)
    unknown = np.full(count, np.nan)
    return Specimen(
        name=name,
        quantity=quantity,
        sensor=sensor,
        times=(START_MS + np.arange(count) * step_s * 1000).astype(np.int64),
        raw=raw,
        wrong=np.zeros(count, dtype=bool) if wrong is None else wrong,
        rain_mm=unknown,
        neighbour_m_per_h=unknown,
        near_mm=unknown,
    )


# -- rivers ----------------------------------------------------------------------------------------------------------


def _calm(rng: Rng, count: int = _DAY_MIN, noise_m: float = 0.006, minutes: float = 1) -> Floats:
    at = np.arange(count) * minutes
    sway = 0.04 * np.sin(at * 2 * np.pi / rng.uniform(300, 800) + rng.uniform(0, 6))
    return np.asarray(rng.uniform(0.8, 1.6) + sway + rng.normal(0, noise_m, count))


def _flood(count: int, begin: int, to_peak: float, height_m: float) -> Floats:
    """An S-shaped rise to the crest, then a slow recession."""
    at = np.arange(count) - begin
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(at / to_peak, 0, 1))
    fall = np.exp(-np.clip(at - to_peak, 0, None) / (4 * to_peak + 60))
    return np.asarray(height_m * rise * fall)


def _distance(level_m: Floats) -> Floats:
    return np.asarray(np.round((DATUM_M - level_m) * 1000))


def _river(
    name: str, level_m: Floats, wrong: Wrong | None = None, *, sensor: str = "a02yyuw", step_s: float = 60
) -> Specimen:
    return _made(name, "level_m", sensor, _distance(level_m), wrong, step_s=step_s)


def _sound_calm(rng: Rng) -> Specimen:
    return _river("calm", _calm(rng))


def _sound_waves(rng: Rng) -> Specimen:
    return _river("waves", _calm(rng, noise_m=0.02))


def _sound_flood(rng: Rng) -> Specimen:
    return _river("flood", _calm(rng) + _flood(_DAY_MIN, 400, rng.uniform(120, 300), rng.uniform(1.5, 3)))


def _sound_flash(rng: Rng) -> Specimen:
    """Up to 3 m in 12 to 25 minutes, and nobody near by to confirm it."""
    return _river("flash flood", _calm(rng) + _flood(_DAY_MIN, 400, rng.uniform(12, 25), rng.uniform(2, 3)))


def _sound_flash_rain(rng: Rng) -> Specimen:
    made = replace(_sound_flash(rng), name="flash flood, rain")
    return replace(made, rain_mm=np.where(np.arange(len(made.raw)) > 330, rng.uniform(25, 80), 0.0))


def _sound_front(rng: Rng) -> Specimen:
    """The front of a wave: a step between two samples, and then it goes on rising."""
    count, begin = _DAY_MIN, 500
    step = np.where(np.arange(count) >= begin, rng.uniform(0.4, 0.9), 0.0)
    return _river("wave front", _calm(rng) + step + _flood(count, begin, rng.uniform(10, 20), rng.uniform(1, 1.6)))


def _sound_slow_samples(rng: Rng) -> Specimen:
    """A flash flood as a logger of 15 minutes sees it."""
    level = _calm(rng, 288, minutes=15) + _flood(288, 100, rng.uniform(2, 4), rng.uniform(2, 3))
    return _river("flash flood, 15 min", level, step_s=900)


def _spike(rng: Rng) -> Specimen:
    level = _calm(rng) + _flood(_DAY_MIN, 700, 200, 2)
    at = rng.choice(np.arange(20, _DAY_MIN, 7), 12, replace=False)
    wrong = np.zeros(_DAY_MIN, dtype=bool)
    wrong[at] = True
    level[at] += rng.uniform(0.4, 3, 12) * rng.choice([-1, 1], 12)
    return _river("spike", level, wrong)


def _box(rng: Rng) -> Specimen:
    """A car parks under the sensor, for half an hour to some hours."""
    level, wrong = _calm(rng), np.zeros(_DAY_MIN, dtype=bool)
    begin, length = int(rng.integers(100, 500)), int(rng.integers(30, 400))
    wrong[begin : begin + length] = True
    level[wrong] = level.mean() + rng.uniform(0.6, 2) + rng.normal(0, 0.004, length)
    return replace(_river("box", level, wrong), rain_mm=np.zeros(_DAY_MIN), neighbour_m_per_h=np.zeros(_DAY_MIN))


def _box_in_rain(rng: Rng) -> Specimen:
    """The same while it rains: the rain speaks for the step, so it is believed."""
    return replace(_box(rng), name="box in rain", rain_mm=np.full(_DAY_MIN, rng.uniform(15, 60)))


def _moved(rng: Rng) -> Specimen:
    """Somebody moves the sensor and tells nobody: wrong from then on, though the water moves as ever."""
    level, wrong = _calm(rng), np.zeros(_DAY_MIN, dtype=bool)
    wrong[int(rng.integers(200, 900)) :] = True
    level[wrong] += rng.uniform(0.3, 1.5) * rng.choice([-1, 1])
    return _river("moved sensor", level, wrong)


def _drift(rng: Rng) -> Specimen:
    """The mast sinks by some centimetres an hour: no test of one series can see it, a staff gauge does."""
    at = np.arange(_DAY_MIN)
    begin = int(rng.integers(100, 400))
    off = np.clip(at - begin, 0, None) * rng.uniform(0.02, 0.08) / 60
    return _river("drift", _calm(rng) + off, off > 0.05)


def _sound_tide(rng: Rng) -> Specimen:
    """A river's mouth: up and down by 2 m twice a day."""
    level = _calm(rng) + 1 + np.sin(np.arange(_DAY_MIN) * 2 * np.pi / 745 + rng.uniform(0, 6))
    return _river("tide", level)


def _storm(rng: Rng) -> Specimen:
    """False echoes from a branch or foam, mixed with true ones and with the code for no return."""
    made = _river("false echoes", _calm(rng), sensor="maxbotix")
    raw, wrong = made.raw.copy(), np.zeros(_DAY_MIN, dtype=bool)
    for begin in rng.integers(50, 1200, 6):
        part = np.arange(begin, begin + int(rng.integers(15, 120)))
        part = part[rng.random(len(part)) < rng.uniform(0.2, 0.8)]
        wrong[part] = True
        raw[part] = rng.choice([350.0, 1000.0, 1600.0], len(part)) + np.round(rng.normal(0, 25, len(part)))
        raw[part[rng.random(len(part)) < 0.4]] = 5000.0
    return replace(made, raw=raw, wrong=wrong)


def _codes(name: str, code: float, sensor: str) -> Maker:
    def make(rng: Rng) -> Specimen:
        made = _river(name, _calm(rng), sensor=sensor)
        raw, wrong = made.raw.copy(), np.zeros(_DAY_MIN, dtype=bool)
        for begin in rng.integers(50, 1300, 5):
            wrong[begin : begin + int(rng.integers(1, 60))] = True
        raw[wrong] = code
        return replace(made, raw=raw, wrong=wrong)

    return make


def _stuck_level(rng: Rng) -> Specimen:
    """The same echo for days, from a sensor that resolves 1 mm; wrong from the first repetition."""
    level, wrong = _calm(rng, 1200, minutes=5), np.zeros(1200, dtype=bool)
    begin = int(rng.integers(100, 300))
    level[begin:] = level[begin]
    wrong[begin + 1 :] = True
    return _river("stuck", level, wrong, step_s=300)


def _units(rng: Rng) -> Specimen:
    """A logger that sends metres begins to send centimetres."""
    level = np.round(_calm(rng), 3)
    wrong = np.zeros(_DAY_MIN, dtype=bool)
    begin = int(rng.integers(300, 900))
    wrong[begin : begin + int(rng.integers(1, 200))] = True
    level[wrong] *= 100
    return _made("unit mix-up", "level_m", "logger", level, wrong)


# -- rain and air ----------------------------------------------------------------------------------------------------


def _tips(rng: Rng) -> tuple[Floats, Floats]:
    """Tips in each minute of a day with two showers, and the sum of three hours."""
    per_min = np.zeros(_DAY_MIN)
    for begin in (int(rng.integers(100, 300)), int(rng.integers(700, 900))):
        per_min[begin : begin + int(rng.integers(90, 200))] = rng.uniform(1, 3.5)
    tips = rng.poisson(per_min).astype(np.float64)
    sums = np.convolve(tips * 0.2, np.ones(180))[:_DAY_MIN]
    return tips, np.asarray(sums)


def _sound_rain(rng: Rng) -> Specimen:
    tips, sums = _tips(rng)
    return replace(_made("rain", "rain_mm", "tipping_bucket", tips), near_mm=sums)


def _clogged(rng: Rng) -> Specimen:
    """It pours near by, and this gauge stays at zero; wrong while the neighbours have caught 20 mm and more."""
    tips, sums = _tips(rng)
    made = _made("clogged gauge", "rain_mm", "tipping_bucket", np.zeros_like(tips), sums >= 20)
    return replace(made, near_mm=sums)


def _stuck_reed(rng: Rng) -> Specimen:
    tips, sums = _tips(rng)
    begin = int(rng.integers(200, 600))
    tips[begin:] = float(rng.integers(1, 6))
    wrong = np.arange(_DAY_MIN) >= begin
    return replace(_made("stuck reed", "rain_mm", "tipping_bucket", tips, wrong), near_mm=sums)


def _particles(rng: Rng) -> Floats:
    walk = np.cumsum(rng.normal(0, 0.4, _DAY_MIN))
    return np.asarray(np.clip(np.round(25 + walk - walk.mean() + rng.normal(0, 1.2, _DAY_MIN)), 1, None))


def _sound_plume(rng: Rng) -> Specimen:
    """Smoke for half an hour: it rises within a few minutes and stays."""
    begin, length = 600, int(rng.integers(15, 45))
    pm = _particles(rng)
    pm[begin : begin + length] += np.round(rng.uniform(60, 200) * np.sin(np.linspace(0.4, 2.7, length)))
    return _made("smoke", "pm25_ugm3", "pms5003", pm)


def _pm(name: str, code: float) -> Maker:
    def make(rng: Rng) -> Specimen:
        pm, wrong = _particles(rng), np.zeros(_DAY_MIN, dtype=bool)
        begin = int(rng.integers(100, 500))
        wrong[begin : begin + int(rng.integers(240, 800))] = True
        pm[wrong] = code
        return _made(name, "pm25_ugm3", "pms5003", pm, wrong)

    return make


def _pm_spike(rng: Rng) -> Specimen:
    pm, wrong = _particles(rng), np.zeros(_DAY_MIN, dtype=bool)
    wrong[rng.choice(np.arange(20, _DAY_MIN, 9), 8, replace=False)] = True
    pm[wrong] += np.round(rng.uniform(50, 600, 8))
    return _made("one-minute spike", "pm25_ugm3", "pms5003", pm, wrong)


def _condensed(rng: Rng) -> Specimen:
    humidity = 85 + 8 * np.sin(np.arange(2 * _DAY_MIN) * 2 * np.pi / _DAY_MIN) + rng.normal(0, 0.4, 2 * _DAY_MIN)
    wrong = np.zeros(2 * _DAY_MIN, dtype=bool)
    begin = int(rng.integers(300, 700))
    wrong[begin : begin + int(rng.integers(1000, 2000))] = True
    return _made("condensed", "humidity_pct", "bme280", np.asarray(np.where(wrong, 100.0, humidity)), wrong)


MAKERS: Final[dict[str, Maker]] = {
    "calm": _sound_calm,
    "waves": _sound_waves,
    "flood": _sound_flood,
    "flash flood": _sound_flash,
    "flash flood, rain": _sound_flash_rain,
    "flash flood, 15 min": _sound_slow_samples,
    "wave front": _sound_front,
    "tide": _sound_tide,
    "rain": _sound_rain,
    "smoke": _sound_plume,
    "spike": _spike,
    "box": _box,
    "box in rain": _box_in_rain,
    "moved sensor": _moved,
    "drift": _drift,
    "false echoes": _storm,
    "obstructed": _codes("obstructed", 300.0, "maxbotix"),
    "no return": _codes("no return", 5000.0, "maxbotix"),
    "comms fault": _codes("comms fault", 65535.0, "a02yyuw"),
    "stuck": _stuck_level,
    "unit mix-up": _units,
    "clogged gauge": _clogged,
    "stuck reed": _stuck_reed,
    "PM stuck at 0": _pm("PM stuck at 0", 0.0),
    "PM comms fault": _pm("PM comms fault", -1.0),
    "one-minute spike": _pm_spike,
    "condensed": _condensed,
}
