"""What fails between the true water and core's ears, over the samples of one node. Pure but for the given generator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.replay.case import Fault
from firmware_sim.rain import Series

Chosen = NDArray[np.bool_]


@dataclass(slots=True, kw_only=True)
class Samples:
    """A node's samples on their way; each fault changes them in place. One row a sample, minutes from the start.

    ``distance_mm`` is NaN where nothing was measured and ``words`` says why, as the wire's ``fault`` does.
    """

    minutes: Series  # when it was truly measured
    distance_mm: Series
    clock_min: Series  # what the node's clock said; NaN: it had none
    arrival_min: Series
    copies: NDArray[np.int_]  # 0: never sent
    words: list[str]


Change = Callable[[Samples, Chosen, Fault, np.random.Generator], None]


def apply(samples: Samples, fault: Fault, random: np.random.Generator) -> None:
    """Let ``fault`` happen to the samples of its time, or to the share of them that it names."""
    chosen = (samples.minutes >= fault.from_min) & (samples.minutes < fault.from_min + fault.for_min)
    if fault.share < 1:
        chosen &= random.random(len(chosen)) < fault.share
    if chosen.any():
        _CHANGES[fault.kind](samples, chosen, fault, random)


def _spike(samples: Samples, chosen: Chosen, fault: Fault, _: np.random.Generator) -> None:
    """The first sample alone shows water ``value`` metres higher."""
    samples.distance_mm[np.flatnonzero(chosen)[0]] -= fault.value * 1000


def _raw(samples: Samples, chosen: Chosen, fault: Fault, _: np.random.Generator) -> None:
    """The sensor says ``value`` mm: its own code for an obstruction or no return, or what hangs in front of it."""
    samples.distance_mm[chosen] = fault.value


def _no_return(samples: Samples, chosen: Chosen, _: Fault, __: np.random.Generator) -> None:
    """The node goes on, its sensor says nothing."""
    samples.distance_mm[chosen] = np.nan
    for at in np.flatnonzero(chosen):
        samples.words[at] = "no_return"


def _step(samples: Samples, chosen: Chosen, fault: Fault, _: np.random.Generator) -> None:
    """Everything reads ``value`` metres higher: a bent mast, a wrong datum, a unit mixed up."""
    samples.distance_mm[chosen] -= fault.value * 1000


def _plateau(samples: Samples, chosen: Chosen, fault: Fault, random: np.random.Generator) -> None:
    """Something stands under the sensor, its top ``value`` metres above the water that was there."""
    first = int(np.flatnonzero(chosen)[0])
    top = samples.distance_mm[first] - fault.value * 1000
    samples.distance_mm[chosen] = np.round(top + random.normal(0, 2, int(chosen.sum())))


def _drift(samples: Samples, _: Chosen, fault: Fault, __: np.random.Generator) -> None:
    """The reading creeps to ``value`` metres too high over the fault's time, and stays there."""
    share = np.clip((samples.minutes - fault.from_min) / fault.for_min, 0, 1)
    after = samples.minutes >= fault.from_min
    samples.distance_mm[after] -= np.round(share[after] * fault.value * 1000)


def _stuck(samples: Samples, chosen: Chosen, _: Fault, __: np.random.Generator) -> None:
    """The first value of the time, again and again."""
    samples.distance_mm[chosen] = samples.distance_mm[np.flatnonzero(chosen)[0]]


def _noise(samples: Samples, chosen: Chosen, fault: Fault, random: np.random.Generator) -> None:
    """Waves, rain on the membrane, a loose mount: a further deviation of ``value`` metres."""
    samples.distance_mm[chosen] += np.round(random.normal(0, fault.value * 1000, int(chosen.sum())))


def _outliers(samples: Samples, chosen: Chosen, fault: Fault, random: np.random.Generator) -> None:
    """Each is anything up to ``value`` metres too high: foam, spray, a heron."""
    samples.distance_mm[chosen] -= np.round(random.uniform(0.05, 1, int(chosen.sum())) * fault.value * 1000)


def _silent(samples: Samples, chosen: Chosen, _: Fault, __: np.random.Generator) -> None:
    """Nothing is sent, then or later: power cut, theft, torn away."""
    samples.copies[chosen] = 0


def _late(samples: Samples, chosen: Chosen, fault: Fault, _: np.random.Generator) -> None:
    """Kept in the node's ring, and sent in a row when the network is back."""
    back = fault.from_min + fault.for_min
    samples.arrival_min[chosen] = back + np.arange(int(chosen.sum())) / 6000  # a hundred a second


def _clock(samples: Samples, chosen: Chosen, fault: Fault, _: np.random.Generator) -> None:
    """The node's clock is ``value`` minutes ahead."""
    samples.clock_min[chosen] += fault.value


def _no_clock(samples: Samples, chosen: Chosen, _: Fault, __: np.random.Generator) -> None:
    """The node does not know the time and says so."""
    samples.clock_min[chosen] = np.nan


def _duplicates(samples: Samples, chosen: Chosen, fault: Fault, _: np.random.Generator) -> None:
    """Each is sent ``value`` times."""
    samples.copies[chosen] = int(fault.value)


def _shuffled(samples: Samples, chosen: Chosen, fault: Fault, random: np.random.Generator) -> None:
    """Each is up to ``value`` minutes on its way, so that they overtake each other."""
    samples.arrival_min[chosen] += random.uniform(0, fault.value, int(chosen.sum()))


_CHANGES: Final[dict[str, Change]] = {
    "spike": _spike,
    "raw": _raw,
    "no_return": _no_return,
    "step": _step,
    "plateau": _plateau,
    "drift": _drift,
    "stuck": _stuck,
    "noise": _noise,
    "outliers": _outliers,
    "silent": _silent,
    "late": _late,
    "clock": _clock,
    "no_clock": _no_clock,
    "duplicates": _duplicates,
    "shuffled": _shuffled,
}
