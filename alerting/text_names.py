"""Names as a text may hold them. They come from people and from files, and stand beside our own words."""

import re
from functools import lru_cache
from typing import Final

from alerting.gsm7 import transliterated

# A name holds nothing that breaks the line, that a phone turns into a link, or that parts our own clauses.
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9 '()&èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà-]+")
# "Siaga 1" is the worst in Jakarta and the lowest in Bojonegoro: no text may contain one, not even through a name.
SIAGA_NUMBER: Final = re.compile(r"(siaga)(?:[^A-Za-z0-9]*(?:[0-9]\w*|[ivx]+\b))+", re.IGNORECASE)
_KIND: Final = re.compile(r"^(Kel|Kec) ")


@lru_cache(maxsize=1024)  # the same names stand in every text
def plain_name(text: str) -> str:
    """GSM letters, digits and quiet punctuation, single spaces, no Siaga number; empty when nothing of it is left."""
    plain = _NOT_IN_NAMES.sub(" ", transliterated(text))
    return SIAGA_NUMBER.sub(r"\1", " ".join(plain.split())).strip(" -")


def area_name(text: str) -> str:
    """:func:`plain_name` of an area, with the full stop of ``Kel. Gadingrejo``, the only one that a name may have."""
    return _KIND.sub(r"\1. ", plain_name(text))


def river_place(river: str, station: str) -> str:
    """What a station's name adds to its river's: ``Kraton`` of "Welang Kraton" on the Welang; both are plain names."""
    rest = re.sub(rf"^(?:S |Sungai |Kali )?{re.escape(river)}\b", "", station, flags=re.IGNORECASE)
    return rest.strip(" -")
