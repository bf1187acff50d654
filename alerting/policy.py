"""Who is told of a decision, by which channel, how urgently. Pure.

In this version: every officer, at once, of every version of every alert. The public is not told yet.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from alerting.engine import Decision
from alerting.outbox import VALID_MS, Entry

NO_CHANNEL: Final = "none"


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on duty. ``address`` is a number in E.164."""

    name: str
    address: str
    channels: tuple[str, ...]


def alert_id(decision: Decision) -> str:
    return f"{decision.station}.{decision.hazard}.{decision.episode}"


def priority(decision: Decision) -> int:
    """Lower goes first: rising alerts by level, then silence, then what is good news."""
    if decision.kind in ("raised", "raised_higher"):
        return 10 - decision.level if decision.hazard == "level" else 15
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
                    observed_at=decision.at if decision.why != "silence" else None,
                    valid_until=now + VALID_MS,
                    next_at=now,
                    settled_at=None if is_reachable else now,
                    reason=None if is_reachable else "Tidak ada saluran pesan.",
                )
            )
    return entries
