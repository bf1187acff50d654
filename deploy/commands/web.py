"""kentongan web: the live page."""

import argparse
import resource
from pathlib import Path

from alerting.web.app import create_app
from alerting.web.readings import ReadingsUnavailable
from alerting.web.server import PageServer
from broker.clock import Clock
from deploy.assembly import history_reader_of
from deploy.commands.common import add_clock, add_settings, open_settings
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from ingest.history import HistoryReader, HistoryUnavailable


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    add_clock(parser)
    parser.add_argument("--port", type=int, help="instead of web.port")


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args, {} if args.port is None else {"web.port": args.port})
    app = create_app(
        socket_path=state.socket,
        clock=Clock.parse(args.clock),
        read_range=_Ranges(settings, state, base),
        demo=settings.channels.demo,
    )
    # Each watcher is an open file.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    PageServer(app, port=settings.web.port).run()
    return 0


class _Ranges:
    """Reads history for the page; opened when it is first there, and again after it was away."""

    def __init__(self, settings: Settings, state: StateFolder, base: Path) -> None:
        self._settings, self._state, self._base = settings, state, base
        self._reader: HistoryReader | None = None

    def __call__(
        self, station: str, quantity: str, start: int, end: int, limit: int
    ) -> list[tuple[int, float | None, int]]:
        try:
            if self._reader is None:
                self._reader = history_reader_of(self._settings, self._state, base=self._base)
            points = self._reader.range(station, quantity, start, end, limit)
        except HistoryUnavailable:
            self._reader = None
            raise ReadingsUnavailable("Riwayat belum dapat dibaca; dicoba lagi.") from None
        return [(point.time, point.value, point.flag) for point in points]
