"""What a process of ours writes about itself: lines for people, or one JSON object a line for whoever collects them.

No line holds a phone number: nothing of ours logs one, and what a library says passes through here too.
"""

import logging
import os
import re
import sys
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from deploy.settings import Log

PLAIN: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# As Indonesian mobile numbers are written: +628..., 628..., 08...; also with blanks, dots and hyphens in between.
PHONE: Final = re.compile(r"(?<![\w.])(?:\+?62[ .-]?|0)8\d(?:[ .-]?\d){6,10}(?!\w)")
HIDDEN: Final = "08…"
QUIET: Final = ("apscheduler", "alembic")  # they tell of each run that they make
LOUD: Final = ("twilio", "minio", "apprise")  # at debug they tell what was sent to whom
SAID_BY_US: Final = ("urllib3",)  # it warns of each try; who asked says in a sentence what came of them


class PlainLines(logging.Formatter):
    """A line with time, level, logger and message; what went wrong follows it."""

    def __init__(self) -> None:
        super().__init__(PLAIN)

    def format(self, record: logging.LogRecord) -> str:
        return without_numbers(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line: time (RFC 3339, UTC), level, process, pid, logger, message, and the error's traceback."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "pid": os.getpid(),
            "logger": record.name,
            "message": without_numbers(record.getMessage()),
        }
        if record.exc_info:
            told["error"] = without_numbers(self.formatException(record.exc_info))
        return msgspec.json.encode(told).decode()


def without_numbers(text: str) -> str:
    """``text`` with a mark in place of each phone number."""
    return PHONE.sub(HIDDEN, text)


def begin(process: str, *, is_verbose: bool = False) -> None:
    """Write plain lines to stderr, before the settings are known; a second call in one process changes the level."""
    root = logging.getLogger()
    if not root.handlers:
        handler = _Lines(process, is_verbose=is_verbose)
        root.addHandler(handler)
    root.setLevel(logging.DEBUG if is_verbose else logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.INFO)
    for name in SAID_BY_US:
        logging.getLogger(name).setLevel(logging.ERROR)


def follow(settings: Log) -> None:
    """Write from now on as the settings say; ``--verbose`` stands above their level, a terminal above their format."""
    root = logging.getLogger()
    ours = next((handler for handler in root.handlers if isinstance(handler, _Lines)), None)
    if ours is None:
        return
    if not ours.is_verbose:
        root.setLevel(settings.level.upper())
    is_json = settings.format == "json" and not ours.stream.isatty()
    ours.setFormatter(JsonLines(ours.process) if is_json else PlainLines())


class _Lines(logging.StreamHandler[Any]):
    """The handler of ours, which remembers what the command line said."""

    def __init__(self, process: str, *, is_verbose: bool) -> None:
        super().__init__(sys.stderr)
        self.process, self.is_verbose = process, is_verbose
        self.setFormatter(PlainLines())
