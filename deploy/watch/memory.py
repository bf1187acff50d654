"""What a watch remembers over a restart: its standing, in one file, replaced whole."""

import logging
from pathlib import Path
from typing import Final

import msgspec

from broker import private_file
from deploy.state_folder import StateFolderUnusable
from deploy.watch.standing import Standing

log: Final = logging.getLogger(__name__)

NAME: Final = "standing.json"


class WatchMemory:
    """A disk that cannot be written does not silence an alarm: it is said in the log, once, and tried with the next."""

    def __init__(self, folder: Path) -> None:
        """Raises StateFolderUnusable when the folder cannot be made, or what is there cannot be read."""
        self._path = folder / NAME
        self._is_failing = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.standing = self._read()
        except OSError as error:
            raise StateFolderUnusable(f"{folder}: cannot be used ({error.strerror}); change watch.state_dir") from None
        except msgspec.MsgspecError as error:
            raise StateFolderUnusable(
                f"{self._path}: damaged ({error}); remove it, at most a text comes twice"
            ) from None

    def keep(self, standing: Standing) -> None:
        if standing == self.standing:
            return
        self.standing = standing
        try:
            private_file.replace(self._path, msgspec.json.encode(standing))
        except OSError:
            if not self._is_failing:
                log.exception("%s cannot be written: a restart would tell again what was told", self._path)
            self._is_failing = True
            return
        self._is_failing = False

    def _read(self) -> Standing:
        if not self._path.exists():
            return Standing()
        return msgspec.json.decode(self._path.read_bytes(), type=Standing)
