"""Joins the parts: the only place that knows them all. What is not configured is not even imported."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from alerting.channels.port import Channel
from broker import certificates, mosquitto, mosquitto_check
from broker.clock import Clock
from broker.credentials import CredentialStore
from broker.mosquitto import BrokerSettings
from deploy import secret_file
from deploy.core import Core
from deploy.journal import Journal
from deploy.live.hub import LiveHub
from deploy.live.shown import health_of, recent_alerts, recent_messages, station_of
from deploy.recipients.loading import directory_of
from deploy.recipients.people_key import CHECK, open_vault
from deploy.registry.registry import load
from deploy.restore import restore
from deploy.settings import BadSettings, Settings
from deploy.state_folder import StateFolder
from ingest.history import History, HistoryReader
from ingest.history_sqlite import SqliteHistory, SqliteReader

if TYPE_CHECKING:
    from ingest.history_influx import InfluxTarget


def core_of(settings: Settings, state: StateFolder, clock: Clock, *, channels: Mapping[str, Channel]) -> Core:
    """Core with everything it remembers; its ``link`` and ``sender`` are still to be given."""
    journal = Journal(state.journal)
    registry = load(journal.rows)
    hub = LiveHub(registry.names)
    vault, key_check = open_vault(state.people_key, journal)
    core = Core(
        settings=settings,
        registry=registry,
        journal=journal,
        memory=restore(journal, registry, clock),
        directory=directory_of(settings, journal, vault, registry.areas),
        clock=clock,
        hub=hub,
        channels=channels,
    )
    if journal.value(CHECK) != key_check:
        core.group.values[CHECK] = key_check
    core.reports.folder = state.releases
    core.beats.key_of_watch = credentials_of(state).order_key
    hub.label = core.directory.label
    hub.station_source = lambda station: station_of(core, station)
    hub.health_source = lambda: health_of(core)
    hub.load(recent_alerts(core), recent_messages(journal))
    core.start()
    return core


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


def certificate_names(settings: Settings) -> list[str]:
    """The names and addresses by which nodes may call the broker."""
    return sorted({"localhost", "127.0.0.1", settings.broker.node_host, *settings.broker.names})


def prepare_broker(settings: Settings, state: StateFolder) -> BrokerSettings:
    """Folders, certificates, passwords and configuration of the broker, made where they are missing."""
    broker = broker_settings(settings, state)
    mosquitto.prepare_folder(broker)
    now = datetime.now(UTC)
    state.authority.mkdir(mode=0o700, exist_ok=True)
    authority = certificates.ensure_authority(state.authority, now=now)
    certificates.ensure_server_certificate(broker.certificate, authority, names=certificate_names(settings), now=now)
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


def _influx(settings: Settings, base: Path) -> "InfluxTarget":
    from ingest.history_influx import InfluxTarget

    history = settings.history
    token = secret_file.read(base / history.token_file, "history.token_file") if history.token_file else None
    password = (
        secret_file.read(base / history.password_file, "history.password_file") if history.password_file else None
    )
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
