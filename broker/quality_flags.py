"""Quality flags of IOOS QARTOD: the standard's numbers and names."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final


class Flag(IntEnum):
    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


_WORST_FIRST: Final = (Flag.FAIL, Flag.SUSPECT, Flag.GOOD, Flag.NOT_EVALUATED, Flag.MISSING)
_RANK: Final = {flag: rank for rank, flag in enumerate(_WORST_FIRST)}


def worst(flags: Iterable[Flag]) -> Flag:
    """The flag of a reading tested several times: the worst wins in the order 4, 3, 1, 2, 9."""
    return min(flags, key=_RANK.__getitem__, default=Flag.NOT_EVALUATED)
