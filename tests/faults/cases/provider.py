"""The provider in trouble while an alert is raised: errors, silence, refusals, broken connections."""

import time
from typing import Any, Final

from tests.faults.episode import EpisodeField
from tests.faults.stage import Stage

OUTAGE_S: Final = 240.0  # a message that nobody could send for longer than its event is news is rightly not sent
KINDS: Final[dict[str, dict[str, Any]]] = {
    "error 500": {"kind": "error", "status": 500},
    "error 429": {"kind": "error", "status": 429, "code": 20429, "retry_after": "1"},
    "reset": {"kind": "reset"},
    "reset after taking it": {"kind": "reset", "accept": True, "times": 3},
    "garbage with 200": {"kind": "garbage", "times": 2},
    "hang": {"kind": "hang", "times": 2},
    "hang after taking it": {"kind": "hang", "times": 1, "accept": True},
}
BEAT_S: Final = 5.0  # of the node, while the trouble lasts
QUICK: Final = ("error 500", "reset", "reset after taking it")


def provider_in_trouble(stage: Stage) -> None:
    """Each kind of trouble begins before the rise and ends after a while: told once each, when it is over."""
    field, outage_s = stage.field(), stage.seconds(OUTAGE_S, least=1.5)
    told = []
    for name in KINDS if stage.share == 1 else QUICK:
        told.append(f"{name} {_through(field, outage_s, KINDS[name]):.1f} s")
        stage.say(f"  {told[-1]} after it was well again")
    stage.did(f"trouble of {outage_s:g} s each; all messages settled after it ended: {', '.join(told)}")
    stage.found(field.faults())


def _through(field: EpisodeField, outage_s: float, fault: dict[str, Any]) -> float:
    """Seconds from the end of the trouble until every message was settled."""
    field.provider.fail(**fault)
    began = time.monotonic()
    for observation in field.rise():
        field.node.insist(observation, mend=field.mend)
    while (left := outage_s - (time.monotonic() - began)) > 0:  # water stands; silence would be news
        time.sleep(min(left, BEAT_S))
        field.node.insist(field.stand(), mend=field.mend)
    field.provider.behave(step_s=None)
    well = time.monotonic()
    field.settle()
    field.fall()
    field.settle()
    return time.monotonic() - well
