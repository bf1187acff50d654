"""Why somebody did something with personal data, as it may stand in the audit log: short, visible, without numbers."""

import re
from typing import Final

from alerting.contacts import mask_number
from alerting.phone_numbers import BadNumber, normalise

LONGEST: Final = 200
LIKE_A_NUMBER: Final = re.compile(r"(?<![\w+])\+?[0-9][0-9 ().\-]{6,18}[0-9](?!\w)")


def kept(text: str) -> str:
    """``text`` without what cannot be seen, its phone numbers masked, at most 200 letters long."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return LIKE_A_NUMBER.sub(_masked, seen)[:LONGEST]


def _masked(found: re.Match[str]) -> str:
    try:
        return mask_number(normalise(found[0]))
    except BadNumber:
        return found[0]  # a date, a count, the number of a decree
