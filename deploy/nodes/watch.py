"""Keeps the health of every node: takes what core hears, judges it, and tells board, technicians and audit log.

A node is judged when something urgent came, with each of its statuses, and else about once a minute. Its health is
kept in the journal with every alarm and once an hour, so that a battery's days outlive a restart of core.
"""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from broker import wire
from broker.live import NodeAlarm
from deploy.nodes.alarms import HOUR_MS, KINDS, MINUTE_MS, Kind
from deploy.nodes.calling import Calling
from deploy.nodes.health import Circumstances, NodeHealth
from ingest.readings import Reading
from ingest.stations import Node

if TYPE_CHECKING:
    from deploy.core import Core

KEY: Final = "node_health:"  # and the node's id, among the journal's values
ACTOR: Final = "health"
ROUND_MS: Final = MINUTE_MS  # in which every node is judged once
SLICE_MS: Final = 1000
MOST: Final = 200  # nodes judged in one turn
OFFLINE: Final = wire.Status(online=False)
THEFT: Final = (
    "Simpul {node} di {station} mungkin dicuri ({signs}). Lihat ke tempat; lalu: kentongan node revoke {node}"
)
SIGNS: Final = {
    "battery": "baterai lepas",
    "gone": "hilang dari jaringan",
    "lid_open": "tutup terbuka",
    "tilted": "miring",
}


class NodeWatch:
    """Called by core's thread alone. What was known when core last stopped is known again."""

    def __init__(self, core: "Core") -> None:
        self._core = core
        self._health: dict[str, NodeHealth] = {}
        self._queue: list[str] = []  # who is still to be judged in this round
        self._slice_at = self._round_at = core.clock.now()
        local = datetime.now(UTC).astimezone(ZoneInfo(core.settings.site.timezone)).utcoffset()
        self._offset_ms = 0 if local is None else int(local.total_seconds() * 1000)
        for key, document in core.journal.connection.execute(
            "SELECT key, value FROM journal_values WHERE key >= ? AND key < ?", (KEY, KEY[:-1] + ";")
        ):
            self._health[key.removeprefix(KEY)] = msgspec.json.decode(document, type=NodeHealth)
        self._calling = Calling(core, self._health)
        self._ill = {name for name, health in self._health.items() if health.standing}

    # -- what core hears -------------------------------------------------------------------------------------------

    def took(self, node: Node, observation: wire.Observation, rows: Sequence[Reading], now: int) -> None:
        """An observation that came for the first time, and what was made of it."""
        health = self._health.get(node.id)
        if health is None:
            health = self._health[node.id] = NodeHealth()
        health.count(observation.boot, observation.seq, now, has_time=observation.t is not None)
        if health.tells(rows) and health.take(rows, self._offset_ms, is_maintained=self._is_maintained(node)):
            self._judge(node, health, now)

    def heard(self, name: str, now: int) -> None:
        """A status came; of a node that serves no station nothing is kept."""
        node, report = self._core.memory.nodes.get(name), self._core.reports.of(name)
        if node is None:
            return
        health = self._health.setdefault(name, NodeHealth())
        status = report.status if report.is_online else None
        health.hear(OFFLINE if status is None else status, now, is_maintained=self._is_maintained(node))
        self._judge(node, health, now)

    def forget(self, name: str) -> None:
        if self._health.pop(name, None) is not None:
            self._core.group.values[KEY + name] = msgspec.json.encode(NodeHealth()).decode()
            self._calling.forget(name)
            self._ill.discard(name)

    def tick(self, now: int) -> None:
        """Judge the next few of those that nothing came from, and call technicians to what is wrong."""
        if now - self._slice_at >= SLICE_MS:
            self._judge_slice(now)
            self._calling.turn(now)
        self._calling.keep()

    def _judge_slice(self, now: int) -> None:
        elapsed, self._slice_at = now - self._slice_at, now
        nodes = self._core.memory.nodes
        if not self._queue and now - self._round_at >= ROUND_MS:
            self._queue, self._round_at = list(nodes), now
        share = min(MOST, -(-len(nodes) * elapsed // ROUND_MS))
        for _ in range(min(share, len(self._queue))):
            name = self._queue.pop()
            node, health = nodes.get(name), self._health.get(name)
            if node is not None and health is not None:
                self._look_at(node, health, now)

    # -- what is known ---------------------------------------------------------------------------------------------

    def alarms(self, name: str) -> list[NodeAlarm]:
        health = self._health.get(name)
        return [] if health is None else list(health.standing.values())

    def counts(self) -> dict[Kind, int]:
        """How many alarms stand, by kind; those of a station on which somebody works are his."""
        found = dict.fromkeys(KINDS, 0)
        for name in self._ill:
            node = self._core.memory.nodes.get(name)
            if node is not None and not self._is_maintained(node):
                for alarm in self._health[name].standing.values():
                    found[alarm.kind] += 1  # type: ignore[index]  # of our own making
        return found

    def vitals(self, name: str) -> dict[str, Any]:
        """What the node last said of itself, and how its battery goes, for the technician's page."""
        health = self._health.get(name)
        status = None if health is None else health.status
        trend = None if health is None else health.trend
        return {
            "rssi_dbm": None if status is None else status.rssi_dbm,
            "free_bytes": None if status is None else status.free_bytes,
            "flash_free_bytes": None if status is None else status.flash_free_bytes,
            "chip_c": None if status is None else status.chip_c,
            "reset": None if status is None else status.reset,
            "late_ms": None if status is None else status.late_ms,
            "beat_s": None if status is None else status.beat_s,
            "battery_mv_a_day": None if trend is None else trend.mv_a_day,
            "battery_days_left": None if trend is None else trend.days_left,
        }

    def problems(self) -> list[str]:
        """An Indonesian sentence for each node that may have been stolen."""
        found = []
        for name, health in sorted(self._health.items()):
            alarm, node = health.standing.get("theft"), self._core.memory.nodes.get(name)
            if alarm is not None and node is not None:
                signs = ", ".join(SIGNS[each] for each in alarm.note.split(",") if each in SIGNS)
                station = self._core.telling.named(node.station)[0]
                found.append(THEFT.format(node=name, station=station, signs=signs or "tanda pencurian"))
        return found

    # -- judging ---------------------------------------------------------------------------------------------------

    def _look_at(self, node: Node, health: NodeHealth, now: int) -> None:
        """A calm node is judged in its own minute of the hour only, and when it falls silent."""
        is_its_minute = (now // ROUND_MS - zlib.crc32(node.id.encode())) % (HOUR_MS // ROUND_MS) == 0
        is_behind = node.clock is not None and node.clock.behind_ms
        if not health.is_calm or is_its_minute or is_behind or self._is_overdue(node, now):
            self._judge(node, health, now)
        if is_its_minute and health.is_worth_keeping:
            self._keep(node.id, health)

    def _is_overdue(self, node: Node, now: int) -> bool:
        station = self._core.registry.stations.get(node.station)
        return station is not None and now - node.last_arrival > station.silence_minutes * MINUTE_MS

    def _is_maintained(self, node: Node) -> bool:
        state = self._core.memory.states.get(node.station)
        return state is not None and state.maintenance is not None

    def _about(self, node: Node, now: int) -> Circumstances:
        core = self._core
        station = core.registry.stations.get(node.station)
        return Circumstances(
            now=now,
            offset_ms=self._offset_ms,
            is_linked=core.link.is_connected,
            silent_ms=0 if station is None else int(station.silence_minutes * MINUTE_MS),
            last_arrival=node.last_arrival,
            listening_since=core.deadlines.listening_since,
            behind_ms=0 if node.clock is None else node.clock.behind_ms,
        )

    def _judge(self, node: Node, health: NodeHealth, now: int) -> None:
        settled = health.judge(self._about(node, now))
        for name, kind, became in settled:
            alarm = health.standing.get(name)
            detail = {"kind": kind, "station": node.station, "value": None if alarm is None else alarm.value}
            self._core.journal.add_audit(
                self._core.group, at=now, actor=ACTOR, action=f"node alarm {became}", subject=node.id, detail=detail
            )
            self._calling.settled(node.id, name, kind, became, now)
        if settled:
            (self._ill.add if health.standing else self._ill.discard)(node.id)
            self._keep(node.id, health)
            self._core.hub.mark_station(node.station)

    def _keep(self, name: str, health: NodeHealth) -> None:
        self._core.group.values[KEY + name] = msgspec.json.encode(health).decode()
