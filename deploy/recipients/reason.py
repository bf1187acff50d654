"""Why somebody did something with personal data, as it may stand in the audit log: short, visible, without numbers."""

import re
from typing import Final

from alerting.contacts import mask_number
from alerting.phone_numbers import BadNumber, normalise

LONGEST: Final = 200
LEAST: Final = 10  # letters of a reason by which somebody can be asked about it later
LIKE_A_NUMBER: Final = re.compile(r"(?<![\w+])\+?[0-9][0-9 ().\-]{6,18}[0-9](?!\w)")


def kept(text: str) -> str:
    """``text`` without what cannot be seen, its phone numbers masked, at most 200 letters long."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return LIKE_A_NUMBER.sub(_masked, seen)[:LONGEST]


def says_why(reason: str) -> bool:
    """Whether ``reason`` can be a reason: two different words at least, and :data:`LEAST` letters in all."""
    words = {word.casefold() for word in re.findall(r"[^\W\d_]{2,}", reason)}
    return len(words) > 1 and sum(letter.isalpha() or letter == " " for letter in reason) >= LEAST


def _masked(found: re.Match[str]) -> str:
    try:
        return mask_number(normalise(found[0]))
    except BadNumber:
        return found[0]  # a date, a count, the number of a decree
