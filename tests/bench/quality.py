"""What quality control costs a reading: ``python -m tests.bench.quality``.

CPU time of this thread, the best of several rounds over the same samples. "calm" is the path that nearly every reading
takes; "all doubted" a plateau that is asked about at each sample; "observation" the whole way from a decoded
observation of five series to flagged readings, calibration included.
"""

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from broker.wire import Observation
from ingest.calibration import Calibration
from ingest.qualify import filing_time, qualify
from ingest.quality_limits import Span, default_limits, overridden
from ingest.quality_series import Sample, SeriesLimits, SeriesState, assess
from ingest.quality_state import encode
from ingest.stations import Channel, Station

COUNT: Final = 20_000
ROUNDS: Final = 7
T0: Final = 1_795_000_000_000
MINUTE: Final = 60_000
CALM: Final = {
    "level_m": (2.0, 0.01, 3),
    "pm25_ugm3": (30, 3, 0),
    "humidity_pct": (80, 1, 1),
    "temperature_c": (29, 0.1, 2),
    "rain_mm": (0.4, 0.2, 1),
    "batt_mv": (3900, 5, 0),
}


class Nowhere:
    """Nobody around."""

    def rain_mm(self, minutes: int) -> float | None:
        return None

    def neighbours_rise_m_per_h(self) -> float | None:
        return None

    def neighbours_rain_mm(self, minutes: int) -> float | None:
        return None


def main() -> None:
    around = Nowhere()
    for quantity, (mean, spread, digits) in CALM.items():
        values = np.abs(np.round(np.random.default_rng(1).normal(mean, spread, COUNT), digits)).tolist()
        _row(f"assess, {quantity}, calm", _assessing(values, default_limits(quantity), around), COUNT)
    level = default_limits("level_m")
    box = [2.0] * 10 + [3.0 + 0.002 * (at % 5) for at in range(COUNT - 10)]
    _row("assess, level_m, all doubted", _assessing(box, level, around), COUNT)
    flood = [2.0 + 0.3 * (at % 8) for at in range(COUNT)]
    _row("assess, level_m, floods and falls", _assessing(flood, level, around), COUNT)
    _row("observation of five series", _observing(around), COUNT)
    _row("encode a state", _encoding(around), COUNT)


def _row(what: str, work: Callable[[], None], count: int) -> None:
    best = min(_cpu(work) for _ in range(ROUNDS))
    print(f"{what:36} {best / count * 1e6:6.2f} us a reading")


def _cpu(work: Callable[[], None]) -> float:
    before = time.thread_time()
    work()
    return time.thread_time() - before


def _assessing(values: list[float], limits: SeriesLimits, around: Nowhere) -> Callable[[], None]:
    samples = [Sample(at + 1, T0 + at * MINUTE, value, value, 1, None) for at, value in enumerate(values)]

    def work() -> None:
        state = SeriesState()
        for sample in samples:
            state = assess(state, sample, limits, around).state

    return work


def _observing(around: Nowhere) -> Callable[[], None]:
    rng = np.random.default_rng(1)
    limits = overridden(default_limits("level_m", "a02yyuw"), {})
    calibration = Calibration(quantity="level_m", conversion="level", datum_m=6.5, sound_reference_c=20.0)
    site = SeriesLimits(**{name: getattr(limits, name) for name in limits.__struct_fields__} | {"site": Span(0, 6.6)})
    station = Station(id="welang", channels={"distance_mm": Channel(calibration=calibration, limits=site)})
    observations = [
        Observation(
            v=1,
            boot=1,
            seq=at,
            t=T0 + at * MINUTE,
            s={
                "distance_mm": round(float(rng.normal(4000, 8))),
                "temperature_c": round(float(rng.normal(29, 0.1)), 2),
                "humidity_pct": round(float(rng.normal(80, 1)), 1),
                "pm25_ugm3": round(float(rng.normal(30, 3))),
                "batt_mv": 3900.0,
            },
        )
        for at in range(COUNT // 5)
    ]

    def work() -> None:
        states: dict[str, SeriesState] = {}
        for at, observation in enumerate(observations):
            received = T0 + at * MINUTE + 300
            readings = qualify(
                observation,
                node="node",
                station=station,
                time=filing_time(observation, received, 0),
                received_at=received,
                first_id=at * 5 + 1,
            )
            for reading in readings:
                sample = Sample(reading.id, reading.time, reading.value, reading.raw, reading.flag, reading.reason)
                known = states.get(reading.series) or SeriesState()
                channel = station.channels.get(reading.series)
                used = channel.limits if channel else default_limits(reading.series, "logger")
                states[reading.series] = assess(known, sample, used, around).state

    return work


def _encoding(around: Nowhere) -> Callable[[], None]:
    state = SeriesState()
    for at in range(10):
        state = assess(
            state, Sample(at + 1, T0 + at * MINUTE, 1.0, 1.0, 1, None), default_limits("level_m"), around
        ).state

    def work() -> None:
        for _ in range(COUNT):
            encode(state)

    return work


if __name__ == "__main__":
    main()
