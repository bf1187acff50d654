"""What is believed of a node's clock (:mod:`ingest.clock_behind`)."""

from typing import Final

import msgspec


class NodeClock(msgspec.Struct, frozen=True, gc=False):
    """``behind_ms`` is how far a node's clock is behind core's, 0 while it seems right.

    ``last_t`` is the last node time while it is or may be behind, ``step_ms`` how long after the one before it. The
    rest is of the run of observations of one age that is going on: its first age and arrival, and how many they are.
    """

    behind_ms: int = 0
    age_ms: int = 0
    since: int = 0
    last_t: int = 0
    steady: int = 0
    step_ms: int = 0


RIGHT: Final = NodeClock()
