"""Grouping: what an officer is told at once, and what waits for one digest. Pure.

What goes up is told at once, always. Everything else is, too, until the officer has had so many items within the last
hour; from there it is gathered and told together when the hour has room for one more.
"""

from bisect import bisect_right
from typing import Final

import msgspec

from alerting.gsm7 import septets, transliterated

HOUR_MS: Final = 3_600_000


class Item(msgspec.Struct, frozen=True, array_like=True):
    """A version of an alert that an officer was not told by itself; ``line`` is what the digest says of it."""

    alert: str
    version: int
    at: int
    line: str


class Load(msgspec.Struct, frozen=True, array_like=True):
    """What an officer had within the last hour (when, ms UTC, oldest first), and what waits."""

    times: tuple[int, ...] = ()
    waiting: tuple[Item, ...] = ()


NOTHING: Final = Load()
_replace: Final = msgspec.structs.replace


def told(load: Load, alert: str, now: int) -> Load:
    """The officer is told something of ``alert``: what waited of it is out of date."""
    waiting = tuple(item for item in load.waiting if item.alert != alert)
    return Load((*_recent(load, now), now), waiting)


def is_full(load: Load, most: int, now: int) -> bool:
    """Whether what does not go up must wait. While something waits, it waits behind it."""
    return bool(load.waiting) or len(_recent(load, now)) >= most


def gathered(load: Load, item: Item) -> Load:
    """``item`` waits; an older one of its alert says nothing any more."""
    return _replace(load, waiting=(*(each for each in load.waiting if each.alert != item.alert), item))


def digest_at(load: Load, most: int) -> int | None:
    """When the hour has room for the digest; None when nothing waits."""
    if not load.waiting:
        return None
    return load.times[-most] + HOUR_MS if len(load.times) >= most else 0


def digested(load: Load, now: int) -> Load:
    """The digest of everything that waited was told."""
    return Load((*_recent(load, now), now), ())


def digest_text(sender: str, items: tuple[Item, ...], *, most: int = 160) -> str:
    """One SMS of what was gathered, the newest last; what has no place is counted, never cut in the middle."""
    for shown in range(len(items), -1, -1):
        left_out = len(items) - shown
        lines = [item.line for item in items[left_out:]] + ([f"+{left_out} lagi, lihat layar"] if left_out else [])
        text = transliterated(f"{sender}: RINGKASAN {len(items)} kabar. {'; '.join(lines)}.")
        if septets(text) <= most:
            return text
    return f"RINGKASAN {len(items)} kabar, lihat layar."


def _recent(load: Load, now: int) -> tuple[int, ...]:
    times = load.times
    return times[bisect_right(times, now - HOUR_MS) : bisect_right(times, now)]
