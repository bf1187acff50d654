"""kentongan history: copies readings from the journal into SQLite or InfluxDB; export and backfill beside it."""

import argparse
import logging
import signal
import threading
from pathlib import Path
from typing import Any, Final

from broker import control
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy.assembly import history_of
from deploy.commands import history_backfill, history_export
from deploy.commands.common import add_settings, open_settings
from deploy.service.notify import Notifier, Vigil
from deploy.settings import Retention
from ingest import follower
from ingest.history import History, Keep
from ingest.history_lock import WriterLock
from ingest.rollups import DAY_MS

log: Final = logging.getLogger(__name__)

HUNG_S: Final = 300.0  # a batch, or a day's rollup, on a slow disk; nothing waits for history
IMPORTING: Final = "an import is writing history; the copying goes on after it"


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", help="without one: follow the journal")
    history_export.add(verbs.add_parser("export", help=history_export.SUMMARY, description=history_export.SUMMARY))
    history_backfill.add(
        verbs.add_parser("backfill", help=history_backfill.SUMMARY, description=history_backfill.SUMMARY)
    )


def run(args: argparse.Namespace) -> int:
    match args.verb:
        case "export":
            return history_export.run(args)
        case "backfill":
            return history_backfill.run(args)
        case _:
            return _follow(args)


def _follow(args: argparse.Namespace) -> int:
    notifier = Notifier()
    settings, state, base = open_settings(args)
    stop, pause = threading.Event(), threading.Event()

    def end(*_: Any) -> None:
        stop.set()
        pause.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    lock = WriterLock(state.root)
    report = _Reporter(state.socket)
    notifier.ready("following the journal")
    vigil = Vigil(notifier, limit_s=HUNG_S)

    def turned(status: follower.FollowerStatus) -> None:
        vigil.moved()
        if lock.is_wanted():
            pause.set()
        else:
            report(status)

    while not stop.is_set():
        pause.clear()
        vigil.rest()  # an import may take hours
        if lock.is_wanted():
            report.tell(report.cursor, IMPORTING)
        with lock.follow(stop) as is_ours:
            if not is_ours or stop.is_set():
                break
            vigil.moved()
            history = history_of(settings, state, base=base)
            try:
                _say_unfinished(history)
                follower.run(
                    state.journal,
                    history,
                    stop=pause,
                    report=turned,
                    keep=keep_of(settings.retention),
                )
            finally:
                history.close()
    notifier.stopping()
    vigil.end()
    return 0


def keep_of(retention: Retention) -> Keep:
    """The settings of retention as history understands them: 0 days are for ever."""

    def milliseconds(days: float) -> int | None:
        return int(days * DAY_MS) or None

    return Keep(
        points=milliseconds(retention.history_readings_days),
        minute=milliseconds(retention.history_minute_days),
        hour=milliseconds(retention.history_hour_days),
        day=milliseconds(retention.history_day_days),
    )


def _say_unfinished(history: History) -> None:
    for name in history.notes.unfinished_imports():
        log.warning("the import of %s was not ended: give its command again, it goes on where it was stopped", name)


class _Reporter:
    """Tells core how far history has come, when it has moved."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._told: tuple[int, str | None] = (-1, None)
        self.cursor = 0

    def __call__(self, status: follower.FollowerStatus) -> None:
        self.cursor = status.cursor
        self.tell(status.cursor, status.problem)

    def tell(self, cursor: int, problem: str | None) -> None:
        if (cursor, problem) == self._told:
            return
        arguments = {"cursor": cursor, "problem": problem}
        try:
            control.command(self._socket, Request(name="history-cursor", args=arguments, actor="history"), timeout_s=5)
        except (CoreUnreachable, CommandFailed):
            return  # core will hear it with the next report; nothing is pruned until then
        self._told = (cursor, problem)
