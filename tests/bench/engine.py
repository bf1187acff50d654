"""What a reading costs the engine with every rule on, and a station in memory: ``python -m tests.bench.engine``.

CPU time of this process, the best of five rounds; beside it, how long a million additions take here and now (about
45 ms on the machine of README.md), because a figure without its machine says little.
"""

import gc
import random
import time
import tracemalloc

import msgspec

from alerting.engine import StationState, moved, silence_deadline, step
from alerting.events import Event, NeighbourMoved, RainSummed, SecondTaken, Sums, TideWindow
from alerting.rules import AirRule, LevelRule, RainLimit, RainRule, StationRules, Thresholds
from broker.quality_flags import Flag
from tests.engine_timetable import MINUTE, RULES, THRESHOLDS, at, play, reading

READINGS = 3000
EVERY_RULE = msgspec.structs.replace(
    RULES,
    level=LevelRule(thresholds=THRESHOLDS, high_tide=Thresholds(waspada=3.0, siaga=4.0, awas=5.0)),
    rain=RainRule(limits=(RainLimit(window="1h", mm=20, level=1), RainLimit(window="3h", mm=60, level=2))),
    air=AirRule(worsening_ugm3=50),
)


def additions_ms() -> float:
    begun, total = time.process_time(), 0
    for n in range(1_000_000):
        total += n
    return (time.process_time() - begun) * 1000


def surrounded() -> StationState:
    """A station with everything there is to remember."""
    sums = Sums(mm_10min=1, mm_1h=5, mm_3h=12, mm_6h=12, mm_24h=12)
    events: list[Event] = [
        TideWindow(at(0), (at(-60), at(10_000))),
        RainSummed(at(0), sums, sums),
        NeighbourMoved(at(0), "dhompo", True),
        SecondTaken(at(0), at(0), 1.0, Flag.GOOD),
    ]
    return play(events, EVERY_RULE)[0]


def cost_us(values: list[float], rules: StationRules, flag: int) -> tuple[float, StationState]:
    """Microseconds a reading: the step, what areas hear of it, and the next deadline."""
    start = play([reading(minute, values[0]) for minute in range(30)], rules, surrounded())[0]
    events = [reading(30 + minute, value, flag=flag) for minute, value in enumerate(values)]
    best, state = float("inf"), start
    for _ in range(5):
        state, begun = start, time.process_time()
        for event in events:
            before = state
            state, _ = step(state, rules, event)
            moved(before, state, rules, event.received_at)
            silence_deadline(state, rules, 0)
        best = min(best, (time.process_time() - begun) / len(events) * 1e6)
    return best, state


def memory_bytes(state: StationState) -> float:
    encoded = msgspec.msgpack.encode(state)
    gc.collect()
    tracemalloc.start()
    kept = [msgspec.msgpack.decode(encoded, type=StationState) for _ in range(2000)]
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used / len(kept)


def main() -> None:
    rng = random.Random(1)
    wobble = [rng.gauss(0, 0.005) for _ in range(READINGS)]
    cases = {
        "calm": ([1.0 + each for each in wobble], Flag.GOOD),
        "rising at WASPADA": ([3.2 + 0.0001 * n + each for n, each in enumerate(wobble)], Flag.GOOD),
        "standing at SIAGA": ([4.7 + each for each in wobble], Flag.GOOD),
        "standing at AWAS": ([6.5 + each for each in wobble], Flag.GOOD),
        "never verified": ([4.7 + each for each in wobble], Flag.SUSPECT),
    }
    print(f"a million additions: {additions_ms():.0f} ms")
    for name, (values, flag) in cases.items():
        cost, state = cost_us(values, EVERY_RULE, flag)
        size = len(msgspec.msgpack.encode(state))
        print(f"{name:18} {cost:5.1f} us a reading, state {memory_bytes(state):5.0f} bytes, {size} in the journal")
    print(f"a million additions: {additions_ms():.0f} ms; readings {MINUTE // 1000} s apart")


if __name__ == "__main__":
    main()
