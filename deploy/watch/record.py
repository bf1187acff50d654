"""A watch as core keeps it: who it is, and when it was seen. Two values of the journal, not a node of the registry.

It serves no station and stands in no list of nodes, so nothing that it sends can become a reading, reach the engine, or
be told to anybody.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from deploy.core import Core

WATCHES: Final = "watches"
SEEN: Final = "watch_seen:"  # and the watch's id
SERIES: Final = "beat"  # of its observations: 1
OWN: Final = "own_channel"  # null, with a fault, while it cannot reach its own channel
DAILY: Final = "daily"  # 1 in a beat that asks for the day's message
OWN_LENGTH: Final = 160


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """``keeper`` is the recipient who gets the daily message; "": nobody. Ids are never used again."""

    id: str
    keeper: str = ""
    created_at: int
    created_by: str
    retired_at: int | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """``daily`` is what became of the message of ``day``: "" while it is under way, "ok", or what went wrong."""

    at: int | None = None  # ms UTC of core's clock; None: never
    own_problem: str = ""
    day: int = 0  # as 20261122
    daily: str = ""


def load(values: Mapping[str, str]) -> dict[str, Watch]:
    """All watches that ever were, by id; ``values`` are the journal's, those wanted."""
    found = msgspec.json.decode(values.get(WATCHES) or "[]", type=list[Watch])
    return {watch.id: watch for watch in found}


def stored(core: "Core", key: str) -> str:
    """A value of the turn's group, or else of the journal; "" where there is none."""
    return core.group.values.get(key) or core.journal.value(key) or ""


def own_problem(faults: Mapping[str, str]) -> str:
    """What a beat says of the watch's own channels; a stranger's text is cut and has no control characters."""
    plain = re.sub(r"[^!-~]+", " ", faults.get(OWN, ""))
    return plain.strip()[:OWN_LENGTH]


def day_of(at: datetime) -> int:
    return at.year * 10_000 + at.month * 100 + at.day
