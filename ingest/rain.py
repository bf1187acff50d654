"""Rain at a gauge: sums over the last minutes and hours. A gauge that is silent has no sum; that is not 0 mm."""

from array import array
from collections.abc import Iterable
from struct import Struct
from typing import Final, TypeVar

import msgspec

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
WINDOWS_MIN: Final = (10, 60, 180, 360, 1440)

_FINE_MS: Final = MINUTE_MS  # bins of the last hour, and of the few minutes that a clock may be ahead
_FINE: Final = 66
_COARSE_MS: Final = 5 * MINUTE_MS  # bins of the last day
_COARSE: Final = 290
_UNIT_MM: Final = 0.005  # the usual buckets (0.1, 0.2, 0.25, 0.5, 1 mm) are whole numbers of it
_MOST: Final = 0xFFFF  # 327 mm in five minutes, more than ever fell: a bin that is full is a fault
_BRIDGED_MS: Final = 15 * MINUTE_MS
_Ring = TypeVar("_Ring", "array[int]", bytearray)
_LAYOUT: Final = Struct(f"<q{_FINE}H{_COARSE}H{_COARSE}s")


class RainSums(msgspec.Struct, frozen=True, kw_only=True):
    """Millimetres in windows that end now, and the share of each window that was observed.

    A sum is None when its share is 0: nobody knows. With a share under 1 the sum is what fell at least.
    """

    mm_10min: float | None
    mm_1h: float | None
    mm_3h: float | None
    mm_6h: float | None
    mm_24h: float | None
    complete_10min: float
    complete_1h: float
    complete_3h: float
    complete_6h: float
    complete_24h: float

    def of(self, minutes: int) -> tuple[float | None, float]:
        """Sum and share of one of the windows of :data:`WINDOWS_MIN`."""
        at, values = WINDOWS_MIN.index(minutes), msgspec.structs.astuple(self)
        return values[at], values[at + len(WINDOWS_MIN)]


class RainGauge:
    """The last 24 hours of one gauge in less than 1 KiB, fed by readings in any order.

    A window never holds rain from before it; at its old end it may lack up to a minute (windows up to an hour) or five.
    Amounts are kept to the nearest 0.005 mm a reading. Rain dated after ``now`` counts: a clock that is ahead hides
    nothing. A time is trusted to be possible: one of next year would end the day that is remembered.
    """

    __slots__ = ("_coarse", "_fine", "_last", "_observed", "_summed")

    def __init__(self) -> None:
        self._last = 0  # the newest time, ms; 0: nothing yet
        self._fine = array("H", bytes(2 * _FINE))
        self._coarse = array("H", bytes(2 * _COARSE))
        self._observed = bytearray(_COARSE)  # 1 where a reading spoke for the bin
        self._summed: tuple[int, RainSums] | None = None  # asked for several times at one moment, while it rains

    def add(self, time_ms: int, mm: float) -> None:
        """Count ``mm`` (finite, from 0 up) that fell up to ``time_ms`` since the gauge's reading before.

        A late reading counts in its own minute; one older than a day changes nothing. A reading within 15 minutes of
        the one before it speaks for the time between them: its tips were counted all the while.
        """
        self._summed = None
        if time_ms > self._last:
            self._advance(time_ms)
        self._count(time_ms, round(mm / _UNIT_MM))
        if _is_in(time_ms, self._last, _COARSE_MS, _COARSE):
            self._observed[time_ms // _COARSE_MS % _COARSE] = 1

    def take_back(self, time_ms: int, mm: float) -> None:
        """Undo an ``add``: the reading was found to be wrong. Its time stays observed."""
        self._summed = None
        if time_ms <= self._last:
            self._count(time_ms, -round(mm / _UNIT_MM))

    def sums(self, now_ms: int) -> RainSums:
        """Every window's sum and share."""
        if self._summed is None or self._summed[0] != now_ms:
            self._summed = now_ms, self._sums(now_ms)
        return self._summed[1]

    def _sums(self, now_ms: int) -> RainSums:
        (a, a_share), (b, b_share), (c, c_share), (d, d_share), (e, e_share) = (
            self.sum(now_ms, minutes * MINUTE_MS) for minutes in WINDOWS_MIN
        )
        return RainSums(
            mm_10min=a,
            mm_1h=b,
            mm_3h=c,
            mm_6h=d,
            mm_24h=e,
            complete_10min=a_share,
            complete_1h=b_share,
            complete_3h=c_share,
            complete_6h=d_share,
            complete_24h=e_share,
        )

    def sum(self, now_ms: int, window_ms: int) -> tuple[float | None, float]:
        """Millimetres in the ``window_ms`` before ``now_ms`` (five minutes to a day), and the share observed."""
        share = self._share(now_ms, window_ms)
        if share == 0:
            return None, 0.0
        bins, size = (self._fine, _FINE_MS) if window_ms <= HOUR_MS else (self._coarse, _COARSE_MS)
        newest = self._last // size
        first = max((now_ms - window_ms) // size + 1, newest - len(bins) + 1)
        units = sum(map(sum, _between(bins, first, newest)))
        return round(units * _UNIT_MM, 3), share

    def encode(self) -> bytes:
        """Everything remembered, always in 1010 bytes."""
        return _LAYOUT.pack(self._last, *self._fine, *self._coarse, bytes(self._observed))

    @classmethod
    def decode(cls, data: bytes) -> "RainGauge":
        """The gauge that ``encode`` wrote; raises ValueError when it cannot be one."""
        if len(data) != _LAYOUT.size:
            raise ValueError(f"{len(data)} bytes are not a rain gauge; {_LAYOUT.size} are due")
        gauge = cls()
        gauge._last, *bins, observed = _LAYOUT.unpack(data)
        gauge._fine, gauge._coarse = array("H", bins[:_FINE]), array("H", bins[_FINE:])
        gauge._observed = bytearray(observed)
        return gauge

    def _count(self, time_ms: int, units: int) -> None:
        for bins, size in ((self._fine, _FINE_MS), (self._coarse, _COARSE_MS)):
            if _is_in(time_ms, self._last, size, len(bins)):
                at = time_ms // size % len(bins)
                bins[at] = min(max(bins[at] + units, 0), _MOST)

    def _advance(self, time_ms: int) -> None:
        before, self._last = self._last, time_ms
        for index in _passed(before // _FINE_MS, time_ms // _FINE_MS, _FINE):
            self._fine[index] = 0
        bridged = time_ms - before <= _BRIDGED_MS
        for index in _passed(before // _COARSE_MS, time_ms // _COARSE_MS, _COARSE):
            self._coarse[index] = 0
            self._observed[index] = bridged

    def _share(self, now_ms: int, window_ms: int) -> float:
        """Of the five minutes that the window touches; those under way count once something was heard in them."""
        if self._last <= now_ms - window_ms:
            return 0.0
        first, current, newest = (now_ms - window_ms) // _COARSE_MS, now_ms // _COARSE_MS, self._last // _COARSE_MS
        heard = _between(self._observed, max(first, newest - _COARSE + 1), min(current, newest))
        spoke = sum(part.count(1) for part in heard)
        is_heard_now = newest >= current and self._observed[current % _COARSE]
        return spoke / (current - first + (1 if is_heard_now else 0))


def _is_in(time_ms: int, last_ms: int, size: int, count: int) -> bool:
    return time_ms // size > last_ms // size - count


def _passed(before: int, after: int, count: int) -> Iterable[int]:
    """Places in a ring of the bins that begin with ``after``."""
    return [index % count for index in range(max(before + 1, after - count + 1), after + 1)]


def _between(ring: _Ring, first: int, last: int) -> tuple[_Ring, ...]:
    """The bins ``first`` to ``last``, as one part of the ring or as two."""
    if last < first:
        return ()
    start, end = first % len(ring), last % len(ring)
    return (ring[start : end + 1],) if start <= end else (ring[start:], ring[: end + 1])
