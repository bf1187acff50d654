"""What quality control remembers of a series, and what it says of a sample."""

from typing import Final, Protocol

import msgspec

PENDING: Final = 6  # doubted samples that can still be judged anew
SUPPORT: Final = 3  # agreeing samples are counted up to here


class Sampled(Protocol):
    """One value of a series; ``flag`` and ``reason`` are those of its single-sample tests.

    The journal's reading is one, and so is :class:`Sample`.
    """

    @property
    def id(self) -> int: ...
    @property
    def time(self) -> int: ...
    @property
    def value(self) -> float | None: ...
    @property
    def raw(self) -> float | None: ...
    @property
    def flag(self) -> int: ...
    @property
    def reason(self) -> str | None: ...


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One calibrated sample of one series; ``flag`` and ``reason`` come from the tests of a single sample."""

    id: int  # journal id
    time: int  # ms UTC
    value: float | None
    raw: float | None
    flag: int
    reason: str | None


class Revision(msgspec.Struct, frozen=True, gc=False):
    """A sample judged earlier has another flag now."""

    id: int
    flag: int
    reason: str | None


class Surroundings(Protocol):
    """What is known around a series. Asked only when a test would trip, so that calm weather costs nothing."""

    def rain_mm(self, minutes: int) -> float | None:
        """The greatest rain sum here or upstream over the last minutes; None when no gauge speaks."""
        ...

    def neighbours_rise_m_per_h(self) -> float | None:
        """The fastest recent rise at up- and downstream neighbours; None when none is fresh."""
        ...

    def neighbours_rain_mm(self, minutes: int) -> float | None:
        """The greatest rain sum at other gauges near by over the last minutes; None when none speaks."""
        ...


class Pending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A doubted sample: enough to judge it anew. ``flag`` and ``reason`` are those of its single-sample tests."""

    id: int
    time: int
    value: float
    flag: int
    reason: str | None


class Doubt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A departure that is not settled: from which good sample, and the samples since."""

    base_id: int
    base_time: int
    base_value: float
    since: int  # time of the first sample of the departure
    count: int
    low: float
    high: float
    roughest: float  # the greatest step between two of the samples
    pending: tuple[Pending, ...]  # the newest of them


class Window(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The range of values since a moment, for the attenuated signal test."""

    since: int
    low: float
    high: float
    count: int = 1


class SeriesState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything remembered of one series of one node; ``SeriesState()`` is a series never heard.

    Start anew with it when the sensor or its calibration changes: old samples say nothing about new ones.
    """

    id: int = 0  # the newest sample that took part
    time: int = 0
    value: float = 0.0
    time_before: int = 0  # the one before it
    value_before: float = 0.0
    support: int = 0  # samples in a row that agree, up to SUPPORT
    trusted: float = 0.0  # a rate of change beyond the limit that was confirmed, per hour
    flat_since: int = 0
    flat_low: float = 0.0
    flat_high: float = 0.0
    stuck_since: int = 0  # since when the value is one that faulty sensors stay at, 0: it is not
    standing: float | None = None  # the figure of a finding that holds until it is looked at again
    window: Window | None = None
    doubt: Doubt | None = None
    former: float | None = None  # what was good before the last departure was believed
    late: "SeriesState | None" = None  # samples older than the newest one are a series of their own: a backlog


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """The verdict on a sample, and on earlier ones."""

    state: SeriesState
    flag: int
    reason: str | None
    revisions: tuple[Revision, ...] = ()


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(SeriesState)


def encode(state: SeriesState) -> bytes:
    return _encoder.encode(state)


def decode(data: bytes) -> SeriesState:
    return _decoder.decode(data)
