"""Node clocks that run behind: told apart from a backlog by how observations arrive. Pure.

An old observation is backlog, or it is of now and its node's clock is wrong. A backlog drains faster than it was
measured, so that the age of what arrives shrinks; a wrong clock shows the same age each time, at the node's own pace.
"""

from typing import Final

import msgspec

from ingest.node_clock import RIGHT, NodeClock

MINUTE_MS: Final = 60_000
LATE_MS: Final = 10 * MINUTE_MS  # what is younger needs no explanation
SAME_MS: Final = 20_000  # ages that differ by no more are the same: a radio takes some seconds
STEADY: Final = 4  # observations of the same age ...
STEADY_MS: Final = 2 * MINUTE_MS  # ... over so long
AHEAD_MS: Final = 5 * MINUTE_MS  # by what is thought of its clock, an observation cannot come from later than this

_replace: Final = msgspec.structs.replace


def heard(known: NodeClock, t: int, received_at: int) -> NodeClock:
    """What is believed of a clock after an observation that says ``t`` and arrives at ``received_at``, both ms UTC."""
    age = received_at - t
    if age < LATE_MS:
        return RIGHT
    behind = known.behind_ms if age >= known.behind_ms - AHEAD_MS else 0
    step = t - known.last_t if known.last_t else 0
    if abs(age - behind) <= SAME_MS:
        return _replace(known, behind_ms=behind, last_t=t, step_ms=step, steady=0)
    if behind and 0 < 2 * known.step_ms < behind and abs(step - known.step_ms - behind) <= SAME_MS:
        behind = 0  # it was put right between these two, and this is backlog
    if known.steady == 0 or abs(age - known.age_ms) > SAME_MS or t <= known.last_t:
        return NodeClock(behind, age, received_at, t, 1, step)
    steady = known.steady + 1
    if steady >= STEADY and received_at - known.since >= STEADY_MS:
        return NodeClock(behind_ms=min(age, known.age_ms), last_t=t, step_ms=step)
    return NodeClock(behind, known.age_ms, known.since, t, steady, step)
