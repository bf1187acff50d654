"""What is believed of a station's water: its motion, its rate of rise, and when it will be where."""

import msgspec

Belief = tuple[float, float, float, float, float]  # height m, rate m/h, and their variances: height, both, rate


class Motion(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is believed of a station's height and rate after ``samples`` samples, the last one at ``time`` (ms UTC)."""

    time: int
    samples: int
    calm: Belief
    flood: Belief
    weight: float  # of the calm river, 0..1
    noise: float  # variance of a sample, m2
    last: tuple[float, float, float]  # the last two samples, and the hours between them
    wild: int  # samples in a row that nobody foresaw
    lately: float  # m/h, the mean rate of about the last 20 minutes


class Trend(msgspec.Struct, frozen=True, gc=False):
    """Rates in metres an hour: the most likely one, and its 80 % limits.

    ``height`` is the water freed of the sensor's noise, in metres, ``slowing`` by how much the rise was faster
    lately than it is now (0.1: by a tenth), ``spacing_ms`` the time between the last two samples.
    """

    rate: float
    slow: float
    fast: float
    height: float | None = None
    slowing: float = 0.0
    spacing_ms: int = 0


class Eta(msgspec.Struct, frozen=True, gc=False):
    """When a height is expected to be reached, ms UTC. ``latest`` is None when no end can be said."""

    earliest: int
    latest: int | None
