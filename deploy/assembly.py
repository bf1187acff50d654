"""Joins the parts: the only place that knows them all. What is not configured is not even imported."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from alerting import tables
from alerting.channels.demo import DemoChannel
from alerting.channels.port import Channel
from alerting.engine import Decision
from alerting.outbox import Entry
from broker import certificates, mosquitto, mosquitto_check
from broker.clock import Clock
from broker.credentials import CredentialStore
from broker.live import AlertView, HealthView, StationView
from broker.mosquitto import BrokerSettings
from deploy.core import Core
from deploy.journal import Journal
from deploy.live_hub import ALERTS_KEPT, MESSAGES_KEPT, LiveHub
from deploy.registry import build
from deploy.restore import restore
from deploy.settings import BadSettings, Settings, Twilio, channel_names
from deploy.state_folder import StateFolder
from deploy.views import alert_view, station_view
from ingest.history import History, HistoryReader
from ingest.history_sqlite import SqliteHistory, SqliteReader

if TYPE_CHECKING:
    from alerting.channels.twilio import TwilioChannel
    from ingest.history_influx import InfluxTarget


def core_of(settings: Settings, state: StateFolder, clock: Clock, *, channels: Mapping[str, Channel]) -> Core:
    """Core with everything it remembers; its ``link`` and ``sender`` are still to be given."""
    registry = build(settings)
    journal = Journal(state.journal)
    hub = LiveHub({station.id: (station.name, station.example) for station in settings.stations})
    core = Core(
        settings=settings,
        registry=registry,
        journal=journal,
        memory=restore(journal, registry, clock),
        clock=clock,
        hub=hub,
        parallel={name: channel.max_parallel for name, channel in channels.items()},
    )
    hub.station_source = lambda station: _station(core, station)
    hub.health_source = lambda: _health(core)
    hub.load(_recent_alerts(core), _recent_messages(journal))
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
    if settings.history.kind == "influxdb":
        from ingest.history_influx import InfluxHistory

        return InfluxHistory(_influx(settings, base), state.history_cursor)
    return SqliteHistory(state.history)


def history_reader_of(settings: Settings, state: StateFolder, *, base: Path) -> HistoryReader:
    """For the web; raises HistoryUnavailable while there is nothing to read."""
    if settings.history.kind == "influxdb":
        from ingest.history_influx import InfluxReader

        return InfluxReader(_influx(settings, base))
    return SqliteReader(state.history)


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


def _station(core: Core, name: str) -> StationView:
    latest = core.memory.latest.get(name, {}).values()
    state = core.memory.states[name]
    return station_view(
        core.registry.stations[name],
        state,
        core.memory.rules[name],
        latest,
        nodes=core.memory.nodes_of(name),
        rev=max([reading.id for reading in latest] + [core.station_revs.get(name, 0)]),
    )


def _health(core: Core) -> HealthView:
    settings = core.settings
    return HealthView(
        rev=core.journal.last_id,
        now=core.clock.now(),
        speed=core.clock.speed,
        demo=settings.channels.demo,
        realm=settings.site.realm,
        site=settings.site.name,
        broker_connected=core.link.is_connected,
        channels=channel_names(settings),
        problems=problems(core),
        counters=dict(core.counters),
        history_lag=max(0, core.journal.last_id - core.history_cursor),
    )


def problems(core: Core) -> list[str]:
    """What else is wrong with the system, one Indonesian sentence each, the worst first.

    A lost broker and missing channels have fields of their own in the health view.
    """
    found = []
    known = [state for state in core.memory.states.values() if state.last_seen is not None]
    if known and all(state.silent_since is not None for state in known):
        found.append("BUTA: tidak ada satu pun stasiun yang mengirim data.")
    if core.failed_write is not None:
        found.append(
            f"Jurnal tidak dapat ditulis ({core.failed_write}). Peringatan tetap jalan; data tertahan di node. "
            "Kosongkan ruang disk."
        )
    if not core.registry.officers:
        found.append("Belum ada petugas penerima: peringatan tidak dikirim ke siapa pun. Isi [[officers]].")
    if core.history_problem:
        found.append(f"Riwayat belum dapat ditulis: {core.history_problem}. Data aman di jurnal.")
    return found


def _recent_alerts(core: Core) -> list[AlertView]:
    """The last version of each recent alert, oldest first, as the hub shows it."""
    journal = core.journal
    found: dict[str, AlertView] = {}
    rows = journal.rows(tables.alerts, "ORDER BY id DESC LIMIT ?", (ALERTS_KEPT,))
    for row in reversed(list(rows)):
        name, decision = row[1], msgspec.json.decode(row[8], type=Decision)
        station = core.registry.stations.get(decision.station)
        known = found.pop(name, None)
        found[name] = alert_view(
            decision,
            rev=row[0],
            why=row[9],
            decided_at=row[7],
            raised_at=known.raised_at if known else decision.at,
            station=(station.name, station.example) if station else (decision.station, False),
            latency_ms=_first_latency(journal, name, decision.version),
        )
    return list(found.values())


def _first_latency(journal: Journal, alert: str, version: int) -> float | None:
    row = journal.connection.execute(
        "SELECT min(latency_ms) FROM outbox WHERE alert = ? AND version = ?", (alert, version)
    ).fetchone()
    return None if row[0] is None else float(row[0])


def _recent_messages(journal: Journal) -> list[Entry]:
    rows = journal.rows(tables.outbox, "ORDER BY id DESC LIMIT ?", (MESSAGES_KEPT,))
    return [Entry(*row) for row in reversed(list(rows))]
