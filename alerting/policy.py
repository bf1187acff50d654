"""Who is told of a decision, by which channel, how urgently. Pure.

In this version: every officer, at once, of every version of every alert of a station, and of what falls silent
together. The public, whose alerts are those of areas, is not told yet.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from alerting.engine import Decision
from alerting.outbox import VALID_MS, Entry

NO_CHANNEL: Final = "none"
FOR_OFFICERS: Final = ("level", "rain", "air", "data")
UNOBSERVED: Final = ("silence", "all_silent", "all_heard")  # nothing was measured that a latency could count from


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on duty. ``address`` is a number in E.164."""

    name: str
    address: str
    channels: tuple[str, ...]


def alert_id(decision: Decision) -> str:
    return f"{decision.station}.{decision.hazard}.{decision.episode}"


def is_for_officers(decision: Decision) -> bool:
    """Whether officers get a message: of each station's water, rain, air and silence, once for what is silent together.

    What is inhibited is told to nobody: the alert that stands for it was told. An area's alert is the public's.
    """
    return decision.inhibited_by is None and decision.hazard in FOR_OFFICERS


def priority(decision: Decision) -> int:
    """Lower goes first: rising alerts by level, then silence, then what is good news."""
    if decision.kind in ("raised", "raised_higher"):
        return 15 if decision.hazard == "data" else 10 - decision.level
    return 20


def messages(decision: Decision, *, officers: Sequence[Officer], body: str, now: int, first_id: int) -> list[Entry]:
    """One outbox entry an officer and channel, journal ids from ``first_id`` on.

    An officer whom no channel can reach gets an entry that is dead from the start, so that it is seen.
    """
    alert = alert_id(decision)
    entries: list[Entry] = []
    for officer in officers:
        for channel in officer.channels or (NO_CHANNEL,):
            entry_id = first_id + len(entries)
            is_reachable = channel != NO_CHANNEL
            entries.append(
                Entry(
                    id=entry_id,
                    rev=entry_id,
                    key=f"{alert}/{decision.version}/{officer.name}/{channel}",
                    alert=alert,
                    version=decision.version,
                    recipient=officer.name,
                    address=officer.address,
                    channel=channel,
                    body=body,
                    priority=priority(decision),
                    state="queued" if is_reachable else "dead",
                    attempts=0,
                    created_at=now,
                    observed_at=decision.at if decision.why not in UNOBSERVED else None,
                    valid_until=now + VALID_MS,
                    next_at=now,
                    settled_at=None if is_reachable else now,
                    reason=None if is_reachable else "Tidak ada saluran pesan.",
                )
            )
    return entries
