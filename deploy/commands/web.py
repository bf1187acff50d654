"""kentongan web: the live page and the API."""

import argparse
import logging
import resource
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from alerting.web import callbacks
from alerting.web.app import create_app
from alerting.web.past import PastBucket, PastReading, SeriesName, Tier
from alerting.web.readings import Point, ReadingsUnavailable
from alerting.web.server import PageServer
from broker.clock import Clock
from deploy.assembly import history_reader_of
from deploy.channel_assembly import twilio_callback
from deploy.channel_settings import CALLBACK
from deploy.commands.common import add_clock, add_settings, open_settings
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from ingest.history import HistoryReader, HistoryUnavailable

T = TypeVar("T")
log: Final = logging.getLogger(__name__)
REASON_LENGTH: Final = 160
SWITCH_INTERVAL_S: Final = 0.0005  # ten times shorter than usual


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    add_clock(parser)
    parser.add_argument("--port", type=int, help="instead of web.port")


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args, {} if args.port is None else {"web.port": args.port})
    app = create_app(
        socket_path=state.socket,
        clock=Clock.parse(args.clock),
        # A reader each: what the API asks for never holds up the page's own lines.
        read_range=HistoryOfWeb(settings, state, base).line,
        past=HistoryOfWeb(settings, state, base),
        demo=settings.channels.demo,
        cap=state.cap,
    )
    callback = twilio_callback(settings, base=base)
    if callback is not None:
        callbacks.add_twilio(app, path=CALLBACK, callback=callback, socket_path=state.socket)
    # Each send to a watcher lets a thread that reads history run; it must not keep the interpreter for long.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # Each watcher is an open file.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    PageServer(app, port=settings.web.port).run()
    return 0


class HistoryOfWeb:
    """History for the web; opened when it is first there, and again after it was away."""

    def __init__(self, settings: Settings, state: StateFolder, base: Path) -> None:
        self._settings, self._state, self._base = settings, state, base
        self._reader: HistoryReader | None = None
        self._opening = threading.Lock()
        self._is_away = False

    def line(self, station: str, quantity: str, start: int, end: int, limit: int) -> list[Point]:
        return [(point.time, point.value, point.flag) for point in self.range(station, quantity, start, end, limit)]

    def range(self, station: str, quantity: str, start: int, end: int, limit: int) -> Sequence[PastReading]:
        return self._read(lambda reader: reader.range(station, quantity, start, end, limit))

    def aggregates(  # noqa: PLR0917  as the port has it
        self, station: str, quantity: str, start: int, end: int, tier: Tier, limit: int
    ) -> Sequence[PastBucket]:
        return self._read(lambda reader: reader.aggregates(station, quantity, start, end, tier, limit))

    def series(self) -> Sequence[SeriesName]:
        return self._read(lambda reader: [(extent.station, extent.quantity) for extent in reader.series()])

    def _read(self, work: Callable[[HistoryReader], T]) -> T:
        try:
            found = work(self._opened())
        except HistoryUnavailable as error:
            self._reader = None
            reason = str(error).partition("\n")[0][:REASON_LENGTH]
            self._say(is_away=True, reason=reason)
            raise ReadingsUnavailable(f"Riwayat belum dapat dibaca: {reason}.") from None
        self._say(is_away=False, reason="")
        return found

    def _opened(self) -> HistoryReader:
        with self._opening:
            if self._reader is None:
                self._reader = history_reader_of(self._settings, self._state, base=self._base)
            return self._reader

    def _say(self, *, is_away: bool, reason: str) -> None:
        """An outage is logged once when it begins and once when it ends."""
        if is_away != self._is_away:
            self._is_away = is_away
            log.warning("history is away: %s", reason) if is_away else log.info("history is back")
