"""One GSM modem under a Gammu SMSD of its own: the folder in which the two programs hand messages to each other.

SMSD's service by files tries a message that failed again at once and without end. So its configuration moves what
failed out of the outbox at the first failure, its start script moves away what a process that died left there, and
nobody but core's sender ever decides that a message is sent again (see :mod:`alerting.channels.gammu_config`).
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from alerting.channels.gammu_log import Said, is_without_phone, said_of
from broker import private_file

Place = Literal["outbox", "sent", "failed", "orphaned"]
PLACES: Final[tuple[Place, ...]] = ("sent", "failed", "orphaned", "outbox")  # in the order in which a file can move
TAIL_BYTES: Final = 4096
INBOX: Final = "inbox"
SETTLED: Final = "settled"
PROGRAM: Final = b"gammu-smsd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Modem:
    """``folder`` is this modem's own. A message in it is named by its ``tag``: no file's name holds a number."""

    name: str
    folder: Path
    rate_per_minute: float = 8.0
    with_reports: bool = True  # ask the operator for a report of each message

    @property
    def config(self) -> Path:
        return self.folder / "smsd.conf"

    @property
    def start_script(self) -> Path:
        return self.folder / "start.sh"

    @property
    def log(self) -> Path:
        return self.folder / "smsd.log"

    @property
    def inbox(self) -> Path:
        return self.folder / INBOX

    @property
    def settled(self) -> Path:
        return self.folder / SETTLED

    @property
    def credit(self) -> Path:
        return self.folder / "credit.json"

    def prepare(self) -> None:
        """Make the folders, readable by their owner alone; raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (*PLACES, INBOX, SETTLED):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)

    def pid(self) -> int | None:
        """The number of the running SMSD; None when none runs, and for a number that is another program's by now."""
        try:
            pid = int((self.folder / "smsd.pid").read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        is_ours = os.path.basename(words[0]) == PROGRAM and os.fsencode(self.config) in words  # noqa: PTH119  bytes
        return pid if is_ours else None

    def has_phone(self) -> bool:
        """Whether SMSD could connect to the modem itself when it last tried."""
        size = self.log.stat().st_size if self.log.exists() else 0
        return not is_without_phone(self.read_log(max(0, size - TAIL_BYTES)))

    def is_ready(self) -> bool:
        """Whether a message handed over now would be taken up."""
        return self.pid() is not None and self.has_phone()

    def path(self, place: Place, tag: str) -> Path:
        return self.folder / place / f"OUTA{tag}.smsbackup"

    def place(self, tag: str) -> Place | None:
        """Where the message lies; the file is moved by two programs, so a second look is taken before None."""
        for _ in range(2):
            for place in PLACES:
                if self.path(place, tag).exists():
                    return place
        return None

    def put(self, tag: str, content: bytes) -> int:
        """Hand a message over; it is on disk when this returns. The size of the log before it; raises OSError."""
        size = self.log.stat().st_size if self.log.exists() else 0
        private_file.replace(self.path("outbox", tag), content)
        return size

    def withdraw(self, tag: str) -> None:
        """Take the message out of SMSD's reach, if it still lies in the outbox."""
        with contextlib.suppress(FileNotFoundError):
            self.path("outbox", tag).rename(self.path("orphaned", tag))

    def remove(self, tag: str) -> None:
        """Forget the file; what became of it is recorded."""
        for place in PLACES:
            self.path(place, tag).unlink(missing_ok=True)

    def said(self, tag: str, *, since: int = 0) -> Said:
        """What SMSD's log says of the message from this byte of it on (from its beginning when it was cut since)."""
        return said_of(self.read_log(since), self.path("outbox", tag).name)

    def read_log(self, since: int = 0) -> str:
        """The log from this byte on; from its beginning when it was cut since."""
        return self._log(since)[1].decode(errors="replace")

    def log_lines(self, since: int) -> tuple[str, int]:
        """The whole lines of the log from this byte on, and the byte after them."""
        start, content = self._log(since)
        lines = content[: content.rfind(b"\n") + 1]
        return lines.decode(errors="replace"), start + len(lines)

    def _log(self, since: int) -> tuple[int, bytes]:
        try:
            with self.log.open("rb") as file:
                start = since if since <= os.fstat(file.fileno()).st_size else 0
                file.seek(start)
                return start, file.read()
        except FileNotFoundError:
            return 0, b""

    def waiting(self) -> int:
        """How many messages lie in the folder whose fate is not recorded."""
        return sum(len(list((self.folder / place).glob("OUT*"))) for place in PLACES)
