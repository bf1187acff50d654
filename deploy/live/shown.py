"""What core shows of itself to those who watch: its stations, its health, and what was told lately."""

from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from alerting import tables
from alerting.blind import EVERYTHING
from alerting.engine import Decision
from alerting.messages import OF_BEAT
from alerting.outbox import Entry
from broker.live import AlertView, HealthView, NodeAlarm, RainView, StationView
from deploy.cap.nowcast import views as nowcast_views
from deploy.channels.views import channel_problems, channel_views
from deploy.core import Core
from deploy.journal import Journal
from deploy.live.condition_views import rain_view, tide_view
from deploy.live.hub import ALERTS_KEPT, MESSAGES_KEPT
from deploy.live.views import Weather, alert_view, station_view
from deploy.settings import channel_names
from ingest.rain import RainGauge
from ingest.rain_class import rain_day

LEAST_WINDOW_MS: Final = 5 * 60_000  # of a rain sum


def station_of(core: Core, name: str) -> StationView:
    latest = core.memory.latest.get(name, {}).values()
    state = core.memory.states[name]
    return station_view(
        core.registry.stations[name],
        state,
        core.memory.rules[name],
        latest,
        nodes=core.memory.nodes_of(name),
        behind_ms=_behind_ms(core, name),
        health=_health(core, name),
        kelurahan=core.registry.kelurahan(name),
        drift=core.registry.drift(name),
        weather=_weather(core, name),
        rev=max([reading.id for reading in latest] + [core.station_revs.get(name, 0)]),
    )


def _behind_ms(core: Core, name: str) -> dict[str, int]:
    clocks = {node: core.memory.nodes[node].clock for node in core.memory.nodes_of(name)}
    return {node: clock.behind_ms for node, clock in clocks.items() if clock is not None and clock.behind_ms}


def _health(core: Core, name: str) -> dict[str, list[NodeAlarm]]:
    alarms = {node: core.node_watch.alarms(node) for node in core.memory.nodes_of(name)}
    return {node: found for node, found in alarms.items() if found}


def _weather(core: Core, name: str) -> Weather:
    memory, now = core.memory, core.clock.now()
    is_water = core.registry.stations[name].measures_water
    return Weather(
        air=memory.air.get(name),
        rain=_rain(core, name, now),
        tide=tide_view(memory.tide, now, above_m=core.settings.tide.above_m) if is_water else None,
    )


def _rain(core: Core, name: str, now: int) -> RainView | None:
    gauges = core.memory.rain
    own = gauges.get(name)
    upstream = [gauges[each].sums(now) for each in core.judgement.scopes.places.upstream(name) if each in gauges]
    if own is None and not upstream:
        return None
    gauge = own if own is not None else RainGauge()  # never heard: every sum of its own is "not known"
    morning, _ = rain_day(now, ZoneInfo(core.settings.site.timezone))
    return rain_view(gauge.sums(now), day=gauge.sum(now, max(now - morning, LEAST_WINDOW_MS)), upstream=upstream)


def health_of(core: Core) -> HealthView:
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
        ways=channel_views(core.sending),
        drill=core.drill_line,
        nowcasts=nowcast_views(core.memory.nowcasts, core.registry.areas, core.clock.now()),
    )


def problems(core: Core) -> list[str]:
    """What else is wrong with the system, one Indonesian sentence each, the worst first.

    A lost broker and missing channels have fields of their own in the health view.
    """
    found = []
    everything = core.memory.groups.get(EVERYTHING)
    known = [state for state in core.memory.states.values() if state.last_seen is not None]
    is_blind = everything is not None and everything.silent_since is not None
    if is_blind or (known and all(state.silent_since is not None for state in known)):
        found.append("BUTA: tidak ada satu pun stasiun yang mengirim data.")
    if core.failed_write is not None:
        found.append(
            f"Jurnal tidak dapat ditulis ({core.failed_write}). Peringatan tetap jalan; data tertahan di node. "
            "Kosongkan ruang disk."
        )
    if not core.directory.all_officers():
        found.append("Belum ada petugas penerima: peringatan tidak dikirim ke siapa pun. Isi [[officers]].")
    if core.directory.is_unrostered(core.clock.now()):
        found.append("Tidak ada petugas dalam jadwal jaga saat ini: semua petugas diberi tahu. Lengkapi jadwal.")
    found += channel_problems(core.sending) + core.modem_problems
    if core.history_problem:
        found.append(f"Riwayat belum dapat ditulis: {core.history_problem}. Data aman di jurnal.")
    others = (core.cap_problem, core.nowcast_problem, core.certificate_problem, core.drill_problem)
    found += [each for each in others if each]
    if core.backup_problem:
        found.append(core.backup_problem)
    found += core.node_watch.problems() + core.beats.problems()
    found += core.reports.problems(core.clock.now()) + core.seals.problems(core.clock.now())
    if core.tide_problem:
        found.append(f"Pasang surut tidak dapat diperkirakan: {core.tide_problem}.")
    return found


def recent_alerts(core: Core) -> list[AlertView]:
    """The last version of each recent alert, oldest first, as the hub shows it."""
    journal = core.journal
    found: dict[str, AlertView] = {}
    rows = journal.rows(tables.alerts, "ORDER BY id DESC LIMIT ?", (ALERTS_KEPT,))
    for row in reversed(list(rows)):
        name, decision = row[1], msgspec.json.decode(row[8], type=Decision)
        known = found.pop(name, None)
        found[name] = alert_view(
            decision,
            rev=row[0],
            why=row[9],
            decided_at=row[7],
            raised_at=known.raised_at if known else decision.at,
            station=core.telling.named(decision.station),
            latency_ms=_first_latency(journal, name, decision.version),
        )
    for name, state in core.telling.duty.open.items():
        if name in found and state.is_acknowledged and state.acknowledged_at is not None:
            by, at = state.acknowledged_by, state.acknowledged_at
            found[name] = msgspec.structs.replace(found[name], acknowledged_by=by, acknowledged_at=at)
    return list(found.values())


def _first_latency(journal: Journal, alert: str, version: int) -> float | None:
    row = journal.connection.execute(
        "SELECT min(latency_ms) FROM outbox WHERE alert = ? AND version = ?", (alert, version)
    ).fetchone()
    return None if row[0] is None else float(row[0])


def recent_messages(journal: Journal) -> list[Entry]:
    where = f"WHERE alert NOT GLOB '{OF_BEAT}*' ORDER BY id DESC LIMIT ?"
    rows = journal.rows(tables.outbox, where, (MESSAGES_KEPT,))
    return [Entry(*row) for row in reversed(list(rows))]
