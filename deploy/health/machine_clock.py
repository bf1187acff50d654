"""What the kernel knows of this machine's clock: whether something keeps it right, and how far it may be off."""

import ctypes
import ctypes.util
from dataclasses import dataclass
from typing import Final

TIME_ERROR: Final = 5  # adjtimex(2): not synchronised
NANO: Final = 0x2000  # STA_NANO: the offset is in nanoseconds


class _Timex(ctypes.Structure):
    """The head of struct timex of <sys/timex.h>; the kernel writes beyond it, hence the room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 512),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """``offset_ms`` is what is still to be corrected; ``error_ms`` what it may be off at most."""

    is_synchronised: bool
    offset_ms: float
    error_ms: float


def clock_state() -> ClockState | None:
    """Asks the kernel by adjtimex(2) and changes nothing; None where it does not tell."""
    try:
        library = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
        found = _Timex()
        code = library.adjtimex(ctypes.byref(found))
    except (OSError, AttributeError):
        return None
    if code < 0:
        return None
    scale = 1e6 if found.status & NANO else 1e3
    return ClockState(
        is_synchronised=code != TIME_ERROR, offset_ms=found.offset / scale, error_ms=found.maxerror / 1000
    )
