"""kentongan web: the live page and the API."""

import argparse
import logging
import resource
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from alerting.web import callbacks
from alerting.web.access import Visitor
from alerting.web.accounts.accounts import AccountRules
from alerting.web.app import create_app
from alerting.web.metrics_page import Metrics
from alerting.web.past import PastBucket, PastReading, SeriesName, Tier
from alerting.web.public.licence import Licence
from alerting.web.readings import Point, ReadingsUnavailable
from alerting.web.room.area_map import BadRivers, MapSettings, read_rivers
from alerting.web.server import PageServer
from broker.clock import Clock
from deploy import secret_file
from deploy.alerts.archive import AlertArchive
from deploy.assembly import history_reader_of
from deploy.channels.assembly import twilio_callback
from deploy.channels.settings import CALLBACK
from deploy.commands.common import Refused, add_clock, add_settings, open_settings
from deploy.health.metrics import MetricsOfInstallation
from deploy.nodes.installation_record import installation_records_of
from deploy.nodes.visits import JournalVisits
from deploy.office.assembly import office_of
from deploy.registry.photos import PhotoFolder
from deploy.registry.records import JournalRecords
from deploy.service.notify import Notifier
from deploy.settings import Settings, channel_names
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
    notifier = Notifier()
    settings, state, base = open_settings(args, {} if args.port is None else {"web.port": args.port})
    app = create_app(
        socket_path=state.socket,
        clock=Clock.parse(args.clock),
        # A reader each: what the API asks for never holds up the page's own lines.
        read_range=HistoryOfWeb(settings, state, base).line,
        past=HistoryOfWeb(settings, state, base),
        demo=settings.channels.demo,
        cap=state.cap,
        office=office_of(settings, state, Clock.parse(args.clock), file=args.settings),
        accounts=AccountRules(sessions=state.sessions, wants_second_factor=reaches_people(settings)),
        open_as=_everybody(settings),
        records=JournalRecords(state.journal),
        archive=AlertArchive(state.journal),
        photos=PhotoFolder(state.root / "photos"),
        area_map=_area_map(settings, base),
        visits=JournalVisits(state.journal, settings.site.realm),
        installations=installation_records_of(state),
        metrics=_metrics(settings, state, base, Clock.parse(args.clock)),
        licence=Licence(name=settings.open_data.licence, url=settings.open_data.licence_url),
    )
    callback = twilio_callback(settings, base=base)
    if callback is not None:
        callbacks.add_twilio(app, path=CALLBACK, callback=callback, socket_path=state.socket)
    # Each send to a watcher lets a thread that reads history run; it must not keep the interpreter for long.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # Each watcher is an open file.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = PageServer(
        app,
        port=settings.web.port,
        trusted_proxies=settings.web.trusted_proxies,
        on_ready=lambda: notifier.ready(f"answers on port {settings.web.port}"),
        on_turn=notifier.alive,
    )
    server.run(sockets=[_listening(settings.web.port)])
    return 0


def _listening(port: int) -> socket.socket:
    """Had before the server starts, which otherwise ends its loop and leaves its threads waiting for ever."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise Refused(f"port {port} on 127.0.0.1 cannot be used ({error.strerror}): change web.port") from None


def _area_map(settings: Settings, base: Path) -> MapSettings:
    web = settings.web
    try:
        rivers = read_rivers(base / web.rivers) if web.rivers else []
    except BadRivers as error:
        raise Refused(f"web.rivers: {error}") from None
    return MapSettings(rivers=rivers, tiles=web.map_tiles, credit=web.map_credit)


def _metrics(settings: Settings, state: StateFolder, base: Path, clock: Clock) -> Metrics:
    file = settings.web.metrics_token_file
    token = secret_file.read(base / file, "web.metrics_token_file") if file else ""
    return Metrics(source=MetricsOfInstallation(settings, state, clock.now), token=token)


def reaches_people(settings: Settings) -> bool:
    """Whether there is any way out but the demonstration's; without one nothing that is decided reaches anybody."""
    return bool(set(channel_names(settings)) - {"demo"}) or not settings.channels.demo


def _everybody(settings: Settings) -> Visitor | None:
    if not settings.web.open_to_everybody:
        return None
    return Visitor(name="PERAGAAN", role="viewer", csrf=secrets.token_urlsafe(), is_open=True)


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
