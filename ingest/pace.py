"""Whether an observation without a believable time is of now: told from how it arrives. Pure.

What drains from a queue comes faster than it was measured; what is of now comes as it was measured. An observation
that says a time, though an impossible one (core's clock is behind, or the node's ahead), is held against the one before
it by that time, and against the age of those that were of now. One that says none has only its distance to the one
before.
"""

from typing import Final

import msgspec

LIVE_SPACING_MS: Final = 5_000  # a queue drains faster
FASTEST_MS: Final = 500  # no node measures faster, live or not: what says so says nothing about its pace
FASTER: Final = 1.25  # a radio brings what was measured a second apart 0.8 s apart
SAME_MS: Final = 20_000  # an age that grows by more is of another time
YOUNG_MS: Final = 5_000  # around the age of those that were of now
STEADY: Final = 3  # so many in a row at their own pace are believed against the age of those before


class Pace(msgspec.Struct, frozen=True, gc=False):
    """The last such observation of a node: its own time, its arrival, and how many came before it at their own pace.

    ``age_ms`` is the age of those that were of now, by the two clocks as they are; None while none was.
    """

    t: int
    arrived_at: int
    age_ms: int | None = None
    run: int = 0


def heard(known: Pace | None, t: int | None, *, received_at: int, last_arrival: int) -> tuple[Pace | None, bool]:
    """What is known after an observation, and whether it may stand for the present; all times ms UTC.

    ``t`` is the node's own time, impossible as it is, ``last_arrival`` core's at the node's last observation.
    """
    is_spaced = received_at - last_arrival >= LIVE_SPACING_MS
    if t is None:
        return None, is_spaced
    if known is None:
        return Pace(t, received_at), is_spaced
    age, measured, elapsed = received_at - t, t - known.t, received_at - known.arrived_at
    is_near = known.age_ms is not None and abs(age - known.age_ms) <= YOUNG_MS
    if not FASTEST_MS <= measured <= FASTER * elapsed or elapsed - measured > SAME_MS:
        return Pace(t, received_at, known.age_ms), is_near
    run = known.run + 1
    is_live = known.age_ms is None or age <= known.age_ms + YOUNG_MS or elapsed >= LIVE_SPACING_MS or run >= STEADY
    return Pace(t, received_at, age if is_live else known.age_ms, run), is_live
