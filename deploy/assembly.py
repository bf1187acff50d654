"""Joins the parts: the only place that knows them all. What is not configured is not even imported."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from alerting.channels.demo import DemoChannel
from alerting.channels.port import Channel
from broker import certificates, mosquitto, mosquitto_check
from broker.clock import Clock
from broker.credentials import CredentialStore
from broker.mosquitto import BrokerSettings
from deploy.core import Core
from deploy.journal import Journal
from deploy.live_hub import LiveHub
from deploy.registry.registry import load
from deploy.restore import restore
from deploy.settings import BadSettings, Settings, Twilio
from deploy.shown import health_of, recent_alerts, recent_messages, station_of
from deploy.state_folder import StateFolder
from ingest.history import History, HistoryReader
from ingest.history_sqlite import SqliteHistory, SqliteReader

if TYPE_CHECKING:
    from alerting.channels.twilio import TwilioChannel
    from ingest.history_influx import InfluxTarget


def core_of(settings: Settings, state: StateFolder, clock: Clock, *, channels: Mapping[str, Channel]) -> Core:
    """Core with everything it remembers; its ``link`` and ``sender`` are still to be given."""
    journal = Journal(state.journal)
    registry = load(settings, journal.rows)
    hub = LiveHub(registry.names)
    core = Core(
        settings=settings,
        registry=registry,
        journal=journal,
        memory=restore(journal, registry, clock),
        clock=clock,
        hub=hub,
        parallel={name: channel.max_parallel for name, channel in channels.items()},
    )
    hub.station_source = lambda station: station_of(core, station)
    hub.health_source = lambda: health_of(core)
    hub.load(recent_alerts(core), recent_messages(journal))
    core.start()
    return core


def channels_of(settings: Settings, state: StateFolder, clock: Clock, *, base: Path) -> dict[str, Channel]:
    """The configured channels; raises BadSettings. A real channel refuses a scaled clock: its times would be lies."""
    channels: dict[str, Channel] = {}
    if settings.channels.twilio is not None:
        if clock.is_scaled:
            raise BadSettings(
                f"channels.twilio: a real channel does not work under a scaled clock (speed {clock.speed:g}); "
                "take --speed away or use the demo channel"
            )
        channels["twilio"] = _twilio(settings.channels.twilio, base, clock)
    if settings.channels.demo:
        channels["demo"] = DemoChannel(state.demo_messages)
    return channels


def credentials_of(state: StateFolder) -> CredentialStore:
    return CredentialStore(passwords=state.broker / "passwords", services=state.services)


def broker_settings(settings: Settings, state: StateFolder) -> BrokerSettings:
    return BrokerSettings(
        realm=settings.site.realm,
        folder=state.broker.absolute(),
        node_host=settings.broker.listen,
        node_port=settings.broker.tls_port,
        local_port=settings.broker.loopback_port,
    )


def prepare_broker(settings: Settings, state: StateFolder) -> BrokerSettings:
    """Folders, certificates, passwords and configuration of the broker, made where they are missing."""
    broker = broker_settings(settings, state)
    mosquitto.prepare_folder(broker)
    now = datetime.now(UTC)
    state.authority.mkdir(mode=0o700, exist_ok=True)
    authority = certificates.ensure_authority(state.authority, now=now)
    names = {"localhost", "127.0.0.1", settings.broker.node_host, *settings.broker.names}
    certificates.ensure_server_certificate(broker.certificate, authority, names=sorted(names), now=now)
    credentials_of(state).ensure_services()
    mosquitto.write_configuration(broker)
    mosquitto_check.check(broker)
    return broker


def history_of(settings: Settings, state: StateFolder, *, base: Path) -> History:
    zone = ZoneInfo(settings.site.timezone)  # whose days the rollups are of
    if settings.history.kind == "influxdb":
        from ingest.history_influx import InfluxHistory

        return InfluxHistory(_influx(settings, base), state.history_cursor, zone=zone)
    return SqliteHistory(state.history, zone=zone)


def history_reader_of(settings: Settings, state: StateFolder, *, base: Path) -> HistoryReader:
    """For the web; raises HistoryUnavailable while there is nothing to read."""
    zone = ZoneInfo(settings.site.timezone)  # whose days the rollups are of
    if settings.history.kind == "influxdb":
        from ingest.history_influx import InfluxReader

        return InfluxReader(_influx(settings, base), zone=zone)
    return SqliteReader(state.history, zone=zone)


def reload_broker(state: StateFolder) -> bool:
    """Have the running broker read its passwords again; False when none of ours runs."""
    try:
        pid = int(state.broker_pid.read_text())
        if Path(f"/proc/{pid}/comm").read_text().strip() != "mosquitto":
            return False
        mosquitto.reload(pid)
    except (OSError, ValueError):
        return False
    return True


def _twilio(settings: Twilio, base: Path, clock: Clock) -> "TwilioChannel":
    from alerting.channels.twilio import TwilioChannel

    is_service = settings.sender.startswith("MG")
    try:
        return TwilioChannel(
            account_sid=settings.account_sid,
            auth_token=_secret(base / settings.token_file, "channels.twilio.token_file"),
            from_number=None if is_service else settings.sender,
            messaging_service_sid=settings.sender if is_service else None,
            max_parallel=settings.max_parallel,
            now=clock.now,
            api_base=settings.api_base,
        )
    except ValueError as error:
        raise BadSettings(f"channels.twilio: {error}") from None


def _influx(settings: Settings, base: Path) -> "InfluxTarget":
    from ingest.history_influx import InfluxTarget

    history = settings.history
    token = _secret(base / history.token_file, "history.token_file") if history.token_file else None
    password = _secret(base / history.password_file, "history.password_file") if history.password_file else None
    try:
        return InfluxTarget(
            url=history.url,
            bucket=history.bucket,
            org=history.org,
            token=token,
            username=history.username,
            password=password,
        )
    except ValueError as error:
        raise BadSettings(f"history: {error}") from None


def _secret(path: Path, key: str) -> str:
    try:
        text = path.read_text().strip()
        mode = path.stat().st_mode
    except OSError as error:
        raise BadSettings(f"{key}: {path} cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise BadSettings(f"{key}: {path} can be read by others: chmod 600 {path}")
    if not text:
        raise BadSettings(f"{key}: {path} is empty")
    return text
