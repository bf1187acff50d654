"""Messages as rows of the outbox: whom they are for, by which channel, how urgent. Pure.

Officers are told of stations and of what falls silent together, the public of areas. Lower priorities leave first:
officers' alerts that rise, other news for officers, cancelled notices, then notices by level, nearest areas first.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from alerting.audience import ORDER, PublicKind
from alerting.engine import Decision
from alerting.episodes import Kind
from alerting.messages import NO_CHANNEL, VALID_MS, Entry, message
from alerting.policy_rules import UP

FOR_OFFICERS: Final = ("level", "rain", "air", "data")
CANCELLED: Final = 90
BY_LEVEL: Final = {3: 200, 2: 300, 1: 400}
DOWN: Final = 500
MOST_NEAR: Final = 99  # what distance and kind may add, so that levels never mix
DIGEST: Final = "ringkasan"
DIGEST_PRIORITY: Final = 21
DIGEST_VALID_MS: Final = 4 * VALID_MS
BY_HAND: Final = ("operator", "over")
UNOBSERVED: Final = ("silence", "all_silent", "all_heard")  # nothing was measured that a latency could count from


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on duty, by the recipient's id. ``address`` is what screens show."""

    name: str
    address: str
    channels: tuple[str, ...]


def alert_id(decision: Decision) -> str:
    return f"{decision.station}.{decision.hazard}.{decision.episode}"


def is_for_officers(decision: Decision) -> bool:
    """Whether officers get a message: of each station's water, rain, air and silence, once for what is silent together.

    What is inhibited is told to nobody: the alert that stands for it was told. An area's alert is the public's;
    officers are told of it when somebody decided it, because no station's message says so, and another one must
    approve it.
    """
    is_for_them = decision.hazard in FOR_OFFICERS or is_by_hand(decision)
    return decision.inhibited_by is None and is_for_them


def is_by_hand(decision: Decision) -> bool:
    """Whether an area stands where it does because somebody said so, or because the time that he gave is over."""
    return decision.hazard == "area" and decision.why in BY_HAND


def priority(decision: Decision) -> int:
    """Lower goes first: rising alerts by level, then silence, then what is good news."""
    if decision.kind in ("raised", "raised_higher"):
        return 15 if decision.hazard == "data" else 10 - decision.level
    return 20


def notice_priority(kind: Kind, level: int, *, area: int, public_kind: PublicKind) -> int:
    """Of a notice's message: ``area`` counts from the one nearest to the hazard, 0; in each, heads come first."""
    near = min(MOST_NEAR, area * len(ORDER) + ORDER.index(public_kind))
    if kind == "cancelled":
        return CANCELLED + near
    return (BY_LEVEL[level] if kind in UP else DOWN) + near


def messages(decision: Decision, *, officers: Sequence[Officer], body: str, now: int, first_id: int) -> list[Entry]:
    """One outbox entry an officer and channel, journal ids from ``first_id`` on.

    An officer whom no channel can reach gets an entry that is dead from the start, so that it is seen.
    """
    return [
        message(
            entry_id=first_id + place,
            alert=alert_id(decision),
            version=decision.version,
            recipient=officer.name,
            address=officer.address,
            channel=channel,
            body=body,
            priority=priority(decision),
            now=now,
            valid_until=now + VALID_MS,
            observed_at=decision.at if decision.why not in UNOBSERVED else None,
        )
        for place, (officer, channel) in enumerate(ways(officers))
    ]


def ways(officers: Sequence[Officer]) -> list[tuple[Officer, str]]:
    """Each officer with each channel; whom none can reach is there with :data:`NO_CHANNEL`."""
    return [(officer, channel) for officer in officers for channel in officer.channels or (NO_CHANNEL,)]


def digests(number: int, *, officers: Sequence[Officer], body: str, now: int, first_id: int) -> list[Entry]:
    """What was gathered for officers, as message ``number``; journal ids from ``first_id`` on."""
    return [
        message(
            entry_id=first_id + place,
            alert=DIGEST,
            version=number,
            recipient=officer.name,
            address=officer.address,
            channel=channel,
            body=body,
            priority=DIGEST_PRIORITY,
            now=now,
            valid_until=now + DIGEST_VALID_MS,
        )
        for place, (officer, channel) in enumerate(ways(officers))
    ]
