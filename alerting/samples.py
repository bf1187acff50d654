"""The last good samples of a station, as the engine keeps them: packed, sixteen bytes each.

They are needed one by one only when a sample comes late, is revised, or a level moves; in between they travel with the
state, from reading to reading, and a tuple of numbers would cost more to carry than everything else that is done.
"""

import struct
from collections.abc import Sequence
from typing import Final

SAMPLES: Final = 8
_SAMPLE: Final = struct.Struct("<qd")  # time, ms UTC; value
_BYTES: Final = _SAMPLE.size
_KEPT: Final = _BYTES * (SAMPLES - 1)
_pack: Final = _SAMPLE.pack

NO_SAMPLES: Final = b""


def with_sample(samples: bytes, time: int, value: float) -> bytes:
    """``samples`` with one more at the end; the oldest goes when there are :data:`SAMPLES`."""
    return samples[-_KEPT:] + _pack(time, value)


def packed(times: Sequence[int], values: Sequence[float]) -> bytes:
    """The last :data:`SAMPLES` of them."""
    pairs = list(zip(times, values, strict=True))[-SAMPLES:]
    return b"".join(_pack(time, value) for time, value in pairs)


def unpacked(samples: bytes) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Times and values, oldest first."""
    pairs = list(_SAMPLE.iter_unpack(samples))
    return tuple(time for time, _ in pairs), tuple(value for _, value in pairs)
