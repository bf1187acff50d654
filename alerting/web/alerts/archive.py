"""The port to what core has decided, told and written down: any archive whose rows have these facts will do."""

from collections.abc import Collection, Sequence
from typing import Final, Literal, Protocol

import msgspec

Hazard = Literal["level", "rain", "air", "data", "area"]
HAZARDS: Final[tuple[Hazard, ...]] = ("level", "rain", "air", "data", "area")
SENT: Final = ("accepted", "delivered", "undelivered")  # a provider had it


class ArchiveUnavailable(Exception):
    """What was decided cannot be read now; the text says why."""


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an alert. Times are ms UTC; ``level`` is a level's name, ``name`` what its scope is called."""

    id: int  # journal id
    alert: str
    version: int
    scope: str
    name: str
    hazard: str
    kind: str
    level: str
    decided_at: int
    at: int
    received_at: int | None
    value: float | None
    value_at: int | None
    why: str
    by: str
    stations: tuple[str, ...]  # that caused it, of an area

    @property
    def is_over(self) -> bool:
        return self.kind in ("ended", "cancelled")


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as its last version left it; ``worst`` is the highest level that it had."""

    last: VersionRow
    raised_at: int
    worst: str
    acknowledged_by: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts are looked for; None: any. ``before`` is a journal id, of the last one seen."""

    is_active: bool | None = None
    is_acknowledged: bool | None = None
    hazard: Hazard | None = None
    since: int | None = None
    until: int | None = None
    before: int | None = None


class TallyRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages of an alert's version are in a state."""

    alert: str
    version: int
    public: bool
    channel: str
    state: str
    count: int


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message; who it is to is masked."""

    version: int
    recipient: str
    address: str
    channel: str
    state: str
    changed_at: int | None
    settled_at: int | None
    latency_ms: float | None
    reason: str | None
    text: str


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """When a provider took the first of ``count`` messages, and when it had 95 of 100 of them; ms UTC."""

    count: int
    first_at: int | None
    most_at: int | None


class LogRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what; ``detail`` is JSON."""

    at: int
    actor: str
    action: str
    subject: str
    detail: str


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as the archive keeps it; ``approvals`` are names with their times."""

    id: str
    state: str
    kind: str
    level: str
    areas: tuple[str, ...]
    alerts: tuple[tuple[str, int], ...]  # with their versions
    text: str
    is_manual: bool
    made_at: int
    decided_by: str
    decided_at: int | None
    approvals: tuple[tuple[str, int], ...]
    audience: int
    made: int


class PublishedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A CAP message; ``type`` is Alert, Update or Cancel."""

    identifier: str
    alert: str
    version: int
    type: str
    sent: int


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One alert with all that belongs to it: areas' versions that it caused, notices, the log, faults meanwhile."""

    versions: Sequence[VersionRow]
    acknowledged_by: str
    acknowledged_at: int | None
    areas: Sequence[VersionRow]
    notices: Sequence[NoticeRow]
    log: Sequence[LogRow]
    faults: Sequence[VersionRow]
    published: Sequence[PublishedRow]


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What happened between two moments; of very much, the newest, and how much more there was before it."""

    versions: Sequence[VersionRow]
    tally: Sequence[TallyRow]  # ``alert`` and ``version`` are empty
    log: Sequence[LogRow]
    versions_before: int = 0
    log_before: int = 0


class Archive(Protocol):
    """Blocking, called in threads; every method may raise ArchiveUnavailable."""

    def find(self, wanted: Wanted, limit: int) -> tuple[Sequence[AlertRow], int | None]:
        """At most ``limit`` alerts, the newest change first, and ``before`` of the next page if there may be one."""
        ...

    def story(self, alert: str) -> Story | None:
        """None when there is no such alert."""
        ...

    def tally(self, alerts: Sequence[str]) -> Sequence[TallyRow]: ...

    def acceptance(self, alerts: Sequence[tuple[str, int]], *, public: bool) -> Acceptance:
        """Of all messages of these versions."""
        ...

    def messages(
        self, alert: str, *, version: int | None, state: str | None, offset: int, limit: int
    ) -> Sequence[MessageRow]:
        """In the order in which they were made."""
        ...

    def watch(self, start: int, end: int, actions: Collection[str]) -> Watch:
        """The log has only these ``actions``."""
        ...
