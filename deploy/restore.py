"""What core knew when it stopped: states from their snapshots, and the journal's tail folded over them.

The tail goes through the same pure engine, under the rules that were in force, so that a restart changes nothing. A
decision that shows up only now was never told, and is told.
"""

import logging
from typing import Final

import msgspec

from alerting import tables
from alerting.engine import ReadingTaken, StationState, step
from alerting.outbox import OPEN, Entry, Outbox
from alerting.rules import StationRules
from broker.clock import Clock
from deploy.journal import SNAPSHOT_FLOOR, Group, Journal
from deploy.memory import Memory
from deploy.registry import Registry
from deploy.settings import Station, rules_of
from ingest.nodes import node_states, nodes
from ingest.qualify import is_live, value_flag
from ingest.readings import Reading, readings
from ingest.received import Received
from ingest.stations import Node

log: Final = logging.getLogger(__name__)

HORIZON_MS: Final = 15 * 60_000


def restore(journal: Journal, registry: Registry, clock: Clock) -> Memory:
    """Read everything back; costs time in proportion to the number of stations and the last minutes of readings."""
    floor = int(journal.value(SNAPSHOT_FLOOR) or 0)
    decoder = msgspec.msgpack.Decoder(StationState)
    found = {row[0]: (max(row[1], floor), decoder.decode(row[2])) for row in journal.rows(tables.station_states)}
    stations = {name: found.get(name, (floor, StationState())) for name in registry.stations}
    memory = Memory(
        states={name: state for name, (_, state) in stations.items()},
        rules=_rules_in_force(journal, registry),
        nodes={},
        outbox=Outbox(_open_messages(journal), now=clock.now(), horizon_ms=HORIZON_MS),
    )
    node_revs = _restore_nodes(journal, registry, memory, floor)
    _fold_tail(journal, memory, {name: rev for name, (rev, _) in stations.items()}, node_revs)
    return memory


def apply_rules(journal: Journal, memory: Memory, registry: Registry, group: Group, now: int) -> list[str]:
    """Put the settings' rules in force: a station whose rules changed gets a new version, recorded and audited."""
    changed = []
    for name, station in registry.stations.items():
        known = memory.rules.get(name)
        wanted = rules_of(station, version=known.version if known else 1)
        if known == wanted:
            continue
        version = known.version + 1 if known else 1
        wanted = msgspec.structs.replace(wanted, version=version)
        memory.rules[name] = wanted
        _record_rules(journal, group, wanted, station, now)
        changed.append(name)
    return changed


def _record_rules(journal: Journal, group: Group, rules: StationRules, station: Station, now: int) -> None:
    author = station.thresholds.author or "settings"
    reason = station.thresholds.reason or "settings file"
    text = msgspec.json.encode(rules).decode()
    group.rules.append((journal.take_ids(), rules.station, rules.version, now, author, reason, text))
    journal.add_audit(
        group, at=now, actor=author, action="rules changed", subject=f"{rules.station} v{rules.version}", detail=rules
    )


def _rules_in_force(journal: Journal, registry: Registry) -> dict[str, StationRules]:
    decoder = msgspec.json.Decoder(StationRules)
    rows = journal.rows(tables.rules, "ORDER BY version")
    return {row[1]: decoder.decode(row[6]) for row in rows if row[1] in registry.stations}


def _open_messages(journal: Journal) -> list[Entry]:
    marks = ", ".join(f"'{state}'" for state in OPEN)
    return [Entry(*row) for row in journal.rows(tables.outbox, f"WHERE state IN ({marks}) ORDER BY id")]


def _restore_nodes(journal: Journal, registry: Registry, memory: Memory, floor: int) -> dict[str, int]:
    revs: dict[str, int] = {}
    for node, station, _, _, revoked_at in journal.rows(nodes):
        if revoked_at is not None:
            continue
        if station not in registry.stations:
            log.error("node %s serves %s, which the settings do not name; its readings are refused", node, station)
            continue
        memory.nodes[node] = Node(id=node, station=station)
        revs[node] = floor
    for node, rev, last_arrival, last_filed, received in journal.rows(node_states):
        if node in memory.nodes:
            station = memory.nodes[node].station
            memory.nodes[node] = Node(
                id=node,
                station=station,
                received=Received.decode(received),
                last_arrival=last_arrival,
                last_filed=last_filed,
            )
            revs[node] = max(rev, floor)
    return revs


def _fold_tail(journal: Journal, memory: Memory, station_revs: dict[str, int], node_revs: dict[str, int]) -> None:
    since = min([*station_revs.values(), *node_revs.values()], default=0)
    observation: tuple[str, int, int] | None = None
    live = True
    stations: set[str] = set()
    for row in journal.rows(readings, "WHERE id > ? AND revision = 0 ORDER BY id", (since,)):
        reading = Reading(*row)
        memory.remember(reading)
        if (reading.node, reading.boot, reading.seq) != observation:
            observation = (reading.node, reading.boot, reading.seq)
            live = _fold_node(memory, reading, node_revs)
        rules = memory.rules.get(reading.station)
        if rules is None or reading.id <= station_revs[reading.station] or reading.quantity != rules.quantity:
            continue
        event = ReadingTaken(reading.time, reading.received_at, reading.value, value_flag(reading), live)
        state, decisions = step(memory.states[reading.station], rules, event)
        memory.states[reading.station] = state
        memory.untold += [(state, decision) for decision in decisions]
        stations.add(reading.station)
    memory.replayed_stations = sorted(stations)


def _fold_node(memory: Memory, reading: Reading, revs: dict[str, int]) -> bool:
    """Note an observation as taken; whether it stood for the present when it came."""
    node = memory.nodes.get(reading.node)
    has_own_time = reading.time == reading.observed_at
    if node is None or reading.id <= revs[node.id]:
        return has_own_time
    live = is_live(has_own_time=has_own_time, received_at=reading.received_at, last_arrival=node.last_arrival)
    node.received.take(reading.boot, reading.seq)
    node.last_arrival, node.last_filed = reading.received_at, max(node.last_filed, reading.time)
    memory.replayed_nodes.append(node.id)
    return live
