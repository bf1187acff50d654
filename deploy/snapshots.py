"""Snapshots of what is remembered of stations and nodes, so that a restart reads a short tail of the journal.

A station's state is its row here plus the readings after the row's ``rev``. Every decision writes the row in its own
transaction; everything else is written in slices, all that changed once in about 10 s. ``floor`` is the journal id
up to which every state is complete.
"""

from typing import Final

import msgspec

from alerting.area_state import AreaState
from alerting.engine import StationState
from alerting.group_state import GroupState
from deploy.journal import SNAPSHOT_FLOOR as FLOOR
from deploy.journal import Group, Journal, Row
from deploy.memory import Memory, ScopeState
from ingest.stations import Node

CYCLE_TURNS: Final = 40  # slices a cycle; a tick makes four turns a second, so a restart folds 10 to 20 s of readings
LEAST_SLICE: Final = 8


class Snapshots:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._changed_stations: dict[str, None] = {}
        self._changed_nodes: dict[str, None] = {}
        self._cycle: list[tuple[str, bool]] = []
        self._slice = 0
        self._floor = self._cycle_began_at = int(journal.value(FLOOR) or 0)
        self._is_due = False
        self._decided: set[str] = set()
        self._scopes: dict[str, AreaState | GroupState] = {}

    def mark(self, name: str, state: ScopeState, *, is_decided: bool) -> None:
        """A scope has a new state; ``is_decided``: a decision goes with it."""
        match state:
            case StationState():
                self._changed_stations[name] = None
                if is_decided:
                    self._decided.add(name)
            case AreaState():
                self._scopes[name] = state
            case GroupState() if is_decided:  # that it was heard need not be kept: nodes say it too
                self._scopes[name] = state

    def mark_decided(self, station: str) -> None:
        """The station's state as it is at the end of the turn is written with the turn."""
        self._decided.add(station)

    def mark_station(self, station: str) -> None:
        self._changed_stations[station] = None

    def mark_node(self, node: str) -> None:
        self._changed_nodes[node] = None

    def tick(self) -> None:
        """The next turn may write a slice."""
        self._is_due = True

    def add_slice(self, group: Group, memory: Memory) -> None:
        """Add the states of what was decided to ``group``, and the next few others when a tick has made them due."""
        if self._decided:
            for name in self._decided:
                group.station_states[name] = self._station_row(name, memory)
            self._decided.clear()
        if self._scopes:
            for name, state in self._scopes.items():
                group.scope_states[name] = (name, msgspec.msgpack.encode(state))
            self._scopes.clear()
        if not self._is_due:
            return
        self._is_due = False
        if not self._cycle:
            self._begin_cycle(group)
        part, self._cycle = self._cycle[: self._slice], self._cycle[self._slice :]
        for name, is_node in part:
            if is_node:
                self._add_node(group, memory, name)
            else:
                group.station_states[name] = self._station_row(name, memory)

    def add_all(self, group: Group, memory: Memory) -> None:
        """Everything that changed, at a clean stop."""
        for name in [*self._changed_nodes, *(n for n, is_node in self._cycle if is_node)]:
            self._add_node(group, memory, name)
        for name in [*self._changed_stations, *(n for n, is_node in self._cycle if not is_node)]:
            group.station_states[name] = self._station_row(name, memory)
        group.values[FLOOR] = str(self._journal.last_id)

    def _add_node(self, group: Group, memory: Memory, name: str) -> None:
        if name in memory.nodes:  # otherwise it was retired since
            group.node_states[name] = self.node_row(memory.nodes[name])

    def written(self, group: Group) -> None:
        """``group`` is on disk."""
        if FLOOR in group.values:
            self._floor = int(group.values[FLOOR])

    def take_back(self, group: Group) -> None:
        """``group`` could not be written: what its states rest on was not kept, so nothing of them may be."""
        for name, is_node in self._cycle:
            (self._changed_nodes if is_node else self._changed_stations)[name] = None
        self._changed_nodes |= dict.fromkeys(group.node_states)
        self._changed_stations |= dict.fromkeys(group.station_states)
        self._cycle.clear()
        group.node_states.clear()
        group.values.pop(FLOOR, None)
        self._cycle_began_at = self._floor

    def _station_row(self, station: str, memory: Memory) -> Row:
        gauge = memory.rain.get(station)
        state = msgspec.msgpack.encode(memory.states[station])
        return (station, self._journal.last_id, state, None if gauge is None else gauge.encode())

    def node_row(self, node: Node) -> Row:
        series = msgspec.msgpack.encode(node.series) if node.series else None
        return (node.id, self._journal.last_id, node.last_arrival, node.last_filed, node.received.encode(), series)

    def _begin_cycle(self, group: Group) -> None:
        if not self._changed_stations and not self._changed_nodes:
            return
        group.values[FLOOR] = str(self._cycle_began_at)
        self._cycle_began_at = self._journal.last_id
        self._cycle = [(name, False) for name in sorted(self._changed_stations)]
        self._cycle += [(name, True) for name in sorted(self._changed_nodes)]
        self._changed_stations, self._changed_nodes = {}, {}
        self._slice = max(LEAST_SLICE, -(-len(self._cycle) // CYCLE_TURNS))
