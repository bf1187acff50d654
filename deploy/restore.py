"""What core knew when it stopped: states from their snapshots, and the journal's tail folded over them.

The tail goes through the same pure engine, under the rules that were in force, so that a restart changes nothing. A
decision that shows up only now was never told, and is told.
"""

import logging
import sys
from typing import Final

import msgspec

from alerting import tables
from alerting.area_state import AreaState
from alerting.blind import is_group
from alerting.engine import StationState
from alerting.group_state import GroupState
from alerting.outbox import OPEN, Entry, Outbox
from alerting.rules import StationRules
from broker.clock import Clock
from deploy.journal import SNAPSHOT_FLOOR, Journal
from deploy.memory import Memory
from deploy.registry import Registry
from deploy.registry.rules import with_shared_parts
from deploy.tail import fold_tail
from ingest.nodes import node_states
from ingest.quality_state import SeriesState
from ingest.rain import RainGauge
from ingest.readings import Reading, readings
from ingest.received import Received
from ingest.stations import Node

log: Final = logging.getLogger(__name__)

HORIZON_MS: Final = 15 * 60_000
NODES: Final = """
    SELECT nodes.id, station, gateway, rev, last_arrival, last_filed, received, series
    FROM nodes LEFT JOIN node_states ON node_states.node = nodes.id WHERE revoked_at IS NULL
"""
RULES_IN_ORDER: Final = "SELECT station, effective_from, rules FROM rules ORDER BY id"


def restore(journal: Journal, registry: Registry, clock: Clock) -> Memory:
    """Read everything back; costs time in proportion to the number of stations and the last minutes of readings."""
    floor = int(journal.value(SNAPSHOT_FLOOR) or 0)
    memory = Memory(
        states={name: StationState() for name in registry.stations},
        rules=_rules_in_force(journal, registry),
        nodes={},
        outbox=Outbox(_open_messages(journal), now=clock.now(), horizon_ms=HORIZON_MS),
    )
    node_revs = _restore_nodes(journal, registry, memory, floor)
    station_revs = _restore_stations(journal, memory, floor)
    since = min([*station_revs.values(), *node_revs.values()], default=0)
    rows = (Reading(*row) for row in journal.rows(readings, "WHERE id > ? ORDER BY id", (since,)))
    for name, state in journal.rows(tables.scope_states):
        if is_group(name):
            memory.groups[name] = msgspec.msgpack.decode(state, type=GroupState)
        else:
            memory.areas[name] = msgspec.msgpack.decode(state, type=AreaState)
    fold_tail(rows, memory, registry, station_revs=station_revs, node_revs=node_revs)
    return memory


def _restore_stations(journal: Journal, memory: Memory, floor: int) -> dict[str, int]:
    revs = dict.fromkeys(memory.states, floor)
    decode = msgspec.msgpack.Decoder(StationState).decode
    for name, rev, state, rain in journal.rows(tables.station_states):
        if name in revs:
            memory.states[name] = decode(state)
            revs[name] = max(rev, floor)
            if rain is not None:
                memory.rain[name] = RainGauge.decode(rain)
    return revs


def _rules_in_force(journal: Journal, registry: Registry) -> dict[str, StationRules]:
    """The last version of each station's rules; thresholds that were to begin after it was recorded wait again."""
    decode = msgspec.json.Decoder(StationRules).decode
    found: dict[str, StationRules] = {}
    recorded: dict[str, int] = {}
    for name, at, text in journal.connection.execute(RULES_IN_ORDER):
        station = registry.stations.get(name)
        if station is not None:
            found[station.id] = with_shared_parts(decode(text), station.id)
            recorded[station.id] = at
    for name, at in recorded.items():
        registry.wait(registry.stations[name], at)
    return found


def _open_messages(journal: Journal) -> list[Entry]:
    marks = ", ".join(f"'{state}'" for state in OPEN)
    return [
        Entry(*row)
        for row in journal.rows(tables.outbox, f"WHERE state IN ({marks}) AND settled_at IS NULL ORDER BY id")
    ]


def kept_node(journal: Journal, name: str, station: str) -> Node | None:
    """A node that served no station for a while, with what was taken from it; None for a new one."""
    for node, _, last_arrival, last_filed, received, _ in journal.rows(node_states, "WHERE node = ?", (name,)):
        taken = Received.decode(received)
        return Node(id=node, station=station, received=taken, last_arrival=last_arrival, last_filed=last_filed)
    return None


def _restore_nodes(journal: Journal, registry: Registry, memory: Memory, floor: int) -> dict[str, int]:
    revs: dict[str, int] = {}
    decode_series = msgspec.msgpack.Decoder(dict[str, SeriesState]).decode
    for node, station, gateway, rev, last_arrival, last_filed, received, series in journal.connection.execute(NODES):
        if not station:
            continue  # it is free: its station was retired
        known = registry.stations.get(station)
        if known is None:
            log.error("node %s serves %s, which the registry does not have; its readings are refused", node, station)
            continue
        if rev is None:
            memory.nodes[node] = Node(id=node, station=known.id, gateway=gateway)
            revs[node] = floor
            continue
        memory.nodes[node] = Node(
            id=node,
            station=known.id,
            received=Received.decode(received),
            last_arrival=last_arrival,
            last_filed=last_filed,
            gateway=gateway,
            series={sys.intern(name): state for name, state in decode_series(series).items()} if series else {},
        )
        revs[node] = max(rev, floor)
    return revs
