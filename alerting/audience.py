"""Which recipients an area reaches: an index by area code, so that a notice does not look at everybody."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, Literal

PublicKind = Literal["head", "institution", "resident"]
ORDER: Final[tuple[PublicKind, ...]] = (
    "head",
    "institution",
    "resident",
)  # within one area, whoever passes it on first
LAST: Final = "\U0010ffff"


class AudienceIndex:
    """Numbers of public recipients by area code and kind.

    Codes are prefixes of each other at their marks: ``35.75.01`` holds ``35.75.01.1001``, which holds
    ``35.75.01.1001/RW03`` and ``35.75.01.1001/RW03/RT02``.
    """

    def __init__(self) -> None:
        self._members: dict[str, dict[PublicKind, list[int]]] = {}
        self._codes: list[str] = []

    def add(self, number: int, kind: PublicKind, areas: Sequence[str]) -> None:
        """Take a recipient in; cheap when numbers come rising."""
        for code in areas:
            if code not in self._members:
                self._members[code] = {}
                insort(self._codes, code)
            insort(self._members[code].setdefault(kind, []), number)

    def remove(self, number: int, kind: PublicKind, areas: Sequence[str]) -> None:
        """Take a recipient out who was added with the same kind and areas."""
        for code in areas:
            numbers = self._members[code][kind]
            del numbers[bisect_left(numbers, number)]

    def reached(self, areas: Sequence[str]) -> list[int]:
        """Whose area lies in, or contains, one of ``areas``: each once, by area as given, kind, code, number."""
        found: dict[int, None] = {}
        for area in areas:
            codes = list(self._touching(area))
            for kind in ORDER:
                parts = [self._members[code].get(kind, ()) for code in codes]
                found.update(dict.fromkeys(chain.from_iterable(parts)))
        return list(found)

    def _touching(self, area: str) -> Iterator[str]:
        """The codes that contain ``area``, the widest first, itself, and those inside it in their order."""
        for above in _above(area):
            if above in self._members:
                yield above
        first = bisect_left(self._codes, area)
        for code in self._codes[first : bisect_left(self._codes, area + LAST)]:
            if code == area or code[len(area)] in "./":
                yield code


def _above(code: str) -> Iterator[str]:
    """The codes of everything that ``code`` lies in, the widest first."""
    for place, letter in enumerate(code):
        if letter in "./":
            yield code[:place]
