"""Which of a page's words fit what core said when it refused."""

import re

Refusals = tuple[tuple[str, str], ...]


def fitting(said: str, refusals: Refusals) -> tuple[str, dict[str, str]]:
    """The words of the first of ``refusals`` (pattern, words) that fits, with the pattern's groups; or no words."""
    for pattern, words in refusals:
        if found := re.match(pattern, said):
            return words, found.groupdict()
    return "", {}
