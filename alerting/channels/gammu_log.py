"""What the log of Gammu SMSD says: whether a message was begun, what the network answered, which reports came.

Its lines, at debug level 1, in version 1.42 of Debian 12:

    New message to send: OUTA0123.smsbackup
    SMS sent on device: "/dev/ttyUSB0" status=0, reference=7
    Error getting send status of message: No response in specified timeout. ... (TIMEOUT[14])
    Transmitted OUTA0123.smsbackup (total: 1) to +62..., message reference 0x07
    Delivery report: Delivered to +62..., message reference 0x07
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_BEGUN: Final = "New message to send: "
_STATUS: Final = re.compile(r"SMS sent on device: .* status=(-?\d+), reference=(-?\d+)")
_REPORT: Final = re.compile(r"Delivery report: (\w+) to (\+?\d+), message reference 0x([0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """``is_begun``: the modem was told to send. ``reference``: the network took it, under this number.

    ``cms``: the network, or the modem, refused with this error of 3GPP TS 27.005. ``is_timeout``: no answer came.
    ``is_failed``: it failed in some other way before the network was asked.
    """

    is_begun: bool = False
    reference: int | None = None
    cms: int | None = None
    is_timeout: bool = False
    is_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An operator's word about a message that left earlier; ``reference`` is 0 to 255 and comes round again."""

    word: str
    number: str
    reference: int


def said_of(log: str, file: str) -> Said:
    """What is said of the last time that ``file`` was begun; SMSD carries one message at a time."""
    _, begun, rest = log.rpartition(f"{_BEGUN}{file}\n")
    if not begun:
        return Said()
    about = rest.partition(_BEGUN)[0]
    status = _STATUS.search(about)
    code, reference = (int(status[1]), int(status[2])) if status else (0, -1)
    is_timeout = "TIMEOUT[" in about
    return Said(
        is_begun=True,
        reference=reference if status and code == 0 and reference >= 0 else None,
        cms=code or None,
        is_timeout=is_timeout,
        is_failed="Error sending SMS" in about and not is_timeout,
    )


def is_without_phone(log: str) -> bool:
    """Whether SMSD's last try to connect to the modem was in vain."""
    since = log.rpartition("Starting phone communication")[2]
    return "Error at init connection" in since or "failure.sh INIT" in since


def reports_of(log: str) -> Iterator[Report]:
    """The delivery reports of whole lines."""
    for found in _REPORT.finditer(log):
        yield Report(word=found[1], number=found[2], reference=int(found[3], 16))
