"""What a call says: of each alarm the station, what it means, and what to bring, in one message of a few SMS. Pure."""

from collections.abc import Sequence
from typing import Final

import msgspec

from alerting.gsm7 import septets, transliterated

MOST: Final = 459  # septets: three SMS joined
SHOWN: Final = 12  # alarms; who must see to more of them needs the page


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm in words. ``place`` is the station's name and the node's id."""

    place: str
    what: str
    bring: str


def call_text(sender: str, calls: Sequence[Call], *, beyond: int = 0, most: int = MOST) -> str:
    """``calls`` in their order, alike ones together; what has no room is counted, never cut in the middle.

    ``beyond`` more are known by their number only.
    """
    count = len(calls) + beyond
    for shown in range(min(len(calls), SHOWN), 0, -1):
        text = _text(sender, calls[:shown], count)
        if septets(text) <= most:
            return text
    return transliterated(f"{sender}: TEKNISI, {count} gangguan alat. Buka halaman Teknisi.")


def _text(sender: str, calls: Sequence[Call], count: int) -> str:
    head = f"{sender}: TEKNISI" + (f", {count} gangguan alat" if count > 1 else "")
    alike: dict[str, list[Call]] = {}
    for call in calls:
        alike.setdefault(call.bring, []).append(call)
    parts = [f"{_named(members)}. {bring}" for bring, members in alike.items()]
    if count > len(calls):
        parts.append(f"+{count - len(calls)} lagi, buka halaman Teknisi.")
    return transliterated(f"{head}. {' '.join(parts)}")


def _named(calls: Sequence[Call]) -> str:
    """``Welang Kraton (wl-01), Petung (pt-01): diam``; each with its own words where these differ."""
    if len({call.what for call in calls}) == 1:
        return f"{', '.join(call.place for call in calls)}: {calls[0].what}"
    return "; ".join(f"{call.place}: {call.what}" for call in calls)
