"""The policy as data: who is told, when, and who decides it. Versions with author, reason and effective-from. Pure.

A figure here is a choice of this installation, not a regulation's; it is changed by ``kentongan policy set`` alone.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from alerting.episodes import Kind
from broker.levels import Level

MINUTE_MS: Final = 60_000
UP: Final[tuple[Kind, ...]] = ("raised", "raised_higher")
OVER: Final[tuple[Kind, ...]] = ("ended", "cancelled")
VALID_MS: Final = 30 * MINUTE_MS
AWAS_VALID_MS: Final = 15 * MINUTE_MS  # "leave now" said late sends people into the water
OVER_VALID_MS: Final = 120 * MINUTE_MS

Seconds = Annotated[int, msgspec.Meta(ge=0, le=24 * 3600)]
Minutes = Annotated[int, msgspec.Meta(ge=0, lt=1440)]


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one version says. Times of day are minutes after midnight in the site's time zone.

    ``escalate_after_s``: an alert that nobody has acknowledged goes to the next rank. ``pre_authorised``: levels that
    go to the public without an approval, unless vetoed within ``veto_s``; ``document`` is the paper that allows it.
    ``one_person_after_s``: a manual notice with one approval goes out after so long, unless vetoed; 0: never.
    ``quiet_from`` to ``quiet_until``: WASPADA waits for the morning; equal ones: never. ``most_a_day``: warnings that
    one person gets a day, AWAS and everything that goes down aside. ``most_items_an_hour``: of an officer, before what
    does not go up is gathered into one digest. ``price_per_part`` is of one SMS part, in rupiah.
    """

    escalate_after_s: Annotated[int, msgspec.Meta(ge=10, le=3600)] = 180
    pre_authorised: tuple[Literal["AWAS"], ...] = ()
    document: str = ""
    veto_s: Annotated[int, msgspec.Meta(ge=10, le=3600)] = 60
    one_person_after_s: Seconds = 300
    quiet_from: Minutes = 21 * 60
    quiet_until: Minutes = 5 * 60
    most_a_day: Annotated[int, msgspec.Meta(ge=1, le=100)] = 6
    most_items_an_hour: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    price_per_part: Annotated[float, msgspec.Meta(ge=0)] | None = None


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """``version`` 0 is what the program comes with."""

    version: int
    effective_from: int  # ms UTC
    author: str
    reason: str
    policy: Policy


BUILT_IN: Final = PolicyVersion(
    version=0, effective_from=0, author="Kentongan", reason="bawaan program", policy=Policy()
)


class BadPolicy(ValueError):
    """A policy that must not be; the text says what to write instead."""


def checked(policy: Policy) -> Policy:
    """``policy``, or :class:`BadPolicy`."""
    if policy.pre_authorised and not policy.document.strip():
        raise BadPolicy("a pre-authorisation needs the paper that allows it: --document 'SK ... nomor ... tanggal ...'")
    return policy


def in_force(versions: Sequence[PolicyVersion], now: int) -> PolicyVersion:
    """The last version whose time has come."""
    begun = [each for each in versions if each.effective_from <= now]
    return max(begun, key=lambda each: (each.effective_from, each.version), default=BUILT_IN)


def is_pre_authorised(policy: Policy, level: int) -> bool:
    return Level(level).name in policy.pre_authorised


def quiet_ends(policy: Policy, level: int, now: int, zone: ZoneInfo) -> int | None:
    """When a notice of ``level`` that goes up may disturb people again, ms UTC; None: now. Only WASPADA ever waits."""
    if level != Level.WASPADA or policy.quiet_from == policy.quiet_until:
        return None
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    minute = local.hour * 60 + local.minute
    begins, ends = policy.quiet_from, policy.quiet_until
    is_quiet = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=int(minute >= ends))
    return round(datetime.combine(day, time(ends // 60, ends % 60), zone).timestamp() * 1000)


def valid_ms(kind: Kind, level: int) -> int:
    """How long after its approval a public message may still leave."""
    if kind in OVER:
        return OVER_VALID_MS
    return AWAS_VALID_MS if level == Level.AWAS and kind in UP else VALID_MS


def is_capped(kind: Kind, level: int) -> bool:
    """Whether the day's cap counts for it: never for AWAS, nor for anything that goes down."""
    return kind in UP and level < Level.AWAS
