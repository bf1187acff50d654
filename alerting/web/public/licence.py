"""Under which licence the city gives its data away: the city says so in the settings, nobody else can."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Empty while the city has not said anything; ``url`` is where its text stands."""

    name: str = ""
    url: str = ""


UNSET: Final = Licence()
