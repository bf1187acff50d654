"""SMS that a modem received: read when SMSD has written them whole, removed when core has answered for them."""

import hashlib
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from alerting.channels.gammu_modem import Modem

log: Final = logging.getLogger(__name__)

QUIET_S: Final = 2.0  # SMSD writes into the folder itself: a file that changed just now may not be whole
_FILE: Final = re.compile(r"IN(?P<sms>\d{8}_\d{6}_\d+_(?P<number>.*))_(?P<part>\d+)\.(?P<kind>txt|bin)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One SMS, its parts joined. ``key`` is the same however often it is read. ``number`` may be a name."""

    key: str
    modem: str
    number: str
    text: str
    received_at: int  # ms UTC, when SMSD took it from the modem
    files: tuple[Path, ...]

    def remove(self) -> None:
        """Only when it is safe with whom it was given to."""
        for path in self.files:
            path.unlink(missing_ok=True)


def received(modem: Modem) -> Iterator[Received]:
    """What waits, oldest first. What cannot be read as text is put aside under the name ``*.unreadable``."""
    matches = (match for path in modem.inbox.iterdir() if (match := _FILE.fullmatch(path.name)))
    found = sorted(((match["sms"], match["number"]), match["part"], match[0]) for match in matches)
    for sms, parts in groupby(found, key=lambda each: each[0]):
        files = tuple(modem.inbox / name for _, _, name in parts)
        changed_s = max(path.stat().st_mtime for path in files)
        if abs(time.time() - changed_s) < QUIET_S:
            continue
        read = _read(modem, sms[0], sms[1], files, int(changed_s * 1000))
        if read is not None:
            yield read


def _read(modem: Modem, name: str, number: str, files: tuple[Path, ...], received_at: int) -> Received | None:
    try:
        text = "".join(_text(path) for path in files)
    except ValueError as error:
        log.warning("modem %s: an SMS cannot be read and is put aside: %s", modem.name, error)
        for path in files:
            path.rename(path.with_name(f"{path.name}.unreadable"))
        return None
    told = f"{modem.name}\n{name}\n{text}"
    return Received(
        key=f"sms-{hashlib.sha256(told.encode()).hexdigest()[:32]}",
        modem=modem.name,
        number=number,
        text=text,
        received_at=received_at,
        files=files,
    )


def _text(path: Path) -> str:
    """Raises ValueError for what is not text, such as an operator's settings for the phone."""
    if path.suffix != ".txt":
        raise ValueError("it holds bytes and no text")
    return path.read_bytes().decode("utf-16").rstrip("\0")
