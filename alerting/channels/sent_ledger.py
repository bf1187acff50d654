"""What a channel knows of the messages that it carried: a file each, so that a crash of core forgets nothing.

For ways out whose other end cannot be asked later: a modem, a mail server, a webhook.
"""

import hashlib
import logging
import secrets
from pathlib import Path
from typing import Final, Literal

import msgspec

from alerting.channels.port import Message
from broker import private_file

log: Final = logging.getLogger(__name__)

KEY: Final = "pairing.key"
KEPT_MS: Final = 3 * 86_400_000  # operators give a message up after three days at most


def tag_of(message: Message) -> str:
    """Names a message where its key would be too long, and where neither number nor text may stand."""
    return hashlib.sha256(message.key.encode()).hexdigest()[:20]


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """``begun``: the first byte may leave; ``accepted``: the other end took it; ``doubt``: nobody can say.

    ``pair`` and ``reference`` find the message that an operator's report is about; no number is kept.
    """

    tag: str
    state: Literal["begun", "accepted", "doubt", "delivered", "undelivered"]
    at: int  # ms UTC
    pair: str = ""
    reference: int | None = None  # the mobile network's, 0 to 255
    reason: str = ""


class Ledger:
    """``folder`` exists. A file is replaced whole; one that a power cut tore is named in the log and left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key: bytes | None = None

    def record(self, settled: Settled) -> None:
        """On disk when this returns; raises OSError."""
        private_file.replace(self._folder / f"{settled.tag}.json", msgspec.json.encode(settled))
        if settled.reference is not None:
            # Of two messages with one number and reference the newer one is meant, so it takes the place.
            self._ticket(settled.pair, settled.reference).write_text(settled.tag)

    def get(self, tag: str) -> Settled | None:
        return self._read(self._folder / f"{tag}.json")

    def paired(self, number: str, reference: int) -> Settled | None:
        """The newest message to ``number`` that the mobile network gave this reference."""
        try:
            return self.get(self._ticket(self.pair_of(number), reference).read_text())
        except FileNotFoundError:
            return None

    def pair_of(self, number: str) -> str:
        """Stands for a number, by a key of this folder's own; raises OSError."""
        path = self._folder / KEY
        if self._key is None:
            if not path.exists():
                private_file.replace(path, secrets.token_bytes(32))
            self._key = path.read_bytes()
        return hashlib.blake2b(number.encode(), key=self._key, digest_size=16).hexdigest()

    def forget(self, tag: str) -> None:
        """It certainly did not leave."""
        (self._folder / f"{tag}.json").unlink(missing_ok=True)

    def forget_old(self, now: int) -> None:
        """Remove what is older than three days."""
        for path in self._folder.iterdir():
            if path.suffix in (".json", ".ticket") and now - int(path.stat().st_mtime * 1000) > KEPT_MS:
                path.unlink(missing_ok=True)

    def _ticket(self, pair: str, reference: int) -> Path:
        return self._folder / f"{pair}-{reference:02x}.ticket"

    def _read(self, path: Path) -> Settled | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Settled)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            log.warning("%s cannot be read and is left out: %s", path, error)
            return None
