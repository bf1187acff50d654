"""The port to history, as the API needs it: any history whose points have these facts will do."""

from collections.abc import Sequence
from typing import Literal, Protocol

Tier = Literal["minute", "hour", "day"]


class PastReading(Protocol):
    """One reading: ``value`` is null when nothing was measured, ``raw`` is as the sensor sent it."""

    @property
    def time(self) -> int: ...  # ms UTC
    @property
    def value(self) -> float | None: ...
    @property
    def raw(self) -> float | None: ...
    @property
    def flag(self) -> int: ...  # QARTOD
    @property
    def reason(self) -> str | None: ...
    @property
    def node(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def received_at(self) -> int: ...  # ms UTC
    @property
    def epoch(self) -> int: ...


class PastBucket(Protocol):
    """A minute, an hour or a day: statistics over its good readings, ``count`` over all."""

    @property
    def start(self) -> int: ...  # ms UTC
    @property
    def count(self) -> int: ...
    @property
    def good(self) -> int: ...
    @property
    def min(self) -> float | None: ...
    @property
    def max(self) -> float | None: ...
    @property
    def mean(self) -> float | None: ...


SeriesName = tuple[str, str]  # station, quantity


class Past(Protocol):
    """Blocking, bounded in time, called in threads; every method may raise readings.ReadingsUnavailable."""

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> Sequence[PastReading]:
        """At most ``limit`` readings with ``start <= time < end``, oldest first, one for each time."""
        ...

    def aggregates(  # noqa: PLR0917  a range and its tier, as `range` has it
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> Sequence[PastBucket]:
        """At most ``limit`` buckets with ``start <= bucket.start < end``, oldest first; empty ones are left out."""
        ...

    def series(self) -> Sequence[SeriesName]:
        """What there is to read."""
        ...
