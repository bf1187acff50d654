"""The core process: opens, connects, turns, and stops in order - sources first, then what is under way."""

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from alerting.cap_feed import CapFolder
from alerting.channels.port import Channel, Outcome
from alerting.sender import Sender
from broker import topics
from broker.clock import Clock
from deploy.assembly import core_of, credentials_of, history_reader_of
from deploy.backup.job import BackupJob
from deploy.broker_link import BrokerLink
from deploy.broker_reload import BrokerReload
from deploy.cap.files import CapFiles
from deploy.cap.key import open_signer
from deploy.cap.nowcast import NowcastJob
from deploy.cap.nowcast_fetch import NowcastFetch
from deploy.channels.assembly import channels_of
from deploy.channels.probes import ChannelProbes
from deploy.control_server import ControlServer
from deploy.core import Core
from deploy.core_commands.commands import Commands
from deploy.drill.schedule import DrillJob
from deploy.health.certificate_watch import CertificateWatch
from deploy.retention import Retention
from deploy.service.notify import Notifier
from deploy.service.progress import Progress, keep_saying
from deploy.settings import Settings
from deploy.state_folder import StateFolder
from deploy.weather.air_index import AirIndexJob
from deploy.weather.tide_forecast import TideForecast
from deploy.weather.weather_jobs import TideFeed, air_stations, take_air

log: Final = logging.getLogger(__name__)

TICK_S: Final = 0.25
RETENTION_S: Final = 60
AIR_S: Final = 5  # an hour that has ended on core's clock is worked out so soon, also on a scaled one
TIDE_S: Final = 60
DRILL_S: Final = 60
BACKUP_S: Final = 60
MODEMS_S: Final = 2
MODEM_HEALTH_S: Final = 30
CAP_S: Final = 1
PROBES_S: Final = 30
CERTIFICATES_S: Final = 3600
NOWCAST_S: Final = 60  # how often it looks whether its own time has come
OUTCOME_WAIT_S: Final = 0.05


def run(settings: Settings, state: StateFolder, clock: Clock, *, base: Path, file: Path) -> None:
    """Run until SIGTERM or SIGINT; raises CoreRuns when another core has the folder. ``file`` holds the settings."""
    with state.core_lock():
        asyncio.run(_run(settings, state, clock, base, file))


async def _run(settings: Settings, state: StateFolder, clock: Clock, base: Path, file: Path) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    notifier = Notifier()  # takes its variables out of the environment before anything is started
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    # Nothing of what is loaded is garbage, and looking for it would take as long as loading.
    gc.disable()
    # Sinks before sources.
    channels = channels_of(settings, state, clock, base=base)
    core = core_of(settings, state, clock, channels=channels)
    wake = _Wake(core, loop)
    sender = Sender(channels, wake.outcome)
    core.sender = sender
    core.link = link = BrokerLink(
        host="127.0.0.1",
        port=settings.broker.loopback_port,
        username="core",
        password=credentials_of(state).service_password("core"),
        client_id="core",
        subscriptions=[topics.subscription(settings.site.realm, kind) for kind in topics.FROM_NODES],
        on_batch=core.turn,
        on_change=lambda _connected: core.turn(),
    )
    commands = Commands(core, credentials_of(state), BrokerReload(state, loop))
    control = ControlServer(state.socket, run=commands.run, hub=core.hub)
    core.turn()
    await control.start()
    scheduler = _scheduler(core, state, base, file, channels)
    _add_modems(scheduler, core, channels, commands)
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(_tick(core))]
    if notifier.every_s:
        tasks.append(asyncio.create_task(keep_saying(Progress(core, link, sender), notifier)))
    # What was loaded stays: the collector need not look at it again, nor run every few readings.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    # A POST changes hands between its thread and the loop some ten times; at the usual 5 ms each, a busy loop would
    # hold messages up.
    sys.setswitchinterval(0.0002)
    log.info("core is ready: %d stations, journal at %d", len(core.registry.stations), core.journal.last_id)
    notifier.ready(f"{len(core.registry.stations)} stations")

    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    failed = [task for task in done if task is not stopped]
    notifier.stopping()

    scheduler.shutdown(wait=False)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await control.stop()
    core.sending.is_stopping = True
    await asyncio.to_thread(sender.close)
    await asyncio.sleep(0)  # outcomes that the last threads handed over
    core.stop()
    log.info("core has stopped at %d", core.journal.last_id)
    if failed:
        raise RuntimeError("a part of core ended by itself")


async def _tick(core: Core) -> None:
    """Time passes also when nothing arrives; when something does, its turn is enough, and saves a commit."""
    turns = -1
    while True:
        await asyncio.sleep(TICK_S)
        core.snapshots.tick()
        if core.turns == turns:
            core.turn()
        turns = core.turns


def _scheduler(
    core: Core, state: StateFolder, base: Path, file: Path, channels: Mapping[str, Channel]
) -> AsyncIOScheduler:
    """Housekeeping, each job once at a time and as often as the loop has room; never in the way of a warning."""
    scheduler = AsyncIOScheduler()
    settings = core.settings
    air = AirIndexJob(
        stations=lambda: air_stations(core),
        open_reader=lambda: history_reader_of(settings, state, base=base),
        publish=lambda outcome: take_air(core, outcome),
        now=core.clock.now,
        zone=ZoneInfo(settings.site.timezone),
    )
    probes = ChannelProbes(channels, core.sending.probed, is_known=lambda name: core.sending.is_probed(name, PROBES_S))
    jobs = {
        "retention": (Retention(core).run, RETENTION_S),
        "air index": (air.run, AIR_S),
        "channels": (probes.run, PROBES_S),
    }
    if settings.tide.model is not None:
        forecast = TideForecast(base / settings.tide.model, now=core.clock.now)
        tide = TideFeed(core, forecast, above_m=settings.tide.above_m)
        jobs["tide"] = (tide.run, TIDE_S)
    if settings.nowcast.url and not core.clock.is_scaled:  # a warning for real hours means nothing in others
        nowcast = NowcastJob(core, NowcastFetch(settings.nowcast.url), every_s=60 * settings.nowcast.every_minutes)
        jobs["nowcast"] = (nowcast.run, NOWCAST_S)
    if settings.drill.settings is not None and not core.clock.is_scaled:  # a drill takes its time, on real clocks

        def drilled(line: str, problem: str | None) -> None:
            core.drill_line, core.drill_problem = line, problem

        jobs["drill"] = (DrillJob(settings, state, base, drilled).run, DRILL_S)
    if settings.backup.folder is not None and not core.clock.is_scaled:

        def backed_up(problem: str | None) -> None:
            core.backup_problem = problem

        zone = ZoneInfo(settings.site.timezone)
        jobs["backup"] = (BackupJob(settings.backup, state, file, zone=zone, found=backed_up).run, BACKUP_S)
    signer = open_signer(state.cap_key, name=settings.cap.sender or settings.site.name)
    jobs["cap"] = (CapFiles(core, CapFolder(state.cap), signer).run, CAP_S)

    def dated(problem: str | None) -> None:
        core.certificate_problem = problem

    jobs["certificates"] = (CertificateWatch(state, dated).run, CERTIFICATES_S)
    for name, (run, seconds) in jobs.items():
        scheduler.add_job(run, "interval", seconds=seconds, id=name, coalesce=True, misfire_grace_time=None)
    for name in {"tide", "nowcast", "channels", "drill", "backup", "certificates"} & jobs.keys():
        scheduler.modify_job(name, next_run_time=datetime.now(UTC))  # it is there at a start, not a minute later
    scheduler.start()
    return scheduler


def _add_modems(scheduler: AsyncIOScheduler, core: Core, channels: Mapping[str, Channel], commands: Commands) -> None:
    channel = channels.get("modem")
    if channel is None:
        return
    from alerting.channels.gammu import GammuChannel  # noqa: PLC0415  what is not configured is not imported
    from deploy.channels.modem_jobs import ModemJobs  # noqa: PLC0415

    def found(problems: list[str]) -> None:
        core.modem_problems = problems

    if isinstance(channel, GammuChannel):
        jobs = ModemJobs(channel, core.settings.channels.modems, run=commands.run, found=found, now=core.clock.now)
        for name, run, seconds in (("modems", jobs.run, MODEMS_S), ("modems' health", jobs.watch, MODEM_HEALTH_S)):
            scheduler.add_job(run, "interval", seconds=seconds, id=name, coalesce=True, misfire_grace_time=None)


class _Wake:
    """Brings outcomes from the sender's threads to the event loop, and turns when the outbox has something to send.

    An outcome waits a little for a turn that commits anyway: on a slow disk a commit of its own would hold up the next
    warning. When messages wait for room at their channel it does not wait.
    """

    def __init__(self, core: Core, loop: asyncio.AbstractEventLoop) -> None:
        self._core, self._loop = core, loop
        self._outcome_timer: asyncio.TimerHandle | None = None
        self._claim_timer: asyncio.TimerHandle | None = None
        core.sending.wake = self.claim_in

    def outcome(self, key: str, outcome: Outcome | None, attempt: int) -> None:
        self._loop.call_soon_threadsafe(self._take, key, outcome, attempt)

    def claim_in(self, seconds: float) -> None:
        """The outbox says, with each turn anew, when its next message may leave."""
        if self._claim_timer is not None:
            self._claim_timer.cancel()
        self._claim_timer = self._loop.call_later(seconds, self._core.turn)

    def _take(self, key: str, outcome: Outcome | None, attempt: int) -> None:
        self._core.sending.outcome(key, outcome, attempt)
        is_urgent = self._core.memory.outbox.lanes.is_waiting_for_room
        if self._outcome_timer is not None and is_urgent:
            self._outcome_timer.cancel()
            self._outcome_timer = None
        if self._outcome_timer is None:
            self._outcome_timer = self._loop.call_later(0 if is_urgent else OUTCOME_WAIT_S, self._turn)

    def _turn(self) -> None:
        self._outcome_timer = None
        if self._core.sending.has_outcomes:
            self._core.turn()
