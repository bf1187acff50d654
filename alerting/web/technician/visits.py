"""Who was at a node lately, and what was done to it: from the audit log, read beside the running core."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class VisitsUnavailable(Exception):
    """The log cannot be read now; the text is one Indonesian sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """``at`` is in ms UTC; ``detail`` is JSON, as it was audited."""

    at: int
    actor: str
    action: str
    detail: str


class Visits(Protocol):
    """Blocking, called in threads; raises VisitsUnavailable."""

    def of(self, node: str, station: str, most: int, /) -> Sequence[Visit]:
        """What was done to a node and at its station, the newest first."""
        ...
