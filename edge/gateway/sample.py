"""What a source took from a logger at one moment, and what a source is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

# A series that could not be had is null and has one of these words, as nodes have theirs.
COMMS: Final = "comms"  # no answer, or one that is no Modbus
FAILED: Final = "failed"  # an answer that says that it cannot, or a value that is no number
MISSING: Final = "missing"  # the logger's own code for a value that it does not have
OUT_OF_RANGE: Final = "out_of_range"
RESTARTED: Final = "restarted"  # a running total that began anew: what fell meanwhile is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Values by series in the unit of its name; ``time_ms`` is UTC.

    ``key`` is the same whenever the source gives the same sample again, and empty where it never does.
    """

    time_ms: int
    values: Mapping[str, float | None]
    faults: Mapping[str, str] = field(default_factory=dict)
    key: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Samples, and the marks that say where the source goes on: both become durable in one transaction, or neither.

    An empty mark forgets the one of that name.
    """

    samples: Sequence[Sample] = ()
    marks: Mapping[str, bytes] = field(default_factory=dict)
    has_more: bool = False  # there is more to take at once


class Marks(Protocol):
    """Where marks are kept."""

    def marks(self, prefix: str) -> Mapping[str, bytes]:
        """Those whose names begin with ``prefix``, as they were last made durable."""


class SourceUnusable(Exception):
    """Nothing can be taken now; the text names what, why, and the remedy. Trying again later is right."""


class Source(Protocol):
    """One logger, polled by one thread.

    ``keeps_what_is_not_taken``: it can be asked later without loss. ``said`` is why something was missing at the last
    turn, in one sentence; "": nothing was.
    """

    keeps_what_is_not_taken: bool
    said: str

    def take(self, now_ms: int) -> Taking:
        """What there is now; raises :class:`SourceUnusable`."""

    def close(self) -> None:
        """Let go of lines and files."""
