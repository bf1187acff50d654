"""Warnings of rain from elsewhere, over our areas: which of them count here, and from when to when. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerting.cap import CapArea
from alerting.cap_areas import overlap
from alerting.cap_in import Nowcast

LONGEST_MS: Final = 6 * 3_600_000  # a nowcast is for hours; one that speaks of days keeps nothing armed for days


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A warning, and the codes of our areas that it touches."""

    nowcast: Nowcast
    areas: tuple[str, ...]


def matched(found: Iterable[Nowcast], places: Mapping[str, CapArea]) -> tuple[Matched, ...]:
    """The warnings that touch one of ``places``. By outline alone: names exist more than once in the country."""
    touched = []
    for each in found:
        codes = [code for code, place in places.items() if any(overlap(place, area) for area in each.areas)]
        if codes:
            touched.append(Matched(nowcast=each, areas=tuple(codes)))
    return tuple(touched)


def expected(found: Iterable[Matched], area: str, now: int) -> tuple[int, int]:
    """From when to when rain is expected over an area; (0, 0) when it is not."""
    spans = [
        (each.nowcast.onset, each.nowcast.expires) for each in found if each.nowcast.is_rain and area in each.areas
    ]
    spans = [(start, end) for start, end in spans if end > now]
    if not spans:
        return 0, 0
    return min(start for start, _ in spans), min(max(end for _, end in spans), now + LONGEST_MS)
