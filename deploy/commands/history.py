"""kentongan history: copies readings from the journal into SQLite or InfluxDB."""

import argparse
import logging
import signal
import threading
from pathlib import Path
from typing import Final

from broker import control
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy.assembly import history_of
from deploy.commands.common import add_settings, open_settings
from ingest import follower

log: Final = logging.getLogger(__name__)


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    history = history_of(settings, state, base=base)
    try:
        follower.run(state.journal, history, stop=stop, report=_Reporter(state.socket))
    finally:
        history.close()
    return 0


class _Reporter:
    """Tells core how far history has come, when it has moved."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._told: tuple[int, str | None] = (-1, None)

    def __call__(self, status: follower.FollowerStatus) -> None:
        if (status.cursor, status.problem) == self._told:
            return
        arguments = {"cursor": status.cursor, "problem": status.problem}
        try:
            control.command(self._socket, Request(name="history-cursor", args=arguments, actor="history"), timeout_s=5)
        except (CoreUnreachable, CommandFailed):
            return  # core will hear it with the next report; nothing is pruned until then
        self._told = (status.cursor, status.problem)
