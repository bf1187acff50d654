"""What administration needs of the installation besides core's commands: files, processes, the journal beside core.

Every method blocks and is called in a thread of a job or of a page; none of them is on the way of a warning.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

Say = Callable[[str, float | None], None]
"""Tells how far a long work is: a sentence, and the share that is done when it is known."""

Word = Literal["baik", "perhatian", "rusak"]
GOOD: Final = "baik"
ATTENTION: Final = "perhatian"
BROKEN: Final = "rusak"
PAGE: Final = 50


class Wrong(Exception):
    """Nothing was done; each of ``sentences`` names a thing, what is wrong with it, and what to do."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


# -- files ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """A CSV file of recipients, and as what they are to be taken."""

    name: str
    data: bytes = field(repr=False)
    kind: str
    consent_how: str
    groups: tuple[str, ...] = ()
    reason: str = ""
    realm_word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleTaken:
    """How many lines add, change and leave as it was; ``left`` are ids of people who stay untold."""

    added: int
    changed: int
    unchanged: int
    left: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    other_kinds: int = 0
    without_consent: int = 0


class Files(Protocol):
    """Files that people bring, and contacts that they type."""

    def people(self, file: PeopleFile, *, actor: str, is_dry: bool, say: Say) -> PeopleTaken:
        """All of the file or nothing; raises Wrong with every bad line by its number."""
        ...

    def areas(self, name: str, data: bytes) -> list[dict[str, Any]]:
        """The features of a GeoJSON file, as the command ``area-put`` takes them; raises Wrong."""
        ...

    def contact(self, kind: str, text: str) -> str:
        """A contact in the form in which it is kept; raises Wrong with a sentence that does not repeat it."""
        ...


# -- rules -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWish:
    """What is to change of a station's rule, as the station's table says it: ``{"thresholds": {...}}`` and the like.

    ``days`` of the past are looked at.
    """

    station: str
    limits: dict[str, Any]
    days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSide:
    """One rule over the past: how often each level was reached and how many minutes it stood, in the levels' order.

    ``limits`` are the rule's own figures, as people read them.
    """

    limits: str
    times: tuple[int, int, int]
    minutes: tuple[float, float, float]
    raised: int
    worst_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDecision:
    """``at`` is ms UTC; ``is_candidate``: of the rule that is proposed."""

    at: int
    is_candidate: bool
    kind: str
    level: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePreview:
    """Both rules beside each other. Without readings there is no ``active`` and no ``candidate``; ``library`` are
    sentences about the cases.
    """

    start: int
    end: int
    readings: int
    active: RuleSide | None
    candidate: RuleSide | None
    decisions: tuple[RuleDecision, ...]
    dropped: int
    library: tuple[str, ...]


class Previews(Protocol):
    def look(self, wish: RuleWish, now: int, say: Say) -> RulePreview:
        """What both rules would have done before ``now`` (ms UTC); changes nothing.

        Raises Wrong, also when it takes too long.
        """
        ...


# -- channels, drills ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Modem:
    """A GSM modem as its SMSD tells of it; ``problems`` a sentence each."""

    name: str
    is_running: bool
    signal_percent: int | None
    credit: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of a trial message to a masked address."""

    channel: str
    to: str
    is_good: bool
    said: tuple[str, ...]


class Ways(Protocol):
    def test(self, *, channel: str, to: str, by: str, actor: str, say: Say) -> Trial:
        """Send one message that nobody can take for a warning, and follow it for some seconds; raises Wrong."""
        ...

    def modems(self) -> Sequence[Modem]:
        """Takes some seconds a modem."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """``at`` is ms UTC; ``steps`` are (name, seconds after the sample)."""

    at: int
    by: str
    group: str
    passed: bool
    why: str
    accepted: int
    delivered: int
    failed: int
    steps: tuple[tuple[str, float], ...]
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPlan:
    """How drills are set up; ``trouble`` says why none can be held. ``results`` are the newest first."""

    enabled: bool
    day: int
    hour: int
    group: str
    groups: tuple[str, ...]
    trouble: str
    results: tuple[DrillResult, ...]


class Drills(Protocol):
    def plan(self) -> DrillPlan: ...

    def hold(self, *, group: str, by: str, say: Say) -> DrillResult:
        """Hold one drill; some minutes. Raises Wrong when it could not begin."""
        ...


# -- audit -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Rows of the audit log with ids below ``before``; times are ms UTC, from ``since`` until before ``until``.

    ``actor`` and ``action`` are whole; ``subject`` is how it begins. Empty: any.
    """

    since: int | None = None
    until: int | None = None
    actor: str = ""
    action: str = ""
    subject: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """``at`` is ms UTC; ``detail`` is JSON; ``hash`` in hexadecimal."""

    id: int
    at: int
    actor: str
    action: str
    subject: str
    detail: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """The newest first; ``before`` is where the following page begins, None after the last."""

    rows: tuple[AuditRow, ...]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainVerdict:
    """``sentences`` say what was found; ``head`` is what to note outside of this machine."""

    is_whole: bool
    rows: int
    head: str
    sentences: tuple[str, ...]


class AuditLog(Protocol):
    """The audit log, read beside the running core. Every method may raise Wrong."""

    def page(self, wanted: Wanted, *, most: int = PAGE) -> AuditPage:
        """Raises Wrong too when the filters find too little in too much; they are then to be narrowed by time."""
        ...

    def words(self) -> tuple[Sequence[str], Sequence[str]]:
        """The actions and the actors that are in it."""
        ...

    def verify(self, head: str, say: Say) -> ChainVerdict:
        """Read the whole chain; ``head`` is one that was noted earlier, or empty."""
        ...

    def every(self, wanted: Wanted) -> Iterator[AuditRow]:
        """All rows that fit, the newest first, page by page."""
        ...


# -- health ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the system: ``key`` names it for good, ``told`` is a sentence, ``remedy`` is empty when it is well.

    ``since`` is from when it is so, ms UTC, where the part itself tells it.
    """

    key: str
    name: str
    word: Word
    told: str
    remedy: str = ""
    since: int | None = None


class Parts(Protocol):
    def look(self, core: dict[str, Any] | None) -> Sequence[Part]:
        """Every part, in a fixed order; ``core`` is what it answered to ``core-health``, None when it is silent."""
        ...


class Provision(Protocol):
    """What goes onto a node."""

    def document(self, made: dict[str, Any]) -> str:
        """The text of node.json for the node that ``node-new`` made."""
        ...

    def authority(self) -> bytes:
        """The certificate of the broker's authority, ca.der; raises Wrong."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything together, as the composition root gives it."""

    files: Files
    previews: Previews
    ways: Ways
    drills: Drills
    audit: AuditLog
    parts: Parts
    provision: Provision
