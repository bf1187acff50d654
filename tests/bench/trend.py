"""Which rate of rise, and how honest is the time to overflow: ``python -m tests.bench.trend [--seeds N]``.

Rising rivers of several shapes are sampled as sensors do (clean, noisy, stepped, every 10 minutes, with gaps, every
10 s); at each moment between WASPADA and AWAS the time to AWAS is forecast and held against the truth. Printed for
Theil-Sen over at most 24 samples and 45 minutes, for one two-state filter, and for the product's own: how often a
forecast is given, how often the truth lies within it, and how wide it is in parts of the true remaining time.
"""

import argparse
import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from scipy import stats

from alerting import trend as product
from alerting.motion import Motion, Trend
from alerting.trend import HOUR_MS, followed, time_to, trend_from

WASPADA, AWAS = 3.5, 5.5
SENSORS: Final = {  # minutes between samples, noise, quantum, share lost
    "clean": (1.0, 0.003, 0.0, 0.0),
    "noisy": (1.0, 0.02, 0.0, 0.0),
    "rough": (1.0, 0.05, 0.0, 0.0),
    "stepped 5 cm": (1.0, 0.002, 0.05, 0.0),
    "every 10 min": (10.0, 0.005, 0.01, 0.0),
    "gapped": (1.0, 0.01, 0.0, 0.4),
    "every 10 s": (1 / 6, 0.01, 0.0, 0.0),
}
SHAPES: Final[dict[str, Callable[[float], float]]] = {
    "cosine": lambda x: (1 - math.cos(math.pi * x)) / 2,
    "straight": lambda x: x,
    "slowing": lambda x: (1 - math.exp(-3 * x)) / (1 - math.exp(-3)),
    "quickening": lambda x: x**1.7,
    "gamma": lambda x: (x * math.exp(1 - x)) ** 3,
    "logistic": lambda x: 1 / (1 + math.exp(-8 * (x - 0.5))),
    "two steps": lambda x: 0.55 * min(x / 0.4, 1) + 0.45 * max((x - 0.55) / 0.45, 0),
}
Samples = list[tuple[int, float]]
Estimator = Callable[[Samples], Iterator[Trend | None]]


def windowed_theil_sen(samples: Samples) -> Iterator[Trend | None]:
    for i in range(len(samples)):
        window = [s for s in samples[max(0, i - 23) : i + 1] if s[0] >= samples[i][0] - 45 * 60_000]
        if len(window) < 5 or window[-1][0] - window[0][0] < 4 * 60_000:
            yield None
            continue
        fit = stats.theilslopes([v for _, v in window], [t / HOUR_MS for t, _ in window], alpha=0.8)
        yield Trend(float(fit.slope), float(fit.low_slope), float(fit.high_slope))


def two_filters(samples: Samples) -> Iterator[Trend | None]:
    motion: Motion | None = None
    for time, value in samples:
        motion = followed(motion, time, value)
        yield trend_from(motion)


def one_filter(samples: Samples) -> Iterator[Trend | None]:
    """The same with the weight of both models bound together: a river of middling unrest."""
    motion: Motion | None = None
    calm, flood = product._CALM, product._FLOOD
    for time, value in samples:
        product._CALM = product._FLOOD = 0.1  # type: ignore[misc]
        motion = followed(motion, time, value)
        product._CALM, product._FLOOD = calm, flood  # type: ignore[misc]
        yield trend_from(motion)


ESTIMATORS: Final[dict[str, Estimator]] = {
    "Theil-Sen": windowed_theil_sen,
    "one filter": one_filter,
    "two filters": two_filters,
}


def river(rng: random.Random) -> tuple[Callable[[float], float], float, float]:
    """Height over hours, hours to the crest, and when AWAS is crossed."""
    shape = SHAPES[rng.choice(list(SHAPES))]
    base, crest, hours = rng.uniform(0.5, 2.0), rng.uniform(5.9, 7.0), rng.uniform(1.0, 8.0)

    def height(t: float) -> float:
        return base + (crest - base) * shape(min(max(t / hours, 0.0), 1.0))

    low, high = 0.0, hours
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if height(middle) < AWAS else (low, middle)
    return height, hours, high


def sampled(height: Callable[[float], float], hours: float, sensor: str, rng: random.Random) -> Samples:
    step, noise, quantum, lost = SENSORS[sensor]
    samples = []
    for n in range(int((hours + 1) * 60 / step)):
        t = n * step / 60 - 1
        value = height(t) + rng.gauss(0, noise)
        value = round(value / quantum) * quantum if quantum else value
        if rng.random() >= lost:
            samples.append((int(t * HOUR_MS), value))
    return samples


class Score:
    def __init__(self) -> None:
        self.asked = self.given = self.held = 0
        self.widths: list[float] = []
        self.errors: list[float] = []

    def add(self, rate: Trend | None, time: int, value: float, crossing: float) -> None:
        left = crossing * HOUR_MS - time
        self.asked += 1
        eta = time_to(AWAS, value=value, trend=rate, now=time) if rate else None
        if eta is None or eta.latest is None or rate is None:
            return
        self.given += 1
        self.held += eta.earliest <= time + left <= eta.latest
        self.widths.append((eta.latest - eta.earliest) / left)
        self.errors.append((AWAS - value) / rate.rate * HOUR_MS / left)

    def line(self) -> str:
        if not self.given:
            return f"{self.asked:>6} moments: no forecast"
        given, held = self.given / self.asked, self.held / self.given
        return (
            f"{self.asked:>6} moments, forecast in {given:4.0%}, true in {held:4.0%}, width "
            f"{statistics.median(self.widths):.2f} of what was left, straight line / truth "
            f"{statistics.median(self.errors):.2f}"
        )


def score_river(samples: Samples, estimate: Estimator, crossing: float, scores: tuple[Score, Score]) -> None:
    """A forecast about every three minutes; the last five before the crossing are no forecast any more."""
    last_asked = None
    for (time, value), rate in zip(samples, estimate(samples), strict=True):
        is_due = last_asked is None or time - last_asked >= 3 * 60_000
        if is_due and WASPADA <= value < AWAS and crossing * HOUR_MS - time > 5 * 60_000:
            last_asked = time
            for score in scores:
                score.add(rate, time, value, crossing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40, help="rivers for each sensor")
    parser.add_argument("--first", type=int, default=1000, help="first seed; 0..999 were used to choose the numbers")
    arguments = parser.parse_args()
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for sensor in SENSORS:
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            rng = random.Random(f"{sensor} {seed}")
            height, hours, crossing = river(rng)
            samples = sampled(height, hours, sensor, rng)
            for name, estimate in ESTIMATORS.items():
                score_river(samples, estimate, crossing, (scores[name, sensor], scores[name, "all"]))
    for (name, sensor), score in sorted(scores.items(), key=lambda item: (item[0][1] == "all", item[0])):
        print(f"{name:12} {sensor:13} {score.line()}")


if __name__ == "__main__":
    main()
